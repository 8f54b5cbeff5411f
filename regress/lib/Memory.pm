# What is in the memory of a process: looks for the secret numbers of a private
# key, as root.  A key that nobody looks for is not found either, so a test asks
# for it also where it must be.
package Memory;

use strict;
use warnings;
no warnings 'portable';	# addresses have 64 bits

use MIME::Base64 qw(decode_base64);

use Jwtd;

# so much of a number is enough: what was freed is partly overwritten
my $window = 16;
my $chunk = 4 << 20;
# larger ones that nobody may read are address space, and no memory
my $reserved_max = 16 << 20;

# Can this test look at another process?
sub available { return $> == 0 && -e "/proc/$$/mem" && !$ENV{SAN} }

# The secrets of a PEM file: a list of byte strings.
sub secrets {
	my ($file) = @_;
	my ($status, $text) = Jwtd::run([ 'openssl', 'pkey', '-in', $file,
	    '-noout', '-text' ]);
	die "openssl pkey: $text" if $status != 0;
	my %number;
	# RSA has six, EC and Ed25519 have one; the public ones are left out
	while ($text =~ /^(priv|privateExponent|prime1|prime2|exponent1
	    |exponent2|coefficient):[ ]*\n((?:[ ]+[0-9a-f:]+\n)+)/gmx) {
		my ($name, $hex) = ($1, $2);
		$hex =~ s/[\s:]//g;
		$number{$name} = pack('H*', $hex) =~ s/\A\0+//r;
	}
	die "$file: no secret in it" unless %number;
	my $pem = Jwtd::read_file($file);
	my @found;
	for my $bytes (values %number) {
		push @found, windows($bytes), windows(scalar reverse $bytes),
		    base64($pem, $bytes);
	}
	return @found;
}

sub windows {
	my ($bytes) = @_;
	my @w;
	for (my $i = 0; $i + $window <= length $bytes; $i += $window) {
		push @w, substr $bytes, $i, $window;
	}
	return @w;
}

# The same number as it is written in the file.  Lines have 64 characters there,
# so no piece crosses two.
sub base64 {
	my ($pem, $bytes) = @_;
	my $text = join '', grep { !/^-/ } split /\n/, $pem;
	my $at = index decode_base64($text), $bytes;
	die 'a key that is not what its file says' if $at < 0;
	# four characters for three bytes: those of others are left out
	my $first = int(($at + 2) / 3) * 4;
	my $end = int(($at + length $bytes) / 3) * 4;
	my @w;
	for (my $i = int(($first + $window - 1) / $window) * $window;
	    $i + $window <= $end; $i += $window) {
		push @w, substr $text, $i, $window;
	}
	return @w;
}

# How many of these secrets are in the memory of that process?  Dies if it
# cannot be read.
sub count {
	my ($pid, @secrets) = @_;
	my $pattern = join '|', map { quotemeta } @secrets;
	my $regex = qr/$pattern/s;
	open my $mem, '<:raw', "/proc/$pid/mem" or die "memory of $pid: $!";
	my ($read, %seen) = (0);
	for (split /\n/, Jwtd::read_file("/proc/$pid/maps")) {
		my ($from, $to, $mode, $name) =
		    /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+\s*(.*)$/
		    or next;
		next if $name =~ /^\[v/;
		($from, $to) = (hex $from, hex $to);
		next if $mode !~ /^r/ && $to - $from > $reserved_max;
		$read += scan($mem, $from, $to, $regex, \%seen);
	}
	die "memory of $pid: nothing could be read" if $read < 1 << 20;
	return scalar keys %seen;
}

sub scan {
	my ($mem, $from, $to, $regex, $seen) = @_;
	my ($tail, $read) = ('', 0);
	while ($from < $to) {
		my $n = $to - $from < $chunk ? $to - $from : $chunk;
		sysseek $mem, $from, 0 or last;
		my $got = sysread $mem, (my $bytes), $n;
		last unless $got;
		$bytes = $tail . $bytes;
		$seen->{$1} = 1 while $bytes =~ /($regex)/g;
		$tail = length $bytes > 64 ? substr $bytes, -64 : $bytes;
		$from += $got;
		$read += $got;
	}
	return $read;
}

1;
