# How "make bench" reads what its programs print.  It measures nothing.
use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__) . '/../bench';
use Bench::Load qw(parse_limit parse_load parse_lookup parse_wrk);
use Bench::Measure qw(cpu median memory rounds spread us);

is_deeply(parse_limit("258.125 3870.5\n"), { cpu => 258.125, rate => 3870.5 },
    'limits');
ok(!eval { parse_limit("no limit\n") }, '... and what is none');

my $line = 'answers=400 good=400 seconds=2.000000 cpu=0.100000 p50=90 p99=300 '
    . "max=900\n";
my $r = parse_load($line);
is($r->{rate}, 200, 'load: answers in a second');
is($r->{own}, 250, '... microseconds of its own');
is($r->{p99}, 300, '... late');
ok(!eval { parse_load($line =~ s/good=400/good=399/r) },
    '... one that is refused spoils it');
ok(!eval { parse_load($line =~ s/=400/=0/gr) }, '... and so does no answer');

my $wrk = <<'END';
Running 1s test @ https://127.0.0.1:8443/token
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     8.15ms    1.02ms  21.12ms   88.00%
    Req/Sec     3.92k    55.10     4.01k    70.00%
  3911 requests in 1.00s, 6.70MB read
Requests/sec:   3902.11
Transfer/sec:      6.68MB
END
is_deeply(parse_wrk($wrk), { answers => 3911, rate => 3902.11 }, 'wrk');
ok(!eval { parse_wrk($wrk =~ s/^Req/  Non-2xx or 3xx responses: 5\nReq/mr) },
    '... with errors');

is_deeply(parse_lookup("postgres     258.5    110.5     30.2    0.428    0.117"
    . "\n"), { sign => 258.5, wall => 110.5, cpu => 30.2 }, 'lookup');

is(median(3, 1, 2), 2, 'the median of three');
is(median(4, 1, 2, 3), 2.5, '... and of four');
is(spread([ 1, 9, 2 ], [ 4, 4, 4 ]), 2, 'the spread of medians');
is_deeply(rounds(2, a => sub { $_[0] }, b => sub { (c => 5, d => 6) }),
    { a => [ 1, 2 ], c => [ 5, 5 ], d => [ 6, 6 ] }, 'rounds');
is(join(' ', map { us($_) } 2.04, 258.4, 77123), '2.0 us 258 us 77.1 ms',
    'units');

SKIP: {
	skip 'no schedstat', 2 unless -e "/proc/$$/schedstat";
	my $before = cpu($$);
	my $x = 0;
	$x += $_ for 1 .. 300000;
	cmp_ok(cpu($$), '>', $before, 'CPU time grows');
	$before = memory($$);
	my $bytes = 'x' x (8 << 20);
	cmp_ok(memory($$) - $before, '>', length($bytes) / 2,
	    'and so does memory');
}
done_testing();
