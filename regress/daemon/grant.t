# Basic credentials in, a Bearer token out: what is in the answer and in the
# token, and which error is given for what.
use strict;
use warnings;

use Digest::SHA qw(sha256);
use JSON::PP ();
use MIME::Base64 qw(encode_base64 encode_base64url);
use Test::More;

use Jwtd;

my $d = Jwtd->start(servers => <<'EOT');
server "Auth.Example" {
	listen on 127.0.0.1 port 0
	location "/token" {
		grant
		audience { "api" "files" }
	}
	location "/other" {
		grant
		audience "other"
		realm "another place"
	}
	location "/short" {
		grant
		audience "api"
		lifetime 5m
	}
	location "/verify/*" {
		resource
		audience { "api" "files" "other" "reports" }
	}
	location "/verify/admin" {
		resource
		audience { "api" "files" "other" "reports" }
		scope "admin"
	}
	location "/jwks" { jwks }
}
EOT

my @users = (
	[ alice => 'open sesame', '{"scope":"read write admin",'
	    . '"email":"alice@issuer.example","groups":["a","b"],'
	    . '"aud":"reports"}' ],
	[ bob => 'builder' ],
	[ carol => 'carol', '{"aud":["reports","files 2"],"iss":"evil",'
	    . '"sub":"root","client_id":"root","exp":9999999999,"iat":1,'
	    . '"nbf":2,"jti":"mine","alg":"none","deep":{"exp":1}}' ],
	[ dave => 'dave', '{"scope":"read"}' ],
	[ big => 'big', '{"blob":"' . 'x' x 7900 . '"}' ],
	[ erin => 'erin', '{"lifetime":60,"scope":"read"}' ],
	[ frank => 'frank', '{"lifetime":600}' ],
	[ grace => 'grace', '{"lifetime":86400}' ],
	[ heidi => 'heidi', '{"lifetime":"60"}' ],
	[ huge => 'huge', '{"blob":"' . 'x' x 14000 . '"}' ],
);
$d->write_users(map { Jwtd::line(@$_) } @users);
$d->ctl([ 'user', 'disable', 'dave' ]);
my %password = map { $_->[0] => $_->[1] } @users;

sub ask {
	my ($user, %arg) = @_;
	return $d->request(path => '/token', user => $user,
	    password => $password{$user}, %arg);
}

sub post {
	my ($user, $parameters, %arg) = @_;
	my $body = 'grant_type=client_credentials';
	$body .= "&$parameters" if defined $parameters && length $parameters;
	return ask($user, body => $body, %arg);
}

sub claims {
	my ($r) = @_;
	return (Jwtd::decode_token($r->{json}{access_token}))[1];
}

# status, error, and all that comes with an OAuth error
sub refused {
	my ($r, $status, $error, $name) = @_;
	subtest $name => sub {
		is($r->{status}, $status, 'status');
		is(Jwtd::field($r, 'Content-Type'), 'application/json', 'type');
		is(Jwtd::field($r, 'Cache-Control'), 'no-store', 'not stored');
		is($r->{json}{error}, $error, 'error') or diag $r->{text};
		like($r->{json}{error_description}, qr/\A[ -~]+\z/,
		    'a description');
		is_deeply([ sort keys %{ $r->{json} } ],
		    [ qw(error error_description) ], 'nothing else');
		my $challenge = Jwtd::field($r, 'WWW-Authenticate');
		is($challenge, $status == 401 ?
		    'Basic realm="Auth.Example", charset="UTF-8"' : undef,
		    'a challenge with a 401, and only then');
	};
}

# The answer
my $before = time;
my $r = post('alice');
my $after = time;
is($r->{status}, 200, 'POST');
is(Jwtd::field($r, 'Content-Type'), 'application/json', 'POST: type');
is(Jwtd::field($r, 'Cache-Control'), 'no-store', 'POST: Cache-Control');
is(Jwtd::field($r, 'Pragma'), 'no-cache', 'POST: Pragma');
is(Jwtd::field($r, 'Content-Length'), length $r->{body}, 'POST: length');
is_deeply([ sort keys %{ $r->{json} } ],
    [ qw(access_token expires_in scope token_type) ], 'POST: members');
