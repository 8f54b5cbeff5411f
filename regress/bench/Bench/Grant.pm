# The rows of the grant service.
package Bench::Grant;

use strict;
use warnings;

use List::Util qw(max);

use Bench::Daemon qw(basic daemon fill_postgres many postgres warm);
use Bench::Load qw(limit parse_lookup wrk);
use Bench::Measure qw(cpu family median memory processors rounds us);
use Bench::Peer;
use Cost;
use Jwtd;
use Pg;

our $rounds = 3;
my $mib = 1 << 20;

# Connections over TLS that ask for tokens of alice
sub asking {
	my ($d, %arg) = @_;
	return Bench::Load->new(T => 1, a => many($d, 'alice'), c => 32,
	    address => $d->{tls}, path => '/token', %arg);
}

# CPU in signatures, each between two measures of these
sub in_signatures {
	my ($d, $what, $target, @server) = @_;
	my $load = asking(warm($d));
	my @pids = family($d);
	my @limit = ('rsa-sign', key => $d->dir . '/key.pem');
	my $r = rounds($rounds, before => sub { limit(@limit)->{cpu} },
	    us => sub {
		my $before = cpu(@server);
		my $m = $load->measure(@pids);
		return (us => $m->{us}, own => $m->{own}, server =>
		    (cpu(@server) - $before) / 1e3 / $m->{answers});
	    }, after => sub { limit(@limit)->{cpu} });
	my $limit = median(@{ $r->{before} }, @{ $r->{after} });
	return { what => $what, figure => us(median(@{ $r->{us} })),
	    limit => us($limit) . ' signature', ratio => median(map {
		2 * $r->{us}[$_] / ($r->{before}[$_] + $r->{after}[$_])
	    } 0 .. $rounds - 1), most => $target,
	    load => us(median(@{ $r->{own} })) . (@server ? ', server '
	    . us(median(@{ $r->{server} })) : '') };
}

sub signing_rate {
	my ($d) = @_;
	my @limit = ('rsa-sign', key => $d->dir . '/key.pem', processes =>
	    processors(), time => $Bench::Load::time / 2);
	my $r = rounds($rounds, before => sub { limit(@limit)->{rate} },
	    wrk => sub {
		my $m = wrk(url => "https://127.0.0.1:$d->{tls}/token",
		    authorization => basic());
		return (rate => $m->{rate}, own => $m->{own});
	    }, after => sub { limit(@limit)->{rate} });
	return { what => 'answers in a second, with wrk beside it',
	    figure => sprintf('%.0f/s', median(@{ $r->{rate} })),
	    limit => sprintf('%.0f signatures/s', median(@{ $r->{before} },
	    @{ $r->{after} })), ratio => median(map {
		2 * $r->{rate}[$_] / ($r->{before}[$_] + $r->{after}[$_])
	    } 0 .. $rounds - 1), least => 0.85,
	    load => us(median(@{ $r->{own} })) };
}

sub file {
	my $d = daemon();
	return (in_signatures($d, 'remembered, file store, TLS: CPU', 1.12),
	    signing_rate($d));
}

sub pg {
	my $pg = fill_postgres(Pg->start->schema, 100);
	my $d = daemon(pg => $pg);
	return in_signatures(warm($d), 'remembered, PostgreSQL, TLS: CPU',
	    1.25, $pg->pid, Jwtd::family($pg->pid));
}

# CPU in empty answers of nginx over TLS
sub in_answers {
	my ($what, $target, %arg) = @_;
	my $d = warm(daemon(%arg));
	my $nginx = Bench::Peer->nginx($d);
	my @pids = (family($d));
	my @peer = ($nginx->pid, Jwtd::children($nginx->pid));
	my $load = asking($d);
	my $other = asking($d, address => $nginx->tls);
	my $r = rounds($rounds, nginx => sub { $other->measure(@peer)->{us} },
	    us => sub {
		my $m = $load->measure(@pids);
		return (us => $m->{us}, own => $m->{own});
	    }, again => sub { $other->measure(@peer)->{us} });
	return { what => $what,
	    figure => us(median(@{ $r->{us} })), limit => us(median(
	    @{ $r->{nginx} }, @{ $r->{again} })) . ' nginx 202',
	    ratio => median(map { 2 * $r->{us}[$_] / ($r->{nginx}[$_]
	    + $r->{again}[$_]) } 0 .. $rounds - 1), most => $target,
	    load => us(median(@{ $r->{own} })) };
}

sub ed25519 {
	return in_answers('remembered, Ed25519, TLS: CPU', 3,
	    algorithm => 'ed25519');
}

# Nothing is signed, so the key makes no difference.
sub reuse {
	return in_answers('the same token again, file store, TLS: CPU', 1.6,
	    reuse => 1);
}

