# jwtctl status and jwtctl reload: they find the daemon that runs, and no other
# process; and a second daemon finds it too.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Jwtd;

$SIG{PIPE} = 'IGNORE';

my $root = $> == 0;
my $servers = <<'EOT';
server "localhost" {
	listen on 127.0.0.1 port 0
	location "/token" {
		grant
		audience "api"
	}
	location "PATH" {
		resource
		audience "api"
	}
}
EOT

sub new_daemon {
	my (%arg) = @_;
	my $d = Jwtd->prepare(globals => qq(status "DIR/status"\n),
	    servers => $servers =~ s/PATH/\/verify/r, %arg);
	$d->write_users(Jwtd::line('alice', 'pw')) unless $arg{as};
	return $d;
}

sub conf { return $_[0]->dir . '/jwtd.conf' }

sub edit {
	my ($d, $from, $to) = @_;
	my $text = Jwtd::read_file(conf($d));
	$text =~ s/$from/$to/ or die "no $from";
	Jwtd::write_file(conf($d), $text);
}

# Run jwtctl as who runs the daemon
sub ctl {
	my ($d, @arg) = @_;
	my @cmd = ("$d->{bin}/jwtctl", '-f', conf($d), @arg);
	unshift @cmd, 'setpriv', "--reuid=$d->{as}", '--clear-groups',
	    '--regid=' . (getgrgid((getpwnam($d->{as}))[3]))[0] if $d->{as};
	return Jwtd::run(\@cmd);
}

sub not_running {
	my ($d, $what) = @_;
	for my $command (qw(status reload)) {
		my ($status, $out) = ctl($d, $command);
		is($status, 1, "$what: $command: status");
		is($out, "jwtctl: jwtd is not running\n", "$what: $command");
	}
}

sub row {
	my ($out, @want) = @_;
	my $re = join '\s+', map { quotemeta } @want;
	return $out =~ /^$re$/m;
}

