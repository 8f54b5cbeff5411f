# The ways to reach the daemon: TLS, IPv4, IPv6 and Unix sockets, servers by name,
# and the life of an HTTP connection.
use strict;
use warnings;

use IO::Socket::INET;
use IO::Socket::UNIX;
use Socket qw(IPPROTO_TCP SHUT_WR SOCK_STREAM TCP_NODELAY);
use Test::More;

use Jwtd;

plan skip_all => 'no IO::Socket::SSL'
    unless eval { require IO::Socket::SSL; require Net::SSLeay };

$SIG{PIPE} = 'IGNORE';

my $ipv6 = eval {
	require IO::Socket::IP;
	IO::Socket::IP->new(LocalHost => '::1', Listen => 1);
};
my $on_ipv6 = $ipv6 ? "listen on ::1 port 0" : '';

# Two servers that share an address.
sub servers {
	my ($security, $more) = @_;
	my ($one, $two) = map { $security ? <<EOT : '' } qw(one two);
	tls {
		certificate "DIR/$_.crt"
		key "DIR/$_.key"
	}
EOT
	return <<EOT;
server "one.example" {
	listen on 127.0.0.1 $security port 0
	$more
$one	location "/token" {
		grant
		audience "api"
	}
	location "/verify" {
		resource
		audience "api"
		realm "first"
	}
	location "/health" { health }
}
server "Two.Example" {
	listen on 127.0.0.1 $security port 0
$two	location "/verify" {
		resource
		audience "api"
		realm "second"
	}
}
EOT
}

my $secure = Jwtd->prepare(servers => servers('tls', 'listen on "DIR/sock"'));
$secure->make_certificate('one', 'one.example');
$secure->make_certificate('two', 'two.example', 'rsa');
my $d = Jwtd->prepare(servers => servers('', <<EOT));
	$on_ipv6
	listen on "DIR/sock"
EOT
for ($d, $secure) {
	$_->write_users(Jwtd::line('alice', 'open sesame', '{"scope":"read"}'));
	$_->launch;
}
my ($plain) = $d->log =~ /listening on 127\.0\.0\.1 port (\d+)$/m;
my ($tls) = $secure->log =~ /listening on 127\.0\.0\.1 port (\d+) with tls$/m;
my $sock = $d->dir . '/sock';
my %alice = (user => 'alice', password => 'open sesame');
my %token = (plain => $d->token(@alice{qw(user password)}),
    tls => tls_token());

sub tls_token {
	my $r = $secure->request(path => '/token', %alice, socket => tls());
	return $r->{json}{access_token};
}

sub tls { return $secure->connect_tls($tls, SSL_hostname => 'one.example', @_) }

sub realm {
	my ($r) = @_;
	return (Jwtd::field($r, 'WWW-Authenticate') // '') =~
	    /realm="([^"]*)"/ ? $1 : undef;
}

# TLS, as openssl s_client sees it
sub s_client {
	my (@args) = @_;
	my (undef, $out) = Jwtd::run([ 'openssl', 's_client', '-connect',
	    "127.0.0.1:$tls", @args ],
	    "GET /health HTTP/1.1\r\nHost: one.example\r\n"
	    . "Connection: close\r\n\r\n");
	return $out;
}

for my $version ('1.2', '1.3') {
	(my $option = "-tls$version") =~ tr/./_/;
	like(s_client($option, qw(-servername one.example -ign_eof -quiet)),
	    qr{^HTTP/1\.1 200 OK.*"ok"}ms, "TLS $version");
}
# what could be agreed on if the server took it
my @old = ('-cipher', 'ALL:@SECLEVEL=0');
for my $version ('1', '1.1') {
	(my $option = "-tls$version") =~ tr/./_/;
	like(s_client($option, @old), qr/alert protocol version/,
	    "TLS $version is refused");
}
for my $cipher (qw(AES128-GCM-SHA256 AES256-SHA ECDHE-RSA-AES128-SHA
    ECDHE-RSA-AES256-SHA384 DHE-RSA-AES128-GCM-SHA256
    DHE-RSA-AES256-SHA)) {
	my $out = s_client('-servername', 'two.example', '-tls1_2', '-cipher',
	    "$cipher:\@SECLEVEL=0");
	like($out, qr/alert handshake failure/, "$cipher is refused");
}
like(s_client('-servername', 'two.example', '-tls1_2', '-cipher', $_, '-brief'),
    qr/^Ciphersuite: \Q$_\E$/m, "$_ is taken")
    for qw(ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-CHACHA20-POLY1305);
