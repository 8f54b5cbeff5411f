# The process with the TLS keys: it signs handshakes for the workers, and when
# it is killed, stopped or comes back, nobody else is hurt.
use strict;
use warnings;

use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use Jwtd;

plan skip_all => 'no IO::Socket::SSL'
    unless eval { require IO::Socket::SSL; require Net::SSLeay };

$SIG{PIPE} = 'IGNORE';

my @names = qw(ec rsa p384);
my $servers = join '', map { <<EOT } @names;
server "$_.example" {
	listen on 127.0.0.1 tls port 0
	listen on "DIR/sock"
	tls {
		certificate "DIR/$_.crt"
		key "DIR/$_.key"
	}
	location "/health" { health }
}
EOT

sub prepare {
	my (%arg) = @_;
	my $d = Jwtd->prepare(signer => undef, servers => $servers, %arg);
	$d->make_certificate('ec', 'ec.example');
	$d->make_certificate('rsa', 'rsa.example', 'rsa');
	system(qq(openssl req -x509 -newkey ec -pkeyopt )
	    . qq(ec_paramgen_curve:P-384 -nodes -days 2 -subj /CN=p384.example )
	    . qq(-keyout $d->{dir}/p384.key -out $d->{dir}/p384.crt )
	    . '2>/dev/null') == 0 or die 'openssl req';
	$d->launch;
	return $d;
}

# The name in the certificate of a handshake that worked, or undef.
sub handshake {
	my ($d, $name, %arg) = @_;
	my $s = eval { $d->connect_tls($d->port, Timeout => 10,
	    SSL_hostname => "$name.example", %arg) } or return;
	return $s->peer_certificate('commonName');
}

sub s_client {
	my ($d, $name, @args) = @_;
	my (undef, $out) = Jwtd::run([ 'openssl', 's_client', '-connect',
	    '127.0.0.1:' . $d->port, '-servername', "$name.example",
	    '-CAfile', "$d->{dir}/$name.crt", '-verify_return_error', '-brief',
	    @args ], '');
	return $out;
}

sub tlskey { return ($_[0]->pids('jwtd: tlskey'))[0] }
sub health { return Jwtd::text(path => '/health') }

# Is there another tlskey?  Then it also answers.
sub replaced {
	my ($d, $old) = @_;
	return Jwtd::wait_until(sub {
		my $new = tlskey($d) // 0;
		return $new && $new != $old
		    && grep({ defined handshake($d, $_) } @names) == @names;
	});
}

my $d = prepare(globals => "prefork 2\n");
is(scalar(my @found = $d->pids('jwtd: tlskey')), 1, 'one process for all keys');

# Every kind of key, version and name
for my $name (@names) {
	for my $version (2, 3) {
		is(handshake($d, $name, SSL_version => "TLSv1_$version"),
		    "$name.example", "$name, TLS 1.$version");
		my $out = s_client($d, $name, "-tls1_$version");
		like($out, qr/^Protocol version: TLSv1\.$version$/m,
		    "$name, TLS 1.$version: s_client");
		like($out, qr/^Verification: OK$/m,
		    "$name, TLS 1.$version: verified");
	}
}
is(handshake($d, 'other'), 'ec.example', 'another name: the first');

# What is signed: each algorithm that a client may insist on
my @algorithms = ([ rsa => 'RSA', 'RSA+SHA256', 'RSA+SHA384', 'RSA+SHA512' ],
    [ rsa => 'RSA-PSS', 'RSA-PSS+SHA256', 'RSA-PSS+SHA384', 'RSA-PSS+SHA512' ],
    [ ec => 'ECDSA', 'ECDSA+SHA256', 'ECDSA+SHA384', 'ECDSA+SHA512' ]);
for (@algorithms) {
	my ($name, $type, @some) = @$_;
	for my $algorithm (@some) {
		my ($hash) = $algorithm =~ /\+(.*)/;
		my $out = s_client($d, $name, '-tls1_2', '-sigalgs',
		    $algorithm);
		like($out, qr/^Hash used: $hash$/m, "$algorithm: hash");
		like($out, qr/^Signature type: \Q$type\E$/m,
		    "$algorithm: type");
	}
}
# an old client gets nothing, and costs nothing
for (@names) {
	unlike(s_client($d, $_, '-tls1_2', '-cipher', 'ALL:@SECLEVEL=0',
	    '-sigalgs', 'RSA+SHA1:ECDSA+SHA1'), qr/^Hash used:/m,
	    "$_: SHA-1 is not signed");
}
unlike($d->log, qr/signal|ended with|malformed|closed the socket/,
    'and no process has died');
is(scalar(grep { defined handshake($d, $names[$_ % 3]) } 0 .. 29), 30,
    'handshakes, one after another');

# Killed, with handshakes all the time until it is told to stop
sub load {
	my ($d) = @_;
	pipe my $read, my $write or die "pipe: $!";
	my $pid = fork() // die "fork: $!";
	if (!$pid) {
		my ($stop, $good, $bad, $i) = (0, 0, 0, 0);
		$SIG{USR1} = sub { $stop = 1 };
		while (!$stop) {
			handshake($d, $names[$i++ % 3]) ? $good++ : $bad++;
		}
		syswrite $write, "$good $bad\n";
		POSIX::_exit(0);
	}
	close $write;
	return { pid => $pid, read => $read };
}

my @kept = map { $d->connect_tls($d->port, SSL_hostname => "$_.example") }
    (@names) x 2;
