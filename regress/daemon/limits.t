# Slow, silent, greedy and numerous clients are cut or told to wait, and others
# do not notice; neither do they when no signer answers.
use strict;
use warnings;

use IO::Socket::INET;
use POSIX ();
use Socket qw(SOL_SOCKET SO_RCVBUF);
use Test::More;
use Time::HiRes qw(sleep time);

use Jwtd;

$SIG{PIPE} = 'IGNORE';

plan skip_all => 'no IO::Socket::SSL' unless eval { require IO::Socket::SSL };
# as many as this test needs itself
plan skip_all => 'not enough descriptors'
    if POSIX::sysconf(POSIX::_SC_OPEN_MAX()) < 400;

my $locations = <<'EOT';
	location "/token" {
		grant
		audience "api"
	}
	location "/verify" {
		resource
		audience "api"
	}
	location "/jwks" { jwks }
	location "/health" { health }
}
EOT
my $servers = "server \"x\" {\n\tlisten on 127.0.0.1 port 0\n$locations";

sub start {
	my ($globals, %arg) = @_;
	my $d = Jwtd->prepare(servers => $servers,
	    globals => "prefork 1\n$globals", %arg);
	$d->write_users(map { Jwtd::line($_, "$_!") } qw(alice bob carol));
	$d->launch;
	return $d;
}

sub get { return Jwtd::text(path => @_) }
sub grant { return get('/token', user => $_[0], password => "$_[0]!") }
sub verify { return get('/verify', bearer => $_[0]) }
my $health = get('/health');

sub subject {
	my ($r) = @_;
	my $token = $r->{json}{access_token} // return "status $r->{status}";
	return (Jwtd::decode_token($token))[1]{sub};
}

sub stop_signers { kill 'STOP', $_[0]->pids('jwtd-signer: signer') }
sub go_on { kill 'CONT', $_[0]->pids('jwtd-signer: signer') }

sub unharmed {
	my ($d, $name) = @_;
	unlike($d->log, qr/signal \d|ended with/, "$name: nobody has died");
	is($d->stop, 0, "$name: the end");
}

# limit connections
my $d = start("limit connections 4\n");
my @s = map { $d->connect } 1 .. 4;
is(Jwtd::ask($_, $health)->{status}, 200, 'as many as are allowed') for @s;
Jwtd::ask($s[0], $health);	# so the second is now the oldest
my $fifth = $d->connect;
is(Jwtd::ask($fifth, $health)->{status}, 200, 'one more is served');
ok(Jwtd::closes($s[1]), 'the one that was idle longest has made room');
is(Jwtd::ask($_, $health)->{status}, 200, 'the others are kept')
    for @s[0, 2, 3];

@s = ($fifth, @s[0, 2, 3]);
stop_signers($d);
Jwtd::send_all($_, grant('alice')) for @s;
my $late = $d->connect;
Jwtd::send_all($late, $health);
ok(!Jwtd::readable($late, 0.5), 'all are busy: the next has to wait');
ok(!Jwtd::readable($_, 0), 'all are busy: none of these is cut') for @s;
go_on($d);
is((Jwtd::answers($late, 1))[0]{status}, 200,
    'it is served when the first of them is idle');
my @r = map { Jwtd::answers($_, 1) } @s;
is(join(' ', map { subject($_) } @r), join(' ', ('alice') x 4),
    'all that were busy have their answers');

# the same, but they close
undef $late;
@s = ();
for (1 .. 4) {
	push @s, $d->connect;
	is(Jwtd::ask($s[-1], $health)->{status}, 200, 'four again');
}
stop_signers($d);
my $last = get('/token', user => 'bob', password => 'bob!',
    headers => { Connection => 'close' });
Jwtd::send_all($_, $last) for @s;
$late = $d->connect;
Jwtd::send_all($late, $health);
ok(!Jwtd::readable($late, 0.3), 'all are busy again');
go_on($d);
is((Jwtd::answers($late, 1))[0]{status}, 200,
    'the next is served when one of them has gone');
unharmed($d, 'limit connections');

# limit requests
$d = start("limit requests 1\n");
my $token = $d->token('bob', 'bob!');
@s = map { $d->connect } 1 .. 4;
stop_signers($d);
Jwtd::send_all($s[0], grant('alice'));
is(Jwtd::ask($s[3], $health)->{status}, 200, 'the first is in flight');
for my $n (1, 2) {
	my $r = Jwtd::ask($s[$n], grant('alice'));
	is($r->{status}, 503, 'past the limit: 503');
	is($r->{json}{error}, 'temporarily_unavailable', 'past the limit: error');
	like(Jwtd::field($r, 'Retry-After'), qr/\A[1-9]\d*\z/,
	    'past the limit: Retry-After');
}
is(Jwtd::ask($s[3], verify($token))->{status}, 202,
    'past the limit: the resource service is not concerned');
