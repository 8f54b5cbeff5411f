# However the bytes of TLS come, in pieces, all at once, with an end in the
# middle: each whole request is answered, in its turn, and nothing else is.
use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Test::More;
use Time::HiRes qw(time);

use Jwtd;

plan skip_all => 'no Net::SSLeay' unless eval { require Net::SSLeay };
Net::SSLeay::initialize();

$SIG{PIPE} = 'IGNORE';

# one worker, so that connections are in each other's way
my $d = Jwtd->start(tls => 1, signer => undef, globals => "prefork 1\n",
    servers => <<'EOT');
server "localhost" {
	listen on 127.0.0.1 tls port 0
	listen on 127.0.0.2 tls port 0 proxy
	tls {
		certificate "DIR/tls.crt"
		key "DIR/tls.key"
	}
	location "/health" { health }
}
EOT
my ($port, $proxied) = $d->ports;
my $ctx = Net::SSLeay::CTX_new();
my $patience = 20;
# each session that could be resumed, of a ticket (RFC 8446 section 4.6.1)
my $sessions = 0;
Net::SSLeay::CTX_set_session_cache_mode($ctx,
    Net::SSLeay::SESS_CACHE_CLIENT());
Net::SSLeay::CTX_sess_set_new_cb($ctx, sub { $sessions++; 0 });

