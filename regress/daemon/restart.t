# Processes that die are replaced, and nobody notices whom it does not concern;
# the parent's end is the end of all of them.
use strict;
use warnings;

use JSON::PP ();
use POSIX ();
use Socket qw(SOL_SOCKET SO_PEERCRED);
use Test::More;
use Time::HiRes qw(sleep time);

use Jwtd;

$SIG{PIPE} = 'IGNORE';

my $servers = <<'EOT';
server "localhost" {
	listen on 127.0.0.1 port 0
	listen on "DIR/sock"
	location "/token" {
		grant
		audience "api"
	}
	location "/verify" {
		resource
		audience "api"
	}
	location "/health" { health }
}
EOT
# one user whose password costs little to check, and one with argon2id
# each login of one is a hash
my $d = Jwtd->prepare(servers => $servers, signer => "\tremember 0\n");
$d->user('slow', 'slow');
$d->write_users($d->users_lines, Jwtd::line('quick', 'quick'));
# and it stays so, since the signer may not replace it
chmod 0500, $d->dir . '/users.d';
END { chmod 0700, $d->dir . '/users.d' if $d }
$d->launch;

sub get {
	my ($path, %arg) = @_;
	return Jwtd::text(path => $path, %arg);
}
my $slow = get('/token', user => 'slow', password => 'slow');
my $quick = get('/token', user => 'quick', password => 'quick');
my $verify = get('/verify', bearer => $d->token('quick', 'quick'));