# As whoever runs this, and as an ordinary user
sub life {
	my ($who, %arg) = @_;
	my $d = new_daemon(%arg);
	my $file = $d->dir . '/status';
	not_running($d, "$who: never started");
	$d->launch;
	my $pid = $d->pid;
	my @st = stat $file;
	is($st[2] & 07777, 0600, "$who: nobody else may read it");
	my ($status, $out) = ctl($d, 'status');
	is($status, 0, "$who: status: status");
	like($out, qr/\Ajwtd is running, pid $pid, since 20\d\d-\d\d-\d\d [\d:]+, \d+s ago$/m,
	    "$who: it runs");
	like($out, qr/^configuration 1, since /m, "$who: since when");
	like($out, qr/^reloads: 0 done, 0 refused$/m, "$who: no reload");
	ok(row($out, 'worker', 2, 2, 0), "$who: workers") or diag $out;
	ok(row($out, 'signer', 2, 2, 0), "$who: signers");
	unlike($out, qr/tlskey/, "$who: no process that there is not");

	# a reload that is done
	edit($d, '/verify', '/other');
	($status, $out) = ctl($d, 'reload');
	is($status, 0, "$who: reload: status");
	is($out, "configuration reloaded\n", "$who: reload");
	ok(Jwtd::wait_until(sub {
		$d->request(path => '/other')->{status} == 401
	}, 10), "$who: ... which is true");
	($status, $out) = ctl($d, 'status');
	like($out, qr/^configuration 2, since /m, "$who: it is counted");
	like($out, qr/^reloads: 1 done, 0 refused$/m, "$who: and said");

	# a configuration with an error is not even sent
	my $good = Jwtd::read_file(conf($d));
	edit($d, 'grant', 'grand');
	my $len = length $d->log;
	($status, $out) = ctl($d, 'reload');
	is($status, 1, "$who: broken: status");
	like($out, qr/\Ajwtctl: \Q@{[conf($d)]}\E:\d+: .*grand.*\njwtctl: not reloaded: the configuration stays as it was\n\z/,
	    "$who: broken: where it is");
	is(length $d->log, $len, "$who: broken: the daemon was not asked");

	# what only the daemon can find
	Jwtd::write_file(conf($d), $good =~ s/key\.pem/none.pem/r);
	($status, $out) = ctl($d, 'reload');
	is($status, 1, "$who: no key: status");
	is($out, "jwtctl: not reloaded: the configuration stays as it was: "
	    . "see the log\n", "$who: no key");
	like(substr($d->log, $len), qr/none\.pem: No such file/,
	    "$who: ... where it is");
	Jwtd::write_file(conf($d), $good);
	($status, $out) = ctl($d, 'status');
	like($out, qr/^configuration 2, /m, "$who: no key: the same");
	like($out, qr/^reloads: 1 done, 1 refused, the last of these 20/m,
	    "$who: no key: is counted");
	($status, $out) = ctl($d, 'reload');
	is($status, 0, "$who: and a good one can be used again");

	# another one with the same file
	my ($other, $text) = Jwtd::run([ $d->{as} ? ('setpriv',
	    "--reuid=$d->{as}", '--clear-groups') : (), "$d->{bin}/jwtd", '-d',
	    '-f', conf($d) ]);
	is($other, 1, "$who: a second daemon: status");
	like($text, qr/^jwtd: \Q$file\E: jwtd is running already, pid $pid$/m,
	    "$who: ... says which");
	is((ctl($d, 'status'))[0], 0, "$who: ... and the first still runs");

	# killed, it leaves a file and no lock
	my @family = ($pid, Jwtd::family($pid));
	kill 'KILL', $pid;
	ok(Jwtd::wait_until(sub { !$d->running && !Jwtd::alive(@family) }),
	    "$who: killed");
	ok(open(my $old, '<', $file), "$who: killed: the file is there");
	my $inode = (stat $old)[1];
	not_running($d, "$who: killed");
	$d->launch;
	isnt((stat $file)[1], $inode, "$who: started again: it is another");
	($status, $out) = ctl($d, 'status');
	like($out, qr/\Ajwtd is running, pid @{[$d->pid]},.*^reloads: 0 done/ms,
	    "$who: started again: status");
	is($d->stop, 0, "$who: it ends");
	ok(!-e $file, "$who: and takes the file with it");
	not_running($d, "$who: ended");
}
life($root ? 'root' : 'a user');
life('nobody', as => 'nobody') if $root;

# What is counted
my $d = new_daemon(tls => 1);
edit($d, 'listen on 127.0.0.1 port 0', "listen on 127.0.0.1 port 0\n"
    . "\tlisten on 127.0.0.2 tls port 0\n\ttls {\n\t\tcertificate "
    . qq("@{[$d->dir]}/tls.crt"\n\t\tkey "@{[$d->dir]}/tls.key"\n\t}));
system("openssl req -x509 -new -key @{[$d->dir]}/key.pem -subj /CN=x "
    . "-days 30 -out @{[$d->dir]}/sign.crt") == 0 or die 'openssl';
edit($d, qr/key\.pem"/, qq(key.pem" certificate "@{[$d->dir]}/sign.crt"));
$d->launch;
my %alice = (path => '/token', user => 'alice', password => 'pw');
$d->request(%alice) for 1 .. 4;
$d->request(%alice, password => 'no') for 1 .. 3;
$d->request(path => '/nothing');
my $idle = $d->connect;
Jwtd::ask($idle, Jwtd::text(path => '/verify'));
my ($status, $out) = ctl($d, 'status');
ok(row($out, 'grant', 200, 4), 'grants') or diag $out;
ok(row($out, 'grant', 401, 3), 'and refusals');
ok(row($out, 'resource', 401, 1), 'the other service');
ok(row($out, 'none', 404, 1), 'and none');
ok(row($out, 'tlskey', 1, 1, 0), 'tlskey');
like($out, qr/^connections: 1 now, 9 since the start; 0 grants in flight$/m,
    'connections');
