# Other people's programs: PyJWT, openssl and curl, with the daemon as it is.
use strict;
use warnings;

use IO::Socket::IP;
use Test::More;

use Jwtd;
use Token qw(b64 unb64 json token);

my $python = $Token::python;
my $six = IO::Socket::IP->new(Listen => 1, LocalHost => '::1') ? 1 : 0;

my $password = "p\xc3\xa4ss: +%41";

# a daemon on 127.0.0.1, and on ::1 where there is one
sub daemon {
	my ($security) = @_;
	my $listen = join '', map { "\tlisten on $_$security port 0\n" }
	    '127.0.0.1', $six ? '::1' : ();
	my $pair = $security && <<'EOF';
	tls {
		certificate "DIR/tls.crt"
		key "DIR/tls.key"
	}
EOF
	my $new = Jwtd->start(tls => 1, servers => <<"EOF");
server "localhost" {
$listen$pair
	location "/token" {
		grant
		audience "api"
	}
	location "/v" {
		resource
		audience "api"
	}
	location "/jwks.json" { jwks }
}
EOF
	$new->user('alice', $password, '{"scope":"read","team":"blue"}');
	return $new;
}

my $d = daemon('');
my $secure = daemon(' tls');
my ($port, $port6) = $d->ports;
my ($tls, $tls6) = $secure->ports;
my $dir = $d->dir;
my $ca = $secure->dir . '/tls.crt';

# Run Python; returns what it printed, or undef if it failed.
sub python {
	my ($text, @args) = @_;
	my ($status, $out) = Jwtd::run([ $python, '-c', $text, @args ]);
	diag($out) if $status != 0;
	chomp $out;
	return $status == 0 ? $out : undef;
}

sub curl {
	my (@args) = @_;
	my ($status, $out) = Jwtd::run([ 'curl', '-sS', '--max-time',
	    $Jwtd::patience, '--noproxy', '*', @args ]);
	diag("curl: $out") if $status != 0;
	return $out;
}

my $token = $d->token('alice', $password);
my ($header, $payload, $sig) = split /\./, $token;
my $jwks = $d->request(path => '/jwks.json')->{json};

subtest 'PyJWT' => sub {
	plan skip_all => 'there is no PyJWT'
	    if (Jwtd::run([ $python, '-c', 'import jwt' ]))[0] != 0;
	my $verify = <<'EOF';
import json, sys, jwt
token, url, audience = sys.argv[1:]
try:
    key = jwt.PyJWKClient(url).get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key.key, algorithms=['RS256'],
        audience=audience, issuer='https://issuer.example',
        options={'require': ['exp', 'iat', 'nbf', 'sub', 'iss', 'aud', 'jti']})
    print(claims['sub'], claims['scope'], claims['team'],
        claims['exp'] - claims['iat'])
except jwt.exceptions.PyJWTError as e:
    print(type(e).__name__)
EOF
	my $url = "http://127.0.0.1:$port/jwks.json";
	is(python($verify, $token, $url, 'api'), 'alice read blue 900',
	    'a token is verified with the published keys');
	is(python($verify, $token, $url, 'web'), 'InvalidAudienceError',
	    'but not for another audience');
	my $forged = b64(unb64($payload) =~ s/alice/root_/r);
	is(python($verify, "$header.$forged.$sig", $url, 'api'),
	    'InvalidSignatureError', 'nor when it was changed');
	my $unknown = b64(json({ alg => 'RS256', kid => 'x' }));
	is(python($verify, "$unknown.$payload.$sig", $url, 'api'),
	    'PyJWKClientError', 'nor by a key that is not published');
};

subtest 'kid' => sub {
	is(scalar @{ $jwks->{keys} }, 1, 'one key');
	my $kid = $jwks->{keys}[0]{kid};
	is(JSON::PP::decode_json(unb64($header))->{kid}, $kid,
	    "the token's kid");
	is(python(<<'EOF', json($jwks->{keys}[0])), $kid,
import base64, hashlib, json, sys
jwk = json.loads(sys.argv[1])
text = json.dumps({k: jwk[k] for k in ('e', 'kty', 'n')}, sort_keys=True,
    separators=(',', ':'))
print(base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    .decode().rstrip('='))
EOF
	    'is the thumbprint of RFC 7638');
};

sub openssl_verifies {
	my ($text, $signature) = @_;
	Jwtd::write_file("$dir/text", $text);
	Jwtd::write_file("$dir/sig", $signature);
	my ($status, $out) = Jwtd::run([ qw(openssl dgst -sha256 -verify),
	    "$dir/pub.pem", '-signature', "$dir/sig", "$dir/text" ]);
	return $status == 0;
}

subtest 'openssl' => sub {
	plan skip_all => 'there is no jwtctl' unless -x "$Jwtd::build/jwtctl";
	Jwtd::write_file("$dir/pub.pem", $d->ctl([ 'key', 'show' ]));
	ok(openssl_verifies("$header.$payload", unb64($sig)),
	    'verifies with the key that jwtctl shows');
	ok(!openssl_verifies("$header.$payload.", unb64($sig)),
	    'but not another text');
};

# base URL, and what curl needs to know about it
my @urls = ([ 'plain', "http://127.0.0.1:$port" ],
    [ 'TLS', "https://localhost:$tls", '--cacert', $ca,
    '--resolve', "localhost:$tls:127.0.0.1" ]);
push @urls, [ 'plain, IPv6', "http://[::1]:$port6" ],
    [ 'TLS, IPv6', "https://localhost:$tls6", '--cacert', $ca,
    '--resolve', "localhost:$tls6:[::1]" ] if $six;
for (@urls) {
	my ($name, $url, @how) = @$_;
	subtest "curl: $name" => sub {
		my $answer = eval { JSON::PP::decode_json(curl(@how, '-u',
		    "alice:$password", "$url/token")) } // {};
		is($answer->{token_type}, 'Bearer', 'a token for a password');
		my $got = $answer->{access_token} // 'none';
		my $head = curl(@how, '-D', '-', '--oauth2-bearer', $got,
		    "$url/v");
		like($head, qr{^HTTP/1\.1 202 .*^X-Auth-Subject: alice\r$}ms,
		    'which is accepted');
		$answer = eval { JSON::PP::decode_json(curl(@how, '-u',
		    "alice:$password", '-d', 'grant_type=client_credentials',
		    '-d', 'scope=read', "$url/token")) } // {};
		is($answer->{scope}, 'read', 'client credentials');
		like(curl(@how, '-i', '-u', 'alice:wrong', "$url/token"),
		    qr{^HTTP/1\.1 401 .*"invalid_client"}s, 'wrong password');

		# a signature that fails spoils nothing for what comes after
		my @print = ('-o', '/dev/null', '-w',
		    "%{http_code} %{num_connects}\n");
		is(curl(@how, @print, '--oauth2-bearer', $got, "$url/v",
		    (map { ('--next', '-sS', @how, @print, '--oauth2-bearer',
		    $_, "$url/v") } "$got-", $got, "$got-", $got)),
		    "202 1\n401 0\n202 0\n401 0\n202 0\n",
		    'good and bad tokens on one connection');
	};
}

is($_->stop, 0, 'it ends well') for $d, $secure;

done_testing();
