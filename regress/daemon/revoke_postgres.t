# Revocation with PostgreSQL: what is revoked at one daemon is refused by all, in
# well under a second, and whatever dies or goes away, it is not forgotten.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Jwtd;
use Pg;
use Revoke qw($servers verify revoke introspect refused_within later);
use Store qw(daemon set_user);

my $pg = Pg->start;
$pg->schema;
set_user($pg, 'alice', password => 'one', grants => '{"scope":"read"}');
set_user($pg, 'bob', password => 'two', grants => '{"scope":"read"}');
set_user($pg, 'admin', password => 'three',
    grants => '{"scope":"revoke introspect"}');

my $string = 'host=' . $pg->socket_dir . ' port=' . $pg->port
    . ' dbname=jwtd user=jwtd_signer PASSFILE';

sub start {
	my ($options, $other) = @_;
	return daemon($pg, $other // $string, servers => $servers,
	    signer => "\trevocations $options\n");
}

# A revocation is refused by that daemon as fast as is promised.
sub fast {
	my ($d, $token, $what) = @_;
	my $took = refused_within($d, $token);
	ok(defined $took && $took < 1, "$what: refused in less than a second")
	    or diag('it took ' . ($took // 'too long'));
	note(sprintf '%s: %.3f s', $what, $took // -1);
}

# how often that is in the log
sub count {
	my ($d, $pattern) = @_;
	return scalar(() = $d->log =~ /$pattern/g);
}

sub ctl {
	my ($d, $input, @args) = @_;
	local $ENV{PGPASSWORD} = $pg->password('jwtd_admin');
	return $d->try_ctl([ '-d', $pg->conninfo('jwtd_admin'), @args ],
	    $input);
}

my $here = start('stale 2s refuse');
my $there = start('stale 2s accept');

# Two daemons on one database
my $first = $here->token('alice', 'one');
my $kept = $here->token('alice', 'one');
is(verify($_, $first), 202, 'before it is revoked') for $here, $there;
my $r = revoke($here, 'alice', 'one', $first);
is($r->{status}, 200, 'revoked at one daemon');
fast($there, $first, 'at the other');
fast($here, $first, 'at the same');
is(verify($there, $kept), 202, 'another token of that user is not');
is(introspect($there, 'admin', 'three', $first)->{body}, '{"active":false}',
    'introspection at the other knows');
is($pg->sql('SELECT count(*) FROM jwtd.revoked_tokens'), 1,
    'there is one row');
is(revoke($there, 'alice', 'one', $first)->{status}, 200,
    'revoked once more: no error');
my @times;
for (1 .. 10) {
	my $token = $here->token('alice', 'one');
	revoke($here, 'alice', 'one', $token);
	push @times, refused_within($there, $token) // 99;
}
my ($median) = (sort { $a <=> $b } @times)[5];
cmp_ok($median, '<', 0.5, 'ten of them: half of a second is plenty');
note(sprintf 'median %.3f s', $median);

# Those of a user, and one by hand
my $bobs = $there->token('bob', 'two');
is(join(' ', ctl($here, '', 'user', 'revoke', 'bob')), '0 ',
    'jwtctl user revoke');
fast($_, $bobs, 'tokens of a user') for $here, $there;
is(verify($here, $kept), 202, '... and of no other');
later();
$bobs = $there->token('bob', 'two');
is(verify($here, $bobs), 202, 'a token from after that is good');
is((ctl($here, $bobs, 'token', 'revoke'))[0], 0, 'jwtctl token revoke');
fast($there, $bobs, 'by hand');
my $other = $there->token('bob', 'two');
my (undef, $claims) = Jwtd::decode_token($other);
is((ctl($here, '', 'token', 'revoke', '-i', $claims->{jti}, '-e',
    $claims->{exp}))[0], 0, 'jwtctl token revoke -i');
fast($there, $other, 'by its id');
$bobs = $there->token('bob', 'two');
is((ctl($here, '', 'user', 'disable', 'bob'))[0], 0, 'jwtctl user disable');
fast($there, $bobs, 'of a user who was disabled');

# Whatever is killed is started again, and knows what it knew
for my $title ('jwtd-signer: revocations', 'jwtd-signer: master',
    'jwtd: worker 0', 'jwtd: worker 1') {
	my ($pid) = $there->pids($title);
	kill 'KILL', $pid;
	my $accepted = 0;
	Jwtd::wait_until(sub {
		$accepted++ if (eval { verify($there, $first) } // 401) == 202;
		my ($new) = $there->pids($title);
		return defined $new && $new != $pid
		    && $there->pids('jwtd-signer: revocations');
	}) or fail("$title is not started again");
	$accepted += grep { verify($there, $first) == 202 } 1 .. 10;
	is($accepted, 0, "$title is killed: never accepted");
}
ok(Jwtd::wait_until(sub { verify($there, $kept) == 202 }), 'and it goes on');
my $token = $here->token('alice', 'one');
revoke($here, 'alice', 'one', $token);
fast($there, $token, 'after all that');

# A reload
kill 'HUP', $there->pid;
my $accepted = 0;
$there->wait_log(qr/configuration reloaded/) or fail('no reload');
$accepted += grep { verify($there, $first) == 202 } 1 .. 20;
is($accepted, 0, 'reloaded: not accepted');
$token = $here->token('alice', 'one');
revoke($here, 'alice', 'one', $token);
fast($there, $token, 'after a reload');

# Stopped
$pg->stop('fast');
is(revoke($here, 'alice', 'one', $kept)->{status}, 503,
    'stopped: a revocation is 503');
ok(Jwtd::wait_until(sub { verify($here, $kept) == 503 }),
    'stopped, refuse: 503 in a while');
my $answer = $here->request(path => '/verify', bearer => $kept);
like(Jwtd::field($answer, 'Retry-After'), qr/^\d+$/, '... with Retry-After');
is(verify($here, $first), 401, '... and 401 for what was revoked');
ok(Jwtd::wait_until(sub {
	verify($there, $kept) != 202 ? undef :
	    $there->log =~ /going by what was known last/;
}), 'stopped, accept: tokens are accepted, which is in the log');
is(verify($there, $first), 401, '... but not what was revoked');
is(count($_, qr/revocations: .*the last known ones stay in force/), 1,
    'the log says it once') for $here, $there;
# ... into a table of another size
my $conf = $there->dir . '/jwtd.conf';
Jwtd::write_file($conf, Jwtd::read_file($conf)
    =~ s/revocations stale/revocations limit 100000 stale/r);
kill 'HUP', $there->pid;
Jwtd::wait_until(sub { count($there, qr/configuration reloaded/) == 2 })
    or fail('no reload');
is(verify($there, $first), 401, 'reloaded without the database: still known');
is(verify($there, $kept), 202, '... and others are accepted');

# Not there when it starts
my $blind = start('stale 2s accept');
is(verify($blind, $kept), 202, 'not there at the start, accept: accepted');
is(count($blind, qr/revocations: starting without/), 1, '... and logged');
my $strict = start('stale 2s refuse');
is(verify($strict, $kept), 503, 'not there at the start, refuse: 503');

$pg->start_again;
ok(Jwtd::wait_until(sub { verify($here, $kept) == 202 }),
    'started again: accepted');
fast($blind, $first, 'started again: who knew nothing');
fast($strict, $first, 'started again: who knew nothing and was strict');
ok(Jwtd::wait_until(sub { count($here, qr/revocations: seen again/) == 1 }),
    'started again: the log says so');
$_->stop for $blind, $strict;
Jwtd::wait_until(sub { revoke($here, 'alice', 'one', $kept)->{status} == 200 })
    or fail('cannot be revoked');
fast($there, $kept, 'started again');

# Hanging
$kept = $here->token('alice', 'one');
$pg->sigstop;
ok(Jwtd::wait_until(sub { verify($here, $kept) == 503 }),
    'hanging, refuse: 503 in a while');
is(verify($there, $kept), 202, 'hanging, accept: accepted');
is(verify($there, $first), 401, '... but not what was revoked');
$pg->sigcont;
ok(Jwtd::wait_until(sub { verify($here, $kept) == 202 }), 'going on');

# More than fit
$pg->sql("INSERT INTO jwtd.revoked_tokens (id, expires) SELECT 'few-' || g, "
    . "now() + interval '1 hour' FROM generate_series(1, 17) AS g");
my $small = start('limit 16 stale 2s accept');
is(verify($small, $kept), 503, 'more than fit: 503');
is(verify($small, $first), 401, '... and 401 for what is known');
is(count($small, qr/revocations: more than 16: no token of ours is accepted/), 1,
    '... which is in the log');
$pg->sql('DELETE FROM jwtd.revoked_tokens; DELETE FROM jwtd.revoked_users');
ok(Jwtd::wait_until(sub { verify($small, $kept) == 202 }),
    'deleted by hand: seen in a while');
$small->stop;

# Many: the memory is what it was
my @sizes;
for my $n (0, 20000, 60000) {
	$pg->sql("INSERT INTO jwtd.revoked_tokens (id, expires) SELECT "
	    . "'many-' || g, now() + interval '1 hour' FROM "
	    . "generate_series(1, $n) AS g ON CONFLICT DO NOTHING") if $n;
	my $token = $here->token('alice', 'one');
	revoke($here, 'alice', 'one', $token);
	fast($there, $token, "with $n others");
	my ($worker) = $there->pids('jwtd: worker 0');
	push @sizes, (Jwtd::status($worker, 'VmSize') =~ /(\d+)/)[0];
}
is(verify($there, $kept), 202, 'with many others: accepted');
is($sizes[2], $sizes[0], 'the memory of a worker does not grow');
$there->stop;

# Behind pgbouncer(1), and of a standby, of which neither notifies anybody
for my $mode (qw(transaction session)) {
	my $port = $pg->pgbouncer($mode);
	my $d = start('', 'host=localhost hostaddr=127.0.0.1 sslrootcert='
	    . $pg->ca_file . " port=$port dbname=jwtd user=jwtd_signer "
	    . 'PASSFILE');
	my $token = $d->token('alice', 'one');
	revoke($here, 'alice', 'one', $token);
	fast($d, $token, "behind pgbouncer, $mode");
	revoke($d, 'alice', 'one', $kept);
	fast($here, $kept, "from behind pgbouncer, $mode");
	$kept = $here->token('alice', 'one');
	$d->stop;
}
my $standby = $pg->standby;
my $d = start('', 'host=' . $standby->socket_dir . ' port=' . $standby->port
    . ' dbname=jwtd user=jwtd_signer PASSFILE');
$token = $here->token('alice', 'one');
revoke($here, 'alice', 'one', $token);
fast($d, $token, 'of a standby');
is(revoke($d, 'alice', 'one', $kept)->{status}, 503,
    'a standby cannot be written to: 503');
is(verify($d, $kept), 202, '... and that is no revocation');

done_testing();