go_on($d);
is(subject(Jwtd::answers($s[0], 1)), 'alice', 'the first has its token');
is(subject(Jwtd::ask($s[1], grant('bob'))), 'bob', 'and others come again');
# what a client leaves behind counts no longer
stop_signers($d);
Jwtd::send_all($s[0], grant('alice'));
is(Jwtd::ask($s[1], grant('bob'))->{status}, 503, 'one is in flight');
go_on($d);
is(subject(Jwtd::answers($s[0], 1)), 'alice', 'and is answered');
my %status;
@s = map { $d->connect } 1 .. 8;
Jwtd::send_all($_, grant('carol')) for @s;
$status{$_->{status}}++ for map { Jwtd::answers($_, 1) } @s;
is(($status{200} // 0) + ($status{503} // 0), 8, 'eight at once: 200 or 503')
    or diag explain \%status;
ok($status{200}, 'eight at once: some are served');
unharmed($d, 'limit requests');

# timeout request, for whoever is slow in whatever way
my $quick = "timeout request 1s\n";
$d = start($quick, tls => 1);
my $secure = Jwtd->prepare(signer => undef, tls => 1,
    globals => "prefork 1\n$quick", servers => <<'EOT');
server "x" {
	listen on 127.0.0.1 tls port 0
	tls {
		certificate "DIR/tls.crt"
		key "DIR/tls.key"
	}
	location "/health" { health }
}
EOT
$secure->launch;

my ($good, $good_tls) = ($d->connect, $secure->connect_tls($secure->port));
is(Jwtd::ask($_, $health)->{status}, 200, 'a good client') for $good, $good_tls;
my $start = time;
my $tls_silent = $secure->connect_tls($secure->port);
# name, connection, what to send first, what to send again and again
my $post = "POST /token HTTP/1.1\r\nHost: x\r\n"
    . "Content-Type: application/x-www-form-urlencoded\r\n";
my @slow = (
	[ 'silent', $d->connect, '', '' ],
	[ 'half a request line', $d->connect, 'GET /hea', '' ],
	[ 'a trickled head', $d->connect, "GET /health HTTP/1.1\r\nA: ", 'x' ],
	[ 'trickled fields', $d->connect, "GET /health HTTP/1.1\r\n",
	    "A: b\r\n" ],
	[ 'half a body', $d->connect, "${post}Content-Length: 50\r\n\r\n",
	    '' ],
	[ 'a trickled body', $d->connect,
	    "${post}Content-Length: 5000\r\n\r\n", 'x' ],
	[ 'trickled chunks', $d->connect,
	    "${post}Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n" ],
	[ 'a second request', $d->connect, "${health}GET /heal", '' ],
	[ 'no handshake', $secure->connect, '', '' ],
	[ 'half a handshake', $secure->connect, "\x16\x03\x01\x02\x00\x01", '' ],
	[ 'a trickled handshake', $secure->connect, "\x16\x03\x01\x20\x00\x01",
	    "\0" ],
);
my %text = map { $_->[0] => '' } @slow;
my %took;
Jwtd::send_all($_->[1], $_->[2]) for @slow;
my ($asked, $failed, $longest) = (0, 0, 0);
while (keys %took < @slow && time < $start + 15) {
	for (grep { !defined $took{$_->[0]} } @slow) {
		my ($name, $s, undef, $more) = @$_;
		while (Jwtd::readable($s, 0.0001)) {
			my $n = sysread $s, $text{$name}, 4096,
			    length $text{$name};
			next if $n;
			$took{$name} = time - $start;
			last;
		}
		syswrite $s, $more if length $more && !defined $took{$name};
	}
	my $before = time;
	for ($good, $good_tls) {
		$asked++;
		$failed++ if Jwtd::ask($_, $health)->{status} != 200;
	}
	$longest = time - $before if time - $before > $longest;
	sleep 0.02;
}
for (@slow) {
	my ($name) = @$_;
	cmp_ok($took{$name} // 99, '>', 0.8, "$name: has its time");
	cmp_ok($took{$name} // 99, '<', 8, "$name: and is cut");
	if ($name =~ /silent|handshake/) {
		unlike($text{$name}, qr/HTTP/, "$name: without an answer");
	} else {
		like($text{$name}, qr{^HTTP/1\.1 408 .*^Connection: close\r$}ms,
		    "$name: with 408");
	}
}
like($text{'a second request'}, qr{\AHTTP/1\.1 200 .*HTTP/1\.1 408 }s,
    'a second request: the first was answered');
ok(Jwtd::closes($tls_silent, 5), 'silent after the handshake: is cut');
cmp_ok($asked, '>', 5, 'meanwhile, others have asked');
is($failed, 0, 'meanwhile, others have their answers');
cmp_ok($longest, '<', 2, 'meanwhile, at once');
unharmed($secure, 'slow over TLS');

# Many slow ones
@s = map { $d->connect } 1 .. 300;
Jwtd::send_all($_, 'GET /health HT') for @s;
$start = time;
my @statuses = map { Jwtd::ask($good, $health)->{status} } 1 .. 100;
is(scalar(grep { $_ == 200 } @statuses), 100, '300 slow clients: a good one');
cmp_ok(time - $start, '<', 8, '300 slow clients: does not wait');
is(subject($d->request(path => '/token', user => 'bob', password => 'bob!')),
    'bob', '300 slow clients: a grant');
is(scalar(grep { Jwtd::closes($_, 10) } @s), 300, '300 slow clients: all are cut');

# Those that do not read
sub memory {
	my ($pid) = @_;
	return Jwtd::read_file("/proc/$pid/status") =~ /^VmRSS:\s+(\d+)/m
	    ? $1 : 0;
}
SKIP: {
	skip 'no /proc', 3 unless -r "/proc/$$/status";
	my ($worker) = $d->pids('jwtd: worker 0');
	my $before = memory($worker);
	my $request = get('/jwks') x 100;
	my @greedy;
	for (1 .. 10) {
		my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
		    PeerPort => $d->port, Proto => 'tcp',
		    Sockopts => [ [ SO_RCVBUF, pack 'l', 4096 ] ])
		    or die "connect: $@";
		$s->blocking(0);
		push @greedy, $s;
	}
	my ($most, $cut) = ($before, 0);
	my %sent = map { $_ => 0 } @greedy;
	$start = time;
	while (time < $start + 20 && $cut < @greedy) {
		$cut = 0;
		for my $s (@greedy) {
			my $n = syswrite $s, $request;
			if (defined $n) {
				$sent{$s} += $n;
			} elsif (!$!{EAGAIN}) {
				$cut++;
			}
		}
		my $now = memory($worker);
		$most = $now if $now > $most;
		$failed++ if Jwtd::ask($good, $health)->{status} != 200;
		sleep 0.01;
	}
	my ($least) = sort { $a <=> $b } values %sent;
	cmp_ok($least, '>', 100 * length get('/jwks'),
	    'clients that do not read: have asked a lot');
	is($cut, 10, 'clients that do not read: are cut');
	is($failed, 0, 'clients that do not read: others are served');
	cmp_ok($most - $before, '<', 4096,
	    'clients that do not read: cost little memory') unless $ENV{SAN};
}
is(Jwtd::ask($good, $health)->{status}, 200, 'the good client is still there');

# No signer answers

# Whose token it is.  With a timeout of a second, a slow machine may have to be
# asked again; whatever it answers then is no one else's.
sub subject_of {
	my ($s, $user, $r) = @_;
	for (1 .. 10) {
		last if $r->{status} != 503;
		$r = Jwtd::ask($s, grant($user));
	}
	return subject($r);
}
$token = $d->token('carol', 'carol!');
@s = map { $d->connect } 1 .. 3;
stop_signers($d);
$start = time;
Jwtd::send_all($_, grant('alice')) for @s;
@statuses = map { Jwtd::ask($good, verify($token))->{status} } 1 .. 20;
is(scalar(grep { $_ == 202 } @statuses), 20,
    'no signer answers: the resource service goes on');
for my $s (@s) {
	my $r = (Jwtd::answers($s, 1))[0];
	is($r->{status}, 503, 'no signer answers: 503');
	like(Jwtd::field($r, 'Retry-After'), qr/\A[1-9]\d*\z/,
	    'no signer answers: Retry-After');
}
cmp_ok(time - $start, '>', 0.8, 'no signer answers: after a while');
cmp_ok(time - $start, '<', 8, 'no signer answers: but not for long');
Jwtd::send_all($s[0], grant('bob'));
Jwtd::send_all($s[1], $health . grant('carol'));
is((Jwtd::answers($s[1], 1))[0]{status}, 200,
    'no signer answers: the connections go on');
go_on($d);
is(subject_of($s[0], 'bob', Jwtd::answers($s[0], 1)), 'bob',
    'they answer again: to who has asked');
is(subject_of($s[1], 'carol', Jwtd::answers($s[1], 1)), 'carol',
    'they answer again: to the other, too');
is(subject_of($s[2], 'bob', Jwtd::ask($s[2], grant('bob'))), 'bob',
    'they answer again: a late answer goes to nobody');
ok(!Jwtd::readable($_, 0.1), 'they answer again: and none comes twice') for @s;
# a client that went away while its request was in flight
stop_signers($d);
my $gone = $d->connect;
Jwtd::send_all($gone, grant('alice') x 3);
is(Jwtd::ask($good, $health)->{status}, 200, 'a client is gone');
close $gone;
@s = map { $d->connect } 1 .. 3;
Jwtd::send_all($_, grant('bob')) for @s;
go_on($d);
is(join(' ', map { subject_of($_, 'bob', Jwtd::answers($_, 1)) } @s),
    'bob bob bob', 'its answers go to nobody');
unharmed($d, 'timeout request');

# timeout idle
$d = start("timeout idle 1s\n");
my ($idle, $other) = ($d->connect, $d->connect);
$start = time;
is(Jwtd::ask($_, $health)->{status}, 200, 'idle: before') for $idle, $other;
my $end;
while (!$end && time < $start + 10) {
	$end = time if Jwtd::closes($idle, 0.05);
	Jwtd::ask($other, $health);
}
cmp_ok(($end // 0) - $start, '>', 0.8, 'idle: not at once');
cmp_ok(($end // 99) - $start, '<', 10, 'idle: closed in time');
is(Jwtd::ask($other, $health)->{status}, 200, 'idle: who asks is kept');
unharmed($d, 'timeout idle');

done_testing();