is($r->{json}{token_type}, 'Bearer', 'POST: token_type');
is($r->{json}{expires_in}, 900, 'POST: expires_in');
is($r->{json}{scope}, 'read write admin', 'POST: scope');
like($r->{body}, qr/"expires_in":900[,}]/, 'POST: a number is a number');

# The token
my $token = $r->{json}{access_token};
my ($header, $claims) = Jwtd::decode_token($token);
my $jwks = $d->request(path => '/jwks')->{json};
my $jwk = $jwks->{keys}[0];
is_deeply($header, { alg => 'RS256', typ => 'at+jwt', kid => $jwk->{kid} },
    'the token: header');
is($jwk->{kid}, encode_base64url(sha256(
    qq({"e":"$jwk->{e}","kty":"RSA","n":"$jwk->{n}"}))),
    'the token: kid is the thumbprint of RFC 7638');
my $iat = delete $claims->{iat};
cmp_ok($iat, '>=', $before, 'the token: iat');
cmp_ok($iat, '<=', $after, 'the token: iat is not in the future');
is(delete $claims->{nbf}, $iat, 'the token: nbf');
is(delete $claims->{exp}, $iat + 900, 'the token: exp');
my $jti = delete $claims->{jti};
like($jti, qr/\A[A-Za-z0-9_-]{20,}\z/, 'the token: jti');
is_deeply($claims, {
    iss => 'https://issuer.example', sub => 'alice', client_id => 'alice',
    aud => 'api', scope => 'read write admin', groups => [ 'a', 'b' ],
    email => 'alice@issuer.example' }, 'the token: the other claims');
my $payload = Jwtd::payload($token);
like($payload, qr/"iat":\d+[,}]/, 'the token: times are integers');
is(() = $payload =~ /"aud"/g, 1, 'the token: no name twice');

my $pem = $d->dir . '/public.pem';
is((Jwtd::run([ 'openssl', 'pkey', '-in', $d->dir . '/key.pem', '-pubout',
    '-out', $pem ]))[0], 0, 'the public key');
ok(Jwtd::token_verifies($token, $pem), 'the signature, as openssl sees it');
my $forged = $token;
substr($forged, 200, 1, substr($forged, 200, 1) eq 'A' ? 'B' : 'A');
ok(!Jwtd::token_verifies($forged, $pem), 'and not that of another token');
is($d->request(path => '/verify/x', bearer => $token)->{status}, 202,
    'the resource service takes it');
is($d->request(path => '/verify/admin', bearer => $token)->{status}, 202,
    'and its scope');
isnt(claims(post('alice'))->{jti}, $jti, 'each token has its own jti');

# GET
$r = ask('alice');
is($r->{status}, 200, 'GET');
is_deeply([ sort keys %{ $r->{json} } ],
    [ qw(access_token expires_in issued_at scope token token_type) ],
    'GET: members');
is($r->{json}{token}, $r->{json}{access_token}, 'GET: one token, twice');
like($r->{json}{issued_at}, qr/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\z/,
    'GET: issued_at');
my @t = gmtime claims($r)->{iat};
is($r->{json}{issued_at}, sprintf('%04d-%02d-%02dT%02d:%02d:%02dZ',
    $t[5] + 1900, $t[4] + 1, @t[3, 2, 1, 0]), 'GET: issued_at is iat');
is(Jwtd::field($r, 'Cache-Control'), 'no-store', 'GET: Cache-Control');

# HEAD is GET without a body
my $s = $d->connect;
$r = Jwtd::ask($s, Jwtd::text(method => 'HEAD', path => '/token',
    user => 'alice', password => 'open sesame'), head => 1);
is($r->{status}, 200, 'HEAD');
cmp_ok(Jwtd::field($r, 'Content-Length'), '>', 500, 'HEAD: a length');
is(Jwtd::field($r, 'Content-Type'), 'application/json', 'HEAD: type');
is($r->{body}, '', 'HEAD: no body');
$r = Jwtd::ask($s, Jwtd::text(path => '/jwks'));
is($r->{status}, 200, 'HEAD: the next answer begins where it should');
$r = $d->request(method => 'HEAD', path => '/token');
is($r->{status}, 401, 'HEAD: refused');
is($r->{body}, '', 'HEAD: refused without a body');

