# Reloads under load (RELOADS=100 for more): every request has its answer, processes do not
# accumulate, and the parent does not grow.
use strict;
use warnings;

use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use Jwtd;

plan skip_all => 'no IO::Socket::SSL'
    unless eval { require IO::Socket::SSL };

$SIG{PIPE} = 'IGNORE';

my $locations = <<'EOT';
	location "/token" {
		grant
		audience "api"
	}
	location "/verify" {
		resource
		audience "api"
	}
	location "/health" { health }
EOT
my $servers = <<"EOT";
server "localhost" {
	listen on 127.0.0.1 port 0
$locations}
server "tls.example" {
	listen on 127.0.0.2 tls port 0
	tls {
		certificate "DIR/tls.crt"
		key "DIR/tls.key"
	}
$locations}
EOT
my $d = Jwtd->prepare(tls => 1, servers => $servers,
    globals => "prefork 2\n");
$d->write_users(Jwtd::line('alice', 'pw'));
# and its hash stays cheap, since the signer may not replace it
chmod 0500, $d->dir . '/users.d';
END { chmod 0700, $d->dir . '/users.d' if $d }
$d->launch;
my ($plain, $tls) = $d->ports;
my $verify = Jwtd::text(path => '/verify',
    bearer => $d->token('alice', 'pw'));
my $grant = Jwtd::text(path => '/token', user => 'alice', password => 'pw');
my $family = 6;

my $stop = $d->dir . '/stop';

# undef if there was none to be had
sub dial {
	my ($with_tls) = @_;
	return eval { $d->connect($plain) } unless $with_tls;
	return IO::Socket::SSL->new(PeerAddr => '127.0.0.2',
	    PeerPort => $tls, SSL_verify_mode => 0,
	    SSL_hostname => 'tls.example', Timeout => 20);
}

# A client that asks until it is told to stop, on one connection for as long as
# it may, or on one for each request; it counts every answer by its status, or
# by why there was none.
sub client {
	my ($with_tls, $keep, $request) = @_;
	pipe my $read, my $write or die "pipe: $!";
	my $pid = fork() // die "fork: $!";
	if ($pid) {
		close $write;
		return { pid => $pid, read => $read };
	}
	my ($s, %count);
	# no signal: it could interrupt a read
	while (-d $d->dir && !-e $stop) {
		$s //= dial($with_tls);
		if (!$s) {
			$count{'no connection'}++;
			next;
		}
		my $r = Jwtd::ask($s, $request, seconds => 20);
		$count{$r->{status} || 'no answer'}++;
		undef $s if !$keep || !$r->{status}
		    || (Jwtd::field($r, 'Connection') // '') eq 'close';
		sleep 0.04;
	}
	print $write JSON::PP::encode_json(\%count);
	close $write;
	POSIX::_exit(0);
}

sub finish {
	my ($client) = @_;
	my $text = do { local $/; readline $client->{read} };
	waitpid $client->{pid}, 0;
	return JSON::PP::decode_json($text || '{}');
}

sub fds { my @all = glob "/proc/$_[0]/fd/*"; return scalar @all }
sub reloads { return scalar(() = $d->log =~ /configuration reloaded$/mg) }

sub settles {
	return Jwtd::wait_until(sub {
		(() = Jwtd::family($d->pid)) == $family
	}, 60);
}

sub reload {
	my ($n) = @_;
	for (1 .. $n) {
		my $before = reloads();
		kill 'HUP', $d->pid;
		return 0 if !Jwtd::wait_until(sub { reloads() > $before }, 60);
	}
	return 1;
}

my $reloads = $ENV{RELOADS} || 30;
ok(settles(), 'the processes');
ok(reload(10), 'some reloads first') and settles();
my ($fds, $memory) = (fds($d->pid), Jwtd::status($d->pid, 'VmRSS') =~ /(\d+)/);

my @clients = map {
	my $t = $_;
	map { my $k = $_; map { [ $t, $k, $_ ] } $verify, $grant } 0, 1
} 0, 1;
$_->[3] = client(@$_) for @clients;
my ($most, $start) = (0, time);
my $done = 0;
for (1 .. $reloads) {
	last if !reload(1);
	$done++;
	my $now = () = Jwtd::family($d->pid);
	$most = $now if $now > $most;
}
is($done, $reloads, "$reloads reloads");
note sprintf '%.0f s, at most %d processes', time - $start, $most;
Jwtd::write_file($stop, '');
for (@clients) {
	my ($t, $k, $request, $client) = @$_;
	my $name = ($t ? 'TLS' : 'plain') . ', '
	    . ($k ? 'kept' : 'a connection each') . ', '
	    . ($request eq $grant ? 'grant' : 'resource');
	my $good = $request eq $grant ? 200 : 202;
	my $count = finish($client);
	note "$name: ", join ', ', map { "$_: $count->{$_}" } sort keys %$count;
	is(join(' ', keys %$count), $good, "$name: no request is lost");
	cmp_ok($count->{$good} // 0, '>', 50, "$name: there were many");
}
cmp_ok($most, '<=', 4 * $family, 'processes do not accumulate');
ok(settles(), 'all but the last of them end');
is(fds($d->pid), $fds, 'the parent has as many descriptors as before');
my ($now) = Jwtd::status($d->pid, 'VmRSS') =~ /(\d+)/;
cmp_ok($now, '<', $memory + 512, 'and as much memory, in kB') unless $ENV{SAN};
note "memory: $memory kB, then $now kB";
unlike($d->log, qr/signal|ended with|killed|malformed/,
    'no process has died');
is($d->stop, 0, 'the end');

done_testing();