like(s_client('-alpn', 'h2,http/1.1'), qr/^ALPN protocol: http\/1\.1$/m,
    'ALPN: http/1.1 is chosen');
like(s_client(qw(-servername one.example -ign_eof -quiet)),
    qr{^HTTP/1\.1 200}m, 'without ALPN');
my %subject = ('one.example' => 'one', 'two.example' => 'two',
    'ONE.example' => 'one', 'other.example' => 'one');
for my $name (sort keys %subject) {
	like(s_client('-servername', $name),
	    qr/^subject=.*\b$subject{$name}\.example$/m,
	    "SNI $name: the certificate");
}
like(s_client('-noservername'), qr/^subject=.*\bone\.example$/m,
    'no SNI: the first certificate');

# Host selects the server
my %realm = ('one.example' => 'first', 'two.example' => 'second',
    'TWO.EXAMPLE' => 'second', 'two.example:8443' => 'second',
    'other.example' => 'first', 'example' => 'first', '' => 'first',
    '127.0.0.1' => 'first', '[::1]:80' => 'first', 'two.example.' => undef);
for my $host (sort keys %realm) {
	next unless defined $realm{$host};
	my %ask = (path => '/verify', headers => { Host => $host });
	is(realm($d->request(%ask)), $realm{$host}, "Host \"$host\"");
	is(realm($d->request(%ask, socket => tls())), $realm{$host},
	    "Host \"$host\" over TLS");
}
is($d->request(path => '/health', headers => { Host => 'two.example' })
    ->{status}, 404, "what the one serves the other does not");

# Addresses
is($d->request(path => '/health')->{status}, 200, 'IPv4');
is($d->request(path => '/health', socket => tls())->{status}, 200, 'TLS');
SKIP: {
	skip 'no IPv6', 1 unless $ipv6;
	my ($port) = $d->log =~ /listening on \[::1\] port (\d+)$/m;
	my $s = IO::Socket::IP->new(PeerHost => '::1', PeerPort => $port,
	    Type => SOCK_STREAM) or die "connect: $@";
	is($d->request(path => '/token', %alice, socket => $s)->{status}, 200,
	    'IPv6');
}
is($d->request(path => '/token', %alice, socket => $d->connect_unix($sock))
    ->{status}, 200, 'a Unix socket');
is($secure->request(path => '/token', %alice,
    socket => $d->connect_unix($secure->dir . '/sock'))->{status}, 200,
    'a Unix socket beside TLS');
is((stat $sock)[2] & 0777, 0666, 'a Unix socket: who may is up to its folder');

# Both kinds of connection behave alike
my %connect = (plain => sub { $d->connect($plain) }, tls => sub { tls() });
my %want = ('/health' => 200, '/verify' => 401, '/none' => 404);

sub get {
	my ($path, %arg) = @_;
	return Jwtd::text(path => $path, %arg,
	    headers => { Host => 'one.example', %{ $arg{headers} || {} } });
}
sub statuses { return join ' ', map { $_->{status} } @_ }

# The order of answers can be seen if no two neighbours are the same.
my @mixed = map { [ qw(/health /verify /none /verify) ]->[$_ * 7 % 13 % 4] }
    1 .. 100;
my $mixed = join ' ', map { $want{$_} } @mixed;
my $grant = get('/token', %alice);
my $post = get('/token', %alice, body => 'grant_type=client_credentials');
my $last = get('/health', headers => { Connection => 'close' });

