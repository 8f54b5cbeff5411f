# What the service manager hears, at a socket as sd_notify(3) has it: that the
# daemon is ready, alive, reloading and stopping; and no child has that socket.
use strict;
use warnings;

use IO::Socket::UNIX;
use Jwtd;
use Socket qw(SOCK_DGRAM);
use Test::More;
use Time::HiRes qw(CLOCK_MONOTONIC clock_gettime sleep time);

my ($manager, @heard);

# The next datagram, as a hash of its lines, that is no beat; or undef.
sub hear {
	my ($name) = @_;
	my $end = time + $Jwtd::patience;
	while (Jwtd::readable($manager, $end - time)) {
		$manager->recv(my $text, 4096);
		my %said = map { split /=/, $_, 2 } split /\n/, $text;
		push @heard, \%said;
		return \%said if exists $said{$name};
	}
	return {};
}

sub start {
	my ($path, @env) = @_;
	my $name = $path =~ s/^@/\0/r;
	@heard = ();
	$manager = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $name)
	    or die "$path: $!";
	return Jwtd->start(with => [ 'env', "NOTIFY_SOCKET=$path", @env ]);
}

my $dir = File::Temp::tempdir('jwtd-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
my $d = start("$dir/notify", 'WATCHDOG_USEC=400000');
is(hear('READY')->{READY}, 1, 'ready');
is($heard[-1]{STATUS}, 'ready', '... which is its status');

# half of the time that the manager waits
hear('WATCHDOG');
my $first = time;
my $beats = 0;
hear('WATCHDOG')->{WATCHDOG} && $beats++ for 1 .. 5;
my $took = time - $first;
is($beats, 5, 'it says that it is alive');
cmp_ok($took, '>=', 0.9, '... not more often than it has to');
cmp_ok($took, '<', 2.0, '... and often enough') unless $ENV{SAN};

my %before = map { $_ => 1 } Jwtd::family($d->pid);
# these are for root alone to see
for my $pid ($> == 0 ? ($d->pid, keys %before) : ()) {
	my $environ = Jwtd::read_file("/proc/$pid/environ");
	# the kernel shows what the parent was started with
	unlike($environ, qr/NOTIFY_SOCKET|WATCHDOG/,
	    Jwtd::title($pid) . ' has nothing of it in its environment')
	    if $pid != $d->pid;
	my @sockets = grep { defined }
	    map { readlink } glob "/proc/$pid/fd/*";
	my ($inode) = grep { /^socket:/ } @sockets;
	my $unix = Jwtd::read_file('/proc/net/unix');
	my %datagram = map { $_ => 1 } $unix =~
	    /^\S+ \S+ \S+ \S+ 0002 \S+ +(\d+)/mg;
	my @found = grep { /^socket:\[(\d+)\]/ && $datagram{$1} } @sockets;
	is(scalar @found, $pid == $d->pid ? 1 : 0,
	    Jwtd::title($pid) . ($pid == $d->pid ? ' has the socket'
	    : ' has not got the socket'));
}

# a reload
my $asked = clock_gettime(CLOCK_MONOTONIC) * 1e6;
kill 'HUP', $d->pid;
my $said = hear('RELOADING');
is($said->{RELOADING}, 1, 'reloading');
cmp_ok($said->{MONOTONIC_USEC}, '>=', int $asked,
    '... since a time after it was asked');
cmp_ok($said->{MONOTONIC_USEC}, '<=', clock_gettime(CLOCK_MONOTONIC) * 1e6,
    '... and before now');
$said = hear('READY');
is($said->{READY}, 1, '... and ready again');
is($said->{STATUS}, 'configuration reloaded', '... with what came of it');

# one that is refused, by the configuration and by a process
my $file = $d->dir . '/jwtd.conf';
my $good = Jwtd::read_file($file);
for ([ 'a bad configuration', sub { Jwtd::write_file($file, 'nonsense') } ],
    [ 'a bad key', sub { rename $d->dir . '/key.pem', $d->dir . '/old.pem' } ]) {
	my ($name, $spoil) = @$_;
	$spoil->();
	kill 'HUP', $d->pid;
	is(hear('RELOADING')->{RELOADING}, 1, "$name: reloading");
	$said = hear('READY');
	is($said->{READY}, 1, "$name: ready again");
	like($said->{STATUS}, qr/^not reloaded: /, "$name: the status tells");
	Jwtd::write_file($file, $good);
}

kill 'TERM', $d->pid;
is(hear('STOPPING')->{STOPPING}, 1, 'stopping');
is($d->stop, 0, 'the end');
$manager->blocking(0);
while (defined $manager->recv(my $text, 4096)) {
	unlike($text, qr/READY|RELOADING/, 'nothing else after it');
}

# a name in no file system; whose watchdog is not ours
$d = start("\@$dir/abstract", 'WATCHDOG_USEC=1000000', 'WATCHDOG_PID=1');
is(hear('READY')->{READY}, 1, 'an abstract name: ready');
ok(!(grep { $_->{WATCHDOG} } @heard),
    "somebody else's watchdog gets no beat");
is($d->stop, 0, 'an abstract name: the end');
ok(!(grep { $_->{WATCHDOG} } @heard), '... to the end');

# a manager that never listens does not stop the daemon, nor does none
$d = start("$dir/deaf", 'WATCHDOG_USEC=4000');
sleep 0.2;
kill 'HUP', $d->pid;
ok($d->wait_log(qr/configuration reloaded/), 'a deaf manager: it reloads');
is($d->stop, 0, 'a deaf manager: the end');
for my $path ("$dir/none", 'relative', '@', "/$dir" . 'x' x 200) {
	$d = Jwtd->start(with => [ 'env', "NOTIFY_SOCKET=$path" ]);
	like($d->log, qr/^jwtd: NOTIFY_SOCKET: /m,
	    "NOTIFY_SOCKET=$path is said to be wrong");
	is($d->stop, 0, '... and harms nobody');
}

done_testing;