# A user without grants
$r = post('bob');
is($r->{status}, 200, 'no grants');
is_deeply([ sort keys %{ $r->{json} } ],
    [ qw(access_token expires_in token_type) ], 'no grants: no scope');
is_deeply([ sort keys %{ claims($r) } ],
    [ qw(aud client_id exp iat iss jti nbf sub) ], 'no grants: the claims');
is($d->request(path => '/verify/x',
    bearer => $r->{json}{access_token})->{status}, 202, 'no grants: accepted');
is($d->request(path => '/verify/admin',
    bearer => $r->{json}{access_token})->{status}, 403, 'no grants: no scope');

# Grants never override
$r = post('carol');
is($r->{status}, 200, 'grants that would override');
($header, $claims) = Jwtd::decode_token($r->{json}{access_token});
is($header->{alg}, 'RS256', 'alg of the header is ours');
my %want = (iss => 'https://issuer.example', sub => 'carol',
    client_id => 'carol', aud => 'api', alg => 'none',
    deep => { exp => 1 });
is_deeply($claims->{$_}, $want{$_}, "grants that would override: $_")
    for sort keys %want;
cmp_ok($claims->{exp}, '<=', time + 900, 'grants that would override: exp');
cmp_ok($claims->{iat}, '>=', $before, 'grants that would override: iat');
cmp_ok($claims->{nbf}, '>=', $before, 'grants that would override: nbf');
isnt($claims->{jti}, 'mine', 'grants that would override: jti');

# Scopes
for ([ 'scope=read', 'read' ], [ 'scope=write%20read', 'write read' ],
    [ 'scope=read+admin', 'read admin' ], [ 'scope=', 'read write admin' ]) {
	my ($parameters, $scope) = @$_;
	$r = post('alice', $parameters);
	is($r->{json}{scope}, $scope, "$parameters: the answer");
	is(claims($r)->{scope}, $scope, "$parameters: the token");
}
$r = post('alice', 'scope=read');
is($d->request(path => '/verify/admin',
    bearer => $r->{json}{access_token})->{status}, 403,
    'a narrower token is narrower');
is(claims(ask('alice', path => '/token?scope=write'))->{scope}, 'write',
    'GET with scope');
refused(post('alice', "scope=$_"), 400, 'invalid_scope', "scope=$_")
    for qw(delete read+delete Read rea read+ +read read++write a%22b),
    'r%c3%a9ad', 'x' x 600;
refused(post('bob', 'scope=read'), 400, 'invalid_scope',
    'a scope for a user who has none');
is(post('bob', 'scope=')->{status}, 200, 'an empty scope is none');

# Audiences
for ([ alice => 'audience=api', 'api' ], [ alice => 'audience=files', 'files' ],
    [ alice => 'resource=files', 'files' ],
    [ alice => 'resource=files&audience=files', 'files' ],
    [ alice => 'audience=api&audience=api', 'api' ],
    [ alice => 'audience=api&resource=files', [ 'api', 'files' ] ],
    [ alice => 'resource=files&resource=reports&resource=api',
	[ 'files', 'reports', 'api' ] ],
    [ bob => 'resource=&resource=files', 'files' ],
    [ alice => 'audience=reports', 'reports' ],
    [ carol => 'audience=reports', 'reports' ],
    [ carol => 'audience=files%202', 'files 2' ],
    [ bob => 'audience=', 'api' ]) {
	my ($user, $parameters, $aud) = @$_;
	$r = post($user, $parameters);
	is($r->{status}, 200, "$user: $parameters") or diag $r->{text};
	is_deeply(claims($r)->{aud}, $aud, "$user: $parameters: aud");
	is($d->request(method => 'GET', path => '/verify/a',
	    bearer => $r->{json}{access_token})->{status},
	    $user eq 'carol' && $aud eq 'files 2' ? 401 : 202,
	    "$user: $parameters: and the resource service");
}
is(claims(ask('bob', path => '/other'))->{aud}, 'other',
    'the audience of the location');
