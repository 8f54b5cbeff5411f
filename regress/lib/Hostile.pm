# A TLS server on loopback that answers each path as it is told, byte by byte if
# need be.  Its processes end with the object.
package Hostile;

use strict;
use warnings;

use IO::Socket::SSL;
use POSIX ();

use Jwtd;

# Hostile->new(certificate file, key file, sub { my ($socket, $path) = @_ }).
# What is asked is appended to $log, a line each, if that is given.
sub new {
	my ($class, $crt, $key, $handler, $log) = @_;
	my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
	    Listen => 64, ReuseAddr => 1) || die "listen: $!";
	my $self = bless { port => $listen->sockport, owner => $$ }, $class;
	my $pid = fork() // die "fork: $!";
	if ($pid == 0) {
		$SIG{$_} = 'DEFAULT' for qw(TERM INT);
		$SIG{CHLD} = 'IGNORE';
		$SIG{PIPE} = 'IGNORE';
		setpgrp;
		for (;;) {
			my $s = $listen->accept // next;
			my $child = fork() // next;
			next if $child;
			serve($s, $crt, $key, $handler, $log);
			POSIX::_exit(0);
		}
	}
	$self->{pid} = $pid;
	return $self;
}

sub serve {
	my ($s, $crt, $key, $handler, $log) = @_;
	IO::Socket::SSL->start_SSL($s, SSL_server => 1, SSL_cert_file => $crt,
	    SSL_key_file => $key) or return;
	my $head = '';
	while ($head !~ /\r\n\r\n/) {
		sysread $s, $head, 4096, length $head or return;
	}
	my ($path) = $head =~ m{\AGET (\S+) HTTP/1\.1\r\n} or return;
	if ($log) {
		open my $f, '>>', $log or return;
		syswrite $f, ($head =~ s/\r\n/|/gr) . "\n";
		close $f;
	}
	$handler->($s, $path);
	$s->close;
}

sub port { $_[0]{port} }

# with whoever it is talking to
sub DESTROY {
	my ($self) = @_;
	local ($?, $!);
	return if $$ != $self->{owner};
	kill 'KILL', -$self->{pid}, $self->{pid};
	waitpid $self->{pid}, 0;
}

1;
