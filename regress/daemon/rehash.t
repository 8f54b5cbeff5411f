# Hashes of elsewhere in the users file: a good login replaces each by one of ours,
# once, and nothing else in the file changes.
use strict;
use warnings;

use Fcntl qw(:flock);
use Test::More;
use Time::HiRes ();

use Jwtd;
use Store qw(imports $ours);

# all of them, on a slow machine
my $d = Jwtd->prepare(globals => "timeout request 60s\n");
my $users = $d->dir . '/users.d/users';
my @imports = imports();

sub ask {
	my ($daemon, $user, $password) = @_;
	return $daemon->request(path => '/token', user => $user,
	    password => $password)->{status};
}

sub statuses { return join ' ', map { ask(@_) } 1 .. 3 }

sub hash_of {
	my ($daemon, $name) = @_;
	my ($line) = grep { /^\Q$name\E:/ } $daemon->users_lines;
	return $line =~ /^[^:]*:([^:\n]*)/ ? $1 : undef;
}

# every line but those of that user
sub others {
	my ($daemon, $name) = @_;
	return join '', grep { !/^\Q$name\E:/ } $daemon->users_lines;
}

sub count {
	my ($daemon, $pattern) = @_;
	my $n = () = $daemon->log =~ /$pattern/mg;
	return $n;
}

$d->write_users("# a comment\n", "\n", "no line of a user\n",
    (map { "$_->{name}:$_->{hash}:{ \"scope\" : \"kept\" }\n" } @imports),
    "off:!" . Jwtd::bcrypt('off') . "\n", "bare:" . Jwtd::bcrypt('bare'));
my @stat = (stat $users)[2, 4, 5];
$d->launch;

for my $import (@imports) {
	my ($name, $password) = @$import{qw(name password)};
	my $others = others($d, $name);
	is(ask($d, $name, "$password!"), 401, "$name: wrong");
	is(hash_of($d, $name), $import->{hash}, "$name: nothing happened");
	is(ask($d, $name, $password), 200, "$name: right");
	my $hash = hash_of($d, $name);
	if ($import->{stays}) {
		is($hash, $import->{hash}, "$name: it is stronger and stays");
		next;
	}
	like($hash, $ours, "$name: it is ours now");
	is(ask($d, $name, $password), 200, "$name: right again");
	is(ask($d, $name, "$password!"), 401, "$name: wrong again");
	is(hash_of($d, $name), $hash, "$name: rewritten once");
	is(others($d, $name), $others, "$name: no other line changed");
}
is(scalar(grep { /:\{ "scope" : "kept" \}\n\z/ } $d->users_lines),
    scalar @imports, 'the grants are as they were');
my $others = others($d, 'bare');
is(ask($d, 'bare', 'bare'), 200, 'without a newline');
like(join('', $d->users_lines), qr/^\Q$others\Ebare:\$argon2id\$[^:]*\n?\z/,
    'without a newline: the line is the last');
my $before = hash_of($d, 'off');
is(ask($d, 'off', 'off'), 401, 'disabled');
is(hash_of($d, 'off'), $before, 'disabled: nothing is rewritten');
is_deeply([ (stat $users)[2, 4, 5] ], \@stat, "the file's mode and owner");
is_deeply([ sort map { s{.*/}{}r } glob "$users*" ],
    [ 'users', 'users.lock' ], 'no file is left behind');

