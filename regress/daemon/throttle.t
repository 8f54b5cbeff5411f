# Who fails to log in too often has to wait, for that user and from that network,
# and for no other; and what he is told depends on nothing but how often it was.
use strict;
use warnings;

use IO::Socket::INET;
use IO::Socket::IP;
use List::Util qw(min);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use Cost;
use Jwtd;

my $servers = <<'EOT';
server "localhost" {
	listen on 127.0.0.1 port 0
	listen on ::1 port 0
	listen on "DIR/sock"
	trusted proxy { 127.0.0.9 }
	location "/token" {
		grant
		audience "api"
	}
}
EOT

my $d;

sub new_daemon {
	my ($throttle) = @_;
	$d = Jwtd->start(servers => $servers, signer => "\t$throttle\n");
	$d->user(alice => 'right');
	$d->user(bob => 'right');
	return $d;
}

# One request from an address of loopback: 127.0.0.FROM, "::1" or "unix".
sub ask {
	my ($from, $user, $password, $forwarded) = @_;
	my $socket = $from eq 'unix' ? $d->connect_unix($d->dir . '/sock') :
	    $from eq '::1' ? IO::Socket::IP->new(PeerAddr => '::1',
	    PeerPort => ($d->ports)[1], LocalAddr => '::1') :
	    IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => ($d->ports)[0], LocalAddr => "127.0.0.$from");
	die "connect from $from: $!" unless $socket;
	return $d->request(path => '/token', user => $user,
	    password => $password, socket => $socket, headers => {
	    'X-Forwarded-For' => $forwarded });
}

sub status { return ask(@_)->{status} }

sub statuses {
	my ($n, @who) = @_;
	return join ' ', map { status(@who) } 1 .. $n;
}

# what differs from one second to the next, and nothing else
sub text_of {
	my ($r) = @_;
	return $r->{text} =~ s/^(Date|Retry-After): [^\r]*/$1/mgr;
}

subtest 'by user and by network' => sub {
	new_daemon('throttle 3 per 1m');
	is(statuses(3, 2, 'alice', 'wrong'), '401 401 401', 'three failures');
	my $wrong = ask(2, 'alice', 'wrong');
	my $right = ask(2, 'alice', 'right');
	is($wrong->{status}, 429, 'then no more');
	is($right->{status}, 429, '... not even with the right password');
	my $after = Jwtd::field($right, 'Retry-After');
	cmp_ok($after, '>=', 1, 'it says when to try again');
	cmp_ok($after, '<=', 20, '... which is when one failure has decayed');
	is($wrong->{json}{error}, 'slow_down', 'why');
	is(text_of($wrong), text_of($right), 'the same answer for both');

	is(statuses(3, 2, 'nobody', 'wrong'), '401 401 401',
	    'a user who is not there');
	is(text_of(ask(2, 'nobody', 'wrong')), text_of($wrong),
	    'to the byte the same');
	$d->ctl([ 'user', 'disable', 'bob' ]);
	is(statuses(4, 2, 'bob', 'right'), '401 401 401 429',
	    'a user who is disabled');
	$d->ctl([ 'user', 'enable', 'bob' ]);
	is(status(3, 'bob', 'right'), 200, 'and is not any more');

	is(status(3, 'alice', 'right'), 200, 'not from another address');
	is(status('::1', 'alice', 'right'), 200, 'not from IPv6');
	is(status('unix', 'alice', 'right'), 200, 'not from a Unix socket');
	is(status(2, 'alice', 'right'), 429,
	    'and that does not help where it was');
	$d->user(carol => 'right');
	is(statuses(5, 2, 'carol', 'right'), '200 200 200 200 200',
	    'another user from there is not concerned');
};

subtest 'networks' => sub {
	new_daemon('throttle 2 per 1m');
	is(statuses(3, '::1', 'alice', 'wrong'), '401 401 429', 'IPv6');
	is(statuses(3, 'unix', 'alice', 'wrong'), '401 401 429',
	    'a Unix socket');
	is(statuses(3, 9, 'alice', 'wrong', '198.51.100.1'), '401 401 429',
	    'from behind a trusted proxy');
	is(status(9, 'alice', 'right', '198.51.100.2'), 200,
	    'not another from there');
	is(status(9, 'alice', 'right', '::ffff:198.51.100.1'), 429,
	    'the same as IPv6');
	is(status('unix', 'alice', 'right', '198.51.100.1'), 429,
	    'the same by a Unix socket');
	is(status('unix', 'alice', 'right', '198.51.100.3'), 200,
	    'another by it');
	is(join(' ', map { status(9, 'bob', 'wrong', "2001:db8:0:1::$_") }
	    1 .. 3), '401 401 429', 'addresses of one IPv6 network');
	is(status(9, 'bob', 'right', '2001:db8:0:2::1'), 200,
	    'the next network');
	is(join(' ', map { status(4, 'bob', 'wrong', "198.51.100.$_") }
	    1 .. 3), '401 401 429', 'what others say of themselves is not heard');
};