is(Jwtd::ask($_, health())->{status}, 200, 'a connection') for @kept;
my @workers = sort($d->pids('jwtd: worker'));
my @load = map { load($d) } 1 .. 2;
for my $round (1 .. 3) {
	my $old = tlskey($d);
	sleep 0.3;
	kill 'KILL', $old;
	ok(replaced($d, $old), "killed: another one answers, $round");
	is(join(' ', map { Jwtd::ask($_, health())->{status} } @kept),
	    join(' ', (200) x @kept), "killed: connections go on, $round");
}
for (@load) {
	kill 'USR1', $_->{pid};
	my ($good, $bad) = split ' ', readline $_->{read};
	waitpid $_->{pid}, 0;
	cmp_ok($good, '>', 3, "killed: handshakes worked: $good");
	note "handshakes that failed meanwhile: $bad";
}
is(join(' ', sort($d->pids('jwtd: worker'))), join(' ', @workers),
    'killed: the workers are the same');
like($d->log, qr/^jwtd: tlskey 0 was ended by signal 9$/m, 'it is in the log');
is($d->stop, 0, 'the end');

# Stopped, with one worker, so that it is known who waits
$d = prepare(globals => "prefork 1\n");
my $sock = $d->dir . '/sock';
my $tls = $d->connect_tls($d->port, SSL_hostname => 'rsa.example');
is(Jwtd::ask($tls, health())->{status}, 200, 'a connection');
my $plain = $d->connect_unix($sock);
my $pid = tlskey($d);
kill 'STOP', $pid;
my $start = time;
ok(!defined handshake($d, 'ec'), 'stopped: a handshake fails');
my $took = time - $start;
cmp_ok($took, '>', 0.2, 'stopped: it was waited for');
cmp_ok($took, '<', 2, 'stopped: not long');
$start = time;
is(scalar(grep { defined handshake($d, $names[$_ % 3]) } 1 .. 10), 0,
    'stopped: all fail');
cmp_ok(time - $start, '<', 4, 'stopped: the next ones wait less')
    unless $ENV{SAN};
my @took;
for my $round (1 .. 5) {
	# handshakes that are under way, each with its whole hello
	my @hanging = map {
		my $p = fork() // die "fork: $!";
		if (!$p) {
			handshake($d, $names[$_ % 3]);
			POSIX::_exit(0);
		}
		$p;
	} 1 .. 4;
	$start = time;
	is(Jwtd::ask($tls, health())->{status}, 200,
	    "stopped: a TLS connection is served, $round");
	is(Jwtd::ask($plain, health())->{status}, 200,
	    "stopped: and one without TLS, $round");
	is($d->request(path => '/health', socket => $d->connect_unix($sock))
	    ->{status}, 200, "stopped: and a new one, $round");
	push @took, time - $start;
	waitpid $_, 0 for @hanging;
}
# the machine may be busy, so not each of them
cmp_ok((sort { $a <=> $b } @took)[2], '<', 1.5, 'stopped: at once')
    unless $ENV{SAN};
kill 'CONT', $pid;
ok(Jwtd::wait_until(sub { defined handshake($d, 'rsa') }),
    'continued: a handshake works');
is(join(' ', map { handshake($d, $names[$_ % 3]) // 'none' } 0 .. 29),
    join(' ', map { "$names[$_ % 3].example" } 0 .. 29),
    'continued: and all that follow, each with its own signature');
is(tlskey($d), $pid, 'continued: it is the same process');
unlike($d->log, qr/signal|ended with|malformed/, 'continued: none has died');
like($d->log, qr/tlskey does not answer/, 'the log says that it was away');
like($d->log, qr/tlskey answers again/, 'and that it came back');
my $times = () = $d->log =~ /tlskey does not answer/g;
cmp_ok($times, '<=', 3, 'but not for each handshake');

# New files are for new processes: certificates and keys always fit
my ($worker) = $d->pids('jwtd: worker');
my $old = Jwtd::read_file("$d->{dir}/rsa.crt");
my ($serial) = serial($d);
$d->make_certificate('rsa', 'rsa.example', 'rsa');
kill 'KILL', $worker;
ok(Jwtd::wait_until(sub { (serial($d) // '') eq $serial
    && ($d->pids('jwtd: worker'))[0] != $worker }),
    'renewed: a new worker has the certificate of the key that is held');
is(scalar(grep { defined handshake($d, $names[$_ % 3]) } 0 .. 8), 9,
    'renewed: handshakes work');
($worker) = $d->pids('jwtd: worker');
kill 'KILL', $pid;
ok(Jwtd::wait_until(sub { my $now = serial($d);
    defined $now && $now ne $serial }),
    'renewed: a new tlskey has the new key, and the workers its certificate');
like($d->log, qr/certificates have changed: replacing the workers$/m,
    'renewed: the log says so');
ok(Jwtd::wait_until(sub { !Jwtd::alive($worker) }),
    'renewed: the old worker ends');
is(scalar(grep { defined handshake($d, $names[$_ % 3]) } 0 .. 8), 9,
    'renewed: handshakes work again');
is($d->stop, 0, 'renewed: the end');

sub serial {
	my ($d) = @_;
	my $s = eval { $d->connect_tls($d->port, Timeout => 5,
	    SSL_hostname => 'rsa.example') } or return;
	return Net::SSLeay::P_ASN1_INTEGER_get_hex(
	    Net::SSLeay::X509_get_serialNumber($s->peer_certificate));
}

done_testing();
