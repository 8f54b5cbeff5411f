# The units as they are installed, under a real systemd in namespaces of its own:
# started by hand and by a connection, reloaded, watched, with keys as credentials,
# with the network and without, and purged while it runs.
use strict;
use warnings;

use Jwtd;
use Root;
use Test::More;

plan skip_all => 'namespaces and groups take root' if $> != 0;
plan skip_all => 'namespaces cannot be had here'
    if (Root::sh('unshare --mount --pid --ipc --uts --net --cgroup --fork '
    . 'mount -t cgroup2 cgroup2 /mnt'))[0] != 0;

my $root = Root->new;
my $dir = $root->dir;
my ($status, $out) = $root->install;
is($status, 0, 'it installs') or diag $out;
unlink "$dir/usr/sbin/policy-rc.d";
my $init = $root->boot;
pass('systemd runs');

# in there, dying if it fails; or its output whatever comes of it
sub must {
	my ($status, $out) = $root->in(@_);
	# without it nothing of what follows would say more
	return is($status, 0, "\"$_[0]\" works") || die $out
	    . ($root->in('journalctl --no-pager -n 30 -u jwtd.service'))[1];
}
sub say { my (undef, $out) = $root->in(@_); chomp $out; return $out }

my @curl = ('nsenter', '-t', $init, '-n', 'curl', '-sS', '--max-time', 30,
    '--cacert', "$dir/etc/jwtd/tls.crt", '--resolve',
    'auth.example.com:8443:127.0.0.1', '--resolve',
    'auth.example.com:443:127.0.0.1');
