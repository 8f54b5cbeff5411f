# What is under etc/openbsd: the rc.d script, run by relatives of its shell with the
# real daemon, and the files of the port.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use Jwtd;
use POSIX qw(WNOHANG uname);
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $etc = "$top/etc/openbsd";
my %found = map { abs_path($_) => 1 } grep { -x } qw(/bin/mksh /bin/ksh);
my @shells = sort keys %found;
ok(@shells > 0, 'there is a ksh');

# A daemon goes into the background: let it become a child of this process, so that
# it can be told from those of others.  PR_SET_CHILD_SUBREAPER is 36.
my $prctl = { x86_64 => 157, aarch64 => 167 }->{(uname)[4]};
my $adopted = $^O eq 'linux' && $prctl
    && syscall($prctl, 36, 1, 0, 0, 0) == 0;

my $d = Jwtd->prepare(servers => <<'EOT');
server "x" {
	listen on "DIR/sock"
	location "/health" { health }
}
EOT
my $dir = $d->dir;
my $script = Jwtd::read_file("$etc/jwtd.rc");
$script =~ s{^\. /etc/rc\.d/rc\.subr$}{. $top/regress/openbsd/rc.subr}m
    or die 'rc.subr';
$script =~ s{^daemon="/usr/local/sbin/jwtd"$}{daemon="$Jwtd::build/jwtd"}m
    or die 'daemon';
Jwtd::write_file("$dir/jwtd.rc", $script);
$ENV{RC_PARENT} = $$;
$ENV{RC_FLAGS} = "-v -f $dir/jwtd.conf";

my $ksh;
sub rc {
	my ($action) = @_;
	my ($status, $out) = Jwtd::run([ $ksh, "$dir/jwtd.rc", $action ]);
	return ($status == 0, $out);
}

sub health {
	return $d->request(path => '/health',
	    socket => $d->connect_unix("$dir/sock"))->{status};
}

sub parent { (grep { (Jwtd::title($_) // '') eq 'jwtd: parent' }
    Jwtd::children($$))[0] }
sub workers { join ' ', sort grep { (Jwtd::title($_) // '') =~ /worker/ }
    Jwtd::family($_[0]) }

END {
	my $status = $?;
	my $pid = parent();
	kill 'TERM', $pid if $pid;
	waitpid $pid, 0 if $pid;
	$? = $status;
}

my $conf = Jwtd::read_file("$dir/jwtd.conf");
for (@shells) {
	$ksh = $_;
	my ($status, $out) = Jwtd::run([ $ksh, '-n', "$etc/jwtd.rc" ]);
	is("$status$out", '0', "$ksh: the script is well-formed");
	SKIP: {
		skip 'a daemon in the background cannot be adopted here', 1
		    if !$adopted;
		ok(!(rc('check'))[0], "$ksh: check before the start");
		ok(!(rc('reload'))[0], "$ksh: reload before the start");
		Jwtd::write_file("$dir/jwtd.conf", 'nonsense');
		my ($good, $out) = rc('start');
		ok(!$good, "$ksh: no start with a bad configuration");
		like($out, qr{^jwtd: \Q$dir\E/jwtd\.conf:1: }m,
		    "$ksh: ... which it says");
		Jwtd::write_file("$dir/jwtd.conf", $conf);
		ok((rc('start'))[0], "$ksh: start");
		ok((rc('check'))[0], "$ksh: check");
		is(health(), 200, "$ksh: the daemon answers");
		my $pid = parent();
		ok((rc('start'))[0], "$ksh: a second start");
		is(parent(), $pid, "$ksh: ... starts nothing");

		my $before = workers($pid);
		Jwtd::write_file("$dir/jwtd.conf", 'nonsense');
		($good, $out) = rc('reload');
		ok(!$good, "$ksh: no reload with a bad configuration");
		like($out, qr{^jwtd: \Q$dir\E/jwtd\.conf:1: }m,
		    "$ksh: ... which it says");
		is(workers($pid), $before, "$ksh: ... the workers are those");
		Jwtd::write_file("$dir/jwtd.conf", $conf);
		ok((rc('reload'))[0], "$ksh: reload");
		ok(Jwtd::wait_until(sub {
			my %old = map { $_ => 1 } split ' ', $before;
			my @now = split ' ', workers($pid);
			return @now && !grep { $old{$_} } @now;
		}), "$ksh: ... and there are new workers");
		is(health(), 200, "$ksh: ... that answer");

		# it is our child, and gone when we have waited for it
		local $SIG{CHLD} = sub { local ($?, $!); waitpid $pid, WNOHANG };
		ok((rc('stop'))[0], "$ksh: stop");
		ok(!(rc('check'))[0], "$ksh: check after it");
		ok((rc('stop'))[0], "$ksh: a second stop");
	}
}

# login.conf(5): one record, continued to its end
{
	my @lines = grep { !/^#/ } split /\n/, Jwtd::read_file("$etc/login.conf");
	is(shift @lines, 'jwtd:\\', 'the login class');
	my $last = pop @lines;
	is(scalar(grep { !/^\t:[\w-]+=\w+:\\$/ } @lines), 0,
	    '... of capabilities');
	is($last, "\t:tc=daemon:", '... that builds on another');
}

# the port: all that is installed is in the packing list
{
	my $list = Jwtd::read_file("$etc/pkg/PLIST");
	for my $file (glob("$top/man/*"), glob("$top/sql/*.sql"),
	    "$Jwtd::build/jwtd", "$Jwtd::build/jwtd-signer",
	    "$Jwtd::build/jwtctl", "$top/etc/completion/jwtctl.ksh") {
		my $name = basename($file);
		like($list, qr{^(?:\@\w+ )?[\w/-]+/\Q$name\E$}m,
		    "the packing list has $name");
	}
	for my $user (qw(_jwtd _jwtdsign _jwtdtls _jwtdfetch)) {
		like($list, qr{^\@newuser $user:\w+:$user:daemon:[^:]+:/var/empty:/sbin/nologin$}m,
		    "... and the user $user");
	}
	for my $file (qw(Makefile pkg/DESCR pkg/README pkg/PLIST)) {
		my @long = grep { length > 80 }
		    split /\n/, Jwtd::read_file("$etc/$file");
		is("@long", '', "no line of $file is too long");
	}
}

done_testing;
