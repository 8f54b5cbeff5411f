# Images and containers in a storage of their own, in a temporary directory, which
# is gone with the object.  Needs root, buildah(1) and podman(1), and no registry.
package Podman;

use strict;
use warnings;

use File::Temp qw(tempdir);
use Jwtd;

# health checks are run by hand here, and by no timer of systemd
$ENV{DISABLE_HC_SYSTEMD} = 'true';

# a test that is interrupted leaves nothing behind either
$SIG{$_} = sub { exit 1 } for qw(INT TERM);

# Has the test begin again where what is mounted is gone with it, and where groups
# of processes are as the runtime knows them: not all hosts have that.  Returns
# false if that cannot be had.
sub alone {
	return 1 if $ENV{PODMAN_ALONE};
	my @there = ('unshare', '--mount', 'sh', '-ec',
	    'mount -t cgroup2 cgroup2 /sys/fs/cgroup; exec "$@"', 'sh');
	return 0 if (Jwtd::run([ @there, 'true' ]))[0] != 0;
	local $ENV{PODMAN_ALONE} = 1;
	exec @there, $^X, map({ "-I$_" } @INC), $0 or die "unshare: $!";
}

# Returns undef if containers cannot be had here, with the reason in $why.
our $why;
sub new {
	my ($class) = @_;
	for my $program (qw(buildah podman)) {
		next if grep { -x "$_/$program" } split /:/, $ENV{PATH};
		$why = "$program is not here";
		return;
	}
	my $self = bless { owner => $$,
	    dir => tempdir('jwtd-XXXXXXXX', TMPDIR => 1) }, $class;
	# without a copy of everything, where the system can do that
	for my $driver (qw(overlay vfs)) {
		$self->{store} = [ '--root', "$self->{dir}/$driver", '--runroot',
		    "$self->{dir}/run", '--storage-driver', $driver ];
		my ($status, $out) = $self->podman('info');
		return $self if $status == 0;
		$why = $out;
	}
	return;
}

sub dir { $_[0]{dir} }

sub command {
	my ($self, @args) = @_;
	return ('podman', @{ $self->{store} }, '--tmpdir', "$self->{dir}/tmp",
	    '--cgroup-manager', 'cgroupfs', '--events-backend', 'none', @args);
}

# Each returns status and output; "feed" gives the command something to read.
sub podman {
	my ($self, @args) = @_;
	return Jwtd::run([ $self->command(@args) ]);
}
sub feed {
	my ($self, $input, @args) = @_;
	return Jwtd::run([ $self->command(@args) ], $input);
}
sub buildah {
	my ($self, @args) = @_;
	return Jwtd::run([ 'buildah', @{ $self->{store} }, @args ]);
}

# The container's first process, as it is out here.
sub pid {
	my ($self, $name) = @_;
	my ($status, $out) = $self->podman('inspect', '--format',
	    '{{.State.Pid}}', $name);
	die $out if $status != 0;
	chomp $out;
	return $out;
}

# what it said so far
sub logs {
	my ($self, $name) = @_;
	return ($self->podman('logs', $name))[1];
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $!, $@);
	return if $$ != $self->{owner};
	$self->podman('rm', '--all', '--force', '--volumes', '--time', '0')
	    if $self->{store};
	# what is mounted there now is mounted for this process alone
	Jwtd::run([ 'umount', '--recursive', '--lazy', $_ ])
	    for grep { -d } map { "$self->{dir}/$_" } qw(overlay run vfs);
	system('rm', '-rf', '--one-file-system', $self->{dir});
}

1;
