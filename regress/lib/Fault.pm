# What the fault suite shares: a daemon with everything that it can have, the
# load on it, and what its processes are and take.
package Fault;

use strict;
use warnings;

use Exporter qw(import);
use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(sleep time);

use Jwtd;
use Load;

our @EXPORT_OK = qw(daemon prepare load long memory descriptors
    settled lines wait_until calm);

# FAULT_LONG=10 for ten times as much of each
sub long { return $ENV{FAULT_LONG} || 1 }

our @users = qw(alice bob carol);

our $locations = <<'EOT';
	location "/token" {
		grant
		audience "api"
	}
	location "/verify" {
		resource
		audience "api"
	}
	location "/scope" {
		resource
		audience "api"
		scope "none"
	}
	location "/jwks" { jwks }
	location "/health" { health }
EOT

my $servers = <<"EOT";
server "localhost" {
	listen on 127.0.0.1 port 0
	listen on "DIR/sock"
	listen on 127.0.0.2 tls port 0
	tls {
		certificate "DIR/tls.crt"
		key "DIR/tls.key"
	}
$locations}
EOT

# a server with all of these, without TLS
sub plain {
	return "server \"plain\" {\n\tlisten on 127.0.0.1 port 0\n"
	    . "$locations}\n";
}

# A daemon that is not started yet; arguments as of Jwtd->prepare().  Passwords
# cost little to check, and are looked at again each second.
sub prepare {
	my (%arg) = @_;
	$arg{globals} = "prefork 2\n" . ($arg{globals} // '');
	my $signer = $arg{signer} // '';
	$signer .= "\tremember 1s\n" unless $signer =~ /remember/;
	my $d = Jwtd->prepare(tls => 1, servers => $servers, %arg,
	    signer => $signer);
	$d->write_users(map { Jwtd::line($_, $_) } @users);
	return $d;
}

sub daemon {
	my $d = prepare(@_);
	# their hashes stay, since the signer may not replace them
	chmod 0500, $d->dir . '/users.d';
	push @Fault::locked, $d->dir . '/users.d';
	$d->launch;
	return $d;
}
END { chmod 0700, $_ for @Fault::locked }

sub targets {
	my ($d) = @_;
	my @ports = $d->ports;
	my @all = ("tcp:127.0.0.1:$ports[0]");
	push @all, 'unix:' . $d->dir . '/sock' if -e $d->dir . '/sock';
	push @all, "tls:127.0.0.2:$ports[1]" if @ports > 1;
	return @all;
}

# load(DAEMON, OPTIONS...): begins when there was a first answer
sub load {
	my ($d, @options) = @_;
	my $load = Load->start($d->dir . '/load.log', [ targets($d) ],
	    (map { ('-u', "$_:$_") } @users), @options);
	Jwtd::wait_until(sub { $load->counts->{resources} > 0 })
	    or die 'no answers: ' . $load->{last};
	return $load;
}

# Calm again: all that was asked was answered as it should be.
sub calm {
	my ($load, $what, $seconds) = @_;
	my $end = time + ($seconds // 0.4);
	my %all;
	Jwtd::wait_until(sub {
		sleep 0.05;
		my $count = $load->counts;
		/_/ ? ($all{$_} = $count->{$_}) : ($all{$_} += $count->{$_})
		    for keys %$count;
		return time > $end && $all{grants} > 3 && $all{resources} > 10;
	}) or fail("$what: there are answers");
	is(Load::failures(\%all, qw(busy stale wrong closed cut lost stuck
	    refused handshake)), '', "$what: every answer is right")
	    or diag $load->{last}, $load->complaints;
}

# kB that are a process's own
sub memory {
	return sum0 map {
		(eval { Jwtd::status($_, 'RssAnon') } // '') =~ /(\d+)/
		    ? $1 : 0
	} @_;
}

# how many descriptors; undef where that cannot be seen
sub descriptors {
	my ($pid) = @_;
	opendir my $dir, "/proc/$pid/fd" or return undef;
	return scalar grep { !/^\./ } readdir $dir;
}

# title => pid of all, when these are there
sub settled {
	my ($d, @titles) = @_;
	my %now;
	Jwtd::wait_until(sub {
		%now = map { (Jwtd::title($_) // '') => $_ }
		    Jwtd::family($d->pid);
		return join(' ', sort keys %now) eq join(' ', sort @titles);
	}) or return;
	return %now;
}

# how often the log has that
sub lines {
	my ($d, $pattern) = @_;
	return scalar(() = $d->log =~ /$pattern/mg);
}

1;