# TLS whose bytes are in our hands: what it wants to send is taken with taken().
sub client {
	my (%arg) = @_;
	my $s = IO::Socket::INET->new(PeerAddr => $arg{address} || '127.0.0.1',
	    PeerPort => $arg{port} || $port) or die "connect: $!";
	setsockopt $s, IPPROTO_TCP, TCP_NODELAY, 1;
	my $ssl = Net::SSLeay::new($ctx);
	Net::SSLeay::set_tlsext_host_name($ssl, 'localhost');
	Net::SSLeay::set_max_proto_version($ssl, $arg{version})
	    if $arg{version};
	my ($in, $out) = map { Net::SSLeay::BIO_new(Net::SSLeay::BIO_s_mem()) }
	    1 .. 2;
	Net::SSLeay::set_bio($ssl, $in, $out);
	Net::SSLeay::set_connect_state($ssl);
	my $c = { s => $s, ssl => $ssl, in => $in, out => $out, text => '' };
	shake($c, $arg{send} || \&all, $arg{before} // '');
	return $c;
}

sub taken {
	my ($c) = @_;
	my $n = Net::SSLeay::BIO_pending($c->{out});
	return $n ? Net::SSLeay::BIO_read($c->{out}, $n) : '';
}

sub all { Jwtd::send_all(@_) }

# byte by byte; when it is that far, the worker has often taken the one before
sub trickle { Jwtd::send_all($_[0], $_) for split //, $_[1] }

# Take what has come, or wait for it.  False at the end.
sub hear {
	my ($c) = @_;
	return 0 unless Jwtd::readable($c->{s}, $patience);
	return 0 unless sysread $c->{s}, my $bytes, 65536;
	Net::SSLeay::BIO_write($c->{in}, $bytes);
	return 1;
}

# The last that the client says is not sent: it goes with what comes next.
sub shake {
	my ($c, $send, $before) = @_;
	while (Net::SSLeay::do_handshake($c->{ssl}) != 1) {
		$send->($c->{s}, $before . taken($c));
		$before = '';
		hear($c) or die 'the handshake has ended';
	}
}

sub record {
	my ($c, $text) = @_;
	Net::SSLeay::write($c->{ssl}, $text) == length $text or die 'TLS';
	return taken($c);
}

sub read_tls {
	my ($c) = @_;
	while (length(my $text = Net::SSLeay::read($c->{ssl}) // '')) {
		$c->{text} .= $text;
	}
}

sub count { return scalar(() = $_[0]{text} =~ m{^HTTP/1\.1 200 }mg) }

# Read until there are so many answers in all.
sub answers {
	my ($c, $n) = @_;
	for (;;) {
		read_tls($c);
		return count($c) if count($c) >= $n || !hear($c);
	}
}

# Read until the end; returns the number of answers.
sub to_end {
	my ($c) = @_;
	1 while hear($c);
	read_tls($c);
	return count($c);
}

# Send while the answers are read; both can be large.
sub exchange {
	my ($c, $bytes) = @_;
	my ($r, $w) = map { IO::Select->new($c->{s}) } 1 .. 2;
	my $end = time + $patience;
	while (length $bytes && time < $end) {
		my ($can_read, $can_write) = IO::Select->select($r, $w, undef,
		    1);
		if (@{ $can_read || [] }) {
			hear($c) or last;
			read_tls($c);
		}
		next unless @{ $can_write || [] };
		$c->{s}->blocking(0);
		my $n = syswrite $c->{s}, $bytes;
		$c->{s}->blocking(1);
		substr $bytes, 0, $n, '' if $n;
	}
	return length $bytes;
}

my $get = "GET /health HTTP/1.1\r\nHost: localhost\r\n";
my $request = "$get\r\n";
my $last = "${get}Connection: close\r\n\r\n";
# as large as a head may be
my $large = $get . 'X: ' . 'x' x 16000 . "\r\n\r\n";

for my $version (Net::SSLeay::TLS1_2_VERSION(),
    Net::SSLeay::TLS1_3_VERSION()) {
	my $name = $version == Net::SSLeay::TLS1_2_VERSION() ? 'TLS 1.2' :
	    'TLS 1.3';
	my $c = client(version => $version);
	all($c->{s}, record($c, $request));
	is(answers($c, 1), 1, "$name: with the end of the handshake");
	is($sessions, 0, "$name: nothing to resume a session with");
	my $bytes = record($c, $request) . record($c, $request);
	for my $at (1 .. length($bytes) - 1) {
		all($c->{s}, substr $bytes, 0, $at);
		all($c->{s}, substr $bytes, $at);
		my $want = 1 + 2 * $at;
		last if answers($c, $want) != $want;
		$bytes = record($c, $request) . record($c, $request);
	}
	is(count($c), 2 * length($bytes) - 1,
	    "$name: two requests, cut in two at each byte");

	$c = client(version => $version, send => \&trickle);
	trickle($c->{s}, record($c, $request));
	is(answers($c, 1), 1, "$name: byte by byte");

	# 120 kB of requests in records of all sizes
	$c = client(version => $version);
	my $n = 2000;
	is(exchange($c, record($c, $request x $n)), 0, "$name: sent");
	is(answers($c, $n), $n, "$name: $n requests in the largest records");
	is(exchange($c, join '', map { record($c, $request) } 1 .. $n), 0,
	    'sent');
	is(answers($c, 2 * $n), 2 * $n, "$name: as many, in a record each");
	is(exchange($c, join '', map { record($c, $_) }
	    ($request x 11) =~ /(.{1,7})/gs), 0, 'sent');
	is(answers($c, 2 * $n + 11), 2 * $n + 11,
	    "$name: in records of seven bytes");
	is(exchange($c, record($c, $large x 20)), 0, 'sent');
	is(answers($c, 2 * $n + 31), 2 * $n + 31,
	    "$name: requests of which two do not fit");
}

# What does not fit is kept for as many as there are, while others go on.
my @many = map { client() } 1 .. 8;
$_->{left} = 0 for @many;
for my $c (@many) {
	my $bytes = record($c, $large x 8);
	$c->{s}->blocking(0);
	my $n = syswrite($c->{s}, $bytes) // 0;
	$c->{s}->blocking(1);
	$c->{rest} = substr $bytes, $n;
}
my $other = client();
for my $i (1 .. 20) {
	all($other->{s}, record($other, $request));
	last if answers($other, $i) != $i;
}
is(count($other), 20, 'another client, in between');
is(join(' ', map { exchange($_, $_->{rest}); answers($_, 8) } @many),
    join(' ', (8) x @many), 'the clients that sent too much at once');

# the end, with and without a word
for my $after ('', $request) {
	my $c = client();
	my $bytes = record($c, $request . $after);
	Net::SSLeay::shutdown($c->{ssl});
	all($c->{s}, $bytes . taken($c));
	is(to_end($c), $after ? 2 : 1, 'close_notify right after the request');
}
my $c = client();
my $bytes = record($c, $request);
my $half = record($c, $request);
all($c->{s}, $bytes . substr $half, 0, length($half) - 5);
shutdown $c->{s}, 1;
ok(to_end($c) <= 1, 'the end in the middle of a record');
$c = client();
all($c->{s}, substr record($c, $request), 0, 3);
shutdown $c->{s}, 1;
is(to_end($c), 0, 'the end in the middle of the head of a record');
$c = client();
all($c->{s}, record($c, $last) . record($c, $large) x 1);
is(to_end($c), 1, 'nothing is answered after the last request');
$c = client();
all($c->{s}, record($c, $request) . 'this is not TLS at all, is it?');
ok(to_end($c) <= 1, 'what is not TLS ends the connection');

# before TLS there is the PROXY header, in the same piece
$c = client(address => '127.0.0.2', port => $proxied,
    before => "\r\n\r\n\0\r\nQUIT\n" . pack('CCnNNnn', 0x21, 0x11, 12,
    0xc0000201, 0xc0000202, 1000, 443));
all($c->{s}, record($c, $request));
is(answers($c, 1), 1, 'TLS right after the PROXY header');

$c = client();
all($c->{s}, record($c, $request));
is(answers($c, 1), 1, 'and it serves on');
is(scalar(() = $d->log =~ /worker \d+ .*(?:signal|ended|exited)/g), 0,
    'no worker has ended');

done_testing;
