# PostgreSQL goes away, hangs and comes back: those who have a token never notice,
# nobody waits past the deadline, and it recovers by itself.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Client;
use Jwtd;
use Pg;
use Store qw(daemon set_user);

my $pg = Pg->start;
$pg->schema;
set_user($pg, 'alice', password => 'one', grants => '{"scope":"read"}');

my $string = 'host=' . $pg->socket_dir . ' port=' . $pg->port
    . ' dbname=jwtd user=jwtd_signer PASSFILE';
my $d = daemon($pg, $string);
my $c = Client->new($d);
is($c->counts(4), '200: 4', 'before all faults');
my $token = $d->token('alice', 'one');
my @signers = sort $d->pids('jwtd-signer: signer');

# Stopped and started
$pg->stop('fast');
is($c->counts(6), '503: 6', 'stopped: 503');
$c->others_answer('stopped', $token);
$c->logged('stopped', 1, 0);
$pg->start_again;
$c->recovers('started again');
$c->logged('started again', 0, 1);

# Hanging
$pg->sigstop;
my $begin = time;
my @pending = $c->pending;
$c->others_answer('hanging', $token);
is($c->answers_of(@pending), '503 503', 'hanging: 503');
cmp_ok(time - $begin, '<', $Client::deadline, 'hanging: before the deadline');
# again, now with a connection that is not made
@pending = $c->pending;
$c->others_answer('hanging for longer', $token);
is($c->answers_of(@pending), '503 503', 'hanging for longer: 503');
$pg->sigcont;
$c->recovers('going on');
$c->logged('hanging and going on', 1, 1);

# Terminated between requests: nobody notices
my @ended;
my %status;
for (1 .. 6) {
	push @ended, $pg->terminate_backends('jwtd_signer');
	$status{$c->ask->{status}}++ for 1 .. 2;
}
is_deeply(\%status, { 200 => 12 }, 'terminated: each request succeeds');
cmp_ok(scalar(grep { $_ > 0 } @ended), '>=', 5, 'terminated: there was one');
# and with the server started again in between
$pg->stop('fast');
$pg->start_again;
is($c->counts(4), '200: 4', 'restarted between requests: each succeeds');
$c->logged('terminated', 0, 0);

# The table is locked
my $session = $pg->session('postgres');
$session->say('BEGIN; LOCK TABLE jwtd.users IN ACCESS EXCLUSIVE MODE;');
$session->say("SELECT 'locked' || '!';");
$session->wait_output(qr/^locked!/m) or die 'no lock: ' . $session->output;
$begin = time;
@pending = $c->pending;
$c->others_answer('locked', $token);
is($c->answers_of(@pending), '503 503', 'locked: 503');
cmp_ok(time - $begin, '<', $Client::deadline, 'locked: before the deadline');
is($c->counts(2), '503: 2', 'locked: for the next, too');
$session->say('COMMIT;');
$session->close;
$c->recovers('unlocked');
$c->logged('locked and unlocked', 1, 1);

is(join(' ', sort $d->pids('jwtd-signer: signer')), "@signers",
    'no signer has ended in all that');
$d->stop;

# Not there when jwtd starts
$pg->stop('fast');
$c = Client->new(daemon($pg, $string));
is($c->counts(4), '503: 4', 'not there at the start: 503');
$c->others_answer('not there at the start', $token);
$pg->start_again;
$c->recovers('there at last');
$c->logged('not there at the start', 1, 1);

done_testing();
