# A worker holds the signers for hostile: a program in the place of jwtd-signer
# answers as the user's name says, from not at all to garbage.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Jwtd;

plan skip_all => 'no /proc' unless -r "/proc/$$/status";

my $timeout = 3;

sub start {
	my ($prefork, $timeout) = @_;
	my $d = Jwtd->prepare(globals =>
	    "prefork $prefork\ntimeout request ${timeout}s\n");
	my $bin = $d->dir . '/bin';
	mkdir $bin or die "mkdir: $!";
	system('cp', "$Jwtd::build/jwtd", "$bin/jwtd") == 0 or die 'cp';
	system('cp', "$Jwtd::build/regress/hostile/signer",
	    "$bin/jwtd-signer") == 0 or die 'cp';
	$d->{bin} = $bin;
	$d->launch;
	return $d;
}

sub ask {
	my ($d, $user, %arg) = @_;
	return $d->request(path => '/token', user => $user, password => 'x',
	    %arg);
}

# its own token, or none
sub own_token {
	my ($r, $user) = @_;
	return ($r->{json}{access_token} // '') eq "t.$user.s";
}

# KiB that the workers have for themselves
sub memory {
	my ($d) = @_;
	my $total = 0;
	for my $pid ($d->pids('jwtd: worker')) {
		my $text = Jwtd::read_file("/proc/$pid/status");
		$total += $_ for $text =~ /^(?:RssAnon|VmSwap):\s+(\d+) kB/mg;
	}
	return $total;
}

my $d = start(2, $timeout);
my @workers = sort $d->pids('jwtd: worker');
is(scalar @workers, 2, 'two workers');

# what is valid, and what a worker makes of it
my $long = 'A' x (4 * 3456);
for my $case (
    [ good => 200 ], [ twice => 200 ], [ unasked => 200 ],
    [ order => 500 ], [ changed => 500 ], [ again => 500 ],
    [ 'half-error' => 503 ], [ throttled => 429 ], [ broken => 500 ],
    [ silent => 503 ], [ half => 503 ], [ elsewhere => 503 ],
    [ past => 200 ], [ flood => 200 ]) {
	my ($user, $status) = @$case;
	my $began = time;
	my $r = ask($d, $user);
	is($r->{status}, $status, "$user: $status");
	ok($status == 200 ? own_token($r, $user) :
	    $r->{text} !~ /access_token|stolen/, '... no other answer');
	cmp_ok(time - $began, '<', $timeout + 10, '... in time');
	ok(own_token(ask($d, 'good.after'), 'good.after'),
	    '... and the next one is right');
}
my $r = ask($d, 'longest');
is($r->{json}{access_token}, $long, 'the longest token comes whole');
$r = ask($d, 'future');
is($r->{json}{expires_in}, 4294967295, 'the largest lifetime');
ok(own_token($r, 'future'), '... with its token');
like($r->{head}, qr/^Content-Type: application\/json/m, '... in JSON');
is(Jwtd::field(ask($d, 'throttled'), 'Retry-After'), 4294967295,
    'the largest Retry-After');

# an answer that comes after its request's end goes to nobody
is(ask($d, 'hold.late')->{status}, 503, 'nothing before the deadline');
ok(own_token(ask($d, "good.$_"), "good.$_"), "late answer: request $_")
    for 1 .. 6;

is_deeply([ sort $d->pids('jwtd: worker') ], \@workers,
    'the workers are the same');
is($d->stop, 0, 'it stops');
$d = start(2, 60);
@workers = sort $d->pids('jwtd: worker');

# many at once, answered in another order and with more than was asked
sub together {
	my (@users) = @_;
	my @s = map { $d->connect } @users;
	Jwtd::send_all($s[$_], Jwtd::text(path => '/token',
	    user => $users[$_], password => 'x')) for 0 .. $#users;
	my $wrong = 0;
	for my $i (0 .. $#users) {
		# what is held is answered after another request
		ask($d, 'good') until $users[$i] !~ /^hold/
		    || Jwtd::readable($s[$i], 0.1);
		my ($r) = Jwtd::answers($s[$i], 1);
		my $right = !$r ? 0 : $users[$i] =~ /^order/ ?
		    $r->{status} == 500 : $users[$i] =~ /^half-error/ ?
		    $r->{status} == 503 : $users[$i] =~ /^longest/ ?
		    $r->{json}{access_token} eq $long :
		    own_token($r, $users[$i]);
		next if $right;
		$wrong++;
		diag("$users[$i]: " . ($r ? $r->{text} : 'no answer'));
	}
	return $wrong;
}
my @mix = qw(good twice unasked order hold half-error longest good);
for my $round (1 .. 3) {
	is(together(map { "$mix[$_ % @mix].$round.$_" } 0 .. 39), 0,
	    "40 at once, round $round: to each its own answer");
}
my $before = memory($d);
my $wrong = 0;
$wrong += together(map { "$mix[$_ % @mix].m$_" } 0 .. 39) for 1 .. 20;
is($wrong, 0, '800 more');
my $after = memory($d);
SKIP: {
	skip 'sanitizers keep what was freed', 1 if $ENV{SAN};
	cmp_ok($after - $before, '<', 1024,
	    "memory: $before KiB, then $after KiB");
}
is_deeply([ sort $d->pids('jwtd: worker') ], \@workers,
    'the workers are the same');

# a flood of answers that nobody asked for, and others are heard in between
my $slow = $d->connect;
Jwtd::send_all($slow, Jwtd::text(path => '/token', user => 'flood.2',
    password => 'x'));
my $began = time;
is($d->request(path => '/health?live')->{status}, 200, 'during a flood: health');
cmp_ok(time - $began, '<', 5, '... in time');
ok(own_token((Jwtd::answers($slow, 1))[0], 'flood.2'), '... and the answer');
is($d->stop, 0, 'it stops');

# What costs the socket: who waits is told, no connection is lost, and another
# worker takes over.
my @malformed = qw(m-empty m-byte m-short m-long m-magic m-id m-status m-part
    m-parts m-noparts m-len m-overlong m-nothing m-flag m-scope m-noend
    m-token m-nul m-garbage m-refusal m-close m-rights);
while (my @some = splice @malformed, 0, 4) {
	my $d = start(1, 10);
	for my $user (@some) {
		my ($worker) = $d->pids('jwtd: worker');
		my ($waiting, $half, $idle) = map { $d->connect } 1 .. 3;
		Jwtd::ask($idle, Jwtd::text(path => '/health'));
		Jwtd::send_all($half, "GET /health?live HTTP/1.1\r\n"
		    . "Host:");
		Jwtd::send_all($waiting, Jwtd::text(path => '/token',
		    user => 'silent', password => 'x'));
		my $began = time;
		my $r = ask($d, $user);
		is($r->{status}, 503, "$user: 503");
		unlike($r->{text}, qr/access_token/, '... no token');
		ok(defined Jwtd::field($r, 'Retry-After'), '... Retry-After');
		cmp_ok(time - $began, '<', 8, '... at once');
		is((Jwtd::answers($waiting, 1))[0]{status}, 503,
		    '... and who waited is told');
		Jwtd::send_all($half, " localhost\r\n\r\n");
		is((Jwtd::answers($half, 1))[0]{status}, 200,
		    '... a request that had begun is answered');
		ok(Jwtd::closes($idle), '... an idle connection ends');
		ok(own_token(ask($d, 'good'), 'good'), '... and it goes on');
		isnt(($d->pids('jwtd: worker'))[0], $worker,
		    '... with another worker');
	}
	like($d->log, qr/(?:malformed answer from|signers closed) the/,
	    'that is logged');
	unlike($d->log, qr/ended by signal/, 'no worker crashed');
	is($d->stop, 0, 'it stops');
}

# What costs the process its life: a parent that is told nonsense, or nothing any
# more, has another one.
for my $user (qw(c-byte c-close)) {
	my $d = start(1, 10);
	my ($signer) = $d->pids('jwtd-signer');
	ask($d, $user);
	ok($d->wait_log(qr/jwtd-signer 0 was ended by signal 9/),
	    "$user: it is killed");
	ok(own_token(ask($d, 'good'), 'good'), '... and it goes on');
	isnt(($d->pids('jwtd-signer'))[0], $signer, '... with another');
	is($d->stop, 0, 'it stops');
}
done_testing();
