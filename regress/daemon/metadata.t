# The metadata of RFC 8414: what is in it, where it is, and how it is served.
use strict;
use warnings;

use Test::More;

use Jwtd;

my $path = '/.well-known/oauth-authorization-server';
my $grant = "grant\n\t\taudience \"api\"";

# two servers of one issuer, each with paths of its own
my $d = Jwtd->start(servers => <<"EOF");
server "one" {
	listen on 127.0.0.1 port 0
	location "/any/*" {
		$grant
	}
	location "/t\xc3\xb6ken \xe2\x82\xac" {
		$grant
	}
	location "/second" {
		$grant
	}
	location "/keys" { jwks }
	location "$path" { metadata }
	location "/.well-known/openid-configuration" { metadata }
}
server "two" {
	listen on 127.0.0.1 port 0
	location "/m/*" { metadata }
	location "/token" {
		$grant
	}
	location "/keys/*" { jwks }
}
EOF
$d->user('alice', 'pw');
my @two = (headers => { Host => 'two' });

sub get {
	my ($where, %arg) = @_;
	return $d->request(path => $where, %arg);
}

my %common = (issuer => 'https://issuer.example',
    grant_types_supported => [ 'client_credentials' ],
    token_endpoint_auth_methods_supported => [ 'client_secret_basic' ],
    response_types_supported => [ 'none' ],
    subject_types_supported => [ 'public' ],
    id_token_signing_alg_values_supported => [ 'RS256' ]);

my $r = get($path);
is($r->{status}, 200, 'status');
is(Jwtd::field($r, 'Content-Type'), 'application/json', 'type');
is_deeply($r->{json}, { %common,
    token_endpoint => 'https://issuer.example/t%C3%B6ken%20%E2%82%AC',
    jwks_uri => 'https://issuer.example/keys' }, 'members');
is(get('/.well-known/openid-configuration')->{body}, $r->{body},
    'the same at another location');
