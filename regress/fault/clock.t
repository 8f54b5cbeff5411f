# The clock is set forward and back under a running daemon: tokens have the time
# of now and are valid by it, and nothing that takes its time does so for ever,
# or no time at all.
use strict;
use warnings;

use POSIX ();
use Test::More;
use Time::HiRes ();

use Cost;
use Fault qw(lines);
use Jwtd;
use Load;

my $programs = "$Jwtd::build/regress/fault/clock";
plan skip_all => 'no programs with another clock' unless -x "$programs/jwtd";

my $d = Jwtd->prepare(servers => Fault::plain(),
    globals => "prefork 1\ntimeout request 2s\ntimeout idle 8s\n",
    signer => "\tthrottle 2 per 2s\n\tremember 2s\n\tlifetime 15m\n");
$d->user('alice', 'alice');
my $bin = $d->dir . '/bin';
mkdir $bin or die "mkdir: $!";
for my $from (glob("$programs/jwtd*"), "$Jwtd::build/jwtctl") {
	system('cp', $from, $bin) == 0 or die "cp $from";
}
$d->{bin} = $bin;

# how far it is set from the machine's, which all its processes see at once
my $set = 0;
sub set_clock {
	($set) = @_;
	open my $f, -e "$bin/clock" ? '+<' : '>', "$bin/clock" or die "clock: $!";
	syswrite $f, pack 'q', $set;
	close $f;
}
set_clock(0);
$d->launch;

