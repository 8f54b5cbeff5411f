# The client of regress/fault that counts every answer, run beside a test.
package Load;

use strict;
use warnings;

use POSIX ();

use Jwtd;

# Load->start(LOG, TARGETS, OPTIONS...): as load.c says
sub start {
	my ($class, $log, $targets, @options) = @_;
	pipe my $read, my $write or die "pipe: $!";
	my $pid = fork() // die "fork: $!";
	if ($pid == 0) {
		close $read;
		open STDIN, '<', '/dev/null';
		open STDOUT, '>&', $write;
		open STDERR, '>>', $log;
		{ no warnings 'exec'; exec "$Jwtd::build/regress/fault/load",
		    @options, @$targets }
		POSIX::_exit(127);
	}
	close $write;
	my $self = bless { pid => $pid, owner => $$, read => $read,
	    log => $log, sum => {} }, $class;
	$self->line;
	return $self;
}

sub line {
	my ($self) = @_;
	my $text = readline $self->{read};
	die "the load client has ended:\n" . Jwtd::read_file($self->{log})
	    unless defined $text;
	my %count = $text =~ /(\w+)=(\S+)/g;
	/_/ or $self->{sum}{$_} += $count{$_} for keys %count;
	$self->{last} = $text;
	return \%count;
}

# what was counted since the last time
sub counts {
	my ($self) = @_;
	kill 'USR1', $self->{pid};
	return $self->line;
}

# Let it ask for so many seconds more, and until that is true.
sub during {
	my ($self, $seconds, $check) = @_;
	Time::HiRes::sleep($seconds);
	my $done = !$check || Jwtd::wait_until($check);
	return ($self->counts, $done);
}

# the last counts, when all that was asked has its answer
sub stop {
	my ($self) = @_;
	my $pid = delete $self->{pid} // return;
	kill 'TERM', $pid;
	my $count = $self->line;
	waitpid $pid, 0;
	return $count;
}

# all counts together
sub sum { $_[0]{sum} }
# what it has to say of wrong answers
sub complaints { Jwtd::read_file($_[0]{log}) }

# "lost 1, wrong 2": those of the counts that are not 0
sub failures {
	my ($count, @names) = @_;
	return join ', ', map { $count->{$_} ? "$_ $count->{$_}" : () } @names;
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $!);
	return if $$ != $self->{owner} || !$self->{pid};
	kill 'KILL', $self->{pid};
	waitpid $self->{pid}, 0;
}

1;
