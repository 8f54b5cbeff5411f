# The units for systemd: what systemd-analyze says of them, a sentence for each
# thing that they leave open, and that the daemon serves with the capabilities of
# the unit and not without.  regress/packaging/systemd.t runs them.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use JSON::PP ();
use Jwtd;
use Test::More;

plan skip_all => 'systemd-analyze is not here'
    if !grep { -x "$_/systemd-analyze" } split /:/, $ENV{PATH};

my $top = abs_path(dirname(__FILE__) . '/../..');
my $etc = "$top/etc/systemd";
our $dir = tempdir('jwtd-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
my $unit = Jwtd::read_file("$etc/jwtd.service");

# where this daemon is
Jwtd::write_file("$dir/jwtd.service",
    $unit =~ s{/usr/local/sbin/jwtd}{$Jwtd::build/jwtd}r);
system('cp', "$etc/jwtd.socket", $dir) == 0 or die 'cp';

sub analyze {
	return Jwtd::run([ 'sh', '-c', 'cd "$0" && systemd-analyze "$@"', $dir,
	    @_ ]);
}

sub exposure {
	my ($status, $out) = analyze('security', '--offline=true', '--no-pager',
	    @_, 'jwtd.service');
	my ($level) = $out =~ /Overall exposure level .*: ([\d.]+)/;
	return ($status, $level);
}

my ($status, $out) = analyze('verify', '--man=no', './jwtd.service',
    './jwtd.socket');
is("$status$out", '0', 'systemd-analyze verify has nothing to say');
my $level;
($status, $level) = exposure('--threshold=15');
is($status, 0, 'systemd-analyze security: it is below the threshold');
cmp_ok($level, '<=', 1.5, "... with an exposure of $level");
{
	local $dir = "$dir/worse";
	mkdir $dir;
	Jwtd::write_file("$dir/jwtd.service", $unit =~ s/^PrivateNetwork=.*//mr);
	isnt((exposure('--threshold=15'))[0], 0,
	    '... which it would not be with a network');
}

# whatever is left open is explained
my $comments = join '', $unit =~ /^# ?(.*\n)/mg;
(my $caps = join ' ', $unit =~ /^CapabilityBoundingSet=(.*)/mg) =~ s/^ +//;
my @caps = split ' ', $caps;
for my $cap (@caps) {
	like($comments, qr/^(?:CAP_\w+, )*$cap(?:, CAP_\w+)*: \w/m,
	    "a sentence for $cap");
}
($status, $out) = analyze('security', '--offline=true', '--json=short',
    'jwtd.service');
my @open = grep { defined $_->{exposure} && $_->{exposure} > 0 }
    @{ JSON::PP::decode_json($out) };
cmp_ok(scalar @open, '>', 5, 'some things are open');
for my $open (@open) {
	my ($name, $what) = $open->{name} =~ /^(\w+)=(?:~(.*))?/;
	next if $name eq 'CapabilityBoundingSet';
	my $word = $name eq 'SystemCallFilter' ? $what :
	    $name eq 'RestrictAddressFamilies' ? $what : "$name=";
	like($comments, qr/\Q$word\E/, "a sentence for $open->{name}");
}

# with the network
mkdir "$dir/jwtd.service.d";
system('cp', "$etc/network.conf", "$dir/jwtd.service.d") == 0 or die 'cp';
{
	local $ENV{SYSTEMD_UNIT_PATH} = "$dir:";
	($status, $out) = analyze('verify', '--man=no', './jwtd.service');
	is("$status$out", '0', 'the drop-in for the network is well-formed');
}
unlink "$dir/jwtd.service.d/network.conf";

# the sockets are those of the example
my $example = Jwtd::read_file("$top/etc/jwtd.conf");
my @streams = Jwtd::read_file("$etc/jwtd.socket") =~ /^ListenStream=(.*)/mg;
my @listen;
while ($example =~ /^\tlisten on (?:"(.*?)"|(\S+) (?:tls )?port (\d+))/mg) {
	push @listen, $1 // "$2:$3";
}
is_deeply(\@streams, \@listen, 'jwtd.socket has the listeners of the example');

if ($> != 0) {
	note 'the rest takes root';
	done_testing;
	exit 0;
}

# users and directories
SKIP: {
	mkdir "$dir/root";
	mkdir "$dir/root/$_" for qw(etc var var/db);
	($status, $out) = Jwtd::run([ 'systemd-sysusers', "--root=$dir/root",
	    "$etc/sysusers.conf" ]);
	is($status, 0, 'systemd-sysusers makes the users') or diag $out;
	my $passwd = Jwtd::read_file("$dir/root/etc/passwd");
	my %uid;
	for my $user (qw(_jwtd _jwtdtls _jwtdfetch _jwtdsign)) {
		like($passwd,
		    qr{^$user:\w*:\d+:\d+:[^:]+:/nonexistent:/usr/sbin/nologin$}m,
		    "... $user");
		($uid{$user}) = $passwd =~ /^$user:\w*:(\d+)/m;
	}
	($status, $out) = Jwtd::run([ 'systemd-tmpfiles', "--root=$dir/root",
	    '--create', "$etc/tmpfiles.conf" ]);
	is($status, 0, 'systemd-tmpfiles makes the directories') or diag $out;
	my %expect = ('/var/empty' => [ 0755, 0 ], '/etc/jwtd' => [ 0755, 0 ],
	    '/etc/jwtd/keys' => [ 0700, 0 ],
	    '/var/db/jwtd' => [ 0700, $uid{_jwtdsign} ]);
	for my $path (sort keys %expect) {
		my @stat = stat "$dir/root$path";
		is_deeply([ @stat ? ($stat[2] & 07777, $stat[4]) : () ],
		    $expect{$path}, "... $path");
	}
}

# The daemon under the capabilities of the unit, and without one of them: does it
# start and give a token?
sub with_caps {
	my $list = join ',', '-all', map { '+' . lc(s/^CAP_//r) } @_;
	my $d = Jwtd->prepare(tls => 1, with => [ 'setpriv', '--no-new-privs',
	    '--bounding-set', $list ], servers => <<'EOT');
server "x" {
	listen on "DIR/sock"
	listen on 127.0.0.1 tls port 0
	tls {
		certificate "DIR/tls.crt"
		key "DIR/tls.key"
	}
	location "/token" {
		grant
		audience "api"
	}
}
EOT
	$d->user('alice', 'secret');
	return eval { $d->launch; 1 } ? $d : undef;
}

sub token {
	my ($d) = @_;
	return $d->request(path => '/token', user => 'alice',
	    password => 'secret',
	    socket => $d->connect_unix($d->dir . '/sock'))->{status};
}

my $d = with_caps(@caps);
ok($d, "it starts with $caps") or BAIL_OUT('no daemon');
is(token($d), 200, '... and gives a token');
my %bit = (CAP_DAC_READ_SEARCH => 2, CAP_KILL => 5, CAP_SETGID => 6,
    CAP_SETUID => 7, CAP_SETPCAP => 8, CAP_SYS_CHROOT => 18);
my $allowed = 0;
$allowed |= 1 << $bit{$_} for @caps;
is(hex Jwtd::status($d->pid, 'CapEff'), $allowed,
    '... the parent has these and no other');
my %user = ('jwtd: worker' => '_jwtd', 'jwtd: tlskey' => '_jwtdtls',
    'jwtd-signer: master' => '_jwtdsign', 'jwtd-signer: signer' => '_jwtdsign');
for my $title (sort keys %user) {
	my @pids = $d->pids($title);
	cmp_ok(scalar @pids, '>=', 1, "... there is $title");
	for my $pid (@pids) {
		my $uid = getpwnam $user{$title};
		is(Jwtd::status($pid, 'Uid'), "$uid $uid $uid $uid",
		    "... $title is $user{$title}");
		is(hex(Jwtd::status($pid, 'CapEff'))
		    | hex(Jwtd::status($pid, 'CapBnd')), 0,
		    '... without any capability');
	}
}
kill 'HUP', $d->pid;
ok($d->wait_log(qr/configuration reloaded/), '... it reloads');
is(token($d), 200, '... and gives a token then');
is($d->stop, 0, '... and ends');

for my $cap (grep { !/^CAP_(KILL|SETPCAP)$/ } @caps) {
	$d = with_caps(grep { $_ ne $cap } @caps);
	ok(!$d || token($d) != 200, "without $cap it does not serve");
	$d->stop if $d;
}
$d = with_caps(grep { $_ ne 'CAP_SETPCAP' } @caps);
like($d->log, qr/not available here: .*bounding set/,
    'without CAP_SETPCAP children keep a bounding set');
$d->stop;

# a request that came by half when the daemon is told to end
sub ends_while_asked {
	my ($d) = @_;
	my $text = Jwtd::text(path => '/token', user => 'alice',
	    password => 'secret');
	my $s = $d->connect_unix($d->dir . '/sock');
	Jwtd::send_all($s, substr $text, 0, 20);
	# that worker has read it when it answers another, in order
	Jwtd::wait_until(sub { token($d) == 200 });
	kill 'TERM', $d->pid;
	# it is cut, or it is not
	Jwtd::readable($s, 1);
	Jwtd::send_all($s, substr $text, 20);
	my ($r) = Jwtd::answers($s, 1);
	return $r ? $r->{status} : 0;
}
$d = with_caps(@caps);
is(ends_while_asked($d), 200, 'what has been asked is answered at the end');
is($d->stop, 0, '... of the daemon');
$d = with_caps(grep { $_ ne 'CAP_KILL' } @caps);
is(ends_while_asked($d), 0, '... but not without CAP_KILL');
$d->stop;

done_testing;
