# A password that was right is not hashed again for some time, but it is right
# only as long as the store says so.  What counts is the time that the signers run.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);

use Cost;
use Jwtd;

plan skip_all => 'no time of processes' unless Cost::available();

my ($d, $hash);

sub ask {
	my ($user, $password) = @_;
	return $d->request(path => '/token', user => $user,
	    password => $password);
}

sub new_daemon {
	my ($signer) = @_;
	$d = Jwtd->start(signer => $signer);
	$d->user(alice => 'right', '{"n":1}');
	# the first fills what is filled only once
	ask('nobody', 'x') for 1 .. 4;
	$hash = Cost::of($d, sub { ask('nobody', 'x') for 1 .. 3 }) / 3;
}

# That login ends so, and costs a hash or not.
sub costs {
	my ($what, $hashed, $status, @who) = @_;
	my $got;
	my $cost = Cost::of($d, sub { $got = ask(@who)->{status} });
	is($got, $status, $what);
	if ($hashed) {
		cmp_ok($cost, '>', $hash / 2, "$what: it is hashed");
	} else {
		cmp_ok($cost, '<', $hash / 4, "$what: it is not hashed");
	}
}

subtest 'by default' => sub {
	new_daemon('');
	costs('the first time', 1, 200, 'alice', 'right');
	costs('the second time', 0, 200, 'alice', 'right');
	costs('a wrong one', 1, 401, 'alice', 'wrong');
	costs('and again', 1, 401, 'alice', 'wrong');
	costs('none', 1, 401, 'alice', '');
	costs('another user with it', 1, 401, 'nobody', 'right');
	costs('the right one', 0, 200, 'alice', 'right');
	my $cost = Cost::of($d, sub { ask('alice', 'right') for 1 .. 40 });
	cmp_ok($cost, '<', $hash * 2, 'forty times, by whichever signer');
};

subtest 'what the store says' => sub {
	new_daemon('');
	ask('alice', 'right');
	$d->ctl([ 'user', 'grant', 'alice', '{"n":2}' ]);
	my ($header, $claims);
	costs('other grants', 0, 200, 'alice', 'right');
	($header, $claims) = Jwtd::decode_token($d->token('alice', 'right'));
	is($claims->{n}, 2, '... are in the token');
	$d->ctl([ 'user', 'disable', 'alice' ]);
	costs('a user who is disabled', 1, 401, 'alice', 'right');
	$d->ctl([ 'user', 'enable', 'alice' ]);
	costs('and is not any more', 0, 200, 'alice', 'right');
	$d->ctl([ 'user', 'password', 'alice' ], "new\n");
	costs('another password', 1, 401, 'alice', 'right');
	costs('the new one', 1, 200, 'alice', 'new');
	costs('again', 0, 200, 'alice', 'new');
	$d->ctl([ 'user', 'password', 'alice' ], "new\n");
	costs('the same one, set anew', 1, 200, 'alice', 'new');
	$d->ctl([ 'user', 'delete', 'alice' ]);
	costs('a user who is gone', 1, 401, 'alice', 'new');
	$d->user(alice => 'other');
	costs('and comes back with another', 1, 401, 'alice', 'new');
	costs('... which is right', 1, 200, 'alice', 'other');
};

subtest 'ways to write it' => sub {
	new_daemon('');
	$d->user(carol => 'a+b c');
	costs('form-encoded', 1, 200, 'carol', 'a%2Bb+c');
	costs('and again', 0, 200, 'carol', 'a%2Bb+c');
	costs('as it is', 0, 200, 'carol', 'a+b c');
};

subtest 'imported hashes' => sub {
	new_daemon('');
	$d->write_users(Jwtd::line('alice', 'right'));
	costs('the first time', 1, 200, 'alice', 'right');
	like(($d->users_lines)[0], qr/^alice:\$argon2id\$/, 'is made stronger');
	costs('the second time', 0, 200, 'alice', 'right');

	# where that cannot be done, once it is known
	$d->write_users("alice:" . Jwtd::bcrypt('right', 12) . "\n");
	chmod 0500, $d->dir . '/users.d';
	costs('where nothing can be written', 1, 200, 'alice', 'right');
	costs('the second time', 0, 200, 'alice', 'right');
	like(($d->users_lines)[0], qr/^alice:\$2b\$/, 'it is as it was');
	sleep 5.1;
	chmod 0700, $d->dir . '/users.d';
	costs('when it can', 1, 200, 'alice', 'right');
	like(($d->users_lines)[0], qr/^alice:\$argon2id\$/, 'it is made stronger');
};

subtest 'signers that die' => sub {
	new_daemon('');
	costs('a login', 1, 200, 'alice', 'right');
	for my $pid ($d->pids('jwtd-signer: signer')) {
		kill 'KILL', $pid;
		ok(Jwtd::wait_until(sub { !Jwtd::alive($pid) }), 'one dies');
	}
	ok(Jwtd::wait_until(sub {
		(() = $d->pids('jwtd-signer: signer')) == 2;
	}), 'there are two again');
	costs('that know it still', 0, 200, 'alice', 'right');
};

subtest 'for a short time' => sub {
	new_daemon("\tremember 2s\n");
	costs('a login', 1, 200, 'alice', 'right');
	costs('a second', 0, 200, 'alice', 'right');
	sleep 1.5;
	costs('and a third', 0, 200, 'alice', 'right');
	sleep 0.6;
	costs('later', 1, 200, 'alice', 'right');
	costs('and after that', 0, 200, 'alice', 'right');
};

subtest 'never' => sub {
	new_daemon("\tremember 0\n");
	costs($_, 1, 200, 'alice', 'right') for 'a login', 'and another';
};

done_testing;
