# Every algorithm, as other people's programs see it: PyJWT, openssl and jose
# verify what the daemon signs, and the daemon what others sign.
use strict;
use warnings;

use Test::More;

use Jwtd;
use Token qw(b64 unb64 json sign signed);

my $python = $Token::python;
my $has_pyjwt = (Jwtd::run([ $python, '-c', 'import jwt' ]))[0] == 0;
my $has_jose = (Jwtd::run([ 'jose', 'alg' ]))[0] == 0;

# algorithm, type of key, words after it in the configuration
my @algs = ([ RS256 => 'rsa', '' ], [ PS256 => 'rsa', ' ps256' ],
    [ ES256 => 'ec', '' ], [ EdDSA => 'ed25519', '' ]);

sub daemon {
	my ($type, $words) = @_;
	my $d = Jwtd->prepare;
	my $key = $d->dir . '/key.pem';
	my $conf = $d->dir . '/jwtd.conf';
	unlink $key;
	$d->ctl([ 'key', 'new', '-t', $type, $key ]);
	Jwtd::write_file($conf, Jwtd::read_file($conf) =~
	    s/^\tkey ".*?"\K/$words/mr);
	$d->launch;
	$d->user('alice', 'pw', '{"scope":"read","team":"blue"}');
	return $d;
}

# RFC 7518 section 3.4 to RFC 3279 section 2.2.3
sub ecdsa_der {
	my ($raw) = @_;
	my $numbers = join '', map {
		my $n = s/^\0+//r;
		$n = "\0$n" if $n eq '' || ord($n) > 127;
		"\x02" . chr(length $n) . $n;
	} unpack 'a32 a32', $raw;
	return "\x30" . chr(length $numbers) . $numbers;
}

sub openssl_verifies {
	my ($dir, $alg, $text, $sig) = @_;
	my @pss = $alg eq 'PS256' ? ('-sigopt', 'rsa_padding_mode:pss',
	    '-sigopt', 'rsa_pss_saltlen:32') : ();
	Jwtd::write_file("$dir/text", $text);
	Jwtd::write_file("$dir/sig", $alg eq 'ES256' ? ecdsa_der($sig) : $sig);
	my ($status) = Jwtd::run($alg eq 'EdDSA' ?
	    [ qw(openssl pkeyutl -verify -rawin -pubin -inkey), "$dir/pub.pem",
	    '-sigfile', "$dir/sig", '-in', "$dir/text" ] :
	    [ qw(openssl dgst -sha256 -verify), "$dir/pub.pem", @pss,
	    '-signature', "$dir/sig", "$dir/text" ]);
	return $status == 0;
}

my $pyjwt = <<'EOF';
import sys, jwt
token, url, alg = sys.argv[1:]
try:
    key = jwt.PyJWKClient(url).get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key.key, algorithms=[alg], audience='api',
        issuer='https://issuer.example')
    print(claims['sub'], claims['team'])
except jwt.exceptions.PyJWTError as e:
    print(type(e).__name__)
EOF
sub python {
	my ($text, @args) = @_;
	my ($status, $out) = Jwtd::run([ $python, '-c', $text, @args ]);
	chomp $out;
	return $out;
}

# RFC 7638 section 3.2 and RFC 8037 section 2
my $thumbprint = <<'EOF';
import base64, hashlib, json, sys
jwk = json.loads(sys.argv[1])
need = {'RSA': 'e kty n', 'EC': 'crv kty x y', 'OKP': 'crv kty x'}
text = json.dumps({k: jwk[k] for k in need[jwk['kty']].split()},
    sort_keys=True, separators=(',', ':'))
print(base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    .decode().rstrip('='))
EOF

sub jose_verifies {
	my ($dir, $jwks, $token) = @_;
	Jwtd::write_file("$dir/jwks", $jwks);
	Jwtd::write_file("$dir/jws", $token);
	return (Jwtd::run([ qw(jose jws ver -i), "$dir/jws", '-k',
	    "$dir/jwks" ]))[0] == 0;
}