my ($hour, $years) = (3600, 10 * 365 * 86400);
sub verify { return Jwtd::text(path => '/verify', bearer => $_[0]) }
sub status { return $d->request(path => '/verify', bearer => $_[0])->{status} }
sub answer_of { return (Jwtd::answers($_[0], 1))[0] // Jwtd::parse('') }
sub is_now {
	my ($time, $what) = @_;
	cmp_ok(abs($time - time - $set), '<', 20, $what);
}

# A token of now, as its claims and its answer say.
sub good_token {
	my ($what, $socket) = @_;
	my $text = Jwtd::text(path => '/token', user => 'alice',
	    password => 'alice');
	my $r;
	# a busy machine may not be able to hash that fast
	for (1 .. 10) {
		$r = Jwtd::ask($socket // $d->connect, $text);
		last if $r->{status} != 503;
	}
	is($r->{status}, 200, "$what: a grant");
	my $token = $r->{json}{access_token} // return '';
	my $claims = (Jwtd::decode_token($token))[1];
	is_now($claims->{iat}, "$what: iat");
	is($claims->{exp} - $claims->{iat}, 900, "$what: exp");
	is($claims->{nbf}, $claims->{iat}, "$what: nbf");
	my $issued = POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $claims->{iat});
	is($r->{json}{issued_at}, $issued, "$what: issued_at");
	return $token;
}

# The year is enough, and the hour
sub date_is_now {
	my ($what) = @_;
	my $r = $d->request(path => '/health');
	my @allowed = map { POSIX::strftime('%d %b %Y %H:%M', gmtime $_) }
	    time + $set - 59, time + $set, time + $set + 59;
	my ($date) = (Jwtd::field($r, 'Date') // '') =~ /, (.*):\d\d GMT/;
	ok(scalar(grep { $_ eq ($date // '') } @allowed), "$what: Date")
	    or diag "$date, not @allowed";
}

my ($worker) = $d->pids('jwtd: worker');
my $kept = $d->connect;
my $first = good_token('at first', $kept);
is(status($first), 202, 'at first: it is valid');
date_is_now('at first');

# name, the offset, are tokens of before valid
for ([ 'an hour forward', $hour, 401 ], [ 'and back', 0, 202 ],
    [ 'an hour back', -$hour, 401 ], [ 'ten years forward', $years, 401 ],
    [ 'as it was', 0, 202 ]) {
	my ($what, $offset, $old) = @$_;
	# in the middle of a request, of an answer to come, and of nothing
	my $half = $d->connect;
	Jwtd::send_all($half, 'GET /health HT');
	my $silent = $d->connect;
	my @signers = $d->pids('jwtd-signer: signer');
	kill 'STOP', @signers;
	my $waiting = $d->connect;
	Jwtd::send_all($waiting, Jwtd::text(path => '/token', user => 'alice',
	    password => 'alice'));
	is(Jwtd::ask($kept, verify('x'))->{status}, 401, "$what: before");
	my $begin = Time::HiRes::time;
	set_clock($offset);
	ok(!Jwtd::readable($_, 0.2), "$what: nobody is cut")
	    for $half, $silent, $waiting, $kept;
	kill 'CONT', @signers;
	my $r = answer_of($waiting);
	like($r->{status}, qr/\A(?:200|503)\z/,
	    "$what: a request that was under way");
	my $token = good_token($what, $kept);
	is(status($token), 202, "$what: and its token is valid");
	is(status($first), $old, "$what: and the first one: $old");
	date_is_now($what);
	Jwtd::send_all($waiting, verify($token));
	is(answer_of($waiting)->{status}, 202,
	    "$what: connections stay");
	# the deadline is what it was
	is(answer_of($half)->{status}, 408, "$what: 408 comes");
	my $took = Time::HiRes::time - $begin;
	cmp_ok($took, '>', 1, "$what: not early");
	cmp_ok($took, '<', 12, "$what: and not late");
	ok(Jwtd::closes($silent, 12), "$what: a silent one is cut");
}

# Failures are forgotten when their time is over, whatever the clock says
sub wrong {
	return $d->request(path => '/token', user => 'nobody',
	    password => 'wrong')->{status};
}
for my $offset ($hour, -$hour) {
	my $what = "throttled, $offset";
	set_clock(0);
	my %status;
	Jwtd::wait_until(sub { my $s = wrong(); $status{$s}++; $s == 429 });
	ok($status{401}, "$what: some are tried") or diag explain \%status;
	my $begin = Time::HiRes::time;
	set_clock($offset);
	my $r = $d->request(path => '/token', user => 'nobody',
	    password => 'wrong');
	# a slow machine may have taken that long
	is($r->{status}, 429, "$what: it still is")
	    if Time::HiRes::time - $begin < 0.5;
	cmp_ok(Jwtd::field($r, 'Retry-After') // 1, '<=', 2,
	    "$what: not for longer");
	ok(Jwtd::wait_until(sub { wrong() == 401 }, 10), "$what: and then not");
	cmp_ok(Time::HiRes::time - $begin, '>', 0.3, "$what: after its time");
	Time::HiRes::sleep(2.2);
}

# Passwords are remembered, and forgotten, by that time, too
SKIP: {
	skip 'no time of processes', 1 unless Cost::available();
	my $hash = 0.03e9;	# less than one takes
	for my $offset ($years, -$hour) {
		my $what = "remembered, $offset";
		set_clock(0);
		good_token($what);
		my $begin = Time::HiRes::time;
		set_clock($offset);
		my $cost = Cost::of($d, sub { good_token("$what, set") });
		cmp_ok($cost, '<', $hash, "$what: still")
		    if Time::HiRes::time - $begin < 1.5;
		Time::HiRes::sleep(2.2);
		$cost = Cost::of($d, sub { good_token("$what, later") });
		cmp_ok($cost, '>', $hash, "$what: and not for ever");
	}
}

# An edit counts at once, when file times are of another clock
for my $offset ($years, -$years, 0) {
	set_clock($offset);
	$d->write_users($d->users_lines, Jwtd::line("u$offset", 'pw'));
	is($d->request(path => '/token', user => "u$offset", password => 'pw')
	    ->{status}, 200, "$offset: a new user");
	$d->write_users_in_place(grep { !/^u$offset:/ } $d->users_lines);
	is($d->request(path => '/token', user => "u$offset", password => 'pw')
	    ->{status}, 401, "$offset: who is gone");
}

# A reload and a restart while it is wrong
set_clock(-$years);
kill 'HUP', $d->pid;
ok($d->wait_log(qr/configuration reloaded$/m), 'a reload, ten years back');
Jwtd::wait_until(sub { $d->pids('jwtd-signer: master') == 1 });
set_clock($years);
my ($signer) = $d->pids('jwtd-signer: signer 0');
kill 'KILL', $signer;
ok(Jwtd::wait_until(sub {
	my ($new) = $d->pids('jwtd-signer: signer 0');
	return $new && $new != $signer ? 1 : 0;
}), 'a restart, ten years ahead');
is(status(good_token('ten years ahead')), 202, 'ten years ahead: it works');
set_clock(0);
is(status(good_token('in the end')), 202, 'in the end: it works');
is(() = $d->log =~ /was ended by|ended with/g, 1, 'nobody else has died');
is($d->stop, 0, 'the end');

done_testing();
