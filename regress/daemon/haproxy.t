# Behind HAProxy, with etc/haproxy/jwtd.cfg as it is but for paths and ports: the
# PROXY protocol as it sends it, and tokens that it verifies by itself.
use strict;
use warnings;

use IO::Socket::INET;
use Test::More;

use Jwtd;
use Proxy;
use Token;

my $haproxy = Proxy::program('haproxy') or plan skip_all => 'no haproxy';
plan skip_all => 'haproxy cannot verify tokens'
    if (Jwtd::run([ $haproxy, '-v' ]))[1] =~ /version (?:1|2\.[0-4]\b)/;
plan skip_all => 'no IO::Socket::SSL'
    unless eval { require IO::Socket::SSL };
$SIG{PIPE} = 'IGNORE';

my $d = Jwtd->start(tls => 1, servers => <<'EOT');
server "localhost" {
	listen on 127.0.0.1 tls port 0 proxy
	listen on 127.0.0.2 port 0 proxy
	listen on "DIR/proxy.sock" proxy
	tls {
		certificate "DIR/tls.crt"
		key "DIR/tls.key"
	}
	location "/token" {
		grant
		audience "api"
	}
	location "/health" { health }
}
EOT
my $dir = $d->dir;
my ($tls, $plain) = $d->ports;
$d->write_users(Jwtd::line('alice', 'pw', '{"scope":"read"}'));
Jwtd::write_file("$dir/jwtd.pem", $d->ctl([ 'key', 'show' ]));

my ($application, $behind) = Proxy->application;
my ($tokens, $api, $tcp, $unix) = map { Proxy::free_port() } 1 .. 4;
Jwtd::write_file("$dir/haproxy.cfg", Proxy::example('haproxy/jwtd.cfg',
    'bind :443' => "bind 127.0.0.1:$tokens",
    '127.0.0.1:8443' => "127.0.0.1:$tls",
    'bind :8080' => "bind 127.0.0.1:$api",
    '/etc/haproxy/jwtd.pem' => "$dir/jwtd.pem",
    'https://auth.example.com' => 'https://issuer.example',
    '127.0.0.1:3000' => "127.0.0.1:$behind") . <<"EOT");

listen plain
	mode tcp
	bind 127.0.0.1:$tcp
	server jwtd 127.0.0.2:$plain send-proxy-v2

listen http
	mode http
	bind 127.0.0.1:$unix
	server jwtd unix\@$dir/proxy.sock send-proxy-v2 proxy-v2-options unique-id,crc32c
	unique-id-format %{+X}o\\ %ci%cp%rt
EOT
my $log = "$dir/haproxy.log";
my $proxy = Proxy->start($log, $api, $haproxy, '-db', '-f',
    "$dir/haproxy.cfg");

# Ask for a token from an address; returns the answer, and whom jwtd saw.
sub grant {
	my ($port, $source, $secure, %arg) = @_;
	my $s = $secure ? $d->connect_tls($port, LocalAddr => $source) :
	    IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port,
	    LocalAddr => $source, Proto => 'tcp') || die "connect: $!";
	my $lines = () = $d->log =~ /grant user=/g;
	my $r = $d->request(socket => $s, path => '/token', user => 'alice',
	    password => 'pw', %arg);
	my @found = $d->log =~ /grant user="alice" client=(\S+) .*status=200 /mg;
	return ($r, @found == $lines + 1 ? $found[-1] : 'no line');
}

my $token;
for ([ 'TLS', $tokens, 1 ], [ 'TCP', $tcp, 0 ], [ 'a Unix socket', $unix, 0 ]) {
	my ($name, $port, $secure) = @$_;
	for my $source ('127.0.0.1', '127.0.0.2', '127.0.0.77') {
		my ($r, $client) = grant($port, $source, $secure,
		    headers => { 'X-Forwarded-For' => '6.6.6.6' });
		is($r->{status}, 200, "$name, $source: a token");
		is($client, $source, "$name, $source: in the log");
		$token = $r->{json}{access_token};
	}
}
my $s = $d->connect_tls($tokens, LocalAddr => '127.0.0.5');
my $request = Jwtd::text(path => '/health');
is(join(' ', map { Jwtd::ask($s, $request)->{status} } 1 .. 5),
    '200 200 200 200 200', 'a connection through TLS is kept');
ok(!eval { $d->connect_tls($tls, Timeout => 5) },
    'without HAProxy there is no TLS');

# Its own verification
sub api {
	my ($bearer, %headers) = @_;
	return $d->request(socket => $d->connect($api), path => '/x',
	    defined $bearer ? (bearer => $bearer) : (), headers => \%headers);
}
my $r = api($token, 'X-Auth-Subject' => 'root');
is($r->{status}, 200, 'HAProxy takes a token');
is(join('|', $r->{body} =~ /^X-Auth-Subject: (.*?)\r$/mgi), 'alice',
    '... and tells whose it is, and nothing else');
unlike($r->{body}, qr/^Authorization/mi, '... and keeps it to itself');
$r = api(undef);
is($r->{status}, 401, 'none');
is(Jwtd::field($r, 'WWW-Authenticate'), 'Bearer realm="api"', '... challenge');
my ($header, $payload, $signature) = split /\./, $token;
my $forged = Token::b64(Token::unb64($payload) =~ s/alice/root_/r);
my $key = "$dir/key.pem";
$d->make_key("$dir/other.pem", 2048);
my %refused = (
	'with another payload' => "$header.$forged.$signature",
	'with another signature' => "$header.$payload."
	    . ($signature =~ tr/A-Za-z/B-ZAb-za/r),
	'without a signature' => "$header.$payload.",
	'of no algorithm' => Token::b64('{"alg":"none"}') . ".$payload.",
	'of HMAC with the public key' => do {
		my $text = Token::b64('{"alg":"HS256"}') . ".$payload";
		"$text." . Token::b64(Token::hmac($text,
		    Jwtd::read_file("$dir/jwtd.pem")));
	},
	'of another key' => Token::token("$dir/other.pem"),
	'that has expired' => Token::token($key, exp => time - 1),
	'without an end' => Token::token($key, exp => undef),
	'for another audience' => Token::token($key, aud => 'web'),
	'of another issuer' => Token::token($key, iss => 'https://x'),
	'that is none' => 'x'
);
is(api(Token::token($key))->{status}, 200, 'one that is made by hand');
is(api($refused{$_})->{status}, 401, "one $_") for sort keys %refused;

$proxy->stop;
unlike($d->log, qr/signal|ended with/, 'no process has died');
my $bad = () = $d->log =~ /without a good PROXY header/g;
is($bad, 1, 'every header of HAProxy was good, also those of its checks');
is($d->stop, 0, 'the end');
done_testing();
