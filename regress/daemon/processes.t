# What runs: which processes, as whom, confined to what, and with which open
# descriptors.  As root and as an ordinary user.
use strict;
use warnings;

use Test::More;

# what whoever starts the daemon has in the environment stays there
$ENV{PGPASSWORD} = 'of no business to a worker ' x 4;

use Issuer;
use Jwtd;

plan skip_all => 'no /proc' unless -r "/proc/$$/status";

my $root = $> == 0;
my $servers = <<'EOT';
server "localhost" {
	listen on 127.0.0.1 tls port 0
	listen on "DIR/sock"
	tls {
		certificate "DIR/tls.crt"
		key "DIR/tls.key"
	}
	location "/token" {
		grant
		audience "api"
	}
	location "/verify" {
		resource
		audience "api"
	}
}
EOT
my @titles = ('jwtd-signer: master', 'jwtd-signer: signer 0',
    'jwtd-signer: signer 1', 'jwtd: tlskey', 'jwtd: worker 0',
    'jwtd: worker 1');

# what its descriptors are, without the three standard ones
sub descriptors {
	my ($pid) = @_;
	my %fd;
	for my $fd (glob "/proc/$pid/fd/*") {
		my ($n) = $fd =~ /(\d+)\z/;
		$fd{$n} = readlink $fd if $n > 2;
	}
	return \%fd;
}

# the inodes of all sockets that somebody listens on
sub listeners {
	my %inode;
	for my $file (qw(tcp tcp6)) {
		my $text = eval { Jwtd::read_file("/proc/net/$file") } // next;
		for my $line (split /\n/, $text) {
			my @field = split ' ', $line;
			$inode{$field[9]} = 1 if $field[3] eq '0A';
		}
	}
	for my $line (split /\n/, Jwtd::read_file('/proc/net/unix')) {
		my @field = split ' ', $line;
		$inode{$field[6]} = 1 if $field[3] eq '00010000';
	}
	return \%inode;
}

# Names of the files in memory that nobody can change any more, sorted.
sub sealed {
	my ($pid) = @_;
	my ($F_GET_SEALS, $F_SEAL_WRITE) = (1034, 8);
	my $fd = descriptors($pid);
	my @names;
	for my $n (keys %$fd) {
		my ($name) = $fd->{$n} =~ m{^/memfd:(\S+)} or next;
		open my $f, '<', "/proc/$pid/fd/$n" or die "$n: $!";
		my $seals = fcntl $f, $F_GET_SEALS, 0;
		push @names, $name if $seals & $F_SEAL_WRITE;
	}
	return join ' ', sort @names;
}

