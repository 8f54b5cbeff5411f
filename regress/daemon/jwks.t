# The published keys and who has them already: ETag and If-None-Match.
use strict;
use warnings;

use Test::More;

use Jwtd;

my $d = Jwtd->start;
my $path = '/.well-known/jwks.json';

sub get {
	my ($none_match, %arg) = @_;
	return $d->request(path => $path, headers => defined $none_match ?
	    { 'If-None-Match' => $none_match } : {}, %arg);
}

my $r = get();
my $etag = Jwtd::field($r, 'ETag');
my $cache = 'public, max-age=300';
is($r->{status}, 200, 'status');
is(Jwtd::field($r, 'Content-Type'), 'application/jwk-set+json', 'type');
is(Jwtd::field($r, 'Cache-Control'), $cache, 'Cache-Control');
like($etag, qr/^"[\w-]{20,}"$/, 'a strong ETag');
is(Jwtd::field(get(), 'ETag'), $etag, 'which stays');
my $head = get(undef, method => 'HEAD');
is(Jwtd::field($head, $_), Jwtd::field($r, $_), "HEAD: $_")
    for qw(ETag Cache-Control Content-Type Content-Length);
is($head->{body}, '', 'HEAD: no body');

for my $method (qw(GET HEAD)) {
	for my $value ($etag, "W/$etag", '*', qq("x", $etag), qq($etag,"x"),
	    qq(W/"x" , W/$etag)) {
		my $not = get($value, method => $method);
		is($not->{status}, 304, "$method, $value");
		is($not->{body}, '', '... no body');
		is(Jwtd::field($not, 'ETag'), $etag, '... ETag');
		is(Jwtd::field($not, 'Cache-Control'), $cache,
		    '... Cache-Control');
		ok(defined Jwtd::field($not, 'Date'), '... Date');
		is(Jwtd::field($not, $_), undef, "... no $_")
		    for qw(Content-Type Content-Length Transfer-Encoding);
	}
}
for my $value ('', '"x"', 'W/"x"', $etag =~ s/"//gr, lc $etag, "$etag x",
    "*, $etag", "\"x$etag\"") {
	my $full = get($value);
	is($full->{status}, 200, "If-None-Match: $value");
	is($full->{body}, $r->{body}, '... all of it');
}
is(get('*', method => 'POST')->{status}, 405, 'POST');
is($d->request(path => '/health', headers => { 'If-None-Match' => '*' })
    ->{status}, 200, 'another location has no tag');

# the connection goes on after an answer without a length
my $request = "GET $path HTTP/1.1\r\nHost: localhost\r\n"
    . "If-None-Match: $etag\r\n";
my $text = Jwtd::talk($d->connect, "$request\r\n$request\r\n$request"
    . "Connection: close\r\n\r\n");
is(() = $text =~ m{^HTTP/1\.1 304 Not Modified\r$}mg, 3,
    'three on one connection');
$text = Jwtd::talk($d->connect, $request . "If-None-Match: \"x\"\r\n"
    . "Connection: close\r\n\r\n");
like($text, qr{^HTTP/1\.1 304 }, 'the field twice');

# a new key, a new tag
my $other = Jwtd->prepare;
unlink $other->dir . '/key.pem';
$other->ctl([ 'key', 'new', '-t', 'ec', $other->dir . '/key.pem' ]);
$other->launch;
isnt(Jwtd::field($other->request(path => $path), 'ETag'), $etag,
    'another key has another tag');
is($_->stop, 0, 'it ends well') for $d, $other;

done_testing();
