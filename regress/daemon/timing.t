# The time that a refusal takes tells nothing: not whether a name is known, nor
# whether the account is disabled, nor whether there was a password.  What counts
# is the time that the daemon's processes ran for it, in nanoseconds: that of a
# clock on the wall is the same and what else the machine does.
use strict;
use warnings;

use List::Util qw(shuffle sum);
use Test::More;

use Jwtd;

my $ROUNDS = 21;
my $TRIES = 4;		# since machines are noisy; a leak is there every time
my $APART = 0.05;

my $d = Jwtd->start;
$d->ctl([ 'user', 'add', $_->[0] ], "$_->[1]\n")
    for [ alice => 'open sesame' ], [ dave => 'dave' ];
$d->ctl([ 'user', 'disable', 'dave' ]);
# an imported hash costs what it costs, besides: see jwtd-signer(8)
$d->write_users($d->users_lines, 'costly:' . Jwtd::bcrypt('x', 10) . "\n");

my %ask = (
	'an unknown user' => [ 'nobody', 'open sesame' ],
	'a wrong password' => [ 'alice', 'open sesamE' ],
	'a disabled user' => [ 'dave', 'dave' ],
	'a disabled user, wrong password' => [ 'dave', 'x' ],
	'an empty password' => [ 'alice', '' ],
	'a long password' => [ 'alice', 'x' x 500 ],
	'an unknown user with a long name' => [ 'n' x 250, 'x' ],
);

sub median {
	my @sorted = sort { $a <=> $b } @_;
	return $sorted[ $#sorted / 2 ];
}

# the nanoseconds that the daemon has run
sub run_time {
	return sum map { (split ' ', Jwtd::read_file("/proc/$_/schedstat"))[0] }
	    @_;
}

# medians by name
sub measure {
	my %what = @_;
	my $sock = $d->connect;
	my @pids = Jwtd::family($d->pid);
	my %time;
	for my $round (0 .. $ROUNDS) {
		for my $name (shuffle keys %what) {
			my $request = Jwtd::text(path => '/token',
			    user => $what{$name}[0],
			    password => $what{$name}[1]);
			my $start = run_time(@pids);
			Jwtd::send_all($sock, $request);
			my ($r) = Jwtd::answers($sock, 1);
			my $took = run_time(@pids) - $start;
			die "$name: not refused" if $r->{status} != 401;
			# the first round warms up
			push @{ $time{$name} }, $took if $round > 0;
		}
	}
	return map { $_ => median(@{ $time{$_} }) } keys %time;
}

# how far the furthest median is from that of an unknown user, of one
sub furthest {
	my (%median) = @_;
	my $base = $median{'an unknown user'};
	my ($name) = sort { abs($median{$b} - $base) <=> abs($median{$a} - $base) }
	    keys %median;
	return (abs($median{$name} - $base) / $base, $name);
}

my (%median, $apart, $name);
for my $try (1 .. $TRIES) {
	%median = measure(%ask);
	($apart, $name) = furthest(%median);
	last if $apart <= $APART;
}
cmp_ok($apart, '<=', $APART, 'no refusal can be told by its time')
    or diag "$name: ", explain \%median;

# The same would see what takes a little longer.
%median = measure('an unknown user' => $ask{'an unknown user'},
    'a costly hash' => [ 'costly', 'y' ]);
($apart, $name) = furthest(%median);
cmp_ok($apart, '>', 2 * $APART, 'a leak is seen')
    or diag explain \%median;
done_testing;