for (@algs) {
	my ($alg, $type, $words) = @$_;
	subtest $alg => sub {
		my $d = daemon($type, $words);
		my $dir = $d->dir;
		my $token = $d->token('alice', 'pw');
		my ($h, $p, $sig) = split /\./, $token;
		my $flipped = unb64($sig);
		vec($flipped, 20, 8) ^= 1;
		my %bad = ('other claims' => join('.', $h,
		    b64(unb64($p) =~ s/alice/root_/r), $sig),
		    'another signature' => "$h.$p." . b64($flipped));

		my $r = $d->request(path => '/.well-known/jwks.json');
		my $jwk = $r->{json}{keys}[0];
		my ($header) = Jwtd::decode_token($token);
		is_deeply($header, { alg => $alg, typ => 'at+jwt',
		    kid => $jwk->{kid} }, 'header');
		is($jwk->{alg}, $alg, 'alg of the published key');
		is(python($thumbprint, json($jwk)), $jwk->{kid},
		    'its kid is its thumbprint');
		like($d->ctl([ 'key', 'list' ]),
		    qr/^\Q$jwk->{kid}\E\tactive\t$alg\t/, 'key list');

		my $answer = $d->request(path => '/verify/read',
		    bearer => $token);
		is($answer->{status}, 202, 'it is accepted here');
		is(Jwtd::field($answer, 'X-Auth-Subject'), 'alice', 'subject');
		like(($d->try_ctl([ 'token', 'verify', '-a', 'api' ],
		    $token))[1], qr/^valid: /, 'and by jwtctl');
		for (sort keys %bad) {
			is($d->request(path => '/verify/x',
			    bearer => $bad{$_})->{status}, 401,
			    "$_: not here");
			like(($d->try_ctl([ 'token', 'verify', '-a', 'api' ],
			    $bad{$_}))[1], qr/^invalid: the signature/,
			    "$_: nor by jwtctl");
		}

		Jwtd::write_file("$dir/pub.pem", $d->ctl([ 'key', 'show' ]));
		ok(openssl_verifies($dir, $alg, "$h.$p", unb64($sig)),
		    'openssl');
		ok(!openssl_verifies($dir, $alg, "$h.$p", $flipped),
		    'openssl, another signature');
		SKIP: {
			skip 'there is no PyJWT', 3 unless $has_pyjwt;
			my $url = 'http://127.0.0.1:' . $d->port
			    . '/.well-known/jwks.json';
			is(python($pyjwt, $token, $url, $alg), 'alice blue',
			    'PyJWT');
			is(python($pyjwt, $bad{$_}, $url, $alg),
			    'InvalidSignatureError', "PyJWT, $_")
			    for sort keys %bad;
		}
		SKIP: {
			skip 'there is no jose', 2 unless $has_jose;
			skip 'jose has no EdDSA', 2 if $alg eq 'EdDSA';
			ok(jose_verifies($dir, $r->{body}, $token), 'jose');
			ok(!jose_verifies($dir, $r->{body},
			    $bad{'other claims'}), 'jose, other claims');
		}
		if ($alg eq 'ES256') {
			# one nonce for two texts gives the key away
			my %r = map { (substr(unb64((split /\./)[2]), 0, 32),
			    1) } map { $d->token('alice', 'pw') } 1 .. 12;
			is(scalar keys %r, 12,
			    'signers that were forked share no nonce');
		}
		is($d->stop, 0, 'it ends well');
	};
}

# What others sign: one issuer with a set, others with PEM.
my $keys = Jwtd->prepare;
my $dir = $keys->dir;
my (%file, %jwk);
for (@algs) {
	my ($alg, $type) = @$_;
	$file{$alg} = "$dir/$alg.pem";
	$keys->ctl([ 'key', 'new', '-t', $type, $file{$alg} ]);
	$jwk{$alg} = JSON::PP::decode_json($keys->ctl([ 'key', 'show', '-j',
	    $file{$alg} ]))->{keys}[0];
	$jwk{$alg}{kid} = $jwk{$alg}{alg} = $alg;
}
my $trusts = <<'EOF';
trust "https://set.example" {
	jwks "DIR/set.json"
}
trust "https://rsa.example" {
	key "DIR/RS256.pem"
}
trust "https://ec.example" {
	key "DIR/ES256.pem"
}
trust "https://ed.example" {
	key "DIR/EdDSA.pem"
}
EOF
my $resource = <<'EOF';
server "localhost" {
	listen on 127.0.0.1 port 0
	location "/v" {
		resource
		audience "api"
	}
}
EOF
my $d = Jwtd->start(signer => undef, globals => $trusts, servers => $resource,
    files => { 'set.json' => json({ keys => [ values %jwk ] }),
	map { ("$_.pem", $keys->ctl([ 'key', 'show', $file{$_} ])) }
	    keys %file });

