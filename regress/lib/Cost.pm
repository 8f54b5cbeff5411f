# What requests cost: the time that processes ran for them, in nanoseconds, and
# how many of them are hashing passwords.
package Cost;

use strict;
use warnings;

use List::Util qw(sum);
use Time::HiRes qw(time);

use Jwtd;

# one that hashes has 64 MB more
my $hashing_kb = 32 << 10;
# longer than that, and a look at several processes says nothing of a moment
my $moment = 0.01;

sub available { return -e "/proc/$$/schedstat" }

sub run_time {
	return sum map { (split ' ', Jwtd::read_file("/proc/$_/schedstat"))[0] }
	    @_;
}

# what the signers run for that
sub of {
	my ($daemon, $code) = @_;
	my @pids = $daemon->pids('jwtd-signer: signer');
	my $begin = run_time(@pids);
	$code->();
	return run_time(@pids) - $begin;
}

# Which of these processes hash, at one and the same moment?  undef if that
# cannot be said, because it took too long.
sub hashing {
	my @pids = @_;
	my $begin = time;
	my @first = grep { is_hashing($_) } @pids;
	my @both = grep { is_hashing($_) } @first;
	return time - $begin < $moment ? \@both : undef;
}

sub is_hashing {
	my ($pid) = @_;
	my $text = eval { Jwtd::read_file("/proc/$pid/status") } // return 0;
	return $text =~ /^RssAnon:\s*(\d+) kB/m && $1 > $hashing_kb;
}

1;
