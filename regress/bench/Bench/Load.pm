# Those who ask, and the limits: wrk(1) and the programs of this folder, and how
# what they print is read.
package Bench::Load;

use strict;
use warnings;

use Exporter qw(import);
use IO::Handle;
use IPC::Open2 qw(open2);
use IO::Select;

use Bench::Measure qw(cpu);
use Jwtd;

our @EXPORT_OK = qw(answer limit parse_limit parse_load parse_lookup parse_wrk
    wrk);

# the length of a measure, in seconds
our $time = $ENV{BENCH_TIME} || 1;
our $programs = "$Jwtd::build/bench";

sub parse_limit {
	my ($text) = @_;
	my ($cpu, $rate) = $text =~ /^([\d.]+) ([\d.]+)$/m
	    or die "limits: $text";
	return { cpu => $cpu, rate => $rate };
}

# A limit: microseconds of CPU, and how many in a second.
#	key, processes
sub limit {
	my ($name, %arg) = @_;
	my ($status, $out) = Jwtd::run([ "$programs/limits", '-j',
	    $arg{processes} || 1, $name, int(($arg{time} || $time / 4) * 1000),
	    $arg{key} || () ]);
	die "limits $name: $out" if $status != 0;
	return parse_limit($out);
}

sub parse_load {
	my ($line) = @_;
	my %r = $line =~ /(\w+)=([\d.]+)/g;
	die "load: $line" unless defined $r{max} && $r{answers};
	die "only $r{good} of $r{answers} answers are good"
	    if $r{good} != $r{answers};
	$r{rate} = $r{answers} / $r{seconds};
	# of the generator, for an answer
	$r{own} = $r{cpu} * 1e6 / $r{answers};
	return \%r;
}

# Connections that are there, and ask when they are told to: see load.c.
#	address, path, lines (a file), and its other options by their letters
sub new {
	my ($class, %arg) = @_;
	my @args = map { $arg{$_} ? "-$_" : () } qw(1 r T);
	push @args, map { $arg{$_} ? ("-$_", $arg{$_}) : () } qw(a c i w);
	push @args, '-t', int(($arg{time} || $time) * 1000);
	my $pid = open2(my $out, my $in, "$programs/load", @args,
	    $arg{address}, $arg{path});
	my $self = bless { pid => $pid, in => $in, out => $out }, $class;
	($self->line // '') eq "ready\n" or die "load @args: not ready";
	return $self;
}

sub line {
	my ($self) = @_;
	return scalar readline $self->{out};
}

sub begin {
	my ($self) = @_;
	print { $self->{in} } "go\n";
	$self->{in}->flush;
}

# Wait for the figures; meanwhile call that code again and again.
sub result {
	my ($self, $meanwhile) = @_;
	my $select = IO::Select->new($self->{out});
	if ($meanwhile) {
		$meanwhile->() until $select->can_read(0.01);
	}
	return parse_load($self->line // die 'load has ended');
}

# One measure, with the CPU time of these processes for an answer.
sub measure {
	my ($self, @pids) = @_;
	my $before = cpu(@pids);
	$self->begin;
	my $r = $self->result;
	$r->{us} = (cpu(@pids) - $before) / 1e3 / $r->{answers};
	return $r;
}

sub end {
	my ($self) = @_;
	my $pid = delete $self->{pid} // return;
	close $self->{in};
	waitpid $pid, 0;
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $!, $@);
	$self->end;
}

# Make the connections, take one measure, and end them.
sub answer {
	my ($pids, %arg) = @_;
	return __PACKAGE__->new(%arg)->measure(@$pids);
}

sub parse_wrk {
	my ($text) = @_;
	my ($answers) = $text =~ /^ +(\d+) requests in /m or die "wrk: $text";
	my ($bad) = $text =~ /^ +Non-2xx or 3xx responses: (\d+)/m;
	die "wrk: $bad answers are not good" if $bad;
	my ($rate) = $text =~ m{^Requests/sec: +([\d.]+)}m;
	die "wrk: $text" if $text =~ /Socket errors/ || !$rate;
	return { answers => $answers, rate => $rate };
}

# What wrk(1) gets out of it, and its own CPU for an answer.
#	url, authorization, c
sub wrk {
	my (%arg) = @_;
	my @before = (times)[2, 3];
	my ($status, $out) = Jwtd::run([ 'wrk', '-t', 1, '-c', $arg{c} || 32,
	    '-d', $time < 1 ? 1 : int $time, '-H',
	    "Authorization: $arg{authorization}", $arg{url} ]);
	die "wrk: $out" if $status != 0;
	my @after = (times)[2, 3];
	my $r = parse_wrk($out);
	$r->{own} = ($after[0] + $after[1] - $before[0] - $before[1]) * 1e6
	    / $r->{answers};
	return $r;
}

# lookup.c: microseconds of CPU of a signature; of a look-up, in all and of CPU
sub parse_lookup {
	my ($text) = @_;
	my ($sign, $wall, $cpu) = $text =~ /^\w+ +([\d.]+) +([\d.]+) +([\d.]+) /
	    or die "lookup: $text";
	return { sign => $sign, wall => $wall, cpu => $cpu };
}

1;