# The header, then key and way of the signature; or the signature itself.
sub answer {
	my ($issuer, $header, $how, @how) = @_;
	my $claims = { iss => "https://$issuer.example", sub => 'carol',
	    aud => 'api', exp => time + 900 };
	my $text = join '.', map { b64(json($_)) } $header, $claims;
	my $sig = ref $how ? $how->($text) : sign($file{$how}, $text, @how);
	my $r = $d->request(path => '/v', bearer => "$text." . b64($sig));
	my ($why) = (Jwtd::field($r, 'WWW-Authenticate') // '')
	    =~ /error_description="(.*?)"/;
	return join ' ', $r->{status}, $why // ();
}
my %padding = (RS256 => 'pkcs1', PS256 => 'pss', ES256 => 'raw',
    EdDSA => 'raw');
my $signature = '401 the signature does not match';
my $algorithm = "401 'alg' is not the key's algorithm";

for my $key (sort keys %file) {
	for my $named (sort keys %file) {
		for my $signer (sort keys %file) {
			is(answer('set', { alg => $named, kid => $key },
			    $signer, $padding{$signer}),
			    $named ne $key ? $algorithm : $signer ne $key ?
			    $signature : '202',
			    "$named by a key for $signer, as kid $key");
		}
	}
	is(answer('set', { alg => $key }, $key, $padding{$key}), '202',
	    "$key without a kid");
}

is(answer('set', { alg => 'PS256', kid => 'PS256' }, 'PS256', 'pkcs1'),
    $signature, "PS256 that is RS256 by the same key");
is(answer('set', { alg => 'RS256', kid => 'RS256' }, 'RS256', 'pss'),
    $signature, "RS256 that is PS256 by the same key");
is(answer('set', { alg => 'PS256', kid => 'PS256' }, 'PS256', "pss$_"),
    $signature, "PS256 with a salt of $_ bytes") for 0, 20, 31, 33, 64;
is(answer('set', { alg => 'PS256', kid => 'PS256' }, 'PS256', 'pss32'), '202',
    'PS256 with one of 32');
is(answer('set', { alg => 'ES256', kid => 'ES256' }, 'ES256', 'der'),
    $signature, 'ES256 in DER');
my $n = pack 'H*',
    'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
my %spoil = ('r is 0' => sub { substr $_[0], 0, 32, "\0" x 32 },
    's is 0' => sub { substr $_[0], 32, 32, "\0" x 32 },
    'r is n' => sub { substr $_[0], 0, 32, $n },
    's is n' => sub { substr $_[0], 32, 32, $n },
    'all 0' => sub { $_[0] = "\0" x 64 },
    '63 bytes' => sub { chop $_[0] },
    '65 bytes' => sub { $_[0] .= "\0" },
    '32 bytes' => sub { $_[0] = substr $_[0], 0, 32 });
for my $name (sort keys %spoil) {
	for my $alg ('ES256', 'EdDSA') {
		is(answer('set', { alg => $alg, kid => $alg }, sub {
			my $sig = sign($file{$alg}, $_[0]);
			$spoil{$name}->($sig);
			return $sig;
		}), $signature, "$alg, $name");
	}
}

# RFC 8032 section 8.4: S + L would verify too, if nobody looked
my $l = pack 'H*',
    'edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010';
is(answer('set', { alg => 'EdDSA', kid => 'EdDSA' }, sub {
	my @sig = unpack 'C*', sign($file{EdDSA}, $_[0]);
	my @l = unpack 'C*', $l;
	my $carry = 0;
	for (0 .. 31) {
		$carry += $sig[32 + $_] + $l[$_];
		$sig[32 + $_] = $carry & 255;
		$carry >>= 8;
	}
	return pack 'C*', @sig;
}), $signature, 'EdDSA, S + L');

# PEM says nothing of an algorithm: an RSA key is for RS256
for ([ rsa => 'RS256' ], [ ec => 'ES256' ], [ ed => 'EdDSA' ]) {
	my ($issuer, $alg) = @$_;
	is(answer($issuer, { alg => $alg, kid => 'any' }, $alg,
	    $padding{$alg}), '202', "$alg by PEM");
	for my $other (grep { $_ ne $alg } sort keys %file) {
		is(answer($issuer, { alg => $other }, $alg, $padding{$alg}),
		    $algorithm, "... that says $other");
	}
}
is(answer('rsa', { alg => 'PS256' }, 'RS256', 'pss'), $algorithm,
    'PS256 by PEM');
is($d->stop, 0, 'it ends well');

done_testing();
