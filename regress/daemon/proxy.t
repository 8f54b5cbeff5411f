# Whom the daemon takes a client for: the PROXY protocol, written by hand, and
# X-Forwarded-For.
use strict;
use warnings;

use IO::Socket::INET;
use Socket qw(AF_INET6 IPPROTO_TCP SHUT_WR TCP_NODELAY inet_aton inet_pton);
use Test::More;
use Time::HiRes qw(time);

use Jwtd;

plan skip_all => 'no IO::Socket::SSL'
    unless eval { require IO::Socket::SSL };

$SIG{PIPE} = 'IGNORE';

my $locations = <<'EOT';
	location "/token" {
		grant
		audience "api"
	}
	location "/health" { health }
EOT
my $d = Jwtd->start(tls => 1, globals => "timeout request 2s\n",
    servers => <<"EOT");
server "plain" {
	listen on 127.0.0.1 port 0 proxy
	listen on 127.0.0.2 tls port 0 proxy
	listen on "DIR/proxy.sock" proxy
	tls {
		certificate "DIR/tls.crt"
		key "DIR/tls.key"
	}
$locations}
server "strict" {
	listen on 127.0.0.1 port 0 proxy
	listen on 127.0.0.3 port 0 proxy
	listen on "DIR/strict.sock" proxy
	trusted proxy { 192.0.2.1 }
$locations}
server "trusting" {
	listen on 127.0.0.4 port 0 proxy
	listen on 127.0.0.6 port 0
	listen on "DIR/trusting.sock"
	trusted proxy { 127.0.0.5 10.0.0.0/8 }
$locations}
server "none" {
	listen on 127.0.0.7 port 0 proxy
	listen on 127.0.0.8 port 0
	listen on "DIR/none.sock"
$locations}
EOT
my %port = $d->log =~ /listening on (\S+) port (\d+)/g;
my $dir = $d->dir;

