# The resource service: 202 with its fields, 401, 403, the longest location.
use strict;
use warnings;

use Test::More;

use Jwtd;
use Token qw(signed token);

my $d = Jwtd->start(servers => <<'EOF');
server "localhost" {
	listen on 127.0.0.1 port 0
	location "/token" {
		grant
		audience "api"
	}
	location "/v/*" {
		resource
		audience "api"
	}
	location "/v/read" {
		resource
		audience "api"
		scope "read"
	}
	location "/v/read/*" {
		resource
		audience "api"
		scope "read write"
		realm "both"
	}
	location "/v/read/some/*" {
		resource
		audience "api"
	}
	location "/two" {
		resource
		audience { "web" "app" }
	}
	location "/f" {
		resource
		audience "api"
		forward claim "email" as "X-Auth-Email"
		forward claim "x" as "X-X"
		forward claim "sub" as "X-Sub"
	}
}
EOF
$d->user('alice', 'pw', '{"scope":"read","email":"alice@example.com"}');
$d->user('bob', 'pw', '{"email":"bob@example.com"}');
my $key = $d->dir . '/key.pem';

sub get {
	my ($path, $token, %arg) = @_;
	return $d->request(path => $path,
	    (defined $token ? (bearer => $token) : ()), %arg);
}
sub field { return Jwtd::field(@_) }
# status and challenge, as one text
sub answer {
	my ($r) = @_;
	return join ' ', $r->{status}, field($r, 'WWW-Authenticate') // ();
}
# status line and fields, but the date
sub head_of { return $_[0]->{head} =~ s/^Date: .*\r?\n//mr }

my $alice = $d->token('alice', 'pw');
my $bob = $d->token('bob', 'pw');

subtest 'what every 202 has' => sub {
	my $r = get('/v/x', $alice);
	is($r->{status}, 202, 'a good token');
	is($r->{body}, '', 'no body');
	is(field($r, 'Content-Length'), '0', '... and that is said');
	is(field($r, 'Content-Type'), undef, '... and it has no type');
	is(field($r, 'WWW-Authenticate'), undef, 'no challenge');
	is(field($r, 'X-Auth-Subject'), 'alice', 'the subject');
	is(field($r, 'X-Auth-Scope'), 'read', 'the scope');
	is(field($r, 'X-Auth-Email'), undef, 'what is not forwarded here');
	$r = get('/v/x', $bob);
	is(field($r, 'X-Auth-Subject'), 'bob', 'another subject');
	is(field($r, 'X-Auth-Scope'), '', 'an absent scope is empty');
	$r = get('/f', $bob);
	is(field($r, 'X-Auth-Email'), 'bob@example.com', 'a forwarded claim');
	is(field($r, 'X-X'), '', 'an absent one is empty');
	is(field($r, 'X-Sub'), 'bob', 'one that has a field already');
};

subtest 'any method' => sub {
	my $want = head_of(get('/v/x', $alice));
	for my $method (qw(HEAD POST PUT DELETE OPTIONS PATCH PROPFIND x-y!)) {
		my $r = get('/v/x', $alice, method => $method);
		is(head_of($r), $want, $method);
		is($r->{body}, '', '... no body');
		is(answer(get('/v/x', undef, method => $method)),
		    '401 Bearer realm="localhost"', '... without a token');
	}
	is(head_of(get('/v/x', $alice, method => $_, body => 'x' x 8192)),
	    $want, "$_ with a body") for qw(POST PUT PATCH DELETE GET);
	is(get('/v/x', $alice, method => 'PUT', body => 'x' x 8193)->{status},
	    413, 'a body that is too large');
	is(get('*', $alice, method => 'OPTIONS')->{status}, 400, 'OPTIONS *');
};

subtest 'no token, a bad one, too little scope' => sub {
	is(answer(get('/v/x')), '401 Bearer realm="localhost"', 'no token');
	my $r = get('/v/x', 'x');
	is(answer($r), '401 Bearer realm="localhost", error="invalid_token", '
	    . 'error_description="not a well-formed token"', 'a bad one');
	is(field($r, 'X-Auth-Subject'), undef, '... and no subject');
	is($r->{body}, '', '... and no body');
	$r = get('/v/x', token($key, exp => 1));
	is(answer($r), '401 Bearer realm="localhost", error="invalid_token", '
	    . 'error_description="expired"', 'an old one');

	is(answer(get('/v/read', $alice)), '202', 'the scope is there');
	$r = get('/v/read', $bob);
	is(answer($r), '403 Bearer realm="localhost", '
	    . 'error="insufficient_scope", '
	    . 'error_description="the token does not have the scope", '
	    . 'scope="read"', 'the scope is not there');
	is(field($r, 'X-Auth-Subject'), undef, '... and no subject');
	is($r->{body}, '', '... and no body');
	is(answer(get('/v/read')), '401 Bearer realm="localhost"',
	    'no token comes before no scope');
	is(get('/v/read', token($key, scope => $_))->{status}, 403,
	    "\"$_\" is another scope")
	    for '', 'READ', 'reader', 'rea', 'x-read', 'write';
	is(get('/v/read', token($key, scope => $_))->{status}, 202,
	    "\"$_\" has the scope") for 'read', 'a read', 'read b', 'a read b';
	is(answer(get('/v/read/x', $alice)), '403 Bearer realm="both", '
	    . 'error="insufficient_scope", '
	    . 'error_description="the token does not have the scope", '
	    . 'scope="read write"', 'one of two scopes, and a realm');
	is(answer(get('/v/read/x')), '401 Bearer realm="both"',
	    '... which is in the 401 too');
	is(get('/v/read/x', token($key, scope => 'write read'))->{status}, 202,
	    'both scopes in another order');
};

# whatever is kept of a token that was good, the answers stay what they are
subtest 'a token that was seen before' => sub {
	my $soon = time + 2 - 60;	# with the leeway, good for two seconds
	my $short = token($key, exp => $soon, iat => $soon - 60);
	my $first = head_of(get('/f', $bob));
	is(head_of(get('/f', $bob)), $first, 'the same answer') for 1 .. 5;
	is(get('/v/x', $bob)->{status}, 202, 'another place has its own');
	is(get('/v/read', $bob)->{status}, 403, '... or none');
	is(get('/two', $bob)->{status}, 401, '... for its own reasons');
	is(head_of(get('/f', $bob)), $first, 'the same answer still');
	my ($text, $last) = $bob =~ /(.*)(.)\z/;
	is(get('/f', $text . ($last eq 'A' ? 'B' : 'A'))->{status}, 401,
	    'nearly the same token');
	is(get('/f', $text)->{status}, 401, 'most of it');
	ok(Jwtd::wait_until(sub {
		my $status = get('/v/x', $short)->{status};
		return $status == 401 ? 1 : $status == 202 ? 0 : undef;
	}), 'one that is asked for until it expires');
};

subtest 'audiences' => sub {
	is(get('/two', token($key, aud => $_))->{status}, 202, "aud $_")
	    for qw(web app);
	is(get('/two', token($key, aud => [ 'api', 'app' ]))->{status}, 202,
	    'aud in a list');
	my $r = get('/two', $alice);
	is(answer($r), '401 Bearer realm="localhost", error="invalid_token", '
	    . 'error_description="\'aud\' does not name this audience"',
	    'one for another location');
	is(get('/v/x', token($key, aud => 'web'))->{status}, 401,
	    '... and the other way');
};

# bob has no scope, so that a location that asks for one says 403
subtest 'the longest location decides' => sub {
	my @paths = (
		[ '/v/', 202 ], [ '/v/x/y/z', 202 ], [ '/v/reader', 202 ],
		[ '/v/READ', 202 ], [ '/v//read', 202 ],
		[ '/v/read', 403 ], [ '/v/read?x=/v/x', 403 ],
		[ '/v/read?', 403 ], [ '/v/%72ead', 403 ],
		[ '/v/%72%65%61%64', 403 ], [ '/%76/read', 403 ],
		[ 'http://localhost/v/read', 403 ],
		[ '/v/read/', 403 ], [ '/v/read%2f', 403 ],
		[ '/v/read//some/x', 403 ], [ '/v/read/some', 403 ],
		[ '/v/read/some/', 202 ], [ '/v/read%2Fsome/x', 202 ],
		[ '/v/...', 202 ], [ '/v/.x', 202 ], [ '/v/x.', 202 ],
		[ '/v/..x', 202 ], [ '/v/a%20b', 202 ], [ '/v/x;y=1', 202 ],
		[ '/v', 404 ], [ '/', 404 ], [ '/V/x', 404 ],
		[ '//v/x', 404 ], [ '/two/', 404 ], [ '/two/x', 404 ],
		[ '/%2fv/x', 404 ],
	);
	for (@paths) {
		my ($path, $status) = @$_;
		is(get($path, $bob)->{status}, $status, $path);
	}
	is(get($_, $alice)->{status}, 400, $_) for '/v/.', '/v/..', '/v/./x',
	    '/v/../x', '/v/read/..', '/v/x/../read', '/.', '/..', '/../v/x',
	    '/v/%2e', '/v/%2E%2e', '/v/.%2e/x', '/v/x%2f..%2fread',
	    '/v/x%2f%2e%2e/read', '/v/%2e/read', '/v/%zz', '/v/%', '/v/%2',
	    '/v/%00', '/v/read%00', '/v/%0d%0a', '/v/%7f';
};

# accepted, with that text as the claim x
sub forwarded {
	my ($json) = @_;
	my $r = get('/f', signed($key, { alg => 'RS256' },
	    '{"iss":"https://issuer.example","sub":"alice","aud":"api",'
	    . '"exp":9999999999,"x":' . $json . '}'));
	is($r->{status}, 202, 'accepted') or diag($r->{text});
	return $r;
}

subtest 'how claims are written' => sub {
	my @values = (
		[ '"plain"', 'plain' ], [ '""', '' ],
		[ '"a b"', 'a b' ], [ '" a "', '%20a%20' ], [ '" "', '%20' ],
		[ '"100%"', '100%25' ], [ '"%41"', '%2541' ],
		[ '"a\"b\\\\c"', 'a"b\\c' ], [ '"a,b;c"', 'a,b;c' ],
		[ "\"J\xc3\xbcrgen\"", 'J%C3%BCrgen' ],
		[ '"\u20ac"', '%E2%82%AC' ],
		[ '"\ud83d\ude00"', '%F0%9F%98%80' ],
		[ '"a\r\nX-Evil: 1"', 'a%0D%0AX-Evil: 1' ],
		[ '"a\tb"', 'a%09b' ], [ '"\u007f"', '%7F' ],
		[ '0', '0' ], [ '-7', '-7' ], [ '1.5', '1.5' ],
		[ '9223372036854775807', '9223372036854775807' ],
		[ 'true', 'true' ], [ 'false', 'false' ], [ 'null', 'null' ],
		[ '[]', '[]' ], [ '{}', '{}' ],
		[ '[ 1, "a b" , { "c" : null } ]', '[1,"a b",{"c":null}]' ],
		[ '["\r\nX-Evil: 1"]', '["\r\nX-Evil: 1"]' ],
		[ '["%"]', '["%"]' ],
		[ '"' . 'x' x 1024 . '"', 'x' x 1024 ],
		[ '"' . 'x' x 1025 . '"', '' ],
		[ '"' . "\xc3\xa4" x 170 . '"', '%C3%A4' x 170 ],
		[ '"' . "\xc3\xa4" x 171 . '"', '' ],
		[ '["' . 'x' x 1020 . '"]', '["' . 'x' x 1020 . '"]' ],
		[ '["' . 'x' x 1021 . '"]', '' ],
	);
	for (@values) {
		my ($json, $want) = @$_;
		my $r = forwarded($json);
		is(field($r, 'X-X'), $want, 'claim ' . substr $json, 0, 40);
		unlike($r->{head}, qr/^X-Evil/mi, '... as one field')
		    if $json =~ /Evil/;
	}
	is(lc field(forwarded("[\"\xc3\xa4\"]"), 'X-X'), '["\u00e4"]',
	    'ASCII in lists too');
	is(field(forwarded($_), 'X-X'), $_, "claim $_")
	    for '0.1', '1e999', '12345678901234567890',
	    '[9223372036854775808]', '1.10';
	is(field(forwarded('["\u007f", "\\u007f"]'), 'X-X'),
	    '["\u007f","\\u007f"]', 'as it is written in the token');
	is(field(forwarded("[\"\x7f\"]"), 'X-X'), '["\u007f"]',
	    'no control character in a list');
};

subtest 'subject and scope' => sub {
	my $r = get('/v/x', token($key, sub => "J\x{fc}rgen 100%",
	    scope => 'a b:c'));
	is(field($r, 'X-Auth-Subject'), 'J%C3%BCrgen 100%25', 'the subject');
	is(field($r, 'X-Auth-Scope'), 'a b:c', 'the scope');
	$r = get('/v/x', token($key, sub => "root\r\nX-Evil: 1"));
	is(field($r, 'X-Auth-Subject'), 'root%0D%0AX-Evil: 1',
	    'a subject of two lines');
};

# a proxy copies our fields over the client's, if ours are always there
subtest "the client's own fields" => sub {
	my %own = ('X-Auth-Subject' => 'root', 'X-Auth-Scope' => 'all',
	    'X-Auth-Email' => 'root@example.com', 'X-X' => 'y',
	    'x-auth-subject' => 'root');
	is(head_of(get('/f', $bob, headers => \%own)),
	    head_of(get('/f', $bob)), 'change nothing with a token');
	is(head_of(get('/f', undef, headers => \%own)),
	    head_of(get('/f')), 'change nothing without one');
	my $r = get('/f', $bob, headers => \%own);
	for (qw(X-Auth-Subject X-Auth-Scope X-Auth-Email X-X)) {
		my @all = $r->{head} =~ /^\Q$_\E:/mig;
		is(scalar @all, 1, "$_ is there once");
	}
	unlike($r->{head}, qr/root/, "nothing of the client's is there");
};

is($d->stop, 0, 'it ends well');

done_testing();
