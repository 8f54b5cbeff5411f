# PostgreSQL behind pgbouncer(1), and two servers of which the primary dies: no
# request fails of which that is not to be expected.
use strict;
use warnings;

use IO::Socket::INET;
use POSIX ();
use Test::More;

use Client;
use Jwtd;
use Pg;
use Store qw(daemon set_user hash_of $ours);

my $closer;
END { kill 'KILL', $closer if $closer }

my $pg = Pg->start;
$pg->schema;
set_user($pg, 'alice', password => 'one', grants => '{"scope":"read"}');
# checked by a fast hash, so that many look-ups take little time
my $fast = '$blake2b$' . '0' x 32 . '$' . '0' x 128;
set_user($pg, 'fast', hash => $fast);

# Behind pgbouncer(1); in transaction mode both signers share a connection
for my $mode (qw(transaction session)) {
	my $port = $pg->pgbouncer($mode);
	if ($mode eq 'transaction') {
		Pg::append("$pg->{dir}/pgbouncer.0.ini",
		    "default_pool_size = 1\nmax_db_connections = 1\n");
		kill 'HUP', $pg->{bouncers}[0];
		Jwtd::wait_until(sub {
			return Jwtd::read_file("$pg->{dir}/pgbouncer.0.log")
			    =~ /RELOAD|SIGHUP/;
		}) or die 'pgbouncer does not read its file again';
	}
	my $c = Client->new(daemon($pg, 'host=localhost hostaddr=127.0.0.1 '
	    . 'sslrootcert=' . $pg->ca_file
	    . " port=$port dbname=jwtd user=jwtd_signer PASSFILE"));
	set_user($pg, 'weak', password => 'w');
	is($c->counts(1, 'weak', 'w'), '200: 1', "$mode: an imported hash");
	like(hash_of($pg, 'weak'), $ours, "$mode: is rewritten");
	is($c->answers_of($c->pending), '200 200', "$mode: both signers");
	is($c->counts(20), '200: 20', "$mode: grants");
	is($c->counts(200, 'fast', 'x'), '401: 200', "$mode: look-ups");
	is($pg->sql("SELECT count(*) FROM pg_stat_activity WHERE usename = "
	    . "'jwtd_signer'"), 1, "$mode: there is one connection")
	    if $mode eq 'transaction';
	$c->logged($mode, 0, 0);
}

# A standby: look-ups go on at once, and rewriting does when it is promoted
my $standby = $pg->standby;
set_user($pg, "weak$_", password => 'w') for 1, 2;
$standby->catch_up($pg);
my $both = 'host=localhost,localhost hostaddr=127.0.0.1,127.0.0.1 port='
    . join(',', $pg->port, $standby->port) . ' sslrootcert=' . $pg->ca_file;
my $c = Client->new(daemon($pg, "$both dbname=jwtd user=jwtd_signer "
    . 'PASSFILE'));
my $strict = Client->new(daemon($pg, "$both target_session_attrs=primary "
    . 'dbname=jwtd user=jwtd_signer PASSFILE'));
is($c->counts(4), '200: 4', 'two servers');
is($strict->counts(2), '200: 2', 'two servers, the primary only');

# A primary that hangs costs each signer one request
my $hung = Client->new(daemon($pg, "$both dbname=jwtd user=jwtd_signer "
    . 'PASSFILE'));
is($hung->answers_of($hung->pending), '200 200', 'both signers are connected');
$pg->sigstop;
is($hung->answers_of($hung->pending), '503 503', 'the primary hangs: 503, once');
$hung->recovers('the primary hangs: the standby');
$hung->logged('the primary hangs', 1, 1);
$pg->sigcont;
$hung->daemon->stop;

# One that dies costs none
is($c->answers_of($c->pending), '200 200', 'the primary is there');
$pg->stop('immediate');
is($strict->counts(2), '503: 2', 'the primary is gone: who wants no other');
is($c->counts(10), '200: 10', 'the primary is gone: each login succeeds');
is($c->counts(2, 'weak1', 'w'), '200: 2', 'standby: an imported hash');
unlike(hash_of($standby, 'weak1'), $ours, 'standby: cannot be rewritten');
is($c->count(qr/not rehashed: .*read-only/), 1,
    'standby: the log says so, once');
$standby->promote;
is($c->counts(6), '200: 6', 'promoted: each login succeeds');
ok(Jwtd::wait_until(sub {
	$c->counts(1, 'weak2', 'w') eq '200: 1'
	    && hash_of($standby, 'weak2') =~ $ours;
}), 'promoted: an imported hash is rewritten');
$c->logged('failover', 0, 0);
$strict->recovers('promoted: who wants a primary');

# One that takes a connection and ends it, as a server does that shuts down
my $listener = IO::Socket::INET->new(Listen => 16, Proto => 'tcp',
    LocalAddr => '127.0.0.1') or die "listen: $!";
$closer = fork() // die "fork: $!";
if ($closer == 0) {
	while (my $s = $listener->accept) {
		close $s;
	}
	POSIX::_exit(0);
}
my $closed = Client->new(daemon($pg, 'host=localhost,localhost '
    . 'hostaddr=127.0.0.1,127.0.0.1 port=' . $listener->sockport . ','
    . $standby->port . ' sslrootcert=' . $pg->ca_file
    . ' dbname=jwtd user=jwtd_signer PASSFILE'));
is($closed->counts(6), '200: 6', 'one closes connections: the other is used');
$closed->logged('one closes connections', 0, 0);

done_testing();