sub header {
	my ($bytes, $more) = @_;
	return "\r\n\r\n\0\r\nQUIT\n" . $bytes
	    . pack('n', length $more) . $more;
}
sub v4 {
	my ($source, $more) = @_;
	return header("\x21\x11", inet_aton($source)
	    . inet_aton('127.0.0.1') . pack('nn', 1234, 80) . ($more // ''));
}
sub v6 {
	my ($source) = @_;
	return header("\x21\x21", inet_pton(AF_INET6, $source)
	    . inet_pton(AF_INET6, '::1') . pack('nn', 1234, 80));
}

# To that address, or Unix socket, from an address that may be another.
sub dial {
	my ($to, $from) = @_;
	return $d->connect_unix("$dir/$to") if $to =~ /sock$/;
	return IO::Socket::INET->new(PeerAddr => $to, PeerPort => $port{$to},
	    LocalAddr => $from // '127.0.0.1', Proto => 'tcp')
	    || die "connect: $!";
}

sub get {
	my ($path, %headers) = @_;
	return Jwtd::text(path => $path, headers => \%headers);
}

# What the log says of the client of one more grant, after these bytes; fields
# may be a text.
sub client {
	my ($s, $header, @forwarded) = @_;
	my $request = get('/token');
	$request =~ s/\r\n\r\n/\r\n$_\r\n\r\n/
	    for map { "X-Forwarded-For: $_" } @forwarded;
	my $lines = () = $d->log =~ /grant user=/g;
	my $r = Jwtd::ask($s, $header . $request);
	return "status $r->{status}" if $r->{status} != 401;
	my @found = $d->log =~ /grant user="" client=(\S+) .*status=401 /mg;
	return @found == $lines + 1 ? $found[-1] : 'no line';
}

# The connection ends without an answer, and not because time was over: that
# would not be in the log.
sub closed_silently {
	my ($to, $bytes, $what) = @_;
	my $why = qr/a good PROXY header|may not send a PROXY header/;
	my $lines = () = $d->log =~ /$why/g;
	is(Jwtd::talk(dial($to), $bytes, $Jwtd::patience), '', "$what: no answer");
	my $new = () = $d->log =~ /$why/g;
	is($new, $lines + 1, "$what: and the end");
}

# Loopback may speak for others, where nothing else is said
my $four = '192.0.2.55';
is(client(dial('127.0.0.7'), v4($four)), $four, 'IPv4');
is(client(dial('127.0.0.7'), v6('2001:db8::5')), '2001:db8::5', 'IPv6');
is(client(dial('127.0.0.7'), v6("::ffff:$four")), $four, 'IPv4 in IPv6');
is(client(dial('127.0.0.7', '127.0.0.9'), header("\x20\0", '')), '127.0.0.9',
    'LOCAL: the proxy itself');
is(client(dial('127.0.0.7'), header("\x20\x11", 'x' x 12)), '127.0.0.1',
    'LOCAL: whatever follows');
is(client(dial('127.0.0.7'), header("\x21\0", '')), '127.0.0.1', 'UNSPEC');
is(client(dial('127.0.0.7'), header("\x21\x31", "\0" x 216)), 'unix', 'UNIX');
is(client(dial('127.0.0.7'), v4($four, "\x04\0\x03xyz")), $four, 'with a TLV');
is(client(dial('127.0.0.7'), v4($four, 'x' x 508)), $four,
    'as long as can be');
is(client(dial('proxy.sock'), v4($four)), $four, 'over a Unix socket');
is(client(dial('strict.sock'), v4($four)), $four,
    'over a Unix socket, with a block');
is(client(dial('127.0.0.7'), v4($four), '6.6.6.6'), $four,
    'and no X-Forwarded-For counts');
is(client(dial('none.sock'), '', '6.6.6.6'), 'unix',
    'nor that of a Unix socket, without a block');
is(client(dial('127.0.0.8'), '', '6.6.6.6'), '127.0.0.1',
    'nor without PROXY');

# Nothing of what follows is lost, and the client stays
my $s = dial('127.0.0.7');
Jwtd::send_all($s, v4($four) . get('/health') . get('/none')
    . get('/token') . get('/health'));
is(join(' ', map { $_->{status} } Jwtd::answers($s, 4)), '200 404 401 200',
    'pipelined behind the header, in one write');
is(client($s, ''), $four, 'and the next one has the same client');
is(Jwtd::ask($s, v4($four))->{status}, 400, 'there is one header, no more');

for my $to ('127.0.0.7', 'proxy.sock') {
	my $s = dial($to);
	setsockopt $s, IPPROTO_TCP, TCP_NODELAY, 1 if $to !~ /sock/;
	for my $byte (split //, v6('2001:db8::6')) {
		Jwtd::send_all($s, $byte);
		select undef, undef, undef, 0.001;
	}
	is(client($s, ''), '2001:db8::6', "byte by byte to $to");
}

# TLS comes after it
sub tls {
	my ($s) = @_;
	return IO::Socket::SSL->start_SSL($s, SSL_verify_mode => 0,
	    SSL_hostname => 'localhost') || die 'TLS';
}
$s = dial('127.0.0.2');
Jwtd::send_all($s, v4($four));
is(client(tls($s), ''), $four, 'before TLS');
SKIP: {
	my $cork = eval { Socket::TCP_CORK() } or skip 'no TCP_CORK', 1;
	my $s = dial('127.0.0.2');
	setsockopt $s, IPPROTO_TCP, $cork, 1;
	Jwtd::send_all($s, v4($four));
	is(client(tls($s), ''), $four, 'before TLS, in one packet');
}
$s = dial('127.0.0.2');
ok(!eval { tls($s) }, 'TLS without it does not begin');

# Anything else ends the connection, without an answer
my $good = v4($four);
my %bad = (
	'version 1' => "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
	'no header' => get('/health'),
	'an empty line and a request' => "\r\n\r\n" . get('/health'),
	'garbage' => join('', map { chr($_ * 7 % 256) } 1 .. 600),
	'too long' => v4($four, 'x' x 509),
	'much too long' => header("\x21\x11", 'x' x 65535),
	'a bad signature' => ($good =~ s/QUIT/quit/r),
	'another version' => ($good =~ s/\x21/\x31/r),
	'another command' => ($good =~ s/\x21/\x22/r),
	'UDP' => ($good =~ s/\x11/\x12/r),
	'another family' => ($good =~ s/\x11/\x41/r),
	'too short for IPv4' => header("\x21\x11", 'x' x 11),
	'too short for IPv6' => header("\x21\x21", 'x' x 35),
	'too short for Unix' => header("\x21\x31", 'x' x 215)
);
for my $name (sort keys %bad) {
	for my $to ('127.0.0.7', '127.0.0.2') {
		closed_silently($to, $bad{$name} . get('/health'),
		    "$name, to $to");
	}
}
for my $n (0, 1, 11, 12, 15, 16, 20, length($good) - 1) {
	my $s = dial('127.0.0.7');
	Jwtd::send_all($s, substr $good, 0, $n);
	shutdown $s, SHUT_WR;
	ok(Jwtd::closes($s), "$n bytes and no more: closed");
}
my $begin = time;
my @slow = map {
	my $s = dial($_ % 2 ? '127.0.0.7' : '127.0.0.2');
	Jwtd::send_all($s, substr $good, 0, $_);
	$s;
} 0 .. length($good) - 1;
is(join('', map { Jwtd::talk($_, '', 10) } @slow), '',
    'cut anywhere: no answer');
my $took = time - $begin;
cmp_ok($took, '>', 1, 'cut anywhere: not before the deadline');
cmp_ok($took, '<', 8, 'cut anywhere: but then');

# Who may not send it
closed_silently('127.0.0.3', $good . get('/health'), 'not in the block');
closed_silently('127.0.0.1', $good . get('/health'),
    'not in the block of another server that is there');
closed_silently('127.0.0.4', $good . get('/health'),
    'loopback, but not in the block');
is(client(dial('127.0.0.4', '127.0.0.5'), $good), $four, 'in the block');

# X-Forwarded-For
sub forwarded { return client(dial('127.0.0.6', shift), '', @_) }
is(forwarded('127.0.0.5', '192.0.2.7'), '192.0.2.7', 'a trusted proxy');
is(forwarded('127.0.0.5'), '127.0.0.5', 'one that says nothing');
is(forwarded('127.0.0.1', '192.0.2.7'), '127.0.0.1', 'somebody else');
is(forwarded('127.0.0.5', '6.6.6.6, 192.0.2.7, 10.9.9.9:80'), '192.0.2.7',
    'over others that are trusted');
is(forwarded('127.0.0.5', '6.6.6.6', '192.0.2.7', '10.9.9.9'), '192.0.2.7',
    'in several fields');
is(forwarded('127.0.0.5', ('6.6.6.6') x 50, '192.0.2.7'), '192.0.2.7',
    'in many fields');
is(forwarded('127.0.0.5', '6.6.6.6, unknown, 10.9.9.9'), '10.9.9.9',
    'up to what is none');
is(forwarded('127.0.0.5', '[2001:db8::7]:99'), '2001:db8::7', 'IPv6');
is(client(dial('trusting.sock'), '', '192.0.2.7'), '192.0.2.7',
    'over a Unix socket');
is(client(dial('127.0.0.4', '127.0.0.5'), v4('10.1.1.1'), '192.0.2.7'),
    '192.0.2.7', 'of one that PROXY names and that is trusted');
is(client(dial('127.0.0.4', '127.0.0.5'), v4('192.0.2.9'), '192.0.2.7'),
    '192.0.2.9', 'but not of another');

# The line in the log
$d->write_users(Jwtd::line('alice', 'secret-pw'));
my $token = $d->request(path => '/token', user => 'alice',
    password => 'secret-pw', socket => dial('127.0.0.8'))->{json}{token};
ok($token, 'a token');
like($d->log, qr/grant user="alice" client=127\.0\.0\.1 audience="\w+" scope="" status=200 reason=ok /m,
    'is logged');
my $odd = qq(a" client=6.6.6.6 status=200\\);
$d->request(path => '/token', user => $odd, password => 'secret-pw',
    socket => dial('127.0.0.8'));
like($d->log, qr/grant user="a\\" client=6\.6\.6\.6 status=200\\\\" client=127\.0\.0\.1 audience="\w+" scope="" status=401 reason=bad_credentials /m,
    'a name cannot end before it does');
$d->request(path => '/token', user => '"' x 255, password => 'secret-pw',
    socket => dial('127.0.0.8'));
like($d->log, qr/user="(?:\\"){147}\.\.\." client=127\.0\.0\.1 .* status=401 /m,
    'nor hide the rest');
unlike($d->log, qr/secret-pw|\Q$token\E/, 'no password, no token');

# One in the middle of its header does not keep the daemon
$s = dial('127.0.0.7');
Jwtd::send_all($s, substr $good, 0, 20);
unlike($d->log, qr/signal|ended with/, 'no process has died');
is($d->stop, 0, 'the end');

done_testing();