# Each user once, and more at a time than there are cores.
sub first {
	my $d = daemon(users => 2000);
	my @pids = family($d);
	my @signers = $d->pids('jwtd-signer: signer');
	my $idle = memory(@signers);
	my ($most, $peak, $looks, $slow) = (0) x 4;
	my $load = asking($d, 1 => 1, a => many($d, 'all', map { "u$_" }
	    1 .. 2000), c => 16, time => 2 * $Bench::Load::time);
	# as many at a time as the daemon has: they share the memory's speed
	my $limit = sub { limit('argon2id', time => $Bench::Load::time,
	    processes => processors())->{cpu} };
	my $r = rounds($rounds, before => $limit, us => sub {
		my $before = cpu(@pids);
		$load->begin;
		my $m = $load->result(sub {
			my $n = Cost::hashing(@signers);
			$most = max($most, scalar @$n) if $n;
			$peak = max($peak, memory(@signers) - $idle);
			$looks++;
			$slow++ unless $n;
		});
		return (us => (cpu(@pids) - $before) / 1e3 / $m->{answers},
		    own => $m->{own});
	    }, after => $limit);
	return ({ what => 'not remembered, file store, TLS: CPU',
	    figure => us(median(@{ $r->{us} })), limit => us(median(
	    @{ $r->{before} }, @{ $r->{after} })) . ' argon2id',
	    ratio => median(map { 2 * $r->{us}[$_] / ($r->{before}[$_]
	    + $r->{after}[$_]) } 0 .. $rounds - 1), most => 1.03,
	    load => us(median(@{ $r->{own} })) },
	    { what => 'hashes at a time, of 64 MiB each, when 16 are asked for',
	    figure => $most, limit => processors() . ' cores',
	    ratio => $most / processors(), most => 1,
	    load => "$looks looks, $slow too slow to count" },
	    # one signer after the other: two that take turns may count twice
	    { what => 'their memory, summed up', figure => sprintf(
	    '%.0f MiB', $peak / $mib), limit => processors() . ' x 64 MiB',
	    ratio => $peak / $mib / 64 / processors(), most => 1.1 });
}

# Remembered grants alone, and beside as many first logins as there are cores.
sub beside {
	my ($d, $hashing, $what, %arg) = @_;
	my $load = asking($d, time => 2 * $Bench::Load::time, %arg);
	my $wall = 0;
	my $r = rounds($rounds, alone => sub {
		$load->begin;
		return $load->result->{p99};
	    }, beside => sub {
		$hashing->begin;
		$load->begin;
		my $m = $load->result;
		my $hash = $hashing->result->{p50};
		return (p99 => $m->{p99}, max => $m->{max} / $hash,
		    hash => $hash, own => $m->{own}, longest => $m->{max});
	    });
	my $each = sub {
		my ($by, $of) = @_;
		return median(map { $r->{$by}[$_] / $r->{$of}[$_] }
		    0 .. $rounds - 1);
	};
	return ({ what => "p99 beside first logins, $what",
	    figure => us(median(@{ $r->{p99} })), limit =>
	    us(median(@{ $r->{alone} })) . ' alone', ratio =>
	    $each->('p99', 'alone'), most => 5,
	    load => us(median(@{ $r->{own} })) },
	    { what => "the longest of them, $what",
	    figure => us(median(@{ $r->{longest} })), limit =>
	    us(median(@{ $r->{hash} })) . ' first login',
	    ratio => $each->('longest', 'hash'), most => 1 });
}

sub p99 {
	my $d = warm(daemon(users => 2000));
	my $hashing = asking($d, 1 => 1, a => many($d, 'all', map { "u$_" }
	    1 .. 2000), c => processors(), time => 2 * $Bench::Load::time);
	return (beside($d, $hashing, '200/s', c => 16, i => 5000),
	    beside($d, $hashing, '8 at a time', c => 8));
}

sub lookup {
	my $d = Jwtd->prepare;
	my $dir = $d->dir;
	Bench::Daemon::fill_file($d, 100);
	my $pg = fill_postgres(Pg->start->schema, 100);
	return map {
		my ($store, $arg) = @$_;
		my ($status, $out) = Jwtd::run([
		    "$Bench::Load::programs/lookup", "$dir/key.pem", $store,
		    $arg, 'alice' ]);
		my $r = parse_lookup($out);
		{ what => "look-up, $store: CPU, without the server's",
		    figure => us($r->{cpu}), limit => us($r->{sign})
		    . ' signature', ratio => $r->{cpu} / $r->{sign} },
		{ what => "look-up, $store: time", figure => us($r->{wall}),
		    limit => us($r->{sign}) . ' signature',
		    ratio => $r->{wall} / $r->{sign} };
	} [ 'file', "$dir/users.d/users" ], [ 'postgres', postgres($d, $pg) ];
}

sub limits {
	my $d = Jwtd->prepare;
	my %what = ('rsa-sign' => 'RSA-2048 signature',
	    'rsa-verify' => 'RSA-2048 verification',
	    'ed25519-sign' => 'Ed25519 signature',
	    argon2id => 'argon2id, 64 MiB, 2 passes',
	    socketpair => 'socketpair, 256 bytes and 1 KiB back',
	    packets => 'socketpair, with packets as large as ours');
	return map {
		my $name = $_;
		my @r = map { limit($name, key => $d->dir . '/key.pem')->{cpu} }
		    1 .. $rounds;
		{ what => $what{$name}, figure => us(median(@r)) };
	} qw(rsa-sign rsa-verify ed25519-sign argon2id socketpair packets);
}

1;