subtest 'ways to write a name' => sub {
	new_daemon('throttle 2 per 1m');
	is(status(2, '%61lice', 'wrong'), 401, 'form-encoded');
	is(status(2, 'a%6cice', 'wrong'), 401, 'form-encoded otherwise');
	is(status(2, 'alice', 'right'), 429, 'it is the same user');
	is(status(2, 'al%69ce', 'right'), 429, 'however it is written');
	is(status(3, 'al%69ce', 'right'), 200, '... which works elsewhere');
	is(statuses(3, 5, 'alice', 'wr%6fng'), '401 401 429',
	    'a name that is read twice counts once');
};

subtest 'success' => sub {
	new_daemon('throttle 3 per 1m');
	is(statuses(10, 2, 'alice', 'right'), join(' ', (200) x 10),
	    'it does not count');
	is(statuses(2, 2, 'alice', 'wrong'), '401 401', 'two failures');
	is(statuses(3, 2, 'alice', 'right'), '200 200 200', 'between them');
	is(statuses(2, 2, 'alice', 'wrong'), '401 429',
	    'and it makes no failure undone');
};

subtest 'time' => sub {
	new_daemon('throttle 2 per 6s');
	is(statuses(3, 2, 'alice', 'wrong'), '401 401 429', 'two failures');
	my $r = ask(2, 'alice', 'right');
	is($r->{status}, 429, 'then one has to wait');
	sleep(Jwtd::field($r, 'Retry-After'));
	is(status(2, 'alice', 'right'), 200, 'as long as is said');
	is(statuses(2, 2, 'alice', 'wrong'), '401 429', 'for one more');
	sleep 6;
	is(statuses(3, 2, 'alice', 'wrong'), '401 401 429',
	    'and after all of the time for all');
};

subtest 'cost' => sub {
	plan skip_all => 'no time of processes' unless Cost::available();
	new_daemon('throttle 2 per 1h');
	# the first fills what is filled only once
	is(status(3, 'alice', 'wrong'), 401, 'a hash');
	my $hash = Cost::of($d, sub { status(3, 'alice', 'wrong') });
	is(statuses(2, 2, $_, 'wrong'), '401 401', "$_ fails")
	    for 'alice', 'nobody';
	for (qw(alice/wrong alice/right nobody/wrong)) {
		my ($user, $password) = split m{/};
		my $statuses;
		my $cost = Cost::of($d, sub {
			$statuses = statuses(30, 2, $user, $password);
		});
		is($statuses, join(' ', (429) x 30), "$_: refused");
		cmp_ok($cost, '<', $hash / 2, "$_: without a hash");
	}
};

subtest 'many at once' => sub {
	new_daemon('throttle 3 per 1h');
	my @sockets = map {
		my $s = $d->connect;
		Jwtd::send_all($s, Jwtd::text(path => '/token',
		    user => 'alice', password => "wrong$_"));
		$s;
	} 1 .. 40;
	my %count;
	$count{(Jwtd::answers($_, 1))[0]{status} // 0}++ for @sockets;
	is(join(' ', sort keys %count), '401 429', 'all are refused');
	is($count{401}, 3, 'and no more are tried than one after the other')
	    or diag(explain(\%count));
};

subtest 'signers that die' => sub {
	new_daemon('throttle 2 per 1h');
	is(statuses(3, 2, 'alice', 'wrong'), '401 401 429', 'two failures');
	for my $pid ($d->pids('jwtd-signer: signer')) {
		kill 'KILL', $pid;
		ok(Jwtd::wait_until(sub { !Jwtd::alive($pid) }), 'one dies');
	}
	ok(Jwtd::wait_until(sub {
		(() = $d->pids('jwtd-signer: signer')) == 2;
	}), 'there are two again');
	is(status(2, 'alice', 'right'), 429, 'they know it still');
	is(status(3, 'alice', 'right'), 200, 'and work');
};

subtest 'no limit' => sub {
	new_daemon('remember 5m');
	is(statuses(15, 2, 'alice', 'wrong'), join(' ', (401) x 15),
	    'unless it is asked for');
};

done_testing;
