# Listeners that the service manager has opened, passed on as sd_listen_fds(3)
# has it: the daemon serves on them, opens and closes none of them, and needs no
# network itself.
use strict;
use warnings;

use Fcntl qw(F_GETFD F_SETFD FD_CLOEXEC);
use IO::Socket::INET;
use IO::Socket::UNIX;
use Jwtd;
use Test::More;

my $dir = File::Temp::tempdir('jwtd-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0755, $dir;
my $tcp = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64)
    or die "listen: $!";
my $unix = IO::Socket::UNIX->new(Local => "$dir/sock", Listen => 64)
    or die "listen: $!";
chmod 0666, "$dir/sock";
my $port = $tcp->sockport;
my $locations = <<'EOT';
	location "/token" {
		grant
		audience "api"
	}
	location "/health" { health }
}
EOT
my $server = <<EOT;
server "localhost" {
	listen on 127.0.0.1 port $port
	listen on "$dir/sock"
$locations
EOT

# a command that puts the descriptors where they belong, and says so
sub passing {
	my (@fds) = @_;
	for my $fd (@fds) {
		fcntl $fd, F_SETFD, fcntl($fd, F_GETFD, 0) & ~FD_CLOEXEC;
	}
	my $n = @fds;
	return ('perl', '-MPOSIX', '-e', 'my @fds = splice @ARGV, 0, ' . $n
	    . '; my @high = map { POSIX::dup2($_, 50 + $_) } @fds;'
	    . ' POSIX::dup2($high[$_], 3 + $_) for 0 .. $#high;'
	    . ' $ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = ' . $n
	    . '; exec @ARGV; die', map { fileno $_ } @fds);
}

# In a network without an interface, if that can be had.
my @alone = $> == 0 && system('unshare -n true 2>/dev/null') == 0 ?
    ('unshare', '-n') : ();
my $d = Jwtd->prepare(servers => $server,
    with => [ @alone, passing($tcp, $unix) ]);
$d->launch;
$d->user('alice', 'secret');
sub get {
	return $d->request(path => '/health', @_)->{status};
}
ok(eval { $d->token('alice', 'secret') }, 'a token, at the port that was passed'
    . (@alone ? ', from a daemon without a network' : ''));
is(get(socket => $d->connect_unix("$dir/sock")), 200, '... and at the socket');
for my $pid ($> == 0 ? Jwtd::family($d->pid) : ()) {
	unlike(Jwtd::read_file("/proc/$pid/environ"), qr/LISTEN_/,
	    Jwtd::title($pid) . ' has nothing of it in its environment');
}

# left out of the configuration, and back again
my $file = $d->dir . '/jwtd.conf';
my $text = Jwtd::read_file($file);
sub reload {
	my ($new) = @_;
	my $before = () = $d->log =~ /configuration reloaded/g;
	Jwtd::write_file($file, $new);
	kill 'HUP', $d->pid;
	ok(Jwtd::wait_until(sub {
		(() = $d->log =~ /configuration reloaded/g) > $before
	}), 'reloaded');
}
reload($text =~ s/^\tlisten on "\Q$dir\E.*\n//mr);
ok(-S "$dir/sock", 'a socket that the configuration does not name stays');
reload($text);
is(get(), 200, 'the port after two reloads');
is(get(socket => $d->connect_unix("$dir/sock")), 200, '... and the socket');

is($d->stop, 0, 'the end');
ok(-S "$dir/sock", 'the socket stays');
ok($d->connect($port) && $d->connect_unix("$dir/sock"),
    '... and both take connections for the next one');

# not for us
$d = Jwtd->prepare(with => [ 'env', 'LISTEN_PID=1', 'LISTEN_FDS=2' ]);
$d->launch;
is(get(), 200, "somebody else's descriptors are none");
is($d->stop, 0, '... to the end');

# no listener
my $udp = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1')
    or die "udp: $!";
$d = Jwtd->prepare(with => [ passing($udp) ]);
$d->launch;
like($d->log, qr/descriptor 3 was passed and is no listener/,
    'what is no listener is named');
is(get(), 200, '... and not used');
is($d->stop, 0, '... to the end');

done_testing;
