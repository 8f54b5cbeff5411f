# What answers cost, next to what they cannot cost less than, measured in the
# same run: a table.  See regress/README.md.
#
# Usage: bench.pl [-s] [ROW ...]	-s: into RESULTS.md, too
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use POSIX qw(strftime);
use Time::HiRes qw(time);

use Bench::Grant;
use Bench::Growth;
use Bench::Load;
use Bench::Measure;
use Bench::Resource;
use Jwtd;

my @rows = (
	limits => \&Bench::Grant::limits,
	lookup => \&Bench::Grant::lookup,
	'grant-file' => \&Bench::Grant::file,
	'grant-postgres' => \&Bench::Grant::pg,
	'grant-ed25519' => \&Bench::Grant::ed25519,
	'grant-reuse' => \&Bench::Grant::reuse,
	'grant-first' => \&Bench::Grant::first,
	'grant-p99' => \&Bench::Grant::p99,
	'resource-new' => \&Bench::Resource::unseen,
	'resource-seen' => \&Bench::Resource::seen,
	'tls-new' => \&Bench::Resource::tls,
	memory => \&Bench::Resource::memory_rows,
	connections => \&Bench::Growth::connections,
	workers => \&Bench::Growth::workers,
	'users-file' => \&Bench::Growth::file,
	'users-postgres' => \&Bench::Growth::pg
);
my @names = @rows[grep { $_ % 2 == 0 } 0 .. $#rows];
my %code = @rows;
my $save = @ARGV && $ARGV[0] eq '-s' && shift;
for (@ARGV) {
	die "no row \"$_\": there are @names\n" unless $code{$_};
}
my @wanted = @ARGV ? @ARGV : @names;
$| = 1;
$SIG{PIPE} = 'IGNORE';
$SIG{INT} = $SIG{TERM} = sub { exit 1 };	# so that all else ends, too

sub target {
	my ($line) = @_;
	return defined $line->{most} ? sprintf('at most %.2f', $line->{most}) :
	    defined $line->{least} ? sprintf('at least %.2f',
	    $line->{least}) : '';
}

sub met {
	my ($line) = @_;
	return '' unless target($line);
	return (defined $line->{most} ? $line->{ratio} <= $line->{most} :
	    $line->{ratio} >= $line->{least}) ? 'yes' : 'no';
}

my $text = '';
sub row {
	my $line = '| ' . join(' | ', @_) . " |\n";
	$text .= $line;
	print $line;
}

my $begin = time;
my $failed = 0;
row('row', 'what', 'figure', 'limit', 'ratio', 'target', 'met', 'generator');
row(('---') x 8);
for my $name (@wanted) {
	my @lines = eval { $code{$name}->() };
	if (!@lines) {
		print STDERR "$name: $@";
		$failed = 1;
		next;
	}
	row($name, $_->{what}, $_->{figure}, $_->{limit} // '',
	    defined $_->{ratio} ? sprintf('%.2f', $_->{ratio}) : '',
	    target($_), met($_), $_->{load} // '') for @lines;
}
printf STDERR "%.0f seconds\n", time - $begin;

if ($save) {
	my $file = dirname(abs_path($0)) . '/RESULTS.md';
	my $all = Jwtd::read_file($file);
	my $head = strftime('%Y-%m-%d', gmtime) . ', '
	    . Bench::Measure::machine() . ", rounds of $Bench::Load::time s";
	$all =~ s/(<!-- begin -->\n).*(<!-- end -->)/$1$head\n\n$text$2/s
	    or die "$file: no place for the table";
	Jwtd::write_file($file, $all);
}
exit $failed;
