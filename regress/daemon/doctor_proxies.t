# What "jwtctl doctor" prints for nginx, HAProxy and the container registry, fed
# to the real ones as it is but for paths and ports, and asked through them.
use strict;
use warnings;

use IO::Socket::INET;
use Test::More;

use Jwtd;
use Proxy;
use Token;

plan skip_all => 'no IO::Socket::SSL'
    unless eval { require IO::Socket::SSL };
$SIG{PIPE} = 'IGNORE';

my $locations = <<'EOT';
	location "/token" {
		grant
		audience { "www" "it's" }
	}
	location "/verify/*" {
		resource
		audience { "www" "it's" }
		scope "read a.b'c"
		forward claim "email" as "X-Auth-Email"
	}
	location "/verify/" {
		resource
		audience "elsewhere"
	}
	location "/other" {
		resource
		audience "www"
	}
	location "/.well-known/jwks.json" { jwks }
EOT
my @users = (
    Jwtd::line('alice', 'pw', '{"scope":"read a.b\'c x","email":"alice@example.com"}'),
    Jwtd::line('bob', 'pw', '{"scope":"read axb\'c reader"}'));

# what it prints for that program, with these pairs replaced
sub lines {
	my ($d, $program, @pairs) = @_;
	my $text = $d->ctl([ 'doctor', $program ]);
	while (my ($from, $to) = splice @pairs, 0, 2) {
		$text =~ s/\Q$from\E/$to/g or die "no \"$from\" in:\n$text";
	}
	return $text;
}

sub daemon {
	my ($name, $listen, %arg) = @_;
	my $d = Jwtd->prepare(servers => "server \"$name\" {\n$listen"
	    . "$locations}\n", tls => 1, %arg);
	$d->make_certificate('tls', $name);
	$d->write_users(@users);
	return $d;
}
my $tls_block = "\ttls {\n\t\tcertificate \"DIR/tls.crt\"\n"
    . "\t\tkey \"DIR/tls.key\"\n\t}\n";

# A request over TLS, or without, to a port.
sub ask {
	my ($d, $port, $secure, %arg) = @_;
	my $s = $secure ? $d->connect_tls($port) : $d->connect($port);
	return $d->request(socket => $s, %arg, headers => {
	    Host => 'www.example.com', %{ $arg{headers} || {} } });
}

sub tokens {
	my ($d, $port, $secure) = @_;
	my %token;
	for my $user ('alice', 'bob') {
		my $r = ask($d, $port, $secure, path => '/token',
		    user => $user, password => 'pw');
		is($r->{status}, 200, "a token for $user");
		$token{$user} = $r->{json}{access_token};
	}
	is(ask($d, $port, $secure, path => '/token', user => 'alice',
	    password => 'x')->{status}, 401, 'none for a wrong password');
	return %token;
}

sub got { return join '|', $_[0]{body} =~ /^\Q$_[1]\E: *(.*?)\r$/mgi }

my $port = Proxy::free_port();
my %nginx = ('a socket' => "\tlisten on \"DIR/jwtd.sock\"\n"
    . "\ttrusted proxy { 127.0.0.1 }\n", 'a port' =>
    "\tlisten on 127.0.0.1 port $port\n", 'TLS' =>
    "\tlisten on 127.0.0.1 tls port $port\n$tls_block");
for my $how (sort keys %nginx) {
	subtest "nginx and $how" => sub {
		my $nginx = Proxy::program('nginx')
		    or plan skip_all => 'no nginx';
		plan skip_all => 'nginx has no auth_request'
		    if (Jwtd::run([ $nginx, '-V' ]))[1]
		    !~ /http_auth_request_module/;
		through_nginx($nginx, daemon('www.example.com', $nginx{$how}));
	};
}

