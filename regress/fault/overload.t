# More requests than can be answered: the surplus gets 503 quickly, memory stays
# as it is, and all is well as soon as it is over.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Fault qw(load long calm memory);
use Jwtd;

my $bound = $ENV{SAN} ? 65536 : 4096;	# kB

# What all processes have, when nothing is to be done.
sub all_memory {
	my ($d) = @_;
	my @pids = ($d->pids('jwtd: worker'), $d->pids('jwtd-signer: signer'));
	my ($last, $now) = (0, memory(@pids));
	# a hash gives its memory back when it is done
	Jwtd::wait_until(sub {
		sleep 0.05;
		($last, $now) = ($now, memory(@pids));
		return $now == $last;
	}, 5);
	return $now;
}

# No signer answers for a while, so that the queue is full
my $d = Fault::prepare(globals => "limit requests 64\ntimeout request 4s\n",
    signer => "\tremember 5m\n");
$d->launch;
# and no hash is due any more
for my $user (@Fault::users) {
	Jwtd::wait_until(sub { eval { $d->token($user, $user) } || 0 });
}
# a machine that is busy itself is not what is meant: there is room for a second
my $load = load($d, '-c', 300, '-r', 400, '-g', 400, '-w', 0);
$load->during(1);
calm($load, 'signers', 1);
my $memory = all_memory($d);
for my $round (1 .. 2 * long()) {
	my $what = "no signer, $round";
	my @signers = $d->pids('jwtd-signer: signer');
	kill 'STOP', @signers;
	my ($count) = $load->during(2);
	kill 'CONT', @signers;
	my $begin = time;
	is(Load::failures($count, qw(wrong stale closed cut lost stuck refused
	    handshake)), '', "$what: every answer is right or a 503")
	    or diag $load->complaints;
	cmp_ok($count->{busy}, '>', 30, "$what: the surplus gets 503");
	cmp_ok($count->{busy_median}, '<', 300, "$what: quickly");
	cmp_ok($count->{resources}, '>', 100,
	    "$what: the resource service goes on");
	cmp_ok($count->{resource_median}, '<', 300, "$what: and fast");
	note $load->{last};
	cmp_ok(memory($d->pids('jwtd: worker')) - $memory, '<', $bound,
	    "$what: memory");
	# what had to wait for them is answered, and all that comes then
	my ($grants, $failures) = (0, '');
	Jwtd::wait_until(sub {
		sleep 0.1;
		my $now = $load->counts;
		$grants += $now->{grants};
		$failures .= Load::failures($now, qw(wrong stale closed cut
		    lost stuck refused handshake));
		return $grants > 20 && !$now->{busy};
	});
	cmp_ok($grants, '>', 20, "$what: they go on");
	cmp_ok(time - $begin, '<', 5, "$what: at once") unless $ENV{SAN};
	is($failures, '', "$what: every answer is right then")
	    or diag $load->complaints;
	calm($load, "$what: afterwards");
}
cmp_ok(all_memory($d) - $memory, '<', $bound,
    'as much memory as before, but for a little');
$load->stop;
unlike($d->log, qr/signal|ended with|malformed/, 'nobody has died');
is($d->stop, 0, 'the end');

# Each grant is a hash, and there are many more than the processors can do
my $few = 4;
$d = Fault::prepare(signer => "\tremember 0\n",
    globals => "limit requests $few\n");
$d->write_users('');
$d->user($_, $_) for @Fault::users;
$d->launch;
$load = load($d, '-c', 2, '-r', 4, '-w', 0);
$load->stop;
$memory = all_memory($d);
$load = load($d, '-c', 64, '-r', 400, '-g', 500, '-w', 50);
my ($count) = $load->during(3 * long());
is(Load::failures($count, qw(wrong stale closed cut lost stuck refused
    handshake)), '', 'hashes: every answer is right or a 503')
    or diag $load->complaints;
cmp_ok($count->{grants}, '>', 0, 'hashes: as many as can be done are done');
cmp_ok($count->{busy}, '>', 30, 'hashes: the surplus gets 503');
cmp_ok($count->{busy_median}, '<', 300, 'hashes: quickly');
cmp_ok($count->{grant_slowest}, '<', 10_000, 'hashes: none waits in vain');
cmp_ok($count->{resource_median}, '<', 300,
    'hashes: the resource service is fast');
note $load->{last};
is(Load::failures($load->stop, qw(wrong lost stuck)), '', 'hashes: the end');
cmp_ok(all_memory($d) - $memory, '<', $bound, 'hashes: memory');
# less than the limit allows: nobody is told to come again any more
$load = load($d, '-c', $few, '-r', 10, '-w', 0);
calm($load, 'hashes: afterwards');
$load->stop;
unlike($d->log, qr/signal|ended with|malformed|out of memory/,
    'hashes: nobody has died');
is($d->stop, 0, 'hashes: the end of the daemon');

done_testing();