# A password that is changed just then is not lost
sub has_lock_open {
	my ($daemon) = @_;
	return scalar grep { (readlink $_ // '') =~ m{users\.lock$} }
	    map { glob "/proc/$_/fd/*" } $daemon->pids('jwtd-signer: signer');
}
is(count($d, qr/not rehashed/), 0, 'no rehash failed');
$d->write_users('race:' . Jwtd::bcrypt('before') . "\n");
open my $lock, '+<', "$users.lock" or die "$users.lock: $!";
flock $lock, LOCK_EX or die "flock: $!";
my $s = $d->connect;
Jwtd::send_all($s, Jwtd::text(path => '/token', user => 'race',
    password => 'before'));
ok(Jwtd::wait_until(sub { has_lock_open($d) }),
    'race: the signer waits for the lock');
my $after = Jwtd::bcrypt('after');
$d->write_users("race:$after\n", "new:" . Jwtd::bcrypt('new') . "\n");
close $lock;
is((Jwtd::answers($s, 1))[0]{status}, 200, 'race: the old one was good');
is(hash_of($d, 'race'), $after, 'race: the new password is there');
is(ask($d, 'race', 'before'), 401, 'race: the old one is not');
is(ask($d, 'race', 'after'), 200, 'race: the new one works');
ok(Jwtd::wait_until(sub {
	ask($d, 'race', 'after') == 200 && hash_of($d, 'race') =~ $ours;
}), 'race: and is rewritten');
is(ask($d, 'new', 'new'), 200, 'race: who was added is there');

# Two at once: neither undoes the other
my @crowd = map { "u$_" } 1 .. 6;
$d->write_users(map { "$_:" . Jwtd::bcrypt($_) . "\n" } @crowd);
my @sockets = map {
	my $c = $d->connect;
	Jwtd::send_all($c, Jwtd::text(path => '/token', user => $_,
	    password => $_));
	$c;
} @crowd;
is(join(' ', map { (Jwtd::answers($_, 1))[0]{status} // 0 } @sockets),
    '200 200 200 200 200 200', 'many at once');
is(scalar(grep { (hash_of($d, $_) // '') =~ $ours } @crowd), scalar @crowd,
    'many at once: each is rewritten');
$d->stop;

# Somebody who keeps the lock holds up no login, and no end
$d = Jwtd->prepare;
$d->write_users(map { "$_:" . Jwtd::bcrypt($_) . "\n" } qw(a b c d));
Jwtd::write_file($d->dir . '/users.d/users.lock', '', 0600);
$d->own($d->dir . '/users.d/users.lock');
$d->launch;
open $lock, '+<', $d->dir . '/users.d/users.lock' or die "lock: $!";
flock $lock, LOCK_EX or die "flock: $!";
my $begin = time;
is(join(' ', map { ask($d, $_, $_) } qw(a b c d a b c d)),
    join(' ', (200) x 8), 'kept lock: each login succeeds');
cmp_ok(time - $begin, '<', 8, 'kept lock: before any deadline');
is(count($d, qr/not rehashed/), 1, 'kept lock: it is in the log, once');
is($d->stop, 0, 'kept lock: it ends');
close $lock;

# bcrypt sees 72 bytes; what is wrong behind them must not become the password
$d = Jwtd->prepare;
my $long = 'a' x 72;
$d->write_users('long:' . Jwtd::bcrypt($long . 'right') . "\n",
    'cheap:' . Jwtd::bcrypt('cheap') . "\n");
# as jwtctl leaves it where the directory has another group
chown -1, 0, $d->dir . '/users.d', $d->dir . '/users.d/users' if $> == 0;
$d->launch;
is(ask($d, 'long', $long . 'wrong'), 200, 'bcrypt: all that it looks at');
is(ask($d, 'long', $long . 'right'), 200, 'bcrypt: the right one still works');

# A hash that costs little does not tell that the name is known
sub median_time {
	my (@who) = @_;
	my @times = sort { $a <=> $b } map {
		my $start = Time::HiRes::time();
		ask($d, @who);
		Time::HiRes::time() - $start;
	} 1 .. 7;
	return $times[3];
}
my $unknown = median_time('nobody', 'x');
cmp_ok(median_time('cheap', 'x'), '>', $unknown / 2,
    'a wrong password takes as long as an unknown name');
is(ask($d, 'cheap', 'cheap'), 200, 'another group: a login');
like(hash_of($d, 'cheap'), $ours, 'another group: it is rewritten');
$d->stop;

# Where the signer may not write, logins work
$d = Jwtd->prepare;
my $dir = $d->dir . '/users.d';
my @lines = map { "$_:" . Jwtd::bcrypt($_) . "\n" } qw(a b);
$d->write_users(@lines);
chmod 0440, "$dir/users";
chmod 0550, $dir;
chown 0, -1, $dir, "$dir/users" if $> == 0;
$d->launch;
is(statuses($d, 'a', 'a'), '200 200 200', 'no right to write: a');
is(statuses($d, 'b', 'b'), '200 200 200', 'no right to write: b');
is(ask($d, 'a', 'b'), 401, 'no right to write: a wrong password');
is_deeply([ $d->users_lines ], \@lines, 'no right to write: nothing changes');
is(count($d, qr{\Q$dir/users\E: passwords are not rehashed: Permission denied$}m),
    1, 'no right to write: the log says so and why, once');
chmod 0700, $dir;

done_testing();
