# openid-client of npm finds all by the issuer alone, as RFC 8414 has it and as
# OpenID Connect Discovery has it, gets a token, and that is accepted.
use strict;
use warnings;

use Test::More;

use Discovery;
use Jwtd;

# A line for each pair of a secret and parameters.
my $text = <<'EOF';
import * as client from 'openid-client';
const [issuer, algorithm, resource, ...pairs] = process.argv.slice(1);
async function attempt(secret, parameters) {
	const config = await client.discovery(new URL(issuer), 'alice', {},
	    client.ClientSecretBasic(secret), { algorithm });
	const tokens = await client.clientCredentialsGrant(config,
	    new URLSearchParams(parameters));
	const said = [tokens.token_type, tokens.expires_in, tokens.scope];
	for (const token of [tokens.access_token, tokens.access_token + 'A']) {
		const answer = await client.fetchProtectedResource(config,
		    token, new URL(resource), 'GET').catch(e => e);
		said.push(answer.status, answer.headers?.get('x-auth-subject')
		    ?? answer.cause?.[0]?.parameters?.error);
	}
	return said;
}
while (pairs.length > 0) {
	const [secret, parameters] = pairs.splice(0, 2);
	try {
		console.log(...await attempt(secret, parameters));
	} catch (e) {
		console.log(e.name, e.status ?? e.code, e.error ??
		    e.cause?.[0]?.scheme ?? e.cause?.status);
	}
}
EOF

my $secret = Discovery::password();
my $verified = '202 alice 401 invalid_token';
my @cases = (
    [ $secret, '', "bearer 900 read write $verified", 'a token' ],
    [ $secret, 'scope=read&audience=api', "bearer 900 read $verified",
	'a scope and an audience' ],
    [ 'wrong', '', 'WWWAuthenticateChallengeError 401 basic',
	'a wrong secret' ],
    [ $secret, 'scope=admin', 'ResponseBodyError 400 invalid_scope',
	'a scope that the user does not have' ],
    [ $secret, 'resource=https://other.example',
	'ResponseBodyError 400 invalid_target', 'a resource of others' ]);

for my $path ('', '/tenant/a') {
	my ($d, $issuer) = Discovery->start(path => $path);
	for my $algorithm ('oauth2', 'oidc') {
		my $name = "$algorithm, issuer "
		    . ($path || 'without a path');
		my @said = split /; /, Discovery::node($d, $text, $issuer,
		    $algorithm, "$issuer/verify", map { @$_[0, 1] } @cases);
		is(scalar @said, scalar @cases, "$name: an answer to each");
		is(shift @said, $$_[2], "$name: $$_[3]") for @cases;
		is(Discovery::node($d, $text, "$issuer/other", $algorithm,
		    "$issuer/verify", $secret, ''),
		    'ClientError OAUTH_RESPONSE_IS_NOT_CONFORM 404',
		    "$name: an issuer that is not there");
	}
	is($d->stop, 0, 'it ends well');
}

# What it knows of RFC 7009 and RFC 7662
my $revocation = <<'EOF';
import * as client from 'openid-client';
const [issuer, secret] = process.argv.slice(1);
const config = await client.discovery(new URL(issuer), 'alice', {},
    client.ClientSecretBasic(secret), { algorithm: 'oauth2' });
const tokens = await client.clientCredentialsGrant(config, {});
const show = async () => {
	const said = await client.tokenIntrospection(config,
	    tokens.access_token);
	return [said.active, said.sub, said.scope, said.token_type].join(' ');
};
console.log(await show());
await client.tokenRevocation(config, tokens.access_token);
for (let i = 0; i < 500 && (await show()).startsWith('true'); i++)
	await new Promise(done => setTimeout(done, 20));
console.log(await show());
const other = await client.discovery(new URL(issuer), 'alice', {},
    client.ClientSecretBasic('wrong'), { algorithm: 'oauth2' });
for (const f of [client.tokenIntrospection, client.tokenRevocation])
	await f(other, tokens.access_token).catch(e =>
	    console.log(e.name, e.status));
EOF
{
	my ($d, $issuer) = Discovery->start(revoke => 1);
	is(Discovery::node($d, $revocation, $issuer, Discovery::password()),
	    'true alice read write Bearer; false   ; '
	    . 'WWWAuthenticateChallengeError 401; '
	    . 'WWWAuthenticateChallengeError 401',
	    'introspection, revocation, introspection');
	is($d->stop, 0, 'it ends well');
}

done_testing();
