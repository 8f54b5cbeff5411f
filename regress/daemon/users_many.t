# A users file of 200,000: found, edited and checked without having it in memory
# and without a request that fails.
use strict;
use warnings;

use List::Util qw(max);
use POSIX ();
use Test::More;
use Time::HiRes qw(time);

use Jwtd;

my $many = 200_000;
# what a thing may take that takes a tenth of a second
my $soon = $ENV{SAN} ? 30 : 10;

my $d = Jwtd->start;
my $users = $d->dir . '/users.d/users';
$d->user('alice', 'one', '{"scope":"read"}');
my ($hash) = ($d->users_lines)[0] =~ /^alice:([^:]+)/;

sub ask {
	my ($user, $password) = @_;
	return $d->request(path => '/token', user => $user,
	    password => $password);
}

# Often enough that each signer has its turn.
sub statuses {
	my ($user, $password) = @_;
	return join ' ', map { ask($user, $password)->{status} } 1 .. 4;
}

sub good { is(statuses(@_[0, 1]), '200 200 200 200', $_[2]) }
sub bad { is(statuses(@_[0, 1]), '401 401 401 401', $_[2]) }

# Nobody hashes any more: what remains is the signer's own.
sub memory {
	my @kb;
	Jwtd::wait_until(sub {
		@kb = map { (Jwtd::status($_, 'RssAnon') =~ /(\d+)/)[0] }
		    $d->pids('jwtd-signer: signer');
		return max(@kb) < 60_000;
	});
	return max(@kb);
}

# One request, and that it comes soon.
sub soon {
	my ($user, $password, $status, $name) = @_;
	my $begin = time;
	is(ask($user, $password)->{status}, $status, $name);
	cmp_ok(time - $begin, '<', $soon, "$name: soon");
}

good('alice', 'one', 'one user');
my $before = memory();
my @lines = map { "user$_:$hash:{\"n\":$_}\n" } 1 .. $many;
$d->write_users(@lines);
cmp_ok(-s $users, '>', 20_000_000, 'the file is large');
soon('user1', 'one', 200, 'the first of many');
soon("user$many", 'one', 200, 'the last of many');
good('user100000', 'one', 'one in the midst');
is((Jwtd::decode_token($d->token('user77777', 'one')))[1]{n}, 77777,
    'the right grants');
bad('user77777', 'two', 'a wrong password');
bad('alice', 'one', 'who is not in it');
bad('user0', 'one', 'who never was');
my $after = memory();
SKIP: {
	skip 'memory as sanitizers have it', 1 if $ENV{SAN};
	cmp_ok($after - $before, '<', 10_000,
	    "it is not in the signers' memory: $before, $after kB");
}

# jwtctl
sub ctl {
	my ($args, $input) = @_;
	my $begin = time;
	$d->ctl($args, $input);
	cmp_ok(time - $begin, '<', $soon, "@{$args}[0, 1]: soon");
}
ctl([ qw(user add bob {"n":0}) ], "builder\n");
soon('bob', 'builder', 200, 'added');
good('bob', 'builder', 'added for every signer');
ctl([ qw(user password user5) ], "five\n");
soon('user5', 'five', 200, 'a new password');
bad('user5', 'one', 'not the old one');
ctl([ qw(user grant user100000 {"n":-1}) ]);
is((Jwtd::decode_token($d->token('user100000', 'one')))[1]{n}, -1,
    'other grants');
ctl([ qw(user delete user7) ]);
soon('user7', 'one', 401, 'deleted');
good('user8', 'one', 'deleted: the next one is there');
my @now = $d->users_lines;
is(scalar @now, $many, 'one line more and one less');
is(join('', @now[0 .. 3, 5, 6]), join('', @lines[0 .. 3, 5, 7]),
    'the others are as they were');

# In place, at its end
open my $f, '>>', $users or die "users: $!";
syswrite $f, "eve:$hash\n";
close $f;
soon('eve', 'one', 200, 'appended in place');

# While it is changed all the time: nobody is turned away.
my $child = fork() // die "fork: $!";
if ($child == 0) {
	my ($lost, $n) = (0, 0);
	until (-e $d->dir . '/enough' && $n > 20) {
		$lost += ask('user1', 'one')->{status} != 200;
		$n++;
	}
	POSIX::_exit($lost > 100 ? 100 : $lost);
}
for my $i (1 .. 8) {
	# every line is in another place
	$d->write_users('#' x (1000 * $i), "\n", @lines);
	is(ask('user2', 'one')->{status}, 200, "change $i");
}
Jwtd::write_file($d->dir . '/enough', '');
waitpid $child, 0;
is($? >> 8, 0, 'changed all the time: every request is answered');

# Bad lines far from the beginning
$d->write_users(@lines, "no colon\n", "user1:$hash\n", "zoe:$hash:[]\n");
soon('user1', 'one', 200, 'with bad lines');
my $last = $many + 3;
ok($d->wait_log(qr/\Q$users\E:$last: not a JSON object$/m),
    'the last line is in the log');
statuses('user2', 'one');
my @said = $d->log =~ /\Q$users\E:(\d+): /g;
is_deeply(\@said, [ $many + 1 .. $many + 3 ], 'each of them once');
unlike($d->log, qr/\Q$hash\E/, 'no hash is');

# All at once
my $import = $d->dir . '/import';
Jwtd::write_file($import, join('', map { s/^user/new/r } @lines), 0600);
my $begin = time;
$d->ctl([ 'user', 'import', $import ]);
cmp_ok(time - $begin, '<', 6 * $soon, 'imported');
soon("new$many", 'one', 200, 'the last that was imported');

my $signs = () = $d->log =~ /signal|ended with/g;
is($signs, 0, 'no process has died');
is($d->stop, 0, 'the end');

done_testing();