# Count descriptors by kind: listener, socket, pipe, memory, or what it is.
sub kinds {
	my ($pid) = @_;
	my $listens = listeners();
	my %kind;
	for my $what (values %{ descriptors($pid) }) {
		if ($what =~ /^socket:\[(\d+)\]$/) {
			$kind{$listens->{$1} ? 'listener' : 'socket'}++;
		} elsif ($what =~ /^(pipe|anon_inode):\[?/) {
			$kind{$1}++;
		} elsif ($what =~ m{^/memfd:}) {
			$kind{memory}++;
		} else {
			$kind{$what}++;
		}
	}
	return \%kind;
}

# What is true of every process of a running daemon
sub check {
	my ($d, $name, %expect) = @_;
	my @children = Jwtd::children($d->pid);
	my %pid = map { Jwtd::title($_) => $_ } Jwtd::family($d->pid);
	is_deeply([ sort keys %pid ], \@titles, "$name: the processes");
	is(Jwtd::title($d->pid), 'jwtd: parent', "$name: the parent");
	is_deeply([ sort map { Jwtd::title($_) } @children ],
	    [ @titles[0, 3, 4, 5] ], "$name: its children");
	is_deeply([ sort map { Jwtd::title($_) }
	    Jwtd::children($pid{$titles[0]}) ], [ @titles[1, 2] ],
	    "$name: the children of the master");
	$pid{'jwtd: parent'} = $d->pid;

	my $key = Jwtd::read_file($d->dir . '/key.pem');
	$key .= Jwtd::read_file($d->dir . '/tls.key');
	my @secrets = ('open sesame', grep { length > 40 } split /\n/, $key);
	for my $title (sort keys %pid) {
		my $pid = $pid{$title};
		my $kind = $title =~ /parent/ ? 'parent' :
		    $title =~ /worker/ ? 'worker' :
		    $title =~ /tlskey/ ? 'tlskey' : 'signer';
		my $who = $expect{$kind};
		my $what = "$name: $title";
		is(Jwtd::status($pid, 'Uid'), join(' ', ($who->{uid}) x 4),
		    "$what: user");
		is(Jwtd::status($pid, 'Gid'), join(' ', ($who->{gid}) x 4),
		    "$what: group");
		is(Jwtd::status($pid, 'Groups'), $who->{groups}, "$what: groups")
		    if defined $who->{groups};
		is(Jwtd::status($pid, 'NoNewPrivs'), 1, "$what: no new privileges");
		if ($who->{uid} != 0) {
			is(Jwtd::status($pid, $_), '0' x 16, "$what: $_")
			    for qw(CapPrm CapEff CapAmb CapInh);
			# whoever may not trace it does not own this
			is((stat "/proc/$pid/status")[4], 0,
			    "$what: not dumpable");
		}
		like(Jwtd::read_file("/proc/$pid/limits"),
		    qr/^Max core file size\s+0\s+0\s/m, "$what: no core file");
		if (open my $f, '<', "/proc/$pid/environ") {
			local $/;
			my $text = (<$f> // '')
			    . Jwtd::read_file("/proc/$pid/cmdline");
			ok(!grep({ index($text, $_) >= 0 } @secrets),
			    "$what: no secret in its environment or arguments");
			unlike($text, qr/of no business/,
			    "$what: nothing of our environment")
			    if $kind =~ /worker|tlskey/;
		}
		next unless $root;
		is(readlink "/proc/$pid/root", $who->{root}, "$what: root")
		    if $who->{root};
		is(readlink "/proc/$pid/cwd", $who->{root},
		    "$what: working directory") if $who->{root};
	}
	return %pid;
}

sub serves {
	my ($d, $name) = @_;
	my $r = $d->request(path => '/token', user => 'alice',
	    password => 'open sesame', socket => $d->connect_tls($d->port));
	is($d->request(path => '/verify', bearer => $r->{json}{access_token},
	    socket => $d->connect_unix($d->dir . '/sock'))->{status}, 202,
	    "$name: the service works");
}

# As whoever runs this test
my $d = Jwtd->start(servers => $servers, tls => 1);
$d->user('alice', 'open sesame');
serves($d, 'here');
my $users = $d->dir . '/users.d';
my ($uid, $gid) = ($>, $) + 0);
my %me = (uid => $uid, gid => $gid);
my @kinds = qw(parent worker tlskey signer);
my %expect = map { $_ => \%me } @kinds;
if ($root) {
	for ([ worker => '_jwtd', '/var/empty' ],
	    [ tlskey => '_jwtdtls', '/var/empty' ],
	    [ signer => '_jwtdsign', $users ]) {
		my ($kind, $user, $dir) = @$_;
		my @pw = getpwnam($user);
		$expect{$kind} = { uid => $pw[2], gid => $pw[3],
		    groups => $pw[3], root => $dir };
	}
	my %uid = map { $expect{$_}{uid} => $_ } @kinds;
	is(scalar keys %uid, 4, 'parent, workers, tlskey and signers are '
	    . 'different users');
}
my %pid = check($d, 'here', %expect);

SKIP: {
	skip 'only root sees the descriptors of others', 1 unless $root;
	my %open = map { $_ => kinds($pid{$_}) } keys %pid;
	for my $n (0, 1) {
		# control, signer and tlskey; libevent's
		is_deeply($open{"jwtd: worker $n"}, { listener => 2,
		    socket => 3, anon_inode => 1, pipe => 2 },
		    "worker $n: its descriptors");
		# the workers'; the end of the master; what it waits by; the
		# users' folder, and the file if it has looked somebody up
		delete $open{"jwtd-signer: signer $n"}{"$users/users"};
		is_deeply($open{"jwtd-signer: signer $n"}, { socket => 2,
		    pipe => 1, anon_inode => 1, $users => 1 },
		    "signer $n: its descriptors");
	}
	is_deeply($open{'jwtd-signer: master'}, { socket => 3, pipe => 2,
	    $users => 1 }, 'the master: its descriptors');
	# control, and the workers'
	is_deeply($open{'jwtd: tlskey'}, { socket => 3 },
	    'tlskey: its descriptors');
	# control of four, the ends of two workers at signers and tlskey;
	# configuration, key set, certificates, metrics
	is_deeply($open{'jwtd: parent'}, { listener => 2, socket => 8,
	    memory => 4 }, 'the parent: its descriptors');
	# each worker has a pair of its own
	my (%seen, $common);
	for my $n (0, 1) {
		$common += grep { /^socket/ && $seen{$_}++ }
		    values %{ descriptors($pid{"jwtd: worker $n"}) };
	}
	is($common, 2, 'workers share the listeners and nothing else');
}

# A connection opens one more, and closes it
SKIP: {
	skip 'only root sees the descriptors of others', 1 unless $root;
	my $before = join ' ', map { scalar keys %{ descriptors($_) } }
	    @pid{ 'jwtd: worker 0', 'jwtd: worker 1' };
	serves($d, 'here, again') for 1 .. 5;
	ok(Jwtd::wait_until(sub {
		$before eq join ' ', map { scalar keys %{ descriptors($_) } }
		    @pid{ 'jwtd: worker 0', 'jwtd: worker 1' };
	}), 'no descriptor is left of connections');
}

# A second one on the same port
my $other = Jwtd->prepare(signer => undef, servers => <<EOT);
server "x" {
	listen on 127.0.0.1 port @{[ $d->port ]}
	location "/health" { health }
}
EOT
my ($status, $out) = Jwtd::run([ "$Jwtd::build/jwtd", '-d', '-f',
    $other->dir . '/jwtd.conf' ]);
is($status, 1, 'a second one: status');
is($out, 'jwtd: 127.0.0.1 port ' . $d->port . ": Address already in use\n",
    'a second one: one line');
serves($d, 'a second one: the first');

my @family = ($d->pid, values %pid);
is($d->stop, 0, 'the end: status');
is(join(' ', Jwtd::alive(@family)), '', 'the end: nobody is left');

# As an ordinary user, started by root
SKIP: {
	skip 'not root', 1 unless $root;
	my @pw = getpwnam('nobody');
	my %nobody = (uid => $pw[2], gid => $pw[3], groups => '', root => undef);
	my $d = Jwtd->start(servers => $servers, as => 'nobody',
	    tls => 1);
	$d->user('alice', 'open sesame');
	serves($d, 'nobody');
	check($d, 'nobody', map { $_ => \%nobody } @kinds);
	is($d->stop, 0, 'nobody: the end');
}

# A daemon that only verifies has no signer
$d = Jwtd->start(signer => undef, servers => <<'EOT', globals => "prefork 3\n");
server "x" {
	listen on 127.0.0.1 port 0
	location "/health" { health }
}
EOT
is_deeply([ sort map { Jwtd::title($_) } Jwtd::family($d->pid) ],
    [ map { "jwtd: worker $_" } 0 .. 2 ], 'no signer, three workers');
is($d->request(path => '/health')->{status}, 200, 'no signer: it serves');
if ($root) {
	is_deeply(kinds((Jwtd::children($d->pid))[0]), { listener => 1,
	    socket => 1, anon_inode => 1, pipe => 2, '/dev/null' => 1 },
	    'no signer: no socket to it');
}

# With trusted issuers there is one process more, which is nobody else's user
{
	my $set = Issuer::set(a => Issuer::key());
	my $d = Jwtd->start(globals => <<'EOT', servers => $servers,
trust "https://b.example" {
	jwks "DIR/b.json"
}
trust "https://c.example" {
	jwks "https://127.0.0.1:9/none"
	ca "DIR/tls.crt"
}
EOT
	    files => { 'b.json' => $set }, tls => 1);
	$d->user('alice', 'open sesame');
	serves($d, 'trust');
	my @all = sort 'jwtd: trust', @titles;
	is_deeply([ sort map { Jwtd::title($_) } Jwtd::family($d->pid) ],
	    \@all, 'trust: the processes');
	my %pid = map { Jwtd::title($_) => $_ } Jwtd::children($d->pid);
	my $pid = $pid{'jwtd: trust'};
	my @pw = $root ? getpwnam('_jwtdfetch') : ();
	my ($user, $group) = $root ? @pw[2, 3] : ($uid, $gid);
	if ($root) {
		is(scalar(keys %{ { map { (getpwnam($_))[2] => 1 }
		    qw(_jwtd _jwtdsign _jwtdfetch root) } }), 4,
		    'trust: a user of its own');
		is(Jwtd::status($pid, 'Groups'), $group, 'trust: groups');
		is(readlink "/proc/$pid/root", '/var/empty', 'trust: root');
		is(readlink "/proc/$pid/cwd", '/var/empty',
		    'trust: working directory');
		is(Jwtd::status($pid, $_), '0' x 16, "trust: $_")
		    for qw(CapPrm CapEff CapAmb CapInh);
		is((stat "/proc/$pid/status")[4], 0, 'trust: not dumpable');
		# control; libevent's; an empty file for each next set
		is_deeply(kinds($pid), { socket => 1, anon_inode => 1,
		    pipe => 2, memory => 2 }, 'trust: its descriptors');
		is_deeply(kinds($pid{'jwtd: worker 0'}), { listener => 2,
		    socket => 3, anon_inode => 1, pipe => 2 },
		    'trust: a worker has no descriptor more for it');
		# control of five, the signers' and tlskey's ends of two; the
		# configuration, certificates, metrics, two sets, an empty file
		# for each next one
		is_deeply(kinds($d->pid), { listener => 2, socket => 9,
		    memory => 7 }, 'trust: the parent: its descriptors');
		is(sealed($d->pid), 'certificates jwtd.conf keys keys',
		    'trust: what workers read nobody can change');
	}
	is(Jwtd::status($pid, 'Uid'), join(' ', ($user) x 4), 'trust: user');
	is(Jwtd::status($pid, 'Gid'), join(' ', ($group) x 4), 'trust: group');
	is(Jwtd::status($pid, 'NoNewPrivs'), 1, 'trust: no new privileges');
	like(Jwtd::read_file("/proc/$pid/limits"),
	    qr/^Max core file size\s+0\s+0\s/m, 'trust: no core file');
	SKIP: {
		open my $f, '<', "/proc/$pid/environ"
		    or skip 'only root sees its environment', 1;
		local $/;
		unlike(<$f> // '', qr/of no business/,
		    'trust: nothing of our environment');
	}
	my @family = ($d->pid, Jwtd::family($d->pid));
	is($d->stop, 0, 'trust: the end');
	is(join(' ', Jwtd::alive(@family)), '', 'trust: nobody is left');

	$d->launch;
	@family = ($d->pid, Jwtd::family($d->pid));
	kill 'KILL', $d->pid;
	Jwtd::wait_until(sub { !$d->running });
	ok(Jwtd::wait_until(sub { !Jwtd::alive(@family) }, 10),
	    'trust: the parent is killed: nobody is left');
}

done_testing();