my %at = map { $_ => ($r->{json}{$_} // '') =~ s{^https://issuer\.example}{}r }
    qw(token_endpoint jwks_uri);
is(get($at{token_endpoint}, user => 'alice', password => 'pw')->{status}, 200,
    'its token endpoint gives a token');
is(get($at{token_endpoint}, user => 'alice', password => 'no')->{status}, 401,
    '... for the right password only');
is(scalar @{ get($at{jwks_uri})->{json}{keys} // [] }, 1,
    'its keys are there');

$r = get('/m/x', @two);
is_deeply($r->{json}, { %common,
    token_endpoint => 'https://issuer.example/token' },
    'a server without keys at one path has no jwks_uri');

# like the keys, it can be kept and asked for again
$r = get($path);
my ($etag, $cache) = map { Jwtd::field($r, $_) } qw(ETag Cache-Control);
like($etag, qr/^"[\w-]{20,}"$/, 'a strong ETag');
is($cache, Jwtd::field(get('/keys'), 'Cache-Control'),
    'Cache-Control as for the keys');
my %tags = map { (Jwtd::field(get($path), 'ETag'), 1) } 1 .. 12;
is_deeply([ keys %tags ], [ $etag ], 'every worker has the same');
isnt(Jwtd::field(get('/m/', @two), 'ETag'), $etag,
    'another text has another tag');
isnt(Jwtd::field(get('/keys'), 'ETag'), $etag, 'and so have the keys');
for my $method (qw(GET HEAD)) {
	my $not = get($path, method => $method,
	    headers => { 'If-None-Match' => $etag });
	is($not->{status}, 304, "$method that has it: 304");
	is($not->{body}, '', '... no body');
	is(Jwtd::field($not, 'ETag'), $etag, '... ETag');
	is(Jwtd::field($not, 'Cache-Control'), $cache, '... Cache-Control');
}
is(get($path, headers => { 'If-None-Match' => '"x"' })->{body}, $r->{body},
    'all of it for who has another');

my $head = get($path, method => 'HEAD');
is($head->{status}, 200, 'HEAD: status');
is($head->{body}, '', 'HEAD: no body');
is(Jwtd::field($head, $_), Jwtd::field($r, $_), "HEAD: $_")
    for qw(ETag Cache-Control Content-Type Content-Length);
for my $method (qw(POST PUT DELETE OPTIONS)) {
	my $no = get($path, method => $method);
	is($no->{status}, 405, "$method: status");
	is(Jwtd::field($no, 'Allow'), 'GET, HEAD', "$method: Allow");
}
is(get($_)->{status}, 404, "$_ is not there")
    for "$path/", "$path/one", '/.well-known/oauth-authorization';
is(get("$path?x=y")->{body}, $r->{body}, 'a query changes nothing');
is($d->stop, 0, 'it ends well');

# RFC 8414 section 3.1: the well-known part is between host and path
sub with_issuer {
	my ($issuer, $servers) = @_;
	my $new = Jwtd->prepare(servers => $servers);
	my $conf = $new->dir . '/jwtd.conf';
	Jwtd::write_file($conf, Jwtd::read_file($conf) =~
	    s{https://issuer\.example}{$issuer}r);
	return $new;
}
my $tenant = <<"EOF";
server "localhost" {
	listen on 127.0.0.1 port 0
	location "$path/tenant/a" { metadata }
	location "/tenant/a/.well-known/openid-configuration" { metadata }
	location "/tenant/a/token" {
		$grant
	}
	location "/tenant/a/keys" { jwks }
}
EOF
$d = with_issuer('https://issuer.example:8443/tenant/a', $tenant);
# two keys, the retired one of another algorithm
my $dir = $d->dir;
my $conf = "$dir/jwtd.conf";
$d->ctl([ 'key', 'new', '-t', 'ec', "$dir/new.pem" ]);
Jwtd::write_file($conf, Jwtd::read_file($conf) =~
    s{^(\tkey ".*?/)key\.pem"}{$1new.pem"\n$1key.pem" retired ps256}mr);
$d->launch;
$r = get("$path/tenant/a");
my $issuer = 'https://issuer.example:8443/tenant/a';
is_deeply($r->{json}, { %common, issuer => $issuer,
    token_endpoint => "$issuer/token", jwks_uri => "$issuer/keys",
    id_token_signing_alg_values_supported => [ 'ES256', 'PS256' ] },
    'an issuer with a path, and two keys');
is(get('/tenant/a/.well-known/openid-configuration')->{body}, $r->{body},
    'where OpenID Connect has it');
is(get($_)->{status}, 404, "$_ is not there")
    for $path, "/tenant/a$path", "$path/tenant/b";
is($d->stop, 0, 'it ends well');

# a new configuration, a new text
Jwtd::write_file($conf, Jwtd::read_file($conf) =~
    s{"/tenant/a/token"}{"/tenant/a/new"}r);
$d->launch;
$r = get("$path/tenant/a",
    headers => { 'If-None-Match' => Jwtd::field($r, 'ETag') });
is($r->{status}, 200, 'who has the old text gets the new one');
is($r->{json}{token_endpoint}, "$issuer/new", '... with what is new');
is($d->stop, 0, 'it ends well');

# what it cannot be made of
for ([ 'http://issuer.example', 'not "https://"' ],
    [ 'https://issuer.example/?a', 'query or fragment' ]) {
	my ($other, $why) = @$_;
	my ($status, $out) = Jwtd::run([ "$Jwtd::build/jwtd", '-n', '-f',
	    with_issuer($other, $tenant)->dir . '/jwtd.conf' ]);
	is($status, 1, "$other: refused");
	my $said = qq(location "$path/tenant/a" needs another issuer than )
	    . qq("$other": $why);
	like($out, qr/^jwtd: \S+:\d+: \Q$said\E$/m, "$other: why");
}

done_testing();