sub through_nginx {
	my ($nginx, $d) = @_;
	my $dir = $d->dir;
	$d->launch;
	my ($application, $behind) = Proxy->application;
	my $front = Proxy::free_port();
	Jwtd::write_file("$dir/site.conf", lines($d, 'nginx',
	    'listen 443' => "listen 127.0.0.1:$front",
	    '/etc/ssl/www.example.com.crt' => "$dir/tls.crt",
	    '/etc/ssl/private/www.example.com.key' => "$dir/tls.key",
	    '127.0.0.1:3000' => "127.0.0.1:$behind"));
	my $as = $> == 0 ? 'user nobody '
	    . getgrgid((getpwnam 'nobody')[3]) . ';' : '';
	my $temporary = join '', map { "\t${_}_temp_path $dir/$_;\n" }
	    qw(client_body proxy fastcgi uwsgi scgi);
	Jwtd::write_file("$dir/nginx.conf", <<"EOF");
$as
daemon off;
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/nginx.log;
events { worker_connections 64; }
http {
	access_log off;
$temporary	include $dir/site.conf;
}
EOF
	my @command = ($nginx, '-p', $dir, '-e', "$dir/nginx.log", '-c',
	    "$dir/nginx.conf");
	my ($status, $out) = Jwtd::run([ @command, '-t' ]);
	is($status, 0, 'nginx -t') or diag $out;
	my $proxy = Proxy->start("$dir/nginx.out", $front, @command);
	my %token = tokens($d, $front, 1);
	my $to = sub { ask($d, $front, 1, @_) };
	is($to->(path => '/.well-known/jwks.json')->{json}{keys}[0]{kty},
	    'RSA', 'the keys');
	is($to->(path => $_, bearer => $token{alice})->{status}, 404,
	    "no client gets to $_") for '/verify/x', '/_jwtd/1';
	my $r = $to->(path => '/api/x', bearer => $token{alice},
	    headers => { 'X-Auth-Email' => 'root', 'X-Auth-Subject' => 'root' });
	is($r->{status}, 200, 'with the scope');
	is(got($r, 'X-Auth-Subject'), 'alice', '... as whom');
	is(got($r, 'X-Auth-Email'), 'alice@example.com', '... the claim');
	is(got($r, 'Authorization'), '', '... without the token');
	is($to->(path => '/api/x', bearer => $token{bob})->{status}, 403,
	    'without the scope');
	is($to->(path => '/api/x')->{status}, 401, 'without a token');
	is($to->(path => '/api-2/x', bearer => Token::token("$dir/key.pem",
	    aud => 'elsewhere'))->{status}, 200, 'the second location');
	is($to->(path => '/api-2/x', bearer => $token{alice})->{status}, 401,
	    '... has another audience');
	is($to->(path => '/api-3/x', bearer => $token{bob})->{status}, 200,
	    'and the third another scope');
	# whoever asks nginx for another name is not asked about elsewhere
	is($to->(path => '/api/x', bearer => $token{alice},
	    headers => { Host => 'x' })->{status}, 200, 'another Host');
	$proxy->stop;
	is($d->stop, 0, 'the end');
}

my %haproxy = (
	'TLS and PROXY' => "\tlisten on 127.0.0.1 tls port $port proxy\n"
	    . "\tlisten on \"DIR/jwtd.sock\"\n$tls_block",
	'TLS' => "\tlisten on 127.0.0.1 tls port $port\n$tls_block",
	'a socket' => "\tlisten on \"DIR/jwtd.sock\"\n",
	'a socket and PROXY' => "\tlisten on \"DIR/jwtd.sock\" proxy\n",
	'a port' => "\tlisten on 127.0.0.1 port $port\n"
);
for my $how (sort keys %haproxy) {
	subtest "HAProxy and $how" => sub {
		my $haproxy = Proxy::program('haproxy')
		    or plan skip_all => 'no haproxy';
		plan skip_all => 'haproxy cannot verify tokens'
		    if (Jwtd::run([ $haproxy, '-v' ]))[1]
		    =~ /version (?:1|2\.[0-4]\b)/;
		through_haproxy($haproxy, $how,
		    daemon('www.example.com', $haproxy{$how}));
	};
}

sub through_haproxy {
	my ($haproxy, $how, $d) = @_;
	my $dir = $d->dir;
	# ES256 in one of them, RS256 in the others
	system("openssl ecparam -genkey -name prime256v1 -noout "
	    . "-out $dir/key.pem") if $how eq 'a port';
	$d->launch;
	my ($application, $behind) = Proxy->application;
	my ($front, $api) = map { Proxy::free_port() } 1 .. 2;
	Jwtd::write_file("$dir/jwtd.pem", $d->ctl([ 'key', 'show' ]));
	Jwtd::write_file("$dir/www.pem", Jwtd::read_file("$dir/tls.crt")
	    . Jwtd::read_file("$dir/tls.key"), 0600);
	Jwtd::write_file("$dir/haproxy.cfg", lines($d, 'haproxy',
	    'bind :443' => "bind 127.0.0.1:$front",
	    'bind :8080' => "bind 127.0.0.1:$api",
	    '/etc/haproxy/jwtd.pem"' => "$dir/jwtd.pem\"",
	    $how =~ /TLS/ ? () :
	    ('/etc/haproxy/www.example.com.pem' => "$dir/www.pem"),
	    '127.0.0.1:3000' => "127.0.0.1:$behind"));
	my ($status, $out) = Jwtd::run([ $haproxy, '-c', '-f',
	    "$dir/haproxy.cfg" ]);
	is($status, 0, 'haproxy -c') or diag $out;
	my $proxy = Proxy->start("$dir/haproxy.log", $api, $haproxy, '-db',
	    '-f', "$dir/haproxy.cfg");
	my %token = tokens($d, $front, 1);
	is(ask($d, $front, 1, path => '/other',
	    bearer => $token{alice})->{status}, 404, 'no other location')
	    if $how !~ /TLS/;
	my $to = sub { ask($d, $api, 0, path => '/x', @_) };
	my $r = $to->(bearer => $token{alice}, headers => {
	    'X-Auth-Email' => 'root', 'X-Auth-Subject' => 'root' });
	is($r->{status}, 200, 'with the scope');
	is(got($r, 'X-Auth-Subject'), 'alice', '... as whom');
	is(got($r, 'X-Auth-Email'), 'alice@example.com', '... the claim');
	is(got($r, 'Authorization'), '', '... without the token');
	is($to->(bearer => $token{bob})->{status}, 403, 'without the scope');
	is($to->()->{status}, 401, 'without a token');
	my ($h, $p, $s) = split /\./, $token{alice};
	is($to->(bearer => "$h.$p." . ($s =~ tr/A-Za-z/B-ZAb-za/r))->{status},
	    401, 'with another signature');
	if ($how ne 'a port') {
		my @all = ("$dir/key.pem", scope => "a.b'c read");
		is($to->(bearer => Token::token(@all, aud => "it's",
		    exp => time + 50))->{status}, 200, 'the other audience');
		is($to->(bearer => Token::token(@all, %$_))->{status}, 401,
		    'refused: ' . join ' ', %$_) for { aud => 'api' },
		    { aud => 'www', iss => 'x' },
		    { aud => 'www', exp => time - 1 };
	}
	$proxy->stop;
	is($d->stop, 0, 'the end');
}

