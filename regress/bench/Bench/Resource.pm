# The rows of the resource service, of TLS, and of memory.
package Bench::Resource;

use strict;
use warnings;

use Bench::Daemon qw(daemon);
use Bench::Load qw(answer limit);
use Bench::Measure qw(family median memory rounds us);
use Bench::Peer;
use Jwtd;

our $rounds = 3;
my $new = 10000;	# tokens a round, of a second
my $idle = 10000;	# connections

# A file of tokens, each another one
sub tokens {
	my ($d, $n) = @_;
	my ($status, $out) = Jwtd::run([ "$Bench::Load::programs/tokens",
	    $d->dir . '/key.pem', $Bench::Daemon::issuer, 'api', $n ]);
	die "tokens: $out" if $status != 0;
	my $file = $d->dir . '/tokens.' . ++$d->{tokens};
	Jwtd::write_file($file, $out);
	return $file;
}

sub workers {
	my ($peer) = @_;
	return ($peer->pid, Jwtd::children($peer->pid));
}

sub each_round {
	my ($r, $by, @of) = @_;
	return median(map {
		my $round = $_;
		my $of = 0;
		$of += $r->{$_}[$round] / @of for @of;
		$r->{$by}[$round] / $of;
	} 0 .. $rounds - 1);
}

# No token is sent twice: the files end before the time does.
sub unseen {
	my $d = daemon();
	my $nginx = Bench::Peer->nginx($d);
	my $haproxy = Bench::Peer->haproxy($d);
	my @pids = family($d);
	my %load = (path => '/verify', c => 32, 1 => 1, time => 60);
	my (@own, %rate);
	my $r = rounds($rounds, verify => sub { limit('rsa-verify',
	    key => $d->dir . '/key.pem')->{cpu} }, us => sub {
		my $file = tokens($d, int($new * $Bench::Load::time));
		my $m = answer(\@pids, %load, address => $d->{plain},
		    a => $file);
		push @own, $m->{own};
		my $n = answer([ workers($nginx) ], %load, a => $file,
		    address => $nginx->plain);
		my $h = answer([ workers($haproxy) ], %load, a => $file,
		    address => $haproxy->plain);
		unlink $file;
		return (us => $m->{us}, nginx => $n->{us}, haproxy => $h->{us});
	    });
	$r->{limit} = [ map { $r->{verify}[$_] + 1.3 * $r->{nginx}[$_] }
	    0 .. $rounds - 1 ];
	return ({ what => 'each token new: CPU',
	    figure => us(median(@{ $r->{us} })),
	    limit => sprintf('%s verification + 1.3 x %s nginx 202',
	    us(median(@{ $r->{verify} })), us(median(@{ $r->{nginx} }))),
	    ratio => each_round($r, 'us', 'limit'), most => 1,
	    load => us(median(@own)) },
	    { what => 'each token new: HAProxy jwt_verify, CPU', figure =>
	    us(median(@{ $r->{haproxy} })), limit =>
	    us(median(@{ $r->{us} })), ratio =>
	    each_round($r, 'haproxy', 'us'), least => 1.4 });
}

sub seen {
	my $d = daemon();
	my $nginx = Bench::Peer->nginx($d);
	my $file = tokens($d, 1);
	return map {
		my ($what, $kind, @tls) = @$_;
		my %arg = (path => '/verify', a => $file, c => 32, @tls);
		my $load = Bench::Load->new(%arg, address => $d->{$kind});
		my $other = Bench::Load->new(%arg, address => $nginx->$kind);
		compare($what, $load, $d, $other, $nginx, 1.1);
	} [ 'token seen before, plain: CPU', 'plain' ],
	    [ 'token seen before, TLS: CPU', 'tls', T => 1 ];
}

# Ours between two measures of nginx
sub compare {
	my ($what, $load, $d, $other, $nginx, $most) = @_;
	my @pids = family($d);
	my @peer = workers($nginx);
	my $r = rounds($rounds, before => sub { $other->measure(@peer)->{us} },
	    us => sub {
		my $m = $load->measure(@pids);
		return (us => $m->{us}, own => $m->{own});
	    }, after => sub { $other->measure(@peer)->{us} });
	return { what => $what, figure => us(median(@{ $r->{us} })),
	    limit => us(median(@{ $r->{before} }, @{ $r->{after} }))
	    . ' nginx', ratio => each_round($r, 'us', 'before', 'after'),
	    most => $most, load => us(median(@{ $r->{own} })) };
}

sub tls {
	my $d = daemon();
	my $nginx = Bench::Peer->nginx($d);
	my %arg = (path => '/health', r => 1, T => 1, c => 16);
	return compare('new TLS connection, one request: CPU',
	    Bench::Load->new(%arg, address => $d->{tls}), $d,
	    Bench::Load->new(%arg, address => $nginx->tls), $nginx, 1.05);
}

# What connections take that have asked once and say nothing more
sub per_connection {
	my ($port, @pids) = @_;
	my $before = memory(@pids);
	my $load = Bench::Load->new(T => 1, c => $idle, address => $port,
	    path => '/health');
	my $bytes = memory(@pids) - $before;
	$load->end;
	return $bytes / $idle;
}

sub memory_rows {
	my $d = daemon(connections => 2 * $idle);
	my $bare = memory(family($d)) / (1 << 20);
	my $nginx = Bench::Peer->nginx($d, connections => $idle + 1000);
	my $ours = per_connection($d->{tls}, family($d));
	my $its = per_connection($nginx->tls, workers($nginx));
	return ({ what => "an idle TLS connection of $idle", figure =>
	    sprintf('%.1f KiB', $ours / 1024), limit =>
	    sprintf('%.1f KiB nginx', $its / 1024), ratio => $ours / $its,
	    most => 1 },
	    { what => 'idle daemon, 2 workers, 4 signers', figure =>
	    sprintf('%.1f MiB', $bare), limit => '20 MiB',
	    ratio => $bare / 20, most => 1 });
}

1;
