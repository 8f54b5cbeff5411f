# A strict reader of the Prometheus text format, version 0.0.4, and what one
# daemon's answers have to keep from one to the next.
package Metrics;

use strict;
use warnings;

# Returns { series => value }, { family => type } and a list of what is wrong.
sub parse {
	my ($text) = @_;
	my (%value, %type, %help, %closed, @wrong);
	my $family = '';

	push @wrong, 'the last line does not end' unless $text =~ /\n\z/;
	push @wrong, 'not ASCII' if $text =~ /[^\n\x20-\x7e]/;
	for my $line (split /\n/, $text) {
		if ($line =~ /^# HELP ([a-z_]+) (\S.*)$/) {
			push @wrong, "$1: HELP twice" if $help{$1}++;
			$closed{$family} = 1;
			$family = $1;
			next;
		}
		if ($line =~ /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/) {
			push @wrong, "$1: TYPE twice" if $type{$1};
			push @wrong, "$1: TYPE without HELP before it"
			    if $1 ne $family;
			$type{$1} = $2;
			next;
		}
		my ($name, $labels, $value) = $line =~
		    /^([a-z_]+)(?:\{((?:[a-z_]+="[^"\\\n]*",?)+)\})? (\S+)$/;
		if (!defined $name) {
			push @wrong, "no sample: $line";
			next;
		}
		my $of = $name;
		$of =~ s/_(?:bucket|sum|count)$//
		    if ($type{$family} // '') eq 'histogram';
		push @wrong, "$name: not where $of is" if $of ne $family
		    || $closed{$of} || !$type{$of};
		push @wrong, "$name: no number: $value"
		    unless $value =~ /^\d+(?:\.\d+)?$/;
		my %seen;
		$labels //= '';
		push @wrong, "$line: labels"
		    if $labels =~ /,$/ || grep { $seen{$_}++ }
		    $labels =~ /([a-z_]+)="/g;
		my $series = $name . ($labels ne '' ? "{$labels}" : '');
		push @wrong, "$series: twice" if exists $value{$series};
		push @wrong, "$name: a counter's name ends in _total"
		    if ($type{$of} // '') eq 'counter' && $name !~ /_total$/;
		$value{$series} = $value;
	}
	push @wrong, map { histogram($_, \%value) }
	    grep { $type{$_} eq 'histogram' } sort keys %type;
	return (\%value, \%type, \@wrong);
}

# Buckets grow, the last is +Inf and is the count, and there is a sum.
sub histogram {
	my ($name, $value) = @_;
	my (%buckets, @wrong);

	for my $series (keys %$value) {
		my ($rest, $le) = $series =~
		    /^\Q$name\E_bucket\{(?:(.*),)?le="([^"]*)"\}$/ or next;
		$buckets{$rest // ''}{ $le eq '+Inf' ? 'inf' : $le } =
		    $value->{$series};
	}
	push @wrong, "$name: no buckets" unless %buckets;
	for my $rest (sort keys %buckets) {
		my %b = %{ $buckets{$rest} };
		my $labels = $rest ne '' ? "{$rest}" : '';
		my $last = 0;
		push @wrong, "$name$labels: no +Inf" unless exists $b{inf};
		for my $le (sort { $a <=> $b } keys %b) {
			push @wrong, "$name$labels: le=$le is less than before"
			    if $b{$le} < $last;
			$last = $b{$le};
		}
		push @wrong, "$name$labels: _count is not +Inf"
		    if ($value->{"${name}_count$labels"} // -1)
		    != ($b{inf} // -2);
		push @wrong, "$name$labels: no _sum"
		    unless exists $value->{"${name}_sum$labels"};
	}
	return @wrong;
}

# What went back, or away, from one answer to the next: nothing should.
sub went_back {
	my ($before, $after, $type) = @_;
	my @back;

	for my $series (sort keys %$before) {
		my ($name) = $series =~ /^([a-z_]+)/;
		(my $of = $name) =~ s/_(?:bucket|sum|count)$//;
		if (!exists $after->{$series}) {
			push @back, "$series is gone";
			next;
		}
		next if ($type->{$name} // $type->{$of} // '') eq 'gauge';
		push @back, "$series: $before->{$series}, then "
		    . "$after->{$series}" if $after->{$series} <
		    $before->{$series};
	}
	return @back;
}

1;
