# What each process of a running daemon has given up: as root, as an ordinary
# user, and where the system lets root do little, as in a container.
use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

use Jwtd;

plan skip_all => 'for Linux' unless -r "/proc/$$/status"
    && $^O eq 'linux';

my $root = $> == 0;
my $none = '0' x 16;
my @namespaces = qw(net ipc uts);

# what the parent keeps; sandbox_linux_caps.c says for what
my %number = (dac_override => 1, dac_read_search => 2, kill => 5, setgid => 6,
    setuid => 7, setpcap => 8, net_bind_service => 10, ipc_lock => 14,
    sys_chroot => 18, sys_admin => 21, sys_resource => 24);
sub caps {
	my $bits = 0;
	$bits |= 1 << $number{$_} for @_;
	no warnings 'portable';
	# the root of this machine may not have all of them
	return sprintf '%016x', $bits & hex Jwtd::status($$, 'CapPrm');
}

sub limit {
	my ($pid, $name) = @_;
	my ($soft, $hard) = Jwtd::read_file("/proc/$pid/limits")
	    =~ /^\Q$name\E\s+(\S+)\s+(\S+)/m;
	return "$soft $hard";
}

# Has it a namespace of its own?  Only root sees those of others.
sub own {
	my ($pid, $kind) = @_;
	return (readlink "/proc/$pid/ns/$kind")
	    ne (readlink "/proc/$$/ns/$kind") ? 1 : 0;
}

# filters	how many there are over the process
sub check {
	my ($d, $name, %expect) = @_;
	my %pid = map { Jwtd::title($_) => $_ } Jwtd::family($d->pid);
	$pid{'jwtd: parent'} = $d->pid;
	is(scalar keys %pid, 7, "$name: the processes");
	for my $title (sort keys %pid) {
		my $pid = $pid{$title};
		my $what = "$name: $title";
		my $parent = $title =~ /parent/;
		is(Jwtd::status($pid, 'Seccomp'), 2, "$what: a filter");
		is(Jwtd::status($pid, 'Seccomp_filters'), $parent ? 1 :
		    $title =~ /signer \d|revocations/ ? 3 : 2, "$what: filters")
		    if defined Jwtd::status($pid, 'Seccomp_filters');
		is(Jwtd::status($pid, 'NoNewPrivs'), 1,
		    "$what: no new privileges");
		is(Jwtd::status($pid, 'Threads'), 1, "$what: one thread");
		is(Jwtd::status($pid, $_), $parent ? $expect{caps} : $none,
		    "$what: $_") for qw(CapPrm CapEff);
		is(Jwtd::status($pid, $_), $none, "$what: $_")
		    for qw(CapInh CapAmb);
		is(Jwtd::status($pid, 'CapBnd'), $parent ? $expect{bounding} :
		    $expect{child_bounding}, "$what: CapBnd")
		    if defined $expect{bounding};
		is(limit($pid, 'Max core file size'), '0 0',
		    "$what: no core file");
		next if $parent;
		is(limit($pid, 'Max processes'), '0 0', "$what: no process")
		    if $title !~ /master/;
		my ($soft, $hard) = split / /, limit($pid, 'Max open files');
		is($hard, $soft, "$what: no more descriptors")
		    if $title !~ /master/;
		cmp_ok($hard, '<=', 256, "$what: few descriptors")
		    if $title =~ /signer \d|revocations/;
		next unless $root;
		is(own($pid, $_), $expect{own}, "$what: its own $_")
		    for @namespaces;
		is(readlink "/proc/$pid/root", $title =~ /worker/ ?
		    '/var/empty' : $d->dir . '/users.d', "$what: root")
		    unless $expect{user};
	}
	return %pid;
}

sub serves {
	my ($d, $name) = @_;
	my $token = $d->token('alice', 'open sesame');
	is($d->request(path => '/verify/x', bearer => $token)->{status}, 202,
	    "$name: the service works");
}

# what it said that it could not have, each time it did
sub missing {
	my ($d) = @_;
	return $d->log =~ /^(.*sandbox: not available here: .*)$/mg;
}

# with every process that there can be without TLS
my @all = (signer => qq(\trevocations file "DIR/users.d/revoked"\n));

