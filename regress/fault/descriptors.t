# A worker is out of descriptors: it says so once, does not spin, serves those
# that it has, and takes the next ones as soon as some have gone.
use strict;
use warnings;

use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use Cost;
use Fault qw(long lines);
use Jwtd;

plan skip_all => 'no time of processes' unless Cost::available();

# root may have as many as it wants, so that is somebody else
my $most = 80;
my $d = Fault::prepare(globals => '', as => $> == 0 ? 'nobody' : undef,
    with => [ 'sh', '-c', qq(ulimit -n $most; exec "\$0" "\$@") ]);
my $conf = $d->dir . '/jwtd.conf';
Jwtd::write_file($conf, Jwtd::read_file($conf) =~ s/prefork 2\n/prefork 1\n/r);
$d->launch;
my ($worker) = $d->pids('jwtd: worker');
my $health = Jwtd::text(path => '/health');
my $verify = Jwtd::text(path => '/verify',
    bearer => $d->token('alice', 'alice'));

sub status {
	my ($s, $text, $seconds) = @_;
	return Jwtd::ask($s, $text // $health,
	    seconds => $seconds // $Jwtd::patience)->{status};
}

for my $round (1 .. 2 * long()) {
	my $what = "round $round";
	my (@served, @waiting);
	# until there is one that is not accepted
	for (1 .. 2 * $most) {
		my $s = $d->connect;
		Jwtd::send_all($s, $health);
		if (Jwtd::readable($s, 1) && Jwtd::answers($s, 1)) {
			push @served, $s;
			next;
		}
		push @waiting, $s;
		last;
	}
	cmp_ok(scalar @served, '>', 20, "$what: many are served");
	cmp_ok(scalar @served, '<', $most, "$what: and then no more");
	push @waiting, map { my $s = $d->connect; Jwtd::send_all($s, $health);
	    $s } 1 .. 19;
	is(lines($d, qr/accept: pausing: /), $round, "$what: it is logged once");

	my $begin = time;
	my $cpu = Cost::run_time($worker);
	sleep 1.5;
	$cpu = (Cost::run_time($worker) - $cpu) / 1e9;
	cmp_ok($cpu, '<', 0.2 * (time - $begin), "$what: it does not spin");
	is(scalar(grep { Jwtd::readable($_, 0) } @waiting), 0,
	    "$what: the others wait");
	is(scalar(grep { status($_, $verify) == 202 } @served),
	    scalar @served, "$what: those that it has are served");
	is(status($served[0], Jwtd::text(path => '/token', user => 'bob',
	    password => 'bob')), 200, "$what: with tokens, too");

	# some go, one after another: as many come
	for my $n (1 .. 10) {
		close shift @served;
		sleep 0.05;
	}
	$begin = time;
	my @came;
	Jwtd::wait_until(sub {
		@came = grep { Jwtd::readable($_, 0) } @waiting;
		return @came >= 10;
	});
	is(scalar @came, 10, "$what: as many are accepted as have gone");
	cmp_ok(time - $begin, '<', 3, "$what: soon") unless $ENV{SAN};
	@served = ();
	is(scalar(grep { ((Jwtd::answers($_, 1))[0] // {})->{status} // 0
	    == 200 } @waiting), 20, "$what: in the end all have their answers");
	is(status($d->connect), 200, "$what: and whoever comes then");
	is(lines($d, qr/accept: pausing: /), $round,
	    "$what: it was logged once in all that");
	@waiting = ();
	ok(Jwtd::wait_until(sub { status($d->connect) == 200 }),
	    "$what: all have gone");
}
is(join(' ', $d->pids('jwtd: worker')), $worker, 'the worker is the same');
unlike($d->log, qr/signal|ended with/, 'nobody has died');
is($d->stop, 0, 'the end');

done_testing();
