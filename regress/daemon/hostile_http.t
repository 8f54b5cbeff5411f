# Malformed, smuggled, oversized and trickled requests, raw over a socket: each
# gets one refusal and the end of its connection, and the daemon serves on.
use strict;
use warnings;

use IO::Select;
use MIME::Base64 qw(encode_base64);
use Test::More;
use Time::HiRes qw(sleep time);

use Jwtd;

$SIG{PIPE} = 'IGNORE';

my $d = Jwtd->start(globals => "timeout request 1s\n", servers => <<'EOF');
server "localhost" {
	listen on 127.0.0.1 port 0
	location "/token" {
		grant
		audience "api"
	}
}
EOF
$d->user('alice', 'open sesame', '{}');

my $pair = encode_base64('alice:open sesame', '');
my $basic = "Authorization: Basic $pair";
my $line = "GET /token HTTP/1.1\r\n";
my $head = "${line}Host: h\r\n";
my $post = "POST /token HTTP/1.1\r\nHost: h\r\n$basic\r\n" .
    "Content-Type: application/x-www-form-urlencoded\r\n";
my $chunked = "${post}Transfer-Encoding: chunked\r\n\r\n";
my $close = "Host: h\r\nConnection: close\r\n\r\n";
# what an attacker wants to have taken for a second request
my $inner = "GET /token HTTP/1.1\r\nHost: h\r\n$basic\r\n\r\n";

sub statuses { return [ $_[0] =~ m{^HTTP/1\.[01] (\d{3})}mg ] }

# has the other end closed, after whatever it may have said?
sub ended {
	my ($s) = @_;
	my $select = IO::Select->new($s);
	while ($select->can_read(2)) {
		return 1 if !sysread($s, my $rest, 4096);
	}
	return 0;
}

sub alive {
	my $answer = Jwtd::talk($d->connect, "GET /none HTTP/1.1\r\n$close", 5);
	return $answer =~ m{^HTTP/1\.1 404 };
}

sub refused {
	my ($status, $name, $bytes) = @_;
	my $s = $d->connect;
	my $answer = Jwtd::talk($s, $bytes, 5);
	subtest $name => sub {
		is_deeply(statuses($answer), [ $status ], 'one answer');
		ok(ended($s), 'the end');
		ok(alive(), 'the next is served');
	};
}

sub granted {
	my $answer = Jwtd::talk($d->connect,
	    "GET /token HTTP/1.1\r\n$basic\r\n$close", 10);
	like($answer, qr{^HTTP/1\.1 200 .*"access_token"}s, $_[0]);
}

granted('a good request, before');

