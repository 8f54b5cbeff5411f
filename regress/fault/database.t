# The database hangs, is killed and comes back, under load: grants get 503 in
# time, whoever has a token never notices, and all is well at once.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Client;
use Fault qw(load long calm lines);
use Jwtd;
use Pg;
use Store;

my $pg = Pg->start;
$pg->schema;
Store::set_user($pg, $_, password => $_) for @Fault::users;
# few hashes, which are no matter of this test
my $d = Fault::prepare(signer => "\tremember 5m\n");
Store::configure($pg, $d, 'host=' . $pg->socket_dir . ' port=' . $pg->port
    . ' dbname=jwtd user=jwtd_signer PASSFILE');
$d->launch;
$d->token($_, $_) for @Fault::users;
my @signers = sort $d->pids('jwtd-signer: signer');
# so many that some ask for a resource while others wait for a grant
my $load = load($d, '-c', 200, '-r', 200, '-g', 100, '-w', 0);
calm($load, 'before');

sub down { return lines($d, qr/store postgres: .*: no user can log in$/m) }
sub up { return lines($d, qr/store postgres: available again$/m) }

# What is so while it is away, and when it is back.
sub away {
	my ($what, $seconds, $fault, $back) = @_;
	my ($down, $up) = (down(), up());
	$fault->();
	my ($count) = $load->during($seconds);
	is(Load::failures($count, qw(wrong stale closed cut lost stuck refused
	    handshake)), '', "$what: every answer is right or a 503")
	    or diag $load->complaints;
	cmp_ok($count->{busy}, '>', 3, "$what: grants get 503");
	cmp_ok($count->{busy_slowest}, '<', 1000 * $Client::deadline + 1000,
	    "$what: before the deadline");
	cmp_ok($count->{resources}, '>', 50,
	    "$what: the resource service goes on");
	cmp_ok($count->{resource_median}, '<', 200, "$what: and fast");
	note "away: $load->{last}";
	$back->();
	# what had to wait is answered within the deadline; then nothing waits
	my $begin = time;
	ok(Jwtd::wait_until(sub {
		sleep 0.1;
		my $now = $load->counts;
		fail("$what: " . $load->{last}), return undef
		    if Load::failures($now, qw(wrong lost stuck refused));
		return $now->{grants} > 2 && !$now->{busy};
	}), "$what: it recovers");
	my $took = time - $begin;
	cmp_ok($took, '<', $Client::deadline, "$what: soon");
	note sprintf 'back: %.1f s, %s', $took, $load->{last};
	calm($load, "$what: afterwards", 1);
	is(down() - $down, 1, "$what: a line that it is down");
	is(up() - $up, 1, "$what: and one that it is up");
}

for my $round (1 .. long()) {
	away("it hangs, $round", 4, sub { $pg->sigstop },
	    sub { $pg->sigcont });
	away("it is killed, $round", 2, sub {
		my @pids = ($pg->pid, Jwtd::family($pg->pid));
		kill 'KILL', @pids;
		Jwtd::wait_until(sub {
			return !$pg->running && !Jwtd::alive(@pids);
		});
	}, sub { $pg->start_again });
	away("it is stopped, $round", 2, sub { $pg->stop('fast') },
	    sub { $pg->start_again });
}

# a session that ends is opened again before anybody is told
for (1 .. 5 * long()) {
	$pg->terminate_backends('jwtd_signer');
	sleep 0.1;
}
calm($load, 'sessions that are ended');
is(Load::failures($load->stop, qw(wrong lost)), '', 'the end of the load');
is(join(' ', sort $d->pids('jwtd-signer: signer')), "@signers",
    'no signer has ended in all that');
is($d->stop, 0, 'the end');

done_testing();
