# What the daemon warns of, or ends with, is under DIAGNOSTICS in the manual.
use strict;
use warnings;

use Jwtd;
use Test::More;

# as it is printed: quotes and names of macros gone
my @entries;
for my $page (qw(jwtd.8 jwtd-signer.8)) {
	my ($part) = Jwtd::read_file("man/$page")
	    =~ /^\.Sh DIAGNOSTICS\n(.*?)^\.Sh /ms;
	push @entries, $part =~ /^\.It "(.*)"$/mg;
	# what says that it is over
	push @entries, $part =~ /^\.Dq (.*?)(?: [.,])?$/mg;
}
cmp_ok(scalar @entries, '>', 100, 'the manual has DIAGNOSTICS');
s/\\\(dq/"/g for @entries;

# FILE, N and the like are for anything; so is what is left out at the end
sub pattern {
	my ($entry) = @_;
	# these are examples
	$entry =~ s/^worker N (?=was ended|ended)/CHILD /;
	$entry =~ s/"_jwtd"/NAME/;
	my @words = split /(\b[A-Z]+\b|\.\.\.)/, $entry;
	my $pattern = join '', map {
		/^(?:[A-Z]{2,}|[NMS]|\.\.\.)$/ && !/^(?:TLS|MB|SIGSYS|PEM)$/ ?
		    '.+' : quotemeta
	} @words;
	return qr/^(?:$pattern)$/;
}
my @patterns = map { pattern($_) } @entries;

# only jwtctl says that, or it is the next command to type
my $elsewhere = qr{/(?:ctl_\w+|jwtctl|prompt|hint|users_admin\w*|users_edit)\.c$};
# of these the page has one entry: memory or an error of the program
my $call = qr/^(?:fatal|fatalx)$/;

my ($seen, @missing) = (0);
for my $file (grep { !/$elsewhere/ } glob '{common,jwtd,jwtd-signer}/*.c') {
	my $text = Jwtd::read_file($file);
	while ($text =~ /\b(log_warnx?|fatalx?)\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)/g) {
		my ($how, $strings) = ($1, $2);
		my $said = join '', $strings =~ /"((?:[^"\\]|\\.)*)"/g;
		$seen++;
		next if $how =~ $call;
		$said =~ s/\\"/"/g;
		$said =~ s/%[-0-9.*]*(?:ll?|z|j)?[a-zA-Z]/X/g;
		# that is put together elsewhere
		next if $said =~ /^[X:]+$/;
		# with the reason of the system
		$said .= ': X' if $how eq 'log_warn';
		push @missing, "$file: $said"
		    unless grep { $said =~ $_ } @patterns;
	}
}
cmp_ok($seen, '>', 200, 'the sources have messages');
is(join("\n", @missing), '', 'each warning has an entry');

done_testing;