for my $kind (qw(plain tls)) {
	my $new = $connect{$kind};
	my $verify = get('/verify', bearer => $token{$kind});

	# keep-alive
	my $s = $new->();
	my @r = map { Jwtd::ask($s, get($_)) } @mixed;
	is(statuses(@r), $mixed, "$kind: 100 requests, one after the other");
	ok(!defined Jwtd::field($r[0], 'Connection'), "$kind: no close is said");
	my $r = Jwtd::ask($s, $last);
	is(Jwtd::field($r, 'Connection'), 'close', "$kind: the last is said");
	ok(Jwtd::closes($s), "$kind: and is the last");

	# pipelining
	$s = $new->();
	Jwtd::send_all($s, join('', map { get($_) } @mixed) . $last);
	is(statuses(Jwtd::answers($s, 101)), "$mixed 200",
	    "$kind: 100 requests in one write");
	ok(Jwtd::closes($s), "$kind: the connection ends after the last");

	$s = $new->();
	Jwtd::send_all($s, join('', get('/none'), $grant, get('/health'),
	    get('/token', user => 'alice', password => 'no'), $verify, $post,
	    $verify, get('/token'), get('/none')));
	@r = Jwtd::answers($s, 9);
	is(statuses(@r), '404 200 200 401 202 200 202 401 404',
	    "$kind: grants between others stay in order");
	ok($r[1]{json}{token}, "$kind: the GET");
	ok($r[5]{json}{access_token} && !$r[5]{json}{token}, "$kind: the POST");

	# more than fits into a buffer, behind a grant
	for my $n (20, 40, 50, 60, 70, 90, 300) {
		$s = $new->();
		Jwtd::send_all($s, $grant . $verify x $n);
		my @r = Jwtd::answers($s, $n + 1, seconds => 10);
		is(statuses(@r), '200' . ' 202' x $n,
		    "$kind: $n requests behind a grant");
	}

	# HEAD
	$s = $new->();
	$r = Jwtd::ask($s, get('/health', method => 'HEAD'), head => 1);
	is(Jwtd::field($r, 'Content-Length'),
	    length Jwtd::ask($s, get('/health'))->{body},
	    "$kind: HEAD says the length");

	# Expect
	$s = $new->();
	my ($head, $body) = $post =~ /\A(.*)\r\n\r\n(.*)\z/s;
	$r = Jwtd::ask($s, "$head\r\nExpect: 100-continue\r\n\r\n");
	is($r->{status}, 100, "$kind: 100 Continue");
	$r = Jwtd::ask($s, $body);
	is($r->{status}, 200, "$kind: and the answer");
	is(Jwtd::ask($s, get('/none'))->{status}, 404, "$kind: and the next");
	$r = Jwtd::ask($s, "$head\r\nExpect: 100-continue\r\n\r\n$body");
	is($r->{status}, 200, "$kind: no 100 for who did not wait");

	# chunked
	$s = $new->();
	(my $chunked = $head) =~ s/^Content-Length: \d+/Transfer-Encoding: chunked/m;
	$r = Jwtd::ask($s, "$chunked\r\n\r\n"
	    . "5\r\ngrant\r\n1;x=y\r\n_\r\n17\r\ntype=client_credentials\r\n"
	    . "0\r\n\r\n" . get('/none'));
	is($r->{status}, 200, "$kind: a chunked body");

	# half-close: close_notify is what TLS has for it
	for my $request (get('/health'), $verify, $grant, $post) {
		my ($line) = $request =~ /^(\S+ \S+)/;
		$s = $new->();
		Jwtd::send_all($s, $request);
		if ($kind eq 'tls') {
			Net::SSLeay::shutdown($s->_get_ssl_object);
		} else {
			shutdown $s, SHUT_WR;
		}
		like(statuses(Jwtd::answers($s, 1, seconds => 10)), qr/\A20\d\z/,
		    "$kind: $line, half-closed");
		ok(Jwtd::closes($s), "$kind: $line, half-closed: and closed");
	}

	# a body that is not there yet, behind another request
	$s = $new->();
	is(Jwtd::ask($s, get('/none') . substr $post, 0, -9)->{status}, 404,
	    "$kind: a request with a part of the next");
	is(Jwtd::ask($s, substr $post, -9)->{status}, 200,
	    "$kind: the rest of that");

	# two requests that come in two parts, wherever the first one ends
	my $two = $post . get('/none');
	my ($n, $good) = (0, 0);
	for (my $i = 1; $i < length $two; $i += 11) {
		my $s = $new->();
		Jwtd::send_all($s, substr $two, 0, $i);
		select undef, undef, undef, 0.001;
		Jwtd::send_all($s, substr $two, $i);
		$good += statuses(Jwtd::answers($s, 2)) eq '200 404';
		$n++;
	}
	is($good, $n, "$kind: two requests in two parts");
	$s = $new->();
	setsockopt $s, IPPROTO_TCP, TCP_NODELAY, 1;
	Jwtd::send_all($s, $_) for split //, $two;
	is(statuses(Jwtd::answers($s, 2)), '200 404', "$kind: byte by byte");
}

