# SIGHUP: another generation serves with the configuration of now, nobody who
# asks something notices, and what cannot be used changes nothing.
use strict;
use warnings;

use IO::Socket::INET;
use Socket qw(SOL_SOCKET SO_PEERCRED);
use Test::More;
use Time::HiRes qw(sleep time);

use Jwtd;

plan skip_all => 'no IO::Socket::SSL'
    unless eval { require IO::Socket::SSL; require Net::SSLeay };

$SIG{PIPE} = 'IGNORE';

# The configuration, of parts that a test replaces
sub conf {
	my ($d, %arg) = @_;
	my %part = (
	    globals => "prefork 2\ntimeout request 5s\n",
	    keys => qq(key "DIR/key.pem"), store => 'DIR/users.d/users',
	    listen => '', crt => 'tls', verify => '/verify', trust => '',
	    audience => 'api', %arg);
	my $text = <<"EOT";
$part{globals}signer {
	issuer "https://issuer.example"
	$part{keys}
	store file "$part{store}"
	prefork 2
}
$part{trust}server "localhost" {
	listen on 127.0.0.1 port 0
	$part{listen}
	location "/token" {
		grant
		audience "$part{audience}"
	}
	location "$part{verify}" {
		resource
		audience "api"
	}
	location "/jwks" { jwks }
	location "/health" { health }
}
server "tls.example" {
	listen on 127.0.0.2 tls port 0
	tls {
		certificate "DIR/$part{crt}.crt"
		key "DIR/$part{crt}.key"
	}
	location "/token" {
		grant
		audience "api"
	}
	location "/health" { health }
}
EOT
	my $dir = $d->dir;
	$text =~ s/\bDIR\b/$dir/g;
	return $text;
}

sub configure {
	my ($d, %arg) = @_;
	Jwtd::write_file($d->dir . '/jwtd.conf', conf($d, %arg));
}

sub said {
	my ($d) = @_;
	my @all = $d->log =~ /^jwtd: (configuration reloaded|not reloaded)\b/mg;
	return @all;
}

