# Authlib takes the metadata, gets a token by it, and that token is accepted.
use strict;
use warnings;

use Test::More;

use Discovery;
use Jwtd;

my ($d, $issuer) = Discovery->start;
my $well_known = "$issuer/.well-known/";

# "the metadata is fine", or what Authlib says against it
my $validate = <<'EOF';
import json, sys, requests
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.discovery import OpenIDProviderMetadata
url, kind, changes = sys.argv[1:]
answer = requests.get(url)
metadata = answer.json()
metadata.update(json.loads(changes))
try:
    {'oauth2': AuthorizationServerMetadata,
        'oidc': OpenIDProviderMetadata}[kind](metadata).validate()
    print(answer.status_code, answer.headers['Content-Type'], 'valid')
except ValueError as e:
    print(e)
EOF

sub validate {
	my ($file, $kind, $changes) = @_;
	return Discovery::python($d, $validate, "$well_known$file", $kind,
	    $changes // '{}');
}

my $fine = '200 application/json valid';
is(validate('oauth-authorization-server', 'oauth2'), $fine,
    'metadata of RFC 8414');
is(validate('openid-configuration', 'oidc'), $fine,
    'metadata of OpenID Connect Discovery');
# so that the test is known to work
is(validate('oauth-authorization-server', 'oauth2',
    '{"response_types_supported":[]}'),
    '"response_types_supported" is required', 'without a response type');
is(validate('openid-configuration', 'oidc',
    '{"subject_types_supported":null}'),
    '"subject_types_supported" is required', 'without a type of subjects');

# a session finds the token endpoint by itself and asks there
my $session = <<'EOF';
import sys, requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.integrations.base_client import OAuthError
url, secret, scope, verify = sys.argv[1:]
metadata = requests.get(url).json()
with OAuth2Session('alice', secret, scope=scope or None,
        token_endpoint_auth_method=
        metadata['token_endpoint_auth_methods_supported'][0]) as session:
    try:
        token = session.fetch_token(metadata['token_endpoint'],
            grant_type=metadata['grant_types_supported'][0])
        print(token['token_type'], token['expires_in'], token['scope'])
    except OAuthError as e:
        print(e.error)
        sys.exit()
    answer = session.get(verify)
    print(answer.status_code, answer.headers.get('X-Auth-Subject'))
    session.token['access_token'] += 'A'
    print(session.get(verify).status_code)
EOF

sub session {
	my ($file, $secret, $scope) = @_;
	return Discovery::python($d, $session, "$well_known$file", $secret,
	    $scope, "$issuer/verify");
}

for my $file (qw(oauth-authorization-server openid-configuration)) {
	is(session($file, Discovery::password(), ''),
	    'Bearer 900 read write; 202 alice; 401',
	    "$file: a token, which is accepted, but not when it was changed");
	is(session($file, Discovery::password(), 'read'),
	    'Bearer 900 read; 202 alice; 401', "$file: one scope");
	is(session($file, Discovery::password(), 'write'),
	    'Bearer 900 write; 403 None; 401',
	    "$file: another, with which it is not");
	is(session($file, Discovery::password(), 'admin'), 'invalid_scope',
	    "$file: a scope that the user does not have");
	is(session($file, 'wrong', ''), 'invalid_client',
	    "$file: a wrong secret");
}
is($d->stop, 0, 'it ends well');

# revocation and introspection
my $revocation = <<'EOF';
import sys, time, requests
from authlib.integrations.requests_client import OAuth2Session
url, secret = sys.argv[1:]
metadata = requests.get(url).json()
method = metadata['revocation_endpoint_auth_methods_supported'][0]
with OAuth2Session('alice', secret, token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method) as session:
    token = session.fetch_token(metadata['token_endpoint'],
        grant_type='client_credentials')['access_token']
    def introspect():
        return session.introspect_token(metadata['introspection_endpoint'],
            token=token).json()
    said = introspect()
    print(said['active'], said['username'], said['scope'])
    answer = session.revoke_token(metadata['revocation_endpoint'],
        token=token, token_type_hint='access_token')
    print(answer.status_code)
    end = time.time() + 10
    while introspect()['active'] and time.time() < end:
        time.sleep(0.02)
    print(introspect())
EOF
{
	my ($d, $issuer) = Discovery->start(revoke => 1);
	is(Discovery::python($d, $revocation,
	    "$issuer/.well-known/oauth-authorization-server",
	    Discovery::password()),
	    "True alice read write; 200; {'active': False}",
	    'introspection, revocation, introspection');
	is($d->stop, 0, 'it ends well');
}

done_testing();
