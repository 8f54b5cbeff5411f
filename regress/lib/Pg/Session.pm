# A psql(1) in the background: say() statements, and close() for what it printed;
# or ask() many times what psql_as() would take long for.
package Pg::Session;

use strict;
use warnings;

use File::Temp;
use IO::Handle;
use Jwtd;
use POSIX ();

sub new {
	my ($class, @cmd) = @_;
	my $out = File::Temp->new;
	my $pid = open my $in, '|-';
	die "fork: $!" unless defined $pid;
	if ($pid == 0) {
		open STDOUT, '>', $out->filename;
		open STDERR, '>&', \*STDOUT;
		{ no warnings 'exec'; exec @cmd }
		POSIX::_exit(127);
	}
	$in->autoflush(1);
	return bless { in => $in, out => $out, pid => $pid, owner => $$ },
	    $class;
}

sub say {
	my ($self, $text) = @_;
	local $SIG{PIPE} = 'IGNORE';
	$self->{in}->print("$text\n");
}

# What it prints for that; an error does not end it.  Nothing of the last question
# is left but the connection.
sub ask {
	my ($self, $text) = @_;
	my $n = ++$self->{asked};
	$self->say("\\set ON_ERROR_STOP off\nROLLBACK; DISCARD ALL;\n"
	    . "\\echo begin-$n\n$text;\n\\echo end-$n");
	$self->wait_output(qr/^end-$n$/m)
	    or die "$text: no answer: " . $self->output;
	my ($out) = $self->output =~ /^begin-$n\n(.*?)\n?^end-$n$/ms;
	return $out;
}

sub output { return Jwtd::read_file($_[0]{out}->filename) }

# Wait until it has printed that.
sub wait_output {
	my ($self, $pattern) = @_;
	return Jwtd::wait_until(sub { $self->output =~ $pattern ? 1 : 0 });
}

sub close {
	my ($self) = @_;
	CORE::close($self->{in});
	my $out = $self->output;
	chomp $out;
	delete $self->{pid};
	return $out;
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $!, $@);
	return if $$ != $self->{owner} || !$self->{pid};
	kill 'KILL', $self->{pid};
	CORE::close($self->{in});
}

1;
