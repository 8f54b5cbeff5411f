# A small Debian of its own, in a temporary directory: made by debootstrap from the
# package sources of this machine, once, and kept as a tar file in the build
# directory.  Needs root.
package Root;

use strict;
use warnings;

use File::Temp qw(tempdir);
use Jwtd;

# a test that is interrupted leaves nothing behind either
$SIG{$_} = sub { exit 1 } for qw(INT TERM);

# the package that "make deb" has made
sub package_file {
	my @found = glob "$Jwtd::build/jwtd_*.deb";
	die 'one package is needed, see "make deb"' if @found != 1;
	return $found[0];
}

# Returns status and output.
sub sh {
	my ($command, $input) = @_;
	return Jwtd::run([ 'sh', '-c', $command ], $input);
}

sub must {
	my ($status, $out) = sh(@_);
	die "$_[0]:\n$out" if $status != 0;
	return $out;
}

# "URL SUITE COMPONENT" of each of Debian's that this machine has, the first of
# which is the release's own
sub sources {
	my @all = split /\n/, must(q(apt-get indextargets --format )
	    . q('$(SITE) $(CODENAME) $(COMPONENT)' 'Identifier: Packages' )
	    . q('Origin: Debian'));
	my %seen;
	@all = grep { / main$/ && !$seen{$_}++ } @all;
	return sort { length $a <=> length $b } @all;
}

sub base {
	my $tar = "$Jwtd::build/packaging/base.tar";
	return $tar if -e $tar;
	my $dir = tempdir('jwtd-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
	my ($site, $suite) = split / /, (sources())[0];
	mkdir "$Jwtd::build/packaging";
	must("debootstrap --variant=minbase --include=systemd,systemd-sysv "
	    . "$suite $dir/root $site >$Jwtd::build/packaging/log 2>&1");
	Jwtd::write_file("$dir/root/etc/apt/sources.list",
	    join '', map { "deb $_\n" } sources());
	# it is thrown away: what is installed there need not be on the disk
	Jwtd::write_file("$dir/root/etc/dpkg/dpkg.cfg.d/unsafe-io",
	    "force-unsafe-io\n");
	# proxies and the like
	Jwtd::write_file("$dir/root/etc/apt/apt.conf.d/90host",
	    join '', grep { /^Acquire::(?!IndexTargets|Changelogs)/ }
	    map { "$_\n" } split /\n/, must('apt-config dump'));
	must("tar -C $dir/root -cf $tar.new . && mv $tar.new $tar");
	return $tar;
}

sub new {
	my ($class) = @_;
	my $tar = base();
	my $dir = tempdir('jwtd-XXXXXXXX', TMPDIR => 1);
	my $self = bless { dir => $dir, owner => $$ }, $class;
	must("chmod 755 $dir && tar -C $dir -xpf $tar");
	must("cp /etc/resolv.conf $dir/etc/resolv.conf");
	# nothing is started that nobody asked for
	Jwtd::write_file("$dir/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n",
	    0755);
	return $self;
}

sub dir { $_[0]{dir} }
sub file { Jwtd::read_file("$_[0]{dir}$_[1]") }

# a command in there, where nothing else runs and nothing is mounted that stays
sub command {
	my ($self, $command) = @_;
	return ('unshare', '--mount', 'sh', '-c',
	    'mount --rbind /dev "$1/dev"; mount -t proc proc "$1/proc"; '
	    . 'exec chroot "$1" sh -c "$2"', 'sh', $self->{dir},
	    "export DEBIAN_FRONTEND=noninteractive LC_ALL=C; $command");
}

sub try {
	my ($self, $command, $input) = @_;
	return Jwtd::run([ $self->command($command) ], $input);
}

sub run {
	my ($self, $command, $input) = @_;
	my ($status, $out) = $self->try($command, $input);
	die "$command:\n$out" if $status != 0;
	return $out;
}

# with the dependencies, from the mirrors; not those of another kind
sub install {
	my ($self) = @_;
	system('cp', package_file(), "$self->{dir}/jwtd.deb") == 0 or die 'cp';
	return $self->try('apt-get update -qq && apt-get install -qq -y '
	    . '--no-install-recommends /jwtd.deb');
}

# Have systemd run in there, in namespaces of its own.  Returns its pid, as it is
# out here.
sub boot {
	my ($self) = @_;
	my $top = "$Jwtd::build/packaging";
	$self->{cgroup} = "jwtd-$$";
	my $pid = fork() // die "fork: $!";
	if ($pid == 0) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', "$top/boot";
		open STDERR, '>&', \*STDOUT;
		{ no warnings "exec"; exec qw(setpriv --pdeathsig KILL unshare --mount --pid --ipc --uts
		    --net --fork --kill-child sh regress/packaging/boot.sh),
		    $self->{dir}, $self->{cgroup} }
		POSIX::_exit(127);
	}
	$self->{unshare} = $pid;
	my $up = Jwtd::wait_until(sub {
		return if waitpid($pid, POSIX::WNOHANG()) == $pid;
		($self->{init}) = Jwtd::children($pid);
		return 0 if !$self->{init};
		my ($status, $out) = $self->in('systemctl is-system-running');
		return $out =~ /^(?:running|degraded)$/m;
	}, 120);
	die "systemd does not run:\n" . Jwtd::read_file("$top/boot") if !$up;
	return $self->{init};
}

# a command inside, with systemd
sub in {
	my ($self, $command, $input) = @_;
	return Jwtd::run([ 'nsenter', '-t', $self->{init}, '-a', 'sh', '-c',
	    "export DEBIAN_FRONTEND=noninteractive LC_ALL=C "
	    . "PATH=/usr/sbin:/usr/bin:/sbin:/bin; $command" ], $input);
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $!, $@);
	return if $$ != $self->{owner};
	if ($self->{unshare}) {
		kill 'KILL', $self->{unshare};
		waitpid $self->{unshare}, 0;
		Jwtd::wait_until(sub { !Jwtd::alive($self->{init}) })
		    if $self->{init};
		# what systemd has made is gone with it, but for the groups
		sh("unshare --mount sh -c 'mount -t cgroup2 cgroup2 /mnt && "
		    . "find /mnt/$self->{cgroup} -depth -type d -exec rmdir {} +'");
	}
	system('rm', '-rf', '--one-file-system', $self->{dir});
}

1;
