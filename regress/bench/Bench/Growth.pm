# The rows of what may grow: the CPU of an answer is to stay what it is.
package Bench::Growth;

use strict;
use warnings;

use List::Util qw(max min);

use Bench::Daemon qw(daemon fill_postgres many warm);
use Bench::Load;
use Bench::Measure qw(family median rounds spread us);
use Bench::Peer;
use Bench::Resource;
use Pg;

our $rounds = 3;
my $window = 32;	# requests at a time
my $many = 1000000;

# A line: measures of a list of [name, load, daemon].  Where the same is asked of
# nginx, [..., load, nginx], another: how many times its figure ours is, and the
# largest of these: what grows for both is not ours to save.
sub flat {
	my ($what, @of) = @_;
	my $r = rounds($rounds, map {
		my ($name, $load, $d, $other, $nginx) = @$_;
		my @pids = family($d);
		my @its = $nginx ? Bench::Resource::workers($nginx) : ();
		($name => sub { $load->measure(@pids)->{us} }, $nginx ?
		    ("nginx $name" => sub { $other->measure(@its)->{us} })
		    : ());
	} @of);
	my @names = map { $_->[0] } @of;
	my $list = sub { join ', ', map { us(median(@{ $r->{$_} })) } @_ };
	my $line = { what => "$what: CPU", figure => $list->(@names), limit =>
	    'of ' . join(', ', @names), ratio =>
	    spread(map { $r->{$_} } @names), most => 1.1 };
	return $line unless $of[0][4];
	my @times = map {
		my ($ours, $its) = ($r->{$_}, $r->{"nginx $_"});
		median(map { $ours->[$_] / $its->[$_] } 0 .. $rounds - 1);
	} @names;
	return ($line, { what => "$what: times nginx's CPU", figure =>
	    join(', ', map { sprintf '%.2f', $_ } @times), limit =>
	    $list->(map { "nginx $_" } @names) . ' nginx', ratio =>
	    max(@times), most => 1.1 });
}

sub loads {
	my ($d, %arg) = @_;
	my $c = $arg{c} || $window;
	my @how = (address => $d->{plain}, c => $c, w => min($window, $c));
	my @verify = (@how, path => '/verify', a => $d->{one} ||=
	    Bench::Resource::tokens($d, 1));
	return (Bench::Load->new(@how, path => '/token',
	    a => many($d, 'alice')), Bench::Load->new(@verify),
	    Bench::Load->new(@verify, address => $arg{nginx}->plain));
}

# Not over TLS: ten thousand handshakes would be most of it
sub connections {
	my $d = warm(daemon(connections => 25000));
	my $nginx = Bench::Peer->nginx($d, connections => 25000);
	my (@grant, @resource);
	for my $c (1, 32, 1000, 10000) {
		my ($grant, $resource, $other) = loads($d, c => $c,
		    nginx => $nginx);
		push @grant, [ $c, $grant, $d ];
		push @resource, [ $c, $resource, $d, $other, $nginx ];
	}
	return (flat('connections, grant', @grant),
	    flat('connections, resource', @resource));
}

sub workers {
	my (@grant, @resource);
	for my $n (1, 2, 4, 8) {
		my $d = warm(daemon(workers => $n));
		my $nginx = Bench::Peer->nginx($d, workers => $n);
		my ($grant, $resource, $other) = loads($d, nginx => $nginx);
		push @grant, [ $n, $grant, $d ];
		push @resource, [ $n, $resource, $d, $other, $nginx ];
	}
	return (flat('workers, grant', @grant),
	    flat('workers, resource', @resource));
}

# From 32 users, spread over the store
sub users {
	my ($store) = @_;
	my @of;
	for my $n (10, $many) {
		my $d = daemon(signers => 2, $store eq 'file' ? (users => $n) :
		    (pg => fill_postgres(Pg->start->schema, $n)));
		my @who = ('alice', map { 'u' . (1 + int($n * $_ / 31)) }
		    0 .. min(30, $n - 1));
		warm($d, @who);
		push @of, [ $n, Bench::Load->new(address => $d->{plain},
		    c => $window, path => '/token',
		    a => many($d, 'who', @who)), $d ];
	}
	return flat("users, $store store, grant", @of);
}

sub file { return users('file') }
sub pg { return users('postgres') }

1;