# What HAProxy cannot do, and what there is nothing to print for
{
	my $d = daemon('www.example.com', "\tlisten on 127.0.0.1 port 0\n"
	    . "\tlisten on 127.0.0.1 port $port proxy\n");
	my $dir = $d->dir;
	system("openssl genpkey -algorithm ed25519 -out $dir/key.pem");
	my $out = $d->ctl([ 'doctor', 'haproxy' ]);
	like($out, qr/^# HAProxy cannot verify EdDSA: /m, 'EdDSA');
	unlike($out, qr/^frontend api/m, '... and no frontend for it');
	my ($status, $text) = $d->try_ctl([ 'doctor', 'nginx' ]);
	is($status, 1, 'nginx cannot speak PROXY');
	is($text, qq(jwtctl: server "www.example.com" has no listener that )
	    . qq(nginx can use: one with a port or a path, and without )
	    . qq("proxy"\n), '... which is said');
	for my $program ('nginx', 'haproxy', 'registry') {
		($status, $text) = $d->try_ctl([ 'doctor', $program, 'x' ]);
		is("$status$text", "1jwtctl: no such server \"x\"\n",
		    "$program: no such server");
	}
	my $conf = Jwtd::read_file("$dir/jwtd.conf");
	Jwtd::write_file("$dir/jwtd.conf", $conf
	    . "server \"h\" {\n\tlisten on 127.0.0.1 port 9\n"
	    . "\tlocation \"/h\" { health }\n}\n");
	($status, $text) = $d->try_ctl([ 'doctor', 'registry', 'h' ]);
	is("$status$text", "1jwtctl: server \"h\" has no grant location\n",
	    'no grant');
}

# YAML as the registry's own parser takes it
sub yaml {
	my ($text) = @_;
	my ($status, $out) = Jwtd::run([ $Token::python, '-c',
	    'import json, sys, yaml; '
	    . 'print(json.dumps(yaml.safe_load(sys.stdin)))' ], $text);
	die $out if $status != 0;
	return JSON::PP::decode_json($out);
}

SKIP: {
	skip 'no yaml for python', 4
	    if (Jwtd::run([ $Token::python, '-c', 'import yaml' ]))[0] != 0;
	for ([ "\tlisten on \"DIR/jwtd.sock\"\n", '' ],
	    [ "\tlisten on 127.0.0.1 tls port 8443\n$tls_block", ':8443' ],
	    [ "\tlisten on 127.0.0.1 tls port 443\n$tls_block", '' ]) {
		my ($listen, $in_url) = @$_;
		my $d = daemon('auth.example.com', $listen);
		my $text = $d->ctl([ 'doctor', 'registry' ]);
		is_deeply(yaml($text), { auth => { token => {
		    realm => "https://auth.example.com$in_url/token",
		    service => 'www', issuer => 'https://issuer.example',
		    rootcertbundle => '/etc/jwtd/signing.crt' } } },
		    'the registry: https' . $in_url);
		like($text, qr/has no "certificate" in jwtd\.conf/,
		    '... without a certificate');
	}
	my $d = daemon('auth.example.com', "\tlisten on \"DIR/jwtd.sock\"\n");
	my $dir = $d->dir;
	my $conf = Jwtd::read_file("$dir/jwtd.conf");
	$conf =~ s{key\.pem"}{key.pem" certificate "$dir/sign: #1.crt"};
	Jwtd::write_file("$dir/jwtd.conf", $conf);
	is(yaml($d->ctl([ 'doctor', 'registry' ]))->{auth}{token}{rootcertbundle},
	    "$dir/sign: #1.crt", 'the certificate of the key');
}

done_testing;