# what each process should be, by its title: the pid
sub processes {
	return map { (Jwtd::title($_) // '') => $_ } Jwtd::family($d->pid);
}
my @titles = ('jwtd-signer: master', 'jwtd-signer: signer 0',
    'jwtd-signer: signer 1', 'jwtd: worker 0', 'jwtd: worker 1');
# the same when all are there; signers are replaced whenever a worker was
sub settled {
	my %now;
	Jwtd::wait_until(sub {
		%now = processes();
		return join(' ', sort keys %now) eq join(' ', @titles);
	});
	return %now;
}
my %first = settled();
is_deeply([ sort keys %first ], \@titles, 'the processes');

# Wait until all are there again, with another in the place of those killed.
sub recovered {
	my (@killed) = @_;
	my %killed = map { $_ => 1 } @killed;
	return Jwtd::wait_until(sub {
		my %now = processes();
		return join(' ', sort keys %now) eq join(' ', @titles)
		    && !grep { $killed{$_} } values %now;
	});
}

# Connections to one worker: the other is stopped while they are accepted.
sub connect_to {
	my ($slot, $n) = @_;
	my %now = settled();
	my $other = $now{'jwtd: worker ' . (1 - $slot)};
	kill 'STOP', $other;
	my @s = map {
		my $s = $d->connect;
		Jwtd::ask($s, get('/health'))->{status} == 200
		    or die "worker $slot does not answer";
		$s;
	} 1 .. $n;
	kill 'CONT', $other;
	return @s;
}

# A client that asks on a connection that it has, until it is told to stop;
# then it says how many answers it had, by status.
sub load {
	my ($s, @requests) = @_;
	pipe my $read, my $write or die "pipe: $!";
	my $pid = fork() // die "fork: $!";
	if ($pid) {
		close $write;
		return { pid => $pid, read => $read };
	}
	my $stop = 0;
	$SIG{USR1} = sub { $stop = 1 };
	my %count;
	while (!$stop) {
		my $r = Jwtd::ask($s, $requests[rand @requests], seconds => 20);
		$count{$r->{status}}++;
		last unless $r->{status};
		sleep 0.005;
	}
	print $write JSON::PP::encode_json(\%count);
	close $write;
	POSIX::_exit(0);
}

sub finish {
	my ($client) = @_;
	kill 'USR1', $client->{pid};
	my $text = do { local $/; readline $client->{read} };
	waitpid $client->{pid}, 0;
	return JSON::PP::decode_json($text || '{}');
}

# A worker is killed, and the other one's clients go on
my ($watched) = connect_to(1, 1);
my @resource = map { load($_, $verify, get('/health')) } connect_to(1, 3);
my @grant = map { load($_, $quick) } connect_to(1, 3);
my @lost = connect_to(0, 2);
my %now = settled();
kill 'KILL', $now{'jwtd: worker 0'};
ok(recovered($now{'jwtd: worker 0'}), 'a worker is replaced');
ok(Jwtd::closes($_), 'its connections end') for @lost;
is(Jwtd::ask($watched, get('/health'))->{status}, 200,
    "the other worker's connection is kept");
my ($new) = connect_to(0, 1);
is(Jwtd::ask($new, $slow)->{status}, 200, 'the new worker reaches a signer');
is(Jwtd::ask($watched, $slow)->{status}, 200, 'and so does the other');
like($d->log, qr/^jwtd: worker 0 was ended by signal 9$/m, 'it is in the log');

# Signers, each in the middle of a request
sub memory {
	my ($pid) = @_;
	my $status = eval { Jwtd::read_file("/proc/$pid/status") } // '';
	return $status =~ /^VmRSS:\s+(\d+) kB/m ? $1 : 0;
}

for my $slot (0, 1) {
	my ($r, $took);
	for my $try (1 .. 5) {
		%now = settled();
		my $pid = $now{"jwtd-signer: signer $slot"};
		my $other = $now{'jwtd-signer: signer ' . (1 - $slot)};
		my $before = memory($pid);
		kill 'STOP', $other;
		Jwtd::send_all($new, $slow);
		my $busy = Jwtd::wait_until(sub {
			memory($pid) > $before + 20_000 ? 1 :
			    Jwtd::readable($new, 0.001) ? undef : 0;
		}, 10);
		kill 'KILL', $pid;
		my $start = time;
		$r = (Jwtd::answers($new, 1))[0] // Jwtd::parse('');
		$took = time - $start;
		kill 'CONT', $other;
		ok(recovered($pid), "signer $slot is replaced");
		last if $busy && $r->{status} != 200;
	}
	is($r->{status}, 503, "signer $slot was busy: its client gets 503");
	is($r->{json}{error}, 'temporarily_unavailable', "signer $slot: error");
	like(Jwtd::field($r, 'Retry-After'), qr/\A[1-9]\d*\z/,
	    "signer $slot: Retry-After");
	cmp_ok($took, '<', 5, "signer $slot: long before the deadline");
	is(Jwtd::ask($new, $slow)->{status}, 200,
	    "signer $slot: the same connection goes on");
}

# The master of the signers, while one of these is busy
%now = settled();
my $master = $now{'jwtd-signer: master'};
my @signers = map { $now{"jwtd-signer: signer $_"} } 0, 1;
Jwtd::send_all($new, $slow);
kill 'KILL', $master;
my $start = time;
my $r = (Jwtd::answers($new, 1))[0] // Jwtd::parse('');
like($r->{status}, qr/\A(?:200|503)\z/, 'the master: the client has an answer');
cmp_ok(time - $start, '<', 8, 'the master: before the deadline');
ok(recovered($master, @signers), 'the master and the signers are replaced');
is(Jwtd::ask($_, $slow)->{status}, 200, 'the master: service goes on')
    for $new, $watched;

# Back-off
for my $title ('jwtd: worker 0', 'jwtd-signer: signer 0') {
	my @took;
	for (1 .. 6) {
		my %now = settled();
		my $begin = time;
		kill 'KILL', $now{$title};
		ok(recovered($now{$title}), "$title: again") or last;
		push @took, time - $begin;
	}
	cmp_ok($took[5], '>', 0.3, "$title: who dies young has to wait")
	    or diag "@took";
	cmp_ok($took[5], '<', 10, "$title: but not for ever");
}
is(Jwtd::ask($watched, $slow)->{status}, 200,
    "after all that, the other worker's connection");
is($d->request(path => '/token', user => 'slow', password => 'slow')->{status},
    200, 'after all that, a new one');

my (%resource, %grant);
for my $client (@resource) {
	my $count = finish($client);
	$resource{$_} += $count->{$_} for keys %$count;
}
for my $client (@grant) {
	my $count = finish($client);
	$grant{$_} += $count->{$_} for keys %$count;
}
ok(!grep({ !/\A20[02]\z/ } keys %resource),
    'resource requests: none has failed') or diag explain \%resource;
ok(!grep({ !/\A(?:200|503)\z/ } keys %grant),
    'grant requests: 200, or 503') or diag explain \%grant;
cmp_ok($resource{202}, '>', 50, 'resource requests: there were many');
cmp_ok($grant{200}, '>', 50, 'grant requests: there were many');
cmp_ok($grant{503} // 0, '<=', 20, 'grant requests: few had to come again');

# SIGHUP, of which reload.t says the rest
kill 'HUP', $d->pid;
ok($d->wait_log(qr/reloaded$/m), 'SIGHUP is logged');
is(Jwtd::ask($watched, $slow)->{status}, 200, 'SIGHUP: nothing is lost');
ok(Jwtd::closes($watched), 'SIGHUP: that was the last of this connection');
settled();
($watched) = connect_to(1, 1);

# The parent is killed
my @family = ($d->pid, Jwtd::family($d->pid));
Jwtd::send_all($watched, $slow);
kill 'KILL', $d->pid;
Jwtd::wait_until(sub { !$d->running });
$start = time;
ok(Jwtd::wait_until(sub { !Jwtd::alive(@family) }, 10),
    'the parent is killed: nobody is left');
cmp_ok(time - $start, '<', 5, 'the parent is killed: in a few seconds');

# SIGTERM and SIGINT, with requests in flight and idle connections
for my $signal (qw(TERM INT)) {
	$d->launch;
	@family = ($d->pid, Jwtd::family($d->pid));
	my @idle = (connect_to(0, 3), connect_to(1, 3));
	my @silent = map { $d->connect } 1 .. 2;
	my @busy = (connect_to(0, 3), connect_to(1, 3));
	my @fresh = map { $d->connect } 1 .. 2;
	Jwtd::send_all($_, $slow) for @busy, @fresh;
	$start = time;
	kill $signal, $d->pid;
	ok(Jwtd::closes($_), "SIG$signal: an idle connection ends") for @idle;
	cmp_ok(time - $start, '<', 5, "SIG$signal: at once") unless $ENV{SAN};
	my @r = map { Jwtd::answers($_, 1) } @busy, @fresh;
	is(join(' ', map { $_->{status} } @r), join(' ', (200) x 8),
	    "SIG$signal: all that is in flight is answered");
	is(scalar(grep { (Jwtd::field($_, 'Connection') // '') eq 'close' } @r),
	    8, "SIG$signal: and that it is the last is said");
	ok(Jwtd::wait_until(sub { !$d->running }), "SIG$signal: it ends");
	is($d->{status}, 0, "SIG$signal: status");
	is(join(' ', Jwtd::alive(@family)), '', "SIG$signal: nobody is left");
	ok(!-e $d->dir . '/sock', "SIG$signal: no socket is left");
	like($d->log, qr/^jwtd: stopped$/m, "SIG$signal: logged");
	unlike($d->log, qr/signal \d|ended with/, "SIG$signal: nobody has died");
}

# A signal while it starts is no failure, and leaves nothing behind
$d->{logfile} = $d->dir . '/log.early';
Jwtd::write_file($d->{logfile}, '');
my $pid = fork() // die "fork: $!";
if ($pid == 0) {
	open STDERR, '>>', $d->{logfile};
	exec "$Jwtd::build/jwtd", '-d', '-f', $d->dir . '/jwtd.conf';
}
ok(Jwtd::wait_until(sub { $d->log =~ /listening/ }), 'a start');
@family = ($pid, Jwtd::family($pid));
kill 'TERM', $pid;
waitpid $pid, 0;
is($?, 0, 'SIGTERM while it starts: status');
ok(Jwtd::wait_until(sub { !Jwtd::alive(@family) }),
    'SIGTERM while it starts: nobody is left');

# In the background: the command ends when the daemon answers
my ($status, $out) = Jwtd::run([ "$Jwtd::build/jwtd", '-f',
    $d->dir . '/jwtd.conf' ]);
is($status, 0, 'in the background: status');
my $s = $d->connect_unix($d->dir . '/sock');
# the process that listens
$pid = (unpack 'i3', getsockopt $s, SOL_SOCKET, SO_PEERCRED)[0];
is(Jwtd::title($pid), 'jwtd: parent', 'in the background: the daemon');
is(Jwtd::ask($s, $slow)->{status}, 200, 'in the background: answers at once');
unlike($out, qr/^(?!jwtd: (?:listening|ready|sandbox: not available))/m,
    'in the background: nothing unexpected on standard error') if length $out;
@family = ($pid, Jwtd::family($pid));
is(scalar @family, 6, 'in the background: the processes');
kill 'TERM', $pid;
ok(Jwtd::closes($s), 'in the background: SIGTERM');
ok(Jwtd::wait_until(sub { !Jwtd::alive(@family) }),
    'in the background: nobody is left');
ok(!-e $d->dir . '/sock', 'in the background: no socket is left');

Jwtd::write_file($d->dir . '/key.pem', "no key\n", 0600);
($status, $out) = Jwtd::run([ "$Jwtd::build/jwtd", '-f',
    $d->dir . '/jwtd.conf' ]);
is($status, 1, 'in the background, with a bad key: status');
like($out, qr/^jwtd-signer: .*key\.pem: no private key/m,
    'in the background, with a bad key: the message');
ok(!-e $d->dir . '/sock', 'in the background, with a bad key: no socket');

done_testing();
