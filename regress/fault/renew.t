# tlskey or the signers are started again and find other keys, under load:
# nobody is refused meanwhile, not even while old clients keep old workers busy.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Fault qw(daemon load long calm settled lines);
use Jwtd;

plan skip_all => 'no IO::Socket::SSL'
    unless eval { require IO::Socket::SSL };

my $d = daemon(globals => "timeout request 6s\n");
my @titles = ('jwtd: tlskey', 'jwtd: worker 0', 'jwtd: worker 1',
    'jwtd-signer: master', 'jwtd-signer: signer 0', 'jwtd-signer: signer 1');
my $connections = 24;
# many of them with a new connection each, so that somebody always has to accept
my $load = load($d, '-c', $connections, '-r', 150, '-e', 500, '-s');
calm($load, 'before');

sub serial {
	my $s = eval { $d->connect_tls(($d->ports)[1], Timeout => 10,
	    PeerAddr => '127.0.0.2') } or return 'none';
	return Net::SSLeay::P_ASN1_INTEGER_get_hex(
	    Net::SSLeay::X509_get_serialNumber($s->peer_certificate));
}

sub wait_line {
	my ($pattern, $n) = @_;
	return Jwtd::wait_until(sub { lines($d, $pattern) >= $n });
}

my @all;
for my $round (1 .. 2 * long()) {
	my $what = "other certificates, $round";
	# each worker has somebody who is slow
	my @slow = map { $d->connect } 1 .. 8;
	Jwtd::send_all($_, 'GET /heal') for @slow;
	my $old = serial();
	my %old = settled($d, @titles);
	is(scalar keys %old, 6, "$what: the processes before");
	$d->make_certificate;
	$load->counts;
	kill 'KILL', $old{'jwtd: tlskey'};
	my $begin = time;
	ok(wait_line(qr/the workers are replaced$/m, $round),
	    "$what: the workers are replaced");
	my $took = time - $begin;
	cmp_ok($took, '<', 5, "$what: without waiting for slow clients")
	    unless $ENV{SAN};
	my ($count) = $load->during(0.2);
	is(Load::failures($count, qw(wrong cut lost stuck refused stale)), '',
	    "$what: no answer is wrong, and nobody is refused")
	    or diag $load->{last}, $load->complaints;
	# who was shaking hands with who had no key any more
	cmp_ok($count->{handshake}, '<=', $connections,
	    "$what: few handshakes have failed");
	cmp_ok($count->{resource_slowest}, '<', 1000 * $took + 2000,
	    "$what: nobody has waited for longer than that");
	note sprintf '%.1f s, %s', $took, $load->{last};
	my $new = serial();
	isnt($new, $old, "$what: the new one is served");
	calm($load, "$what: afterwards");
	ok(!Jwtd::readable($slow[0], 0), "$what: slow clients have their time");
	Jwtd::send_all($_, "th HTTP/1.1\r\nHost: x\r\n\r\n") for @slow;
	is(join(' ', map { (Jwtd::answers($_, 1))[0]{status} // 0 } @slow),
	    join(' ', (200) x @slow), "$what: and their answers");
	push @all, values %old;
	ok(Jwtd::wait_until(sub { !Jwtd::alive(@all) }),
	    "$what: the old processes end");
}

# What cannot be used changes nothing but the certificates
my $key = $d->dir . '/key.pem';
my $good = Jwtd::read_file($key);
my %old = settled($d, @titles);
my $serial = serial();
$d->make_certificate;
Jwtd::write_file($key, "no key\n", 0600);
kill 'KILL', $old{'jwtd: tlskey'};
ok(Jwtd::wait_until(sub {
	my %new = settled($d, @titles);
	return $new{'jwtd: tlskey'} != $old{'jwtd: tlskey'}
	    && $new{'jwtd: worker 0'} != $old{'jwtd: worker 0'}
	    && $new{'jwtd: worker 1'} != $old{'jwtd: worker 1'};
}), 'no new generation: the workers are replaced');
is(lines($d, qr/no new processes beside .*: the workers end first$/m), 1,
    'no new generation: the log says so');
isnt(serial(), $serial, 'no new generation: the new certificate is served');
my ($count) = $load->during(0.2);
is(Load::failures($count, qw(wrong cut lost stuck refused)), '',
    'no new generation: every answer is right') or diag $load->complaints;
Jwtd::write_file($key, $good, 0600);
calm($load, 'no new generation: afterwards');

# Other keys: old tokens are refused, and all who ask get new ones
unlink $key;
$d->make_key($key, 2048);
%old = settled($d, @titles);
kill 'KILL', $old{'jwtd-signer: master'};
ok(Jwtd::wait_until(sub {
	my %new = settled($d, @titles);
	return ($new{'jwtd-signer: master'} // 0) != $old{'jwtd-signer: master'};
}), 'other keys: the master is replaced');
($count) = $load->during(0.5);
is(Load::failures($count, qw(wrong cut lost stuck refused handshake closed)),
    '', 'other keys: every answer is right') or diag $load->complaints;
note $load->{last};
calm($load, 'other keys: afterwards, none is refused');
is(Load::failures($load->stop, qw(wrong lost)), '', 'the end of the load');
is($d->stop, 0, 'the end');

done_testing();
