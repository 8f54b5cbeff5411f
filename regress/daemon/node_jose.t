# jose, and jwks-rsa with jsonwebtoken, of npm: with nothing but the address of
# the published keys they verify what the daemon signs, and nothing else.
use strict;
use warnings;

use Test::More;

use Discovery;
use Jwtd;
use Token qw(b64 unb64);

my $jose = <<'EOF';
import { createRemoteJWKSet, jwtVerify } from 'jose';
const [url, issuer, algorithm, audience, ...tokens] = process.argv.slice(1);
const keys = createRemoteJWKSet(new URL(url));
for (const token of tokens) {
	try {
		const { payload, protectedHeader } = await jwtVerify(token,
		    keys, { issuer, audience, algorithms: [algorithm],
		    typ: 'at+jwt', requiredClaims: ['sub', 'jti', 'client_id',
		    'iat', 'exp'] });
		console.log(protectedHeader.alg, payload.sub, payload.team);
	} catch (e) {
		console.log(e.code, e.claim ?? '-');
	}
}
EOF

my $jwks_rsa = <<'EOF';
import { promisify } from 'node:util';
import jwksRsa from 'jwks-rsa';
import jsonwebtoken from 'jsonwebtoken';
const [jwksUri, issuer, algorithm, audience, ...tokens] =
    process.argv.slice(1);
const client = jwksRsa({ jwksUri });
const getKey = (header, done) => client.getSigningKey(header.kid)
    .then(key => done(null, key.getPublicKey()), done);
for (const token of tokens) {
	try {
		const claims = await promisify(jsonwebtoken.verify)(token,
		    getKey, { issuer, audience, algorithms: [algorithm] });
		console.log(algorithm, claims.sub, claims.team);
	} catch (e) {
		console.log(e.message);
	}
}
EOF

# the same with other claims, and with another kid
sub tampered {
	my ($header, $payload, $signature) = split /\./, $_[0];
	my $claims = unb64($payload);
	$claims =~ s/"alice"/"admin"/ or die "claims: $claims";
	return join '.', $header, b64($claims), $signature;
}

sub other_kid {
	my ($header, @rest) = split /\./, $_[0];
	my $text = unb64($header);
	$text =~ s/("kid":")./$1!/ or die "header: $text";
	return join '.', b64($text), @rest;
}

# algorithm, type of key, words after it in the configuration
for ([ RS256 => 'rsa', '' ], [ PS256 => 'rsa', ' ps256' ],
    [ ES256 => 'ec', '' ], [ EdDSA => 'ed25519', '' ]) {
	my ($alg, $type, $words) = @$_;
	subtest $alg => sub {
		my ($d, $issuer) = Discovery->start(type => $type,
		    words => $words);
		my $url = "$issuer/jwks.json";
		my ($port) = $issuer =~ /:(\d+)$/;
		my $r = $d->request(path => '/token', user => 'alice',
		    password => Discovery::password(),
		    socket => $d->connect_tls($port));
		my $token = $r->{json}{access_token} // die $r->{text};
		my @tokens = ($token, tampered($token), other_kid($token));

		my $good = "$alg alice blue";
		is(Discovery::node($d, $jose, $url, $issuer, $alg, 'api',
		    @tokens), "$good; "
		    . 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED -; '
		    . 'ERR_JWKS_NO_MATCHING_KEY -',
		    'jose: a token, another subject, another kid');
		is(Discovery::node($d, $jose, $url, $issuer, $alg, 'web', $token),
		    'ERR_JWT_CLAIM_VALIDATION_FAILED aud',
		    'jose: another audience');
		is(Discovery::node($d, $jose, $url, "$issuer/", $alg, 'api',
		    $token), 'ERR_JWT_CLAIM_VALIDATION_FAILED iss',
		    'jose: another issuer');

		# jsonwebtoken has no EdDSA
		if ($alg ne 'EdDSA') {
			my ($kid) = unb64($tokens[2]) =~ /"kid":"(.*?)"/;
			is(Discovery::node($d, $jwks_rsa, $url, $issuer, $alg,
			    'api', @tokens), "$good; invalid signature; "
			    . 'error in secret or public key callback: Unable '
			    . "to find a signing key that matches '$kid'",
			    'jwks-rsa: a token, another subject, another kid');
			is(Discovery::node($d, $jwks_rsa, $url, $issuer, $alg,
			    'web', $token),
			    'jwt audience invalid. expected: web',
			    'jwks-rsa: another audience');
		}
		is($d->stop, 0, 'it ends well');
	};
}

done_testing();