sub token {
	my ($url, @args) = @_;
	my (undef, $out) = Jwtd::run([ @curl, @args, '-u', 'alice:wonderland',
	    ($url // 'https://auth.example.com:8443') . '/token' ]);
	return $out =~ /"access_token":"([^"]+)"/ ? $1 : undef;
}
my @socket = ('http://localhost', '--unix-socket',
    "/proc/$init/root/run/jwtd.sock");
sub status { say('systemctl show -P StatusText jwtd') }
sub becomes {
	my ($pattern) = @_;
	ok(Jwtd::wait_until(sub { status() =~ $pattern }),
	    "... the status is $pattern") or diag status();
}
sub edit {
	my ($from, $to) = @_;
	my $file = "$dir/etc/jwtd.conf";
	my $text = Jwtd::read_file($file);
	$text =~ s/$from/$to/ or die "$from: not there";
	Jwtd::write_file($file, $text);
}

is(say('systemctl is-enabled jwtd.service'), 'disabled', 'it is not enabled');
is(say('systemctl is-active jwtd.service'), 'inactive', '... and does not run');
must('jwtctl key new');
must('jwtctl certificate new');
must(q(jwtctl user add alice '{"scope":"read"}'), "wonderland\n");
must('systemctl enable --now jwtd.service');
is(say('systemctl is-active jwtd.service jwtd.socket'), "active\nactive",
    'it runs, and its sockets');
is(status(), 'ready', '... the status is ready');
ok(token(), 'it gives a token over TLS');
ok(token(@socket), '... and at the socket');

# who they are, and what they may
my ($parent) = grep { Jwtd::title($_) eq 'jwtd: parent' } Jwtd::family($init);
my %uid = $root->file('/etc/passwd') =~ /^(\w+):[^:]*:(\d+):/mg;
my %by;
for my $pid (Jwtd::children($parent)) {
	$by{Jwtd::title($pid)} = (split ' ', Jwtd::status($pid, 'Uid'))[0];
	is(hex Jwtd::status($pid, 'CapEff'), 0,
	    Jwtd::title($pid) . ' has no capability');
	is(Jwtd::status($pid, 'Seccomp'), 2, '... and is filtered');
}
is($by{'jwtd: worker 0'}, $uid{_jwtd}, 'a worker is _jwtd');
is($by{'jwtd: tlskey'}, $uid{_jwtdtls}, 'tlskey is _jwtdtls');
is($by{'jwtd-signer: master'}, $uid{_jwtdsign}, 'the signer is _jwtdsign');
like(say('journalctl --no-pager -u jwtd.service'), qr/jwtd.*: ready/,
    'the journal has what it says');
# who may not raise limits here, CAP_SYS_RESOURCE, cannot there either
my $locked = hex(substr(Jwtd::status($init, 'CapEff'), -8)) & 1 << 24 ?
    '|locked memory' : '';
unlike(say('journalctl --no-pager -u jwtd.service'),
    qr/not available here: .*(?:bounding|Landlock|filter$locked)/,
    '... and nothing of its own sandbox is kept from it, but for namespaces');

# reload
must('systemctl reload jwtd.service');
becomes(qr/^configuration reloaded$/);
edit(qr/^server/m, "nonsense\nserver");
must('systemctl reload jwtd.service');
becomes(qr/^not reloaded: /);
ok(token(), '... and it serves as before');
edit(qr/^nonsense\n/m, '');
must('systemctl reload jwtd.service');
becomes(qr/^configuration reloaded$/);

# the key as a credential: its file is not even there any more
edit(qr{/etc/jwtd/keys/}, '/run/credentials/jwtd.service/keys_');
rename "$dir/etc/jwtd/keys/2026.pem", "$dir/root/2026.pem" or die "rename: $!";
must('systemctl reload jwtd.service');
becomes(qr/^configuration reloaded$/);
ok(token(), 'the key is a credential, and it gives a token');
rename "$dir/root/2026.pem", "$dir/etc/jwtd/keys/2026.pem" or die "rename: $!";
must('systemctl restart jwtd.service');
ok(token(), '... after a restart too');

# there is no network: what systemd does not listen on, it cannot
edit(qr/(?=\tlisten on 127)/, "\tlisten on 127.0.0.2 port 9643\n");
must('systemctl reload jwtd.service');
becomes(qr/^not reloaded: /);
like(say('journalctl --no-pager -u jwtd.service'),
    qr/127\.0\.0\.2 port 9643: Address family not supported/,
    '... because of the unit');
mkdir "$dir/etc/systemd/system/jwtd.service.d";
must('cp /usr/share/examples/jwtd/network.conf '
    . '/etc/systemd/system/jwtd.service.d && systemctl daemon-reload');
must('systemctl restart jwtd.service');
ok(token('http://127.0.0.2:9643'), 'with network.conf it listens there');
($parent) = grep { Jwtd::title($_) eq 'jwtd: parent' } Jwtd::family($init);
my ($worker) = grep { Jwtd::title($_) eq 'jwtd: worker 0' }
    Jwtd::children($parent);
isnt(readlink("/proc/$worker/ns/net"), readlink("/proc/$parent/ns/net"),
    '... and workers have no network all the same');
unlike(say('journalctl --no-pager -n 12 -u jwtd.service'), qr/namespaces/,
    '... which is not said to be missing');
must('rm -r /etc/systemd/system/jwtd.service.d && systemctl daemon-reload');
edit(qr/\tlisten on 127\.0\.0\.2.*\n/, '');

# watched: one that hangs is replaced
mkdir "$dir/etc/systemd/system/jwtd.service.d";
Jwtd::write_file("$dir/etc/systemd/system/jwtd.service.d/watch.conf",
    "[Service]\nWatchdogSec=2\n");
must('systemctl daemon-reload && systemctl restart jwtd.service');
my $main = say('systemctl show -P MainPID jwtd.service');
must("sleep 4; test \$(systemctl show -P MainPID jwtd.service) = $main");
must("kill -STOP $main");
ok(Jwtd::wait_until(sub {
	my $now = say('systemctl show -P MainPID jwtd.service');
	return $now && $now ne $main
	    && say('systemctl is-active jwtd.service') eq 'active';
}, 90), 'a parent that hangs is replaced');
ok(token(), '... by one that gives tokens');

# stopped, and started by a connection
must('systemctl stop jwtd.service');
is(say('systemctl show -P Result jwtd.service'), 'success', 'it ends well');
isnt(say('systemctl is-active jwtd.service'), 'active', '... and is gone');
ok(token(), 'a connection starts it again');

# purged while it runs
must('dpkg -P jwtd');
ok(!(grep { (Jwtd::title($_) // '') =~ /^jwtd/ } Jwtd::family($init)),
    '... and none of it runs any more');
ok(!-e "$dir/$_", "... and $_ is gone") for 'etc/jwtd.conf', 'etc/jwtd',
    'var/lib/jwtd', 'etc/systemd/system/multi-user.target.wants/jwtd.service',
    'etc/systemd/system/sockets.target.wants/jwtd.socket';

done_testing;