# HTTP/1.0
my $s = $d->connect;
my $text = Jwtd::talk($s, "GET /health HTTP/1.0\r\n\r\n", 10);
like($text, qr{\AHTTP/1\.1 200 .*"ok"}s, 'HTTP/1.0, without Host');
like($text, qr/^Connection: close\r$/m, 'HTTP/1.0: closes');
$s = $d->connect;
my $r = Jwtd::ask($s,
    "GET /health HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
is(Jwtd::field($r, 'Connection'), 'keep-alive', 'HTTP/1.0: keeps alive');
is(Jwtd::ask($s, "GET /none HTTP/1.0\r\n\r\n")->{status}, 404,
    'HTTP/1.0: and takes the next');
ok(Jwtd::closes($s), 'HTTP/1.0: and closes when that does not ask');
$s = $d->connect;
Jwtd::send_all($s, "\r\n" . get('/health', headers =>
    { Connection => 'x, CLOSE' }) . get('/none'));
is(statuses(Jwtd::answers($s, 2)), '200', 'nothing is answered after close');

# The socket's file
sub second {
	my ($name, $expect, @listeners) = @_;
	my $other = Jwtd->prepare(signer => undef, servers => "server \"x\" {\n"
	    . join('', map { "\tlisten on $_\n" } @listeners)
	    . "\tlocation \"/health\" { health }\n}\n");
	my ($status, $out) = Jwtd::run([ "$Jwtd::build/jwtd", '-d', '-f',
	    $other->dir . '/jwtd.conf' ]);
	is($status, 1, "$name: status");
	like($out, qr/^jwtd: $expect$/m, "$name: the message");
}

second('a socket in use', qr/\Q$sock\E: Address already in use/, qq("$sock"));
is($d->request(path => '/health', socket => $d->connect_unix($sock))->{status},
    200, 'a socket in use: goes on to work');
my $file = $d->dir . '/file';
Jwtd::write_file($file, 'precious', 0600);
second('a regular file', qr/\Q$file\E: File exists/, qq("$file"));
is(Jwtd::read_file($file), 'precious', 'a regular file: is left alone');
my $left = $d->dir . '/left';
second('a port in use', qr/127\.0\.0\.1 port $plain: Address already in use/,
    qq("$left"), "127.0.0.1 port $plain");
ok(!-e $left, 'a port in use: no socket is left of those before');

my @children = Jwtd::family($d->pid);
kill 'KILL', $d->pid;
ok(Jwtd::wait_until(sub { !$d->running }), 'the parent is killed');
ok(Jwtd::wait_until(sub { !Jwtd::alive(@children) }), 'and its children end');
ok(-S $sock, 'the socket is left');
$d->launch;
is($d->request(path => '/health', socket => $d->connect_unix($sock))->{status},
    200, 'a stale socket is replaced');
unlike($d->log, qr/signal|ended with/, 'no process has died');
unlike($secure->log, qr/signal|ended with/, 'no process has died, with TLS');
is($d->stop, 0, 'the end');
is($secure->stop, 0, 'the end, with TLS');
ok(!-e $sock, 'no socket is left');

done_testing();