# status, name, bytes
my @bad = (
	# the request line
	[ 400, 'an empty head', "\r\n\r\n" ],
	[ 400, 'no target', "GET\r\n$close" ],
	[ 400, 'no version', "GET /token\r\n$close" ],
	[ 400, 'two spaces before the target', "GET  /token HTTP/1.1\r\n$close" ],
	[ 400, 'two spaces before the version', "GET /token  HTTP/1.1\r\n$close" ],
	[ 400, 'a space after the version', "GET /token HTTP/1.1 \r\n$close" ],
	[ 400, 'a tab in place of a space', "GET\t/token HTTP/1.1\r\n$close" ],
	[ 400, 'a space before the method', " $head\r\n" ],
	[ 400, 'a method that is no token', "G(T /token HTTP/1.1\r\n$close" ],
	[ 400, 'a target with a space', "GET /to ken HTTP/1.1\r\n$close" ],
	[ 400, 'a target with a fragment', "GET /token#x HTTP/1.1\r\n$close" ],
	[ 400, 'a target in UTF-8', "GET /\xc3\xa9 HTTP/1.1\r\n$close" ],
	[ 400, 'a target with NUL', "GET /to\0ken HTTP/1.1\r\n$close" ],
	[ 400, 'a target with ESC', "GET /to\x1bken HTTP/1.1\r\n$close" ],
	[ 400, 'a target without a slash', "GET token HTTP/1.1\r\n$close" ],
	[ 400, 'an asterisk for GET', "GET * HTTP/1.1\r\n$close" ],
	[ 400, 'CONNECT', "CONNECT h:443 HTTP/1.1\r\n$close" ],
	[ 400, 'a foreign scheme', "GET ftp://h/token HTTP/1.1\r\n$close" ],
	[ 400, 'a target with a user', "GET http://u\@h/token HTTP/1.1\r\n$close" ],
	[ 400, 'a target with no authority', "GET http:///token HTTP/1.1\r\n$close" ],
	[ 400, 'HTTP/0.9', "GET /token\r\n\r\n" ],
	[ 400, 'a version in lower case', "GET /token http/1.1\r\n$close" ],
	[ 400, 'a version with two digits', "GET /token HTTP/1.11\r\n$close" ],
	[ 505, 'HTTP/2.0', "GET /token HTTP/2.0\r\n$close" ],
	[ 505, 'the preface of h2', "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" ],
	[ 400, 'a TLS ClientHello', "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03" ],
	[ 400, 'bytes', join '', map { chr } 0 .. 255 ],
	# paths
	[ 400, 'a dot segment', "GET /x/../token HTTP/1.1\r\n$close" ],
	[ 400, 'an escaped dot segment', "GET /x/%2e%2e/token HTTP/1.1\r\n$close" ],
	[ 400, 'an escaped slash and dots', "GET /x%2f..%2ftoken HTTP/1.1\r\n$close" ],
	[ 400, 'an escaped NUL', "GET /token%00 HTTP/1.1\r\n$close" ],
	[ 400, 'an escaped CRLF', "GET /token%0d%0a HTTP/1.1\r\n$close" ],
	[ 400, 'half an escape', "GET /token%4 HTTP/1.1\r\n$close" ],
	# line ends
	[ 400, 'bare LF', "GET /token HTTP/1.1\nHost: h\n\n" ],
	[ 400, 'bare LF after a field', "${head}X: a\nY: b\r\n\r\n" ],
	[ 400, 'bare LF at the end', "$head\n" ],
	[ 400, 'bare CR in a value', "${head}X: a\rY: b\r\n\r\n" ],
	[ 400, 'two CR', "${head}X: a\r\r\n\r\n" ],
	[ 400, 'three empty lines first', "\r\n\r\n\r\n$head\r\n" ],
	# fields
	[ 400, 'obs-fold', "${head}X: a\r\n b\r\n\r\n" ],
	[ 400, 'obs-fold of the first field', "$line Host: h\r\n\r\n" ],
	[ 400, 'a space before the colon', "${head}X : a\r\n\r\n" ],
	[ 400, 'a tab before the colon', "${head}X\t: a\r\n\r\n" ],
	[ 400, 'no colon', "${head}X\r\n\r\n" ],
	[ 400, 'no name', "${head}: a\r\n\r\n" ],
	[ 400, 'a name that is no token', "${head}X\@Y: a\r\n\r\n" ],
	[ 400, 'a name in UTF-8', "${head}X\xc3\xa9: a\r\n\r\n" ],
	[ 400, 'NUL in a name', "${head}X\0Y: a\r\n\r\n" ],
	[ 400, 'NUL in a value', "${head}X: a\0b\r\n\r\n" ],
	[ 400, 'ESC in a value', "${head}X: a\x1b[2J\r\n\r\n" ],
	[ 400, 'DEL in a value', "${head}X: a\x7f\r\n\r\n" ],
	[ 400, 'no Host', "$line\r\n" ],
	[ 400, 'two Hosts', "${head}Host: h\r\n\r\n" ],
	[ 400, 'a Host with a user', "${line}Host: u\@h\r\n\r\n" ],
	[ 400, 'a Host with a path', "${line}Host: h/token\r\n\r\n" ],
	[ 400, 'a Host with a space', "${line}Host: a b\r\n\r\n" ],
	[ 400, 'a Host that is a port', "${line}Host: :80\r\n\r\n" ],
	[ 400, 'a Host with a bad port', "${line}Host: h:80x\r\n\r\n" ],
	[ 400, 'a Host with half an address', "${line}Host: [::1\r\n\r\n" ],
	[ 400, 'two Authorizations', "$head$basic\r\n$basic\r\n\r\n" ],
	[ 400, 'two Content-Types', "${post}Content-Type: a/b\r\n\r\n" ],
	[ 417, 'an unknown expectation', "${head}Expect: a\r\n\r\n" ],
	[ 400, 'two expectations',
	    "${head}Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n" ],
	# sizes
	[ 431, 'a long field', "${head}X: " . 'a' x 20000 . "\r\n\r\n" ],
	[ 431, 'a long target', 'GET /' . 'a' x 20000 . " HTTP/1.1\r\n$close" ],
	[ 431, 'many fields', $head . "X: a\r\n" x 101 . "\r\n" ],
	[ 431, 'no end', "${head}X: " . 'a' x 20000 ],
	[ 413, 'a large body', "${post}Content-Length: 8193\r\n\r\n" . 'a' x 8193 ],
	[ 413, 'a huge body', "${post}Content-Length: 4294967297\r\n\r\n" ],
	[ 413, 'a body past any integer',
	    "${post}Content-Length: 18446744073709551617\r\n\r\na" ],
	[ 413, 'a large chunk', "${chunked}2001\r\n" . 'a' x 8193 ],
	[ 413, 'a huge chunk', "${chunked}ffffffff\r\na" ],
	[ 413, 'many small chunks', $chunked . "1\r\na\r\n" x 4000 ],
	# framing
	[ 400, 'an empty Content-Length', "${post}Content-Length:\r\n\r\n" ],
	[ 400, 'a negative Content-Length', "${post}Content-Length: -1\r\n\r\n" ],
	[ 400, 'a Content-Length with a sign', "${post}Content-Length: +1\r\n\r\na" ],
	[ 400, 'a hexadecimal Content-Length', "${post}Content-Length: 0x1\r\n\r\na" ],
	[ 400, 'a list of Content-Lengths', "${post}Content-Length: 1, 1\r\n\r\na" ],
	[ 400, 'an unknown coding and a length',
	    "${post}Transfer-Encoding: x\r\nContent-Length: 1\r\n\r\na" ],
	[ 501, 'an unknown coding', "${post}Transfer-Encoding: gzip\r\n\r\na" ],
	[ 501, 'two codings', "${post}Transfer-Encoding: gzip, chunked\r\n\r\na" ],
	[ 400, 'chunked in 1.0',
	    "POST /token HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" ],
	# chunks
	[ 400, 'a chunk without a size', "$chunked\r\n" ],
	[ 400, 'a chunk of size 0x1', "${chunked}0x1\r\na\r\n0\r\n\r\n" ],
	[ 400, 'a chunk of size -1', "${chunked}-1\r\na\r\n0\r\n\r\n" ],
	[ 400, 'a size with nine digits', "${chunked}000000001\r\na\r\n0\r\n\r\n" ],
	[ 400, 'a size that ends in LF', "${chunked}1\na\r\n0\r\n\r\n" ],
	[ 400, 'a chunk without its CRLF', "${chunked}1\r\na0\r\n\r\n" ],
	[ 400, 'a chunk longer than its size', "${chunked}1\r\nab\r\n0\r\n\r\n" ],
	[ 400, 'a long extension', "${chunked}1;" . 'x' x 9000 ],
	[ 400, 'a bad trailer', "${chunked}0\r\nX : a\r\n\r\n" ],
	[ 400, 'a folded trailer', "${chunked}0\r\nX: a\r\n b\r\n\r\n" ],
);
refused(@$_) for @bad;