# As whoever runs this
my $d = Jwtd->start(@all);
$d->user('alice', 'open sesame');
serves($d, 'here');
my $may = $root && !grep { /namespaces|bounding/ } missing($d);
SKIP: {
	skip 'not as root with all that root has', 1 unless $may;
	my %pid = check($d, 'root', own => 1, caps => caps(keys %number),
	    bounding => caps(keys %number), child_bounding => $none);
	unlike(join(' ', missing($d)), qr/namespaces|users|bounding/,
	    'root: nothing of that is missing');
	my $worker = $pid{'jwtd: worker 0'};
	my @peers = grep { $_ ne 'jwtd: worker 0' && own($pid{$_}, 'net') &&
	    (readlink "/proc/$pid{$_}/ns/net")
	    eq (readlink "/proc/$worker/ns/net") } keys %pid;
	is_deeply(\@peers, [], 'root: a worker shares its network with nobody');
	is(readlink "/proc/$pid{'jwtd: parent'}/ns/net",
	    readlink "/proc/$$/ns/net", "root: the parent has everybody's");
}
is($d->stop, 0, 'here: the end');

# A process that does what it may not is ended, said so, and replaced.  None of
# ours does: a debugger could make it, but nobody may trace it; so it is a signal.
SKIP: {
	skip 'root signals them', 2 unless $root;
	my $d = Jwtd->start;
	my ($worker) = $d->pids('jwtd: worker 0');
	kill 'SYS', $worker;
	ok($d->wait_log(qr/worker 0 was ended by signal 31 \(SIGSYS\): it /),
	    'SIGSYS: said to be the sandbox');
	$d->user('alice', 'open sesame');
	ok(Jwtd::wait_until(sub {
		$d->request(path => '/token', user => 'alice',
		    password => 'open sesame')->{status} == 200;
	}), 'SIGSYS: the service goes on');
}

# Where root may do nothing else, it goes on with the rest, and says so once
my @few = qw(setuid setgid sys_chroot);
SKIP: {
	skip 'not root', 1 unless $may;
	skip 'no setpriv', 1 if system('setpriv --version >/dev/null 2>&1');
	my $keep = '-all,' . join ',', map { "+$_" } @few;
	# the users file is the signer's, whose folder such a root cannot enter
	my $d = Jwtd->prepare(@all, with => [ 'setpriv', "--bounding-set=$keep",
	    "--inh-caps=$keep" ]);
	chown 0, 0, $d->dir . '/users.d';
	chmod 0755, $d->dir . '/users.d';
	chmod 0644, $d->dir . '/users.d/users';
	$d->launch;
	$d->user('alice', 'open sesame');
	chmod 0644, $d->dir . '/users.d/users';
	serves($d, 'container');
	like(join(',', missing($d)),
	    qr/^[^,]*here: namespaces, an empty bounding set(?:, locked.*)?\z/,
	    'container: said once');
	check($d, 'container', own => 0, caps => caps(@few),
	    bounding => caps(@few), child_bounding => caps(@few));
	is($d->stop, 0, 'container: the end');
}

# An ordinary user
SKIP: {
	my $as = $root ? 'nobody' : undef;
	my $d = Jwtd->start(@all, $as ? (as => $as) : ());
	$d->user('alice', 'open sesame');
	serves($d, 'user');
	my @missing = missing($d);
	is(scalar @missing, 1, 'user: said once');
	like($missing[0] // '',
	    qr/here: users of their own, chroot, namespaces(?:,|$)/,
	    'user: what is missing');
	check($d, 'user', own => 0, caps => $none, user => 1);
	is($d->stop, 0, 'user: the end');
}

# The escape tests as an ordinary user, when root runs all this
SKIP: {
	my $escape = "$Jwtd::build/regress/escape/escape";
	skip 'not root', 1 unless $root;
	skip 'the escape tests are not built', 1 unless -x $escape;
	my $dir = tempdir('jwtd-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
	chmod 0755, $dir;
	is(system('cp', $escape, "$dir/escape"), 0, 'escape: a copy');
	my ($status, $out) = Jwtd::run([ 'setpriv', '--reuid=nobody',
	    '--regid=nogroup', '--clear-groups', "$dir/escape" ]);
	is($status, 0, 'escape: nothing does') or diag(join "\n",
	    grep { /^not ok/ } split /\n/, $out);
	cmp_ok(scalar(() = $out =~ /^ok /mg), '>', 500,
	    'escape: it was tried');
}

done_testing();
