# Figures of processes, and what is made of several: nothing here starts one.
package Bench::Measure;

use strict;
use warnings;

use Exporter qw(import);
use List::Util qw(max min sum0);

use Jwtd;
use Time::HiRes qw(sleep);

our @EXPORT_OK = qw(cpu family machine median memory processors rounds spread
    us);

# nanoseconds that processes, all their threads, ran for
sub cpu {
	return sum0 map { (split ' ', Jwtd::read_file($_))[0] }
	    map { glob "/proc/$_/task/*/schedstat" } @_;
}

# bytes that are theirs alone
sub memory {
	my $kb = 0;
	for my $pid (@_) {
		$kb += $_ for Jwtd::read_file("/proc/$pid/smaps_rollup")
		    =~ /^Private_\w+: +(\d+) kB$/mg;
	}
	return $kb << 10;
}

# all processes of a daemon, when none is being started any more
sub family {
	my ($d) = @_;
	my @all;
	Jwtd::wait_until(sub {
		my @before = @all;
		@all = ($d->pid, Jwtd::family($d->pid));
		sleep 0.2;
		return "@before" eq "@all" &&
		    !grep { (Jwtd::title($_) // '') !~ /^jwtd/ } @all;
	}) or die 'the processes of the daemon';
	return @all;
}

sub processors {
	my $n = () = Jwtd::read_file('/proc/cpuinfo') =~ /^processor\s*:/mg;
	return $n || 1;
}

# what it is, and not which
sub machine {
	my ($model) = Jwtd::read_file('/proc/cpuinfo')
	    =~ /^model name\s*: (.*)$/m;
	my ($system, undef, $release) = (POSIX::uname())[0, 1, 2];
	my ($kb) = Jwtd::read_file('/proc/meminfo') =~ /^MemTotal: +(\d+)/m;
	return sprintf '%d x %s, %.0f GB, %s %s', processors(),
	    $model // 'unknown', $kb / 1e6, $system, $release =~ s/-.*//r;
}

sub median {
	my @v = sort { $a <=> $b } @_;
	return @v % 2 ? $v[@v / 2] : ($v[@v / 2 - 1] + $v[@v / 2]) / 2;
}

# Take all measures in turn, so many times: a disturbance meets each.  Returns
# { name => [figure, ...] }; a code may return several as a list of pairs.
sub rounds {
	my ($n, @codes) = @_;
	my %all;
	for my $round (1 .. $n) {
		my %one;
		for (my $i = 0; $i < @codes; $i += 2) {
			my ($name, $code) = @codes[$i, $i + 1];
			my @got = $code->($round);
			%one = (%one, @got > 1 ? @got : ($name => $got[0]));
		}
		push @{ $all{$_} }, $one{$_} for keys %one;
	}
	return \%all;
}

# the largest of medians by the smallest
sub spread {
	my @v = map { median(@$_) } @_;
	return max(@v) / min(@v);
}

sub us {
	my ($v) = @_;
	return $v >= 1e4 ? sprintf('%.1f ms', $v / 1e3) :
	    sprintf($v < 100 ? '%.1f us' : '%.0f us', $v);
}

1;
