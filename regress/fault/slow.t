# A thousand slow clients of every kind cost good ones nothing, and are cut.
use strict;
use warnings;

use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Socket qw(SOL_SOCKET SO_RCVBUF);
use Test::More;
use Time::HiRes qw(sleep time);

use Fault qw(daemon load long calm memory);
use Jwtd;

$SIG{PIPE} = 'IGNORE';

# as many descriptors as this test needs itself
my $each = 200;
if (POSIX::sysconf(POSIX::_SC_OPEN_MAX()) < 6 * $each && !$ENV{FAULT_AGAIN}) {
	$ENV{FAULT_AGAIN} = 1;
	exec 'sh', '-c', 'ulimit -n 2048; exec "$0" "$@"', $^X,
	    (map { "-I$_" } @INC), $0;
}
plan skip_all => 'not enough descriptors'
    if POSIX::sysconf(POSIX::_SC_OPEN_MAX()) < 6 * $each;

my $timeout = 3;
my $d = daemon(globals => "timeout request ${timeout}s\n"
    . "limit connections 2000\n");
my ($plain, $tls) = $d->ports;

my $post = "POST /token HTTP/1.1\r\nHost: x\r\n"
    . "Content-Type: application/x-www-form-urlencoded\r\n";
# name, port, what to send first, what to send again and again
my @kinds = (
	[ 'silent', [ '127.0.0.1', $plain ], '', '' ],
	[ 'a trickled head', [ '127.0.0.1', $plain ],
	    "GET /health HTTP/1.1\r\nA: ", 'x' ],
	[ 'a trickled body', [ '127.0.0.1', $plain ],
	    "${post}Content-Length: 5000\r\n\r\n", 'x' ],
	[ 'answers that are not read', [ '127.0.0.1', $plain ], '',
	    Jwtd::text(path => '/jwks') x 20 ],
	[ 'a silent handshake', [ '127.0.0.2', $tls ], '', '' ],
);

# All of them at once, in a process of their own: how many were cut, and when.
sub slow_clients {
	pipe my $read, my $write or die "pipe: $!";
	my $pid = fork() // die "fork: $!";
	if ($pid) {
		close $write;
		return { pid => $pid, read => $read };
	}
	my (@all, %cut, %early, %late);
	for my $kind (@kinds) {
		my ($name, $to, $first) = @$kind;
		for (1 .. $each) {
			my $s = IO::Socket::INET->new(PeerAddr => $to->[0],
			    PeerPort => $to->[1], Proto => 'tcp',
			    $name =~ /read/ ? (Sockopts => [ [ SO_RCVBUF,
			    pack 'l', 4096 ] ]) : ());
			if (!$s) {
				$cut{"$name: not accepted"}++;
				next;
			}
			syswrite $s, $first;
			$s->blocking(0);
			push @all, [ $s, $kind, time ];
		}
	}
	syswrite $write, "all\n";
	my $end = time + $timeout + 30;
	while (@all && time < $end && getppid() == $d->{owner}) {
		my @left;
		for my $one (@all) {
			my ($s, $kind, $begin) = @$one;
			my ($name, undef, undef, $more) = @$kind;
			my $n;
			if ($name =~ /read/) {
				$n = syswrite $s, $more;
				$n = 1 if !defined $n && $!{EAGAIN};
			} else {
				syswrite $s, $more if length $more;
				$n = sysread $s, my $bytes, 4096;
				$n = 1 if !defined $n && $!{EAGAIN};
			}
			if ($n) {
				push @left, $one;
				next;
			}
			my $took = time - $begin;
			$cut{$name}++;
			$early{$name}++ if $took < 0.7 * $timeout;
			$late{$name}++ if $took > $timeout + 8;
		}
		@all = @left;
		sleep 0.1;
	}
	syswrite $write, JSON::PP::encode_json({ cut => \%cut,
	    early => \%early, late => \%late }) . "\n";
	POSIX::_exit(0);
}

my @workers = $d->pids('jwtd: worker');
my $load = load($d, '-c', 8, '-r', 200);
calm($load, 'before', 0.5);
my ($before) = $load->during(2);
is(Load::failures($before, qw(busy wrong closed cut lost stuck refused
    handshake)), '', 'without slow clients: every answer is right');
note "without: $load->{last}";
my $start = memory(@workers);
my @most;
for my $round (1 .. 2 * long()) {
	my $what = "1,000 slow clients, $round";
	my $slow = slow_clients();
	is(readline $slow->{read}, "all\n", "$what: all are there");
	$load->counts;
	my ($during) = $load->during(2);
	is(Load::failures($during, qw(busy stale wrong closed cut lost stuck
	    refused handshake)), '', "$what: good ones have their answers")
	    or diag $load->{last}, $load->complaints;
	note "with: $load->{last}";
	# the most of the time until the last is cut
	push @most, 0;
	Jwtd::wait_until(sub {
		my $now = memory(@workers);
		$most[-1] = $now if $now > $most[-1];
		sleep 0.1;
		return Jwtd::readable($slow->{read}, 0);
	});
	my $text = readline $slow->{read};
	waitpid $slow->{pid}, 0;
	my $all = JSON::PP::decode_json($text);
	for (@kinds) {
		my ($name) = @$_;
		is($all->{cut}{$name}, $each, "$what: $name: all are cut");
		is($all->{early}{$name} // 0, 0, "$what: $name: not before");
		is($all->{late}{$name} // 0, 0, "$what: $name: in time");
	}
	# what the machine does besides is no matter of the daemon; somebody
	# who had to wait for slow ones would wait until they are cut
	for my $of (qw(grant resource)) {
		cmp_ok($during->{"${of}_median"}, '<',
		    10 * $before->{"${of}_median"} + 100,
		    "$what: median of $of requests");
		cmp_ok($during->{"${of}_slowest"}, '<', 900 * $timeout,
		    "$what: slowest of $of requests");
	}
	calm($load, "$what: afterwards");
}
$load->stop;
SKIP: {
	skip 'memory is not what it is', 2 if $ENV{SAN};
	cmp_ok($most[0] - $start, '<', 5 * $each * 64,
	    'less than 64 kB for each of them');
	# each worker keeps what it once needed, and chance gives it more
	cmp_ok($most[-1], '<', 1.5 * $most[0] + 8192,
	    'those that come later cost no more');
}
note "memory in kB: $start, @most, ", memory(@workers);
unlike($d->log, qr/signal|ended with|pausing/, 'nobody has died');
is($d->stop, 0, 'the end');

done_testing();
