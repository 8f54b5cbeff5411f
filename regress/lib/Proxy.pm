# Other people's servers for a test: started in the foreground on a free port of
# loopback, stopped by pid when the object goes.
package Proxy;

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use IO::Socket::INET;
use POSIX ();

use Jwtd;

my $top = abs_path(dirname(__FILE__) . '/../..');

# where administrators' programs are, for whoever runs the test
sub program {
	my ($name) = @_;
	for my $dir (split(/:/, $ENV{PATH}), qw(/usr/sbin /usr/local/sbin)) {
		return "$dir/$name" if -x "$dir/$name";
	}
	return;
}

# A port that was free a moment ago; none is given twice.
my %given;
sub free_port {
	my $port;
	do {
		my $s = IO::Socket::INET->new(Listen => 1, Proto => 'tcp',
		    LocalAddr => '127.0.0.1') || die "listen: $!";
		$port = $s->sockport;
	} while ($given{$port}++);
	return $port;
}

# A file of etc/ with paths and ports replaced, each of which must be there.
sub example {
	my ($file, @pairs) = @_;
	my $text = Jwtd::read_file("$top/etc/$file");
	while (my ($from, $to) = splice @pairs, 0, 2) {
		$text =~ s/\Q$from\E/$to/g or die "no \"$from\" in $file";
	}
	return $text;
}

# Proxy->start(LOG, PORT, COMMAND...): waits until the port answers.
sub start {
	my ($class, $log, $port, @command) = @_;
	my $pid = fork();
	die "fork: $!" unless defined $pid;
	if ($pid == 0) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', $log;
		open STDERR, '>&', \*STDOUT;
		{ no warnings 'exec'; exec @command }
		POSIX::_exit(127);
	}
	my $self = bless { pid => $pid, owner => $$ }, $class;
	my $up = Jwtd::wait_until(sub {
		return 1 if IO::Socket::INET->new(PeerAddr => '127.0.0.1',
		    PeerPort => $port, Proto => 'tcp');
		return waitpid($pid, POSIX::WNOHANG()) == 0 ? 0 : undef;
	});
	die "@command did not start:\n" . Jwtd::read_file($log) unless $up;
	return $self;
}

# An application that answers with the head it got: its object, and its port.
sub application {
	my ($class) = @_;
	my $listener = IO::Socket::INET->new(Listen => 16, Proto => 'tcp',
	    LocalAddr => '127.0.0.1', ReuseAddr => 1) || die "listen: $!";
	my $pid = fork();
	die "fork: $!" unless defined $pid;
	if ($pid == 0) {
		$SIG{PIPE} = 'IGNORE';
		while (my $s = $listener->accept) {
			local $/ = "\r\n\r\n";
			my $head = <$s> // next;
			# with bytes unread, the end would be a reset
			my ($len) = $head =~ /^Content-Length: (\d+)/mi;
			read $s, my $body, $len if $len;
			print $s "HTTP/1.1 200 OK\r\nConnection: close\r\n"
			    . 'Content-Length: ' . length($head)
			    . "\r\n\r\n$head";
			close $s;
		}
		POSIX::_exit(0);
	}
	return (bless({ pid => $pid, owner => $$ }, $class),
	    $listener->sockport);
}

sub stop {
	my ($self) = @_;
	my $pid = delete $self->{pid} // return;
	kill 'TERM', $pid;
	return if Jwtd::wait_until(sub {
		return waitpid($pid, POSIX::WNOHANG()) != 0;
	}, 5);
	kill 'KILL', $pid;
	waitpid $pid, 0;
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $!, $@);
	$self->stop if $$ == $self->{owner};
}

1;