# Reload, and return what came of it and what the log says of it
sub reload {
	my ($d, @arg) = @_;
	my $before = said($d);
	my $len = length $d->log;
	configure($d, @arg) if @arg;
	kill 'HUP', $d->pid;
	Jwtd::wait_until(sub { $d->running ? said($d) > $before : undef });
	return ((said($d))[-1] // '', substr $d->log, $len);
}

# Are there so many processes, and no more?
sub settles {
	my ($d, $n) = @_;
	my $now;
	return 1 if Jwtd::wait_until(sub {
		($now = () = Jwtd::family($d->pid)) == $n;
	}, 20);
	diag "$now processes: ", join ', ', map { Jwtd::title($_) // '?' }
	    Jwtd::family($d->pid);
	return 0;
}

sub fds { my @all = glob "/proc/$_[0]/fd/*"; return scalar @all }

sub get { return Jwtd::text(path => $_[0], @_[1 .. $#_]) }

sub status_of { return $_[0]->request(path => @_[1 .. $#_])->{status} }

# After a reload, one of the old workers may still take what was queued
sub becomes {
	my ($status, @arg) = @_;
	my $now;
	Jwtd::wait_until(sub { ($now = status_of(@arg)) == $status }, 10);
	return $now;
}

sub tls {
	my ($d) = @_;
	return IO::Socket::SSL->new(PeerAddr => '127.0.0.2',
	    PeerPort => ($d->ports)[1], SSL_verify_mode => 0,
	    SSL_hostname => 'tls.example', Timeout => 20)
	    // die "TLS: $IO::Socket::SSL::SSL_ERROR";
}

sub serial {
	my ($s) = @_;
	return Net::SSLeay::P_ASN1_INTEGER_get_hex(
	    Net::SSLeay::X509_get_serialNumber($s->peer_certificate));
}

sub free_port {
	my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
	    or die "listen: $!";
	return ($s->sockport, $s);
}

my $d = Jwtd->prepare(tls => 1);
configure($d);
$d->write_users(Jwtd::line('alice', 'pw'));
$d->launch;
my @ports = $d->ports;
my $family = 1 + 2 + 1 + 2;	# master, signers, tlskey, workers
ok(settles($d, $family), 'the processes');
my $fds = fds($d->pid);
my $token = $d->token('alice', 'pw');
is(status_of($d, '/verify', bearer => $token), 202, 'before');

# Nothing has changed: the same ports, other processes
my @old = Jwtd::family($d->pid);
my $idle = $d->connect;
is(Jwtd::ask($idle, get('/health'))->{status}, 200, 'a connection');
my ($came, $log) = reload($d);
is($came, 'configuration reloaded', 'the same again');
unlike($log, qr/listening/, 'no listener is opened');
is(status_of($d, '/verify', bearer => $token), 202, 'served, at the same port');
my $r = Jwtd::ask($idle, get('/verify', bearer => $token));
is($r->{status}, 202, 'a connection of before is answered');
is(Jwtd::field($r, 'Connection'), 'close', '... and told that it ends');
ok(Jwtd::closes($idle), '... which it does');
ok(Jwtd::wait_until(sub { !Jwtd::alive(@old) }), 'the old processes end');
ok(settles($d, $family), 'there are as many as before');

# An idle connection does not keep the old ones for ever
@old = Jwtd::family($d->pid);
$idle = $d->connect;
is(Jwtd::ask($idle, get('/health'))->{status}, 200, 'an idle connection');
reload($d);
my $start = time;
ok(Jwtd::closes($idle), 'an idle connection is closed');
cmp_ok(time - $start, '>', 2, '... not at once');
ok(Jwtd::wait_until(sub { !Jwtd::alive(@old) }), '... and the old ones end');

# Locations, workers, the audience
($came) = reload($d, verify => '/other');
is($came, 'configuration reloaded', 'another location');
is(becomes(202, $d, '/other', bearer => $token), 202, 'the new one is there');
is(status_of($d, '/verify', bearer => $token), 404, 'the old one is not');
($came) = reload($d, globals => "prefork 5\ntimeout request 5s\n");
is($came, 'configuration reloaded', 'more workers');
ok(settles($d, $family + 3), 'they are there');
($came) = reload($d, globals => "prefork 1\ntimeout request 5s\n");
ok(settles($d, $family - 1), 'one worker');
is(status_of($d, '/verify', bearer => $token), 202, 'it serves');

# A new key that signs; the old one retired
$d->make_key($d->dir . '/new.pem', 3072);
my $new_keys = qq(key "DIR/new.pem"\n\tkey "DIR/key.pem" retired);
($came) = reload($d, keys => $new_keys);
is($came, 'configuration reloaded', 'a new key');
is(status_of($d, '/verify', bearer => $token), 202, 'an old token is accepted');
my $other;
Jwtd::wait_until(sub {
	$other = $d->token('alice', 'pw');
	(Jwtd::decode_token($other))[0]{kid}
	    ne (Jwtd::decode_token($token))[0]{kid};
}, 10);
isnt((Jwtd::decode_token($other))[0]{kid},
    (Jwtd::decode_token($token))[0]{kid}, 'a new one has the new key');
is(status_of($d, '/verify', bearer => $other), 202, '... and is accepted');
is(scalar @{ $d->request(path => '/jwks')->{json}{keys} }, 2, 'both are served');
($came) = reload($d, keys => 'key "DIR/new.pem"');
is(becomes(401, $d, '/verify', bearer => $token), 401, 'the old key is gone');
is(status_of($d, '/verify', bearer => $other), 202, 'the new one is not');
($came) = reload($d, keys => 'key "DIR/key.pem"');
is(becomes(202, $d, '/verify', bearer => $token), 202, 'the old key is back');

# Another users file
mkdir $d->dir . '/users.2', 0700;
Jwtd::write_file($d->dir . '/users.2/users', Jwtd::line('bob', 'pw'), 0600);
$d->own($d->dir . '/users.2', $d->dir . '/users.2/users');
($came) = reload($d, store => 'DIR/users.2/users');
is($came, 'configuration reloaded', 'another users file');
is(becomes(200, $d, '/token', user => 'bob', password => 'pw'), 200,
    'who is in it is let in');
is(status_of($d, '/token', user => 'alice', password => 'pw'), 401,
    'who is not, is not');

# A new certificate
reload($d, globals => "prefork 2\ntimeout request 5s\n");
ok(settles($d, $family), 'as at first');
my $tls = tls($d);
my $serial = serial($tls);
is(Jwtd::ask($tls, get('/health'))->{status}, 200, 'TLS');
$d->make_certificate('tls', 'tls.example');
($came) = reload($d);
is($came, 'configuration reloaded', 'a new certificate');
my $fresh;
Jwtd::wait_until(sub { $fresh = tls($d); serial($fresh) ne $serial }, 10);
isnt(serial($fresh), $serial, 'a new connection sees it');
is(Jwtd::ask($fresh, get('/health'))->{status}, 200, '... and is served');
$r = Jwtd::ask($tls, get('/token', user => 'alice', password => 'pw'));
is($r->{status}, 200, 'one of before is served');
is(Jwtd::field($r, 'Connection'), 'close', '... for the last time');
ok(Jwtd::closes($tls), '... and ends');

# Listeners, one more and one less
my ($port, $reserved) = free_port();
close $reserved;
my $sock = $d->dir . '/sock';
my @listen = (listen => qq(listen on 127.0.0.1 port $port\n)
    . qq(\tlisten on "$sock"));
($came, $log) = reload($d, @listen);
is($came, 'configuration reloaded', 'more listeners');
like($log, qr/listening on 127\.0\.0\.1 port $port$/m, 'it says so');
is($d->request(path => '/health', socket => $d->connect($port))->{status}, 200,
    'a port');
is($d->request(path => '/health', socket => $d->connect_unix($sock))
    ->{status}, 200, 'a Unix socket');
is(status_of($d, '/health'), 200, 'those there were');
reload($d);
is($d->request(path => '/health', socket => $d->connect_unix($sock))
    ->{status}, 200, 'again: the Unix socket');
ok(settles($d, $family), 'again: the old ones have ended');
is($d->request(path => '/health', socket => $d->connect_unix($sock))
    ->{status}, 200, '... and have left it where it is');
my $last = $d->connect($port);
is(Jwtd::ask($last, get('/health'))->{status}, 200, 'a connection');
reload($d, globals => "prefork 2\ntimeout request 5s\n");
ok(!-e $sock, 'fewer: the Unix socket is gone');
is(Jwtd::ask($last, get('/health'))->{status}, 200,
    'fewer: its connections are answered');
ok(Jwtd::wait_until(sub {
	!IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port")
}), 'fewer: the port is gone');
is(status_of($d, '/health'), 200, 'fewer: the others are not');
SKIP: {
	skip 'not root', 1 if $> != 0;
	my ($low) = grep {
		IO::Socket::INET->new(LocalAddr => "127.0.0.3:$_", Listen => 1,
		    ReuseAddr => 1)
	} reverse 900 .. 1023;
	skip 'root may not have a low port', 1 unless $low;
	($came, $log) = reload($d, listen => "listen on 127.0.0.3 port $low");
	is($came, 'configuration reloaded', 'a low port') or diag $log;
	is($d->request(path => '/health', socket => IO::Socket::INET->new(
	    PeerAddr => "127.0.0.3:$low"))->{status}, 200, '... is served');
}
reload($d, globals => "prefork 2\ntimeout request 5s\n");
ok(settles($d, $family), 'as at first');

# What is broken changes nothing, and says what it is
my ($taken, $taker) = free_port();
Jwtd::write_file($d->dir . '/bad.pem', "no key\n", 0600);
Jwtd::write_file($d->dir . '/bad.crt', "no certificate\n");
Jwtd::write_file($d->dir . '/bad.key', "no key\n", 0600);
Jwtd::write_file($d->dir . '/bad.json', "no json\n");
my $conf = $d->dir . '/jwtd.conf';
my %broken = (
    'a syntax error' => [ qr/^jwtd: \Q$conf\E:2: .*bogus/m,
	globals => "prefork 2\nbogus 7\n" ],
    'two errors' => [ qr/^jwtd: \Q$conf\E:1: .*^jwtd: \Q$conf\E:2: /ms,
	globals => "prefork 0\nprefork many\n" ],
    'a bad key' => [ qr/^jwtd-signer: .*bad\.pem: no private key/m,
	keys => 'key "DIR/bad.pem"' ],
    'no key' => [ qr/^jwtd-signer: .*none\.pem: No such file/m,
	keys => 'key "DIR/none.pem"' ],
    'a bad certificate' => [ qr/^jwtd: tlskey: .*bad\.crt/m, crt => 'bad' ],
    'no users folder' => [ qr/^jwtd-signer: .*nowhere/m,
	store => 'DIR/nowhere/users' ],
    'a taken port' => [ qr/^jwtd: 127\.0\.0\.1 port $taken: Address already/m,
	listen => "listen on 127.0.0.1 port $taken" ],
    'a taken port after a new socket' => [ qr/port $taken: Address already/m,
	listen => qq(listen on "$sock"\n\t)
	    . "listen on 127.0.0.1 port $taken" ],
    'a new socket and a bad key' => [ qr/bad\.pem: no private key/m,
	listen => qq(listen on "$sock"), keys => 'key "DIR/bad.pem"' ],
    'a bad trust file' => [ qr/^jwtd: trust: .*bad\.json/m,
	trust => qq(trust "https://b.example" { jwks "DIR/bad.json" }\n) ],
);
@old = sort { $a <=> $b } Jwtd::family($d->pid);
my $keep = $d->connect;
for my $what (sort keys %broken) {
	my ($why, @arg) = @{ $broken{$what} };
	($came, $log) = reload($d, @arg);
	is($came, 'not reloaded', "$what: is refused");
	like($log, $why, "$what: the reason is logged");
	ok(settles($d, $family), "$what: nothing is left of it");
	is(join(' ', sort { $a <=> $b } Jwtd::family($d->pid)), "@old",
	    "$what: the processes are the same");
	$r = Jwtd::ask($keep, get('/verify', bearer => $token));
	is($r->{status}, 202, "$what: the service goes on");
	ok(!defined Jwtd::field($r, 'Connection'), "$what: as before");
	is(status_of($d, '/token', user => 'alice', password => 'pw'), 200,
	    "$what: for new connections too");
	ok(!-e $sock, "$what: no socket is left");
}
unlink $conf;
kill 'HUP', $d->pid;
ok($d->wait_log(qr/^jwtd: \Q$conf\E: No such file/m), 'no file: is logged');
is(status_of($d, '/health'), 200, 'no file: the service goes on');
($came) = reload($d, globals => "prefork 2\ntimeout request 5s\n");
is($came, 'configuration reloaded', 'and a good one can be used again');
ok(settles($d, $family), 'the processes');
is(fds($d->pid), $fds, 'the parent has the descriptors that it had at first');

# One that does not end is killed
@old = $d->pids('jwtd: worker');
kill 'STOP', $old[0];
reload($d);
ok(Jwtd::wait_until(sub { !Jwtd::alive(@old) }, 40),
    'a stopped worker does not stay');
like($d->log, qr/^jwtd: \d processes do not end: they are killed$/m,
    'it is killed, and that is logged');
ok(settles($d, $family), 'nothing is left of that');

# Twice, quickly; and many times
my $before = said($d);
kill 'HUP', $d->pid;
sleep 0.03;
kill 'HUP', $d->pid;
ok(Jwtd::wait_until(sub { said($d) >= $before + 2 }), 'twice: two reloads');
for (1 .. 20) {
	kill 'HUP', $d->pid;
	sleep 0.01;
}
is(status_of($d, '/verify', bearer => $token), 202, 'twenty: served');
ok(settles($d, $family), 'twenty: as many processes as before');
is(fds($d->pid), $fds, 'twenty: and descriptors');
is(join(' ', ($d->ports)[0, 1]), "@ports", 'the ports are those of the start');

# SIGTERM in the middle of one
@old = ($d->pid, Jwtd::family($d->pid));
my $busy = $d->connect;
Jwtd::ask($busy, get('/health'));
kill 'HUP', $d->pid;
ok(Jwtd::wait_until(sub { (() = Jwtd::family($d->pid)) > $family }),
    'SIGTERM during a reload');
push @old, Jwtd::family($d->pid);
is($d->stop, 0, 'SIGTERM during a reload: status');
ok(Jwtd::wait_until(sub { !Jwtd::alive(@old) }, 10),
    'SIGTERM during a reload: nobody is left');
like($d->log, qr/^jwtd: stopped$/m, 'SIGTERM during a reload: logged');
unlike($d->log, qr/signal (?!9)\d|ended with/, 'no process has died');

# In the background
configure($d, listen => qq(listen on "$sock"));
my ($status) = Jwtd::run([ "$Jwtd::build/jwtd", '-f', $conf ]);
is($status, 0, 'in the background');
my $s = $d->connect_unix($sock);
my $pid = (unpack 'i3', getsockopt $s, SOL_SOCKET, SO_PEERCRED)[0];
configure($d, listen => qq(listen on "$sock"), verify => '/later');
kill 'HUP', $pid;
ok(Jwtd::wait_until(sub {
	$d->request(path => '/later', bearer => $token,
	    socket => $d->connect_unix($sock))->{status} == 202;
}), 'in the background: reloaded');
is(Jwtd::ask($s, get('/health'))->{status}, 200,
    'in the background: a connection of before');
configure($d, listen => qq(listen on "$sock"), keys => 'key "DIR/bad.pem"');
kill 'HUP', $pid;
ok(Jwtd::wait_until(sub { (() = Jwtd::family($pid)) == $family }),
    'in the background: the processes');
is($d->request(path => '/later', bearer => $token,
    socket => $d->connect_unix($sock))->{status}, 202,
    'in the background: what is broken changes nothing');
@old = ($pid, Jwtd::family($pid));
kill 'TERM', $pid;
ok(Jwtd::wait_until(sub { !Jwtd::alive(@old) }), 'in the background: the end');
ok(!-e $sock, 'in the background: no socket is left');

done_testing();