my ($remembered, $hashed) = $out =~
    /^grants: (\d+) passwords remembered, (\d+) hashed; 0 deferred, 0 throttled; 0 tokens reused$/m;
is($remembered + $hashed, 7, 'passwords');
cmp_ok($hashed, '>=', 4, 'of which some were hashed');
for my $phase (qw(queue store hash sign total)) {
	like($out, qr/^$phase +[1-9]\d* +\d+\.\d\dms +(?:[\d.]+ms|more)$/m,
	    "the phase $phase");
}
like($out, qr/^the first TLS certificate to expire: 20\S+ \S+, in \d+[dhms]$/m,
    'when the TLS certificate expires');
like($out, qr/^the certificate of the signing key expires: 20\S+ \S+, in (?:29|30)d$/m,
    'and that of the key');
my ($worker) = $d->pids('jwtd: worker 0');
kill 'KILL', $worker;
ok(Jwtd::wait_until(sub { row((ctl($d, 'status'))[1], 'worker', 2, 2, 1) }),
    'a worker that was killed is counted');

# One that does not answer
kill 'STOP', $d->pid;
($status, $out) = ctl($d, 'status');
is($status, 1, 'stopped: no answer');
like($out, qr/^jwtctl: no answer from jwtd, pid @{[$d->pid]}$/m,
    'stopped: and does not answer');
like($out, qr/^jwtd is running, /m, 'stopped: what it said is there');
unlike($out, qr/^service/m, 'stopped: but no old numbers');
kill 'CONT', $d->pid;
is((ctl($d, 'status'))[0], 0, 'continued');

# Two reloads, asked for at the same time, each have an answer
my @pids = map {
	my $pid = fork() // die "fork: $!";
	if ($pid == 0) {
		my ($status) = ctl($d, 'reload');
		POSIX::_exit($status);
	}
	$pid;
} 1 .. 3;
my @ends = map { waitpid $_, 0; $? >> 8 } @pids;
is("@ends", '0 0 0', 'three reloads at the same time');

# The path is that of the start
my $before = Jwtd::read_file(conf($d));
edit($d, 'status"', 'other"');
kill 'HUP', $d->pid;
ok($d->wait_log(qr/the status file stays "\S+\/status" until the next start$/m),
    'another path: is for the next start');
not_running($d, 'another path');
Jwtd::write_file(conf($d), $before);

# Usage, and files that are none of it
for my $command (qw(status reload)) {
	($status, $out) = ctl($d, $command, 'x');
	is($status, 2, "$command: usage");
}
my $file = $d->dir . '/status';
$d->stop;
sub refuses {
	my ($what, $why) = @_;
	my ($status, $out) = Jwtd::run([ "$d->{bin}/jwtd", '-d', '-f',
	    conf($d) ]);
	is($status, 1, "$what: status");
	like($out, qr/^jwtd: $why$/m, $what);
}
symlink $d->dir . '/target', $file or die "symlink: $!";
Jwtd::write_file($d->dir . '/target', "keep\n");
refuses('a symbolic link', qr/\Q$file\E: Too many levels of symbolic links/);
is(Jwtd::read_file($d->dir . '/target'), "keep\n", 'and what it names stays');
($status, $out) = ctl($d, 'status');
is($status, 1, 'a symbolic link: jwtctl');
unlink $file;
mkdir $file or die "mkdir: $!";
refuses('a directory', qr/\Q$file\E: (?:Is a directory|not a regular file)/);
rmdir $file;
Jwtd::write_file($file, 'x' x 100);
not_running($d, 'some file');
$d->launch;
is((ctl($d, 'status'))[0], 0, 'some file: is replaced');
$d->stop;
chmod 0777, $d->dir;
refuses('a directory for all', qr/\Q@{[$d->dir]}\E: others can write there/);
chmod 0755, $d->dir;
edit($d, 'status "', 'status "/nowhere');
refuses('no directory', qr{/nowhere\S*: No such file or directory});