is(claims(ask('bob', path => '/token?audience=files'))->{aud}, 'files',
    'GET with audience');
refused(post($_->[0], $_->[1]), 400, 'invalid_target', "$_->[0]: $_->[1]")
    for [ bob => 'audience=other' ], [ bob => 'audience=reports' ],
    [ bob => 'resource=other' ], [ alice => 'audience=files%202' ],
    [ alice => 'audience=report' ], [ alice => 'audience=API' ],
    [ bob => 'audience=api&resource=other' ], [ bob => 'audience=%ff' ],
    [ bob => 'resource=other&resource=api' ],
    [ alice => join '&', map { "resource=$_" } qw(api files reports a b) ],
    [ bob => 'audience=' . 'x' x 300 ];

# Lifetimes: the signer's 15 minutes, the location's, the user's: the shortest
for ([ bob => '/token', 900 ], [ bob => '/short', 300 ],
    [ erin => '/token', 60 ], [ erin => '/short', 60 ],
    [ frank => '/token', 600 ], [ frank => '/short', 300 ],
    [ grace => '/token', 900 ], [ grace => '/short', 300 ]) {
	my ($user, $path, $seconds) = @$_;
	$r = ask($user, path => $path);
	my $claims = claims($r);
	is($r->{json}{expires_in}, $seconds, "$user at $path: expires_in");
	is($claims->{exp} - $claims->{iat}, $seconds, "$user at $path: exp");
	ok(!exists $claims->{lifetime}, "$user at $path: no claim");
}
$r = ask('heidi');
is($r->{status}, 500, 'a lifetime that is no number');
is($r->{json}{error}, 'server_error', '... is not a good grant');
ok($d->wait_log(qr/user "heidi": the grants' "lifetime" is no number of /),
    '... and that is logged');

# Who is refused: all the same
my @nobody = (
	[ 'an unknown user', 'nobody', 'x' ],
	[ 'a wrong password', 'alice', 'open sesamE' ],
	[ 'an empty password', 'alice', '' ],
	[ 'a disabled user with the right password', 'dave', 'dave' ],
	[ 'a disabled user with a wrong password', 'dave', 'x' ],
	[ 'the case of a name counts', 'Alice', 'open sesame' ],
);
my @headers = (
	[ 'no header', {} ],
	[ 'another scheme', { Authorization => 'Digest username="alice"' } ],
	[ 'a Bearer token', { Authorization => "Bearer $token" } ],
	[ 'no credentials', { Authorization => 'Basic' } ],
	[ 'not base64', { Authorization => 'Basic !!!!' } ],
	[ 'no colon', { Authorization => 'Basic ' . encode_base64('alice', '') } ],
	[ 'no user', { Authorization => Jwtd::basic('', 'open sesame') } ],
	[ 'a control character',
	    { Authorization => Jwtd::basic("alice\n", 'open sesame') } ],
	[ 'a NUL', { Authorization => Jwtd::basic('alice', "open sesame\0") } ],
	[ 'a user that is too long',
	    { Authorization => Jwtd::basic('a' x 256, 'x') } ],
);
my @refusals = (map({ [ $_->[0], $d->request(path => '/token',
    user => $_->[1], password => $_->[2]) ] } @nobody),
    map { [ $_->[0], $d->request(path => '/token', headers => $_->[1]) ] }
    @headers);
my %seen;
for (@refusals) {
	my ($name, $answer) = @$_;
	refused($answer, 401, 'invalid_client', $name);
	(my $text = $answer->{text}) =~ s/^Date: [^\r]*\r\n//m;
	push @{ $seen{$text} }, $name;
}
is(scalar keys %seen, 1, 'all refusals are the same, byte by byte')
    or diag explain \%seen;
$r = $d->request(path => '/other');
is(Jwtd::field($r, 'WWW-Authenticate'),
    'Basic realm="another place", charset="UTF-8"', "a location's own realm");
is($d->request(path => '/token', headers => { Authorization => 'bAsIc   '
    . encode_base64('bob:builder', '') })->{status}, 200,
    'the case of the scheme does not count');

# What else is refused
refused(ask('alice', body => $_->[1]), 400, $_->[0], "body: $_->[1]")
    for [ invalid_request => '' ], [ invalid_request => 'scope=read' ],
    [ invalid_request => 'grant_type=' ],
    [ unsupported_grant_type => 'grant_type=password&username=a&password=b' ],
    [ unsupported_grant_type => 'grant_type=authorization_code' ],
    [ unsupported_grant_type => 'grant_type=Client_Credentials' ],
    [ unsupported_grant_type => 'grant_type=client_credentials%20' ],
    map { [ invalid_request => "grant_type=client_credentials&$_" ] }
    'grant_type=client_credentials', 'scope=read&scope=read',
    'scope=read&scope=write', 'client_secret=open+sesame',
    'client_id=alice&client_secret=x', 'scope=%zz', 'scope=%2', 'scope=%00',
    "scope=\xc3\xa9";
is(post('alice', 'unknown=1&unknown=2&client_id=alice')->{status}, 200,
    'unknown parameters are ignored');
refused(ask('alice', path => '/token?scope=read&scope=read'), 400,
    'invalid_request', 'GET: a parameter twice');
is(claims(post('alice', '', path => '/token?scope=read&audience=none'))->{scope},
    'read write admin', "a POST's query is not read");
refused(post('alice', '', headers => { 'Content-Type' => $_ }), 400,
    'invalid_request', "content type \"$_\"")
    for '', 'text/plain', 'application/json', 'multipart/form-data',
    'application/x-www-form-urlencodedx', 'x; application/x-www-form-urlencoded';
refused(post('alice', '', headers => { 'Content-Type' => undef }), 400,
    'invalid_request', 'no content type');
is(post('alice', '', headers => { 'Content-Type' => $_ })->{status}, 200,
    "content type \"$_\"")
    for 'application/x-www-form-urlencoded; charset=UTF-8',
    'application/x-www-form-urlencoded ;charset=x',
    'Application/X-WWW-Form-Urlencoded';

# Methods and paths
for my $method (qw(PUT DELETE PATCH OPTIONS post)) {
	$r = ask('alice', method => $method);
	is($r->{status}, 405, "$method: status");
	is_deeply([ sort split /, */, Jwtd::field($r, 'Allow') // '' ],
	    [ qw(GET HEAD POST) ], "$method: Allow");
}
is(ask('alice', path => $_)->{status}, 404, "$_: not found")
    for qw(/ /token/ /tokens /Token /toke /token%2f);
is(ask('bob', path => $_)->{status}, 200, "$_: found")
    for qw(/token? /%74oken /token?x=y http://any.example/token);

# Tokens that are large, and that are too large
$r = post('big');
is($r->{status}, 200, 'large grants');
$token = $r->{json}{access_token};
cmp_ok(length $token, '>', 10000, 'large grants: a large token');
is((Jwtd::decode_token($token))[1]{blob}, 'x' x 7900, 'large grants: whole');
ok(Jwtd::token_verifies($token, $pem), 'large grants: the signature');
is($d->request(path => '/verify/x', bearer => $token)->{status}, 202,
    'large grants: the resource service takes it');
$r = ask('big');
is($r->{json}{token}, $r->{json}{access_token}, 'large grants: GET');
unlike($d->log, qr/"huge"/, 'nothing is logged of a user before');
refused(post('huge'), 500, 'server_error', 'grants that are too large');
like($d->log, qr/^jwtd-signer: .*user "huge": .*too large/m,
    'the log names the user');
is(post('bob')->{status}, 200, 'the next user is served');

# Nothing of a password is in the log
unlike($d->log, qr/sesame|builder/i, 'no password in the log');
my $log = $d->log;
my $status = $d->stop;
is($status, 0, 'the end');
is(() = $log =~ /^jwtd(?:-signer)?: .*(?:signal|ended with)/mg, 0,
    'no process has died');

# A lifetime
$d = Jwtd->start(signer => "\tlifetime 90s\n");
$d->user('bob', 'builder');
$r = $d->request(path => '/token', user => 'bob', password => 'builder');
is($r->{json}{expires_in}, 90, 'a configured lifetime');
$claims = claims($r);
is($claims->{exp} - $claims->{iat}, 90, 'a configured lifetime: exp');

done_testing();