# each hides a second request from somebody: exactly one answer
my @smuggled = (
	[ 400, 'CL.TE', "${post}Content-Length: 6\r\n" .
	    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n$inner" ],
	[ 400, 'TE.CL', "${post}Transfer-Encoding: chunked\r\n" .
	    "Content-Length: 4\r\n\r\n0\r\n\r\n$inner" ],
	[ 400, 'CL.CL', "${post}Content-Length: 0\r\nContent-Length: " .
	    length($inner) . "\r\n\r\n$inner" ],
	[ 400, 'the same Content-Length twice', "${post}Content-Length: 0\r\n" .
	    "Content-Length: 0\r\n\r\n$inner" ],
	[ 400, 'TE.TE', "${post}Transfer-Encoding: chunked\r\n" .
	    "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n$inner" ],
	[ 400, 'TE behind a space', "${post}Transfer-Encoding : chunked\r\n" .
	    "Content-Length: 0\r\n\r\n$inner" ],
	[ 400, 'TE behind a fold', "${post}X: a\r\n Transfer-Encoding: chunked" .
	    "\r\n\r\n0\r\n\r\n$inner" ],
	[ 400, 'TE behind LF', "${post}X: a\nTransfer-Encoding: chunked\r\n" .
	    "\r\n0\r\n\r\n$inner" ],
	[ 400, 'TE behind VT', "${post}Transfer-Encoding: \x0bchunked\r\n" .
	    "\r\n0\r\n\r\n$inner" ],
	[ 501, 'TE that only ends in chunked',
	    "${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n$inner" ],
	[ 501, 'TE that only begins with chunked',
	    "${post}Transfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n$inner" ],
	[ 400, 'an end with LF', "$head\n$inner" ],
	[ 400, 'a chunk size in two readings',
	    "${chunked}1 0\r\na\r\n0\r\n\r\n$inner" ],
	[ 400, 'an extension with LF', "${chunked}1;\na\r\n0\r\n\r\n$inner" ],
	[ 400, 'an end of chunks with LF', "${chunked}0\n\n$inner" ],
	[ 413, 'a body too large, with a request in it',
	    "${post}Content-Length: 9000\r\n\r\n$inner" ],
	[ 417, 'an expectation, and a request as its body',
	    "${post}Expect: x\r\nContent-Length: " . length($inner) .
	    "\r\n\r\n$inner" ],
);
refused(@$_) for @smuggled;

# a request that is good and the bad one behind it
my $answer = Jwtd::talk($d->connect,
    "GET /none HTTP/1.1\r\nHost: h\r\n\r\nGET /none HTTP/1.1\r\nX\r\n\r\n$inner", 5);
is_deeply(statuses($answer), [ 404, 400 ], 'a bad one ends a pipeline');
$answer = Jwtd::talk($d->connect,
    "GET /none HTTP/1.1\r\nHost: h\r\n\r\n\r\nGET /none HTTP/1.1\r\n$close", 5);
is_deeply(statuses($answer), [ 404, 404 ], 'an empty line between two is good');

# half a request and then nothing: no answer but a refusal
for my $half ('GET /tok', $head, "${post}Content-Length: 10\r\n\r\nabc",
    "${chunked}5\r\nab") {
	my $s = $d->connect;
	syswrite $s, $half;
	shutdown $s, 1;
	$answer = Jwtd::talk($s, '', 5);
	unlike($answer, qr{^HTTP/1\.1 2}, 'half a request gets nothing');
	ok(ended($s), '... and the end');
}

# seconds until the daemon cuts a client that sends $start, and then $drop for
# as long as it may
sub cut_after {
	my ($start, $drop) = @_;
	my $s = $d->connect;
	my $began = time;
	my $select = IO::Select->new($s);
	syswrite $s, $start if length $start;
	while (time - $began < 6) {
		if ($select->can_read(0.1)) {
			last if !sysread($s, my $buf, 4096);
			next;
		}
		syswrite $s, $drop if length $drop;
	}
	return time - $began;
}

for my $slow (
	[ 'a silent client', '', '' ],
	[ 'a trickled request line', 'GET /', 'a' ],
	[ 'trickled fields', $head, "X: a\r\n" ],
	[ 'a trickled field', "${head}X: ", 'a' ],
	[ 'a head and no body', "${post}Content-Length: 1000\r\n\r\n", '' ],
	[ 'a trickled body', "${post}Content-Length: 1000\r\n\r\n", 'a' ],
	[ 'trickled chunks', $chunked, "1\r\na\r\n" ],
) {
	my ($name, $start, $drop) = @$slow;
	my $took = cut_after($start, $drop);
	ok($took > 0.5 && $took < 3.5, sprintf '%s is cut after %.1f s', $name,
	    $took);
}

# many of them at once keep nobody else from being served
my @slow = map { $d->connect } 1 .. 50;
syswrite $_, "${head}X: a" for @slow;
my $began = time;
ok(alive(), 'served beside 50 slow ones');
ok(time - $began < 1, '... at once');
sleep 2;
is(scalar(grep { !ended($_) } @slow), 0, '... which are all cut');

granted('a good request, after');
unlike($d->log, qr/open sesame|\Q$pair\E/, 'no credential in the log');
$d->stop;
done_testing;