# Somebody else with a lock, who is no jwtd
edit($d, '/nowhere', '');
Jwtd::write_file($file, '');
open my $f, '+<', $file or die "$file: $!";
require Fcntl;
my $lock = pack 's s x![q] q q i', Fcntl::F_WRLCK(), 0, 0, 0, 0;
fcntl $f, Fcntl::F_SETLK(), $lock or die "lock: $!";
($status, $out) = ctl($d, 'reload');
is($status, 1, 'a lock of somebody else: status');
like($out, qr/not the status of a jwtd of this version/,
    '... who is not sent a signal');
refuses('a lock of somebody else',
    qr/\Q$file\E: jwtd is running already, pid $$/);
close $f;

# Without the statement there is none
edit($d, qr/^status .*\n/m, '');
$d->launch;
ok(-e $file, 'none: a file of that name is left alone');
for my $command (qw(status reload)) {
	($status, $out) = ctl($d, $command);
	is($status, 1, "none: $command: status");
	is($out, 'jwtctl: ' . conf($d) . ": there is no \"status\"\n",
	    "none: $command");
}
$d->stop;

# The usual place, where root has the usual configuration: in a mount name
# space, whose /etc and /run are not the system's
SKIP: {
	my @space = ('unshare', '-m', 'sh', '-ec');
	skip 'no root with a mount name space', 5 if !$root
	    || (Jwtd::run([ @space, 'mount -t tmpfs none /run' ]))[0] != 0;
	my $dir = $d->dir;
	system("mkdir $dir/etc && cd /etc && cp -a passwd group localtime "
	    . "ld.so.cache nsswitch.conf $dir/etc 2>/dev/null");
	Jwtd::write_file("$dir/etc/jwtd.conf", Jwtd::read_file(conf($d)));
	my @lines = split /^--\n/m, (Jwtd::run([ @space, <<"EOT" ]))[1];
mount -t tmpfs -o mode=755 none /run
mount --bind $dir/etc /etc
$d->{bin}/jwtd -d &
pid=\$!
trap 'kill \$pid' EXIT
until $d->{bin}/jwtctl status | grep -q '^configuration 1'; do
	kill -0 \$pid
	sleep 0.1
done
echo --
stat -L -c '%a %U' /var/run/jwtd/jwtd.status
echo --
$d->{bin}/jwtctl reload 2>&1 | grep -v ^jwtd:
echo --
$d->{bin}/jwtd || echo refused
echo nonsense > /etc/jwtd.conf
echo --
$d->{bin}/jwtctl status
echo --
kill \$pid
wait \$pid
trap - EXIT
ls /var/run/jwtd/jwtd.status || echo gone
EOT
	is($lines[1] // '', "600 root\n", 'the usual place') or diag @lines;
	like($lines[2] // '', qr/^configuration reloaded$/m, '... a reload');
	like($lines[3] // '',
	    qr{^jwtd: /var/run/jwtd/jwtd\.status: jwtd is running already, pid \d+\nrefused$}m,
	    '... a second daemon');
	like($lines[4] // '', qr/nonsense.*^jwtd is running, pid /ms,
	    '... found though the configuration is broken');
	like($lines[5] // '', qr/^gone$/m, '... and in the end nothing');
}

# Who may not read it
SKIP: {
	skip 'not root', 2 unless $root;
	edit($d, qr/\A/, qq(status "$file"\n));
	$d->launch;
	chmod 0755, $d->dir;
	my @cmd = ('setpriv', '--reuid=nobody', '--clear-groups',
	    "$d->{bin}/jwtctl", '-f', conf($d), 'status');
	($status, $out) = Jwtd::run(\@cmd);
	skip 'the build is not for everybody to run', 2 if $status == 127
	    || $out =~ /setpriv/;
	is($status, 1, 'an ordinary user: status');
	is($out, "jwtctl: $file: Permission denied\n", 'an ordinary user');
	$d->stop;
}

done_testing();
