# /metrics: the Prometheus text format, over all workers and signers, whose
# counters never go back, whoever dies; and only with values from fixed sets.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;
use Time::Piece ();
use Time::HiRes qw(sleep time);

use Jwtd;
use Metrics;

$SIG{PIPE} = 'IGNORE';

# two servers: one that only answers with metrics is asked, so that what it
# counts itself is known
my $d = Jwtd->prepare(tls => 1, servers => <<'EOT');
server "localhost" {
	listen on 127.0.0.1 port 0
	listen on 127.0.0.2 tls port 0
	tls {
		certificate "DIR/tls.crt"
		key "DIR/tls.key"
	}
	location "/token" {
		grant
		audience "api"
	}
	location "/verify/*" {
		resource
		audience "api"
	}
	location "/verify/read" {
		resource
		audience "api"
		scope "read"
	}
	location "/.well-known/jwks.json" { jwks }
	location "/health" { health }
}
server "local" {
	listen on "DIR/sock"
	location "/metrics" { metrics }
}
EOT
$d->write_users(Jwtd::line('alice', 'one'), Jwtd::line('bob', 'two',
    '{"scope":"read"}'));
# cheap hashes stay, since the signer may not replace them
chmod 0500, $d->dir . '/users.d';
END { chmod 0700, $d->dir . '/users.d' if $d }
$d->launch;

my $type;
my $previous;

sub metrics {
	my ($what) = @_;
	my $r = $d->request(path => '/metrics',
	    socket => $d->connect_unix($d->dir . '/sock'));
	is($r->{status}, 200, "$what: status");
	my ($value, $types, $wrong) = Metrics::parse($r->{body});
	is_deeply($wrong, [], "$what: the format");
	is_deeply([ Metrics::went_back($previous, $value, $types) ], [],
	    "$what: no counter goes back") if $previous;
	$type = $types;
	$previous = $value;
	return $value;
}

# the reader finds what it is there for
for my $bad (
    [ "a 1\n", 'no TYPE' ],
    [ "# HELP a_total b\n# TYPE a_total counter\na_total 1\na_total 2\n",
	'twice' ],
    [ "# HELP a_total b\n# TYPE a_total counter\na_total -1\n", 'no number' ],
    [ "# HELP a b\n# TYPE a gauge\na 1", 'last line' ],
    [ "# HELP a b\n# TYPE a histogram\na_bucket{le=\"1\"} 2\n"
	. "a_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n", 'less than before' ],
    [ "# HELP a b\n# TYPE a histogram\na_bucket{le=\"1\"} 2\n"
	. "a_sum 1\na_count 2\n", 'no \+Inf' ],
    [ "# HELP a b\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\n"
	. "a_sum 1\na_count 2\n", '_count' ],
    [ "# HELP a b\n# TYPE a gauge\na{b=\"c\",b=\"d\"} 1\n", 'labels' ]) {
	my $wrong = (Metrics::parse($bad->[0]))[2];
	isnt(scalar(@$wrong), 0, "the reader: $bad->[1]");
}

my $r = $d->request(path => '/metrics',
    socket => $d->connect_unix($d->dir . '/sock'));
is(Jwtd::field($r, 'Content-Type'),
    'text/plain; version=0.0.4; charset=utf-8', 'type');
is(Jwtd::field($r, 'Cache-Control'), 'no-store', 'not to be kept');
my $head = $d->request(path => '/metrics', method => 'HEAD',
    socket => $d->connect_unix($d->dir . '/sock'));
is($head->{status}, 200, 'HEAD');
is($head->{body}, '', 'HEAD: no body');
my $post = $d->request(path => '/metrics', body => 'a=b',
    socket => $d->connect_unix($d->dir . '/sock'));
is($post->{status}, 405, 'POST');
is(Jwtd::field($post, 'Allow'), 'GET, HEAD', 'POST: Allow');

my $first = metrics('at first');
is($first->{'jwtd_requests_total{service="metrics",code="405"}'}, 1,
    'a wrong method is counted');
is($first->{'jwtd_requests_total{service="grant",code="200"}'}, 0,
    'what has not been is there');
is($first->{'jwtd_processes_configured{process="worker"}'}, 2, 'workers');
is($first->{'jwtd_processes_configured{process="signer"}'}, 2, 'signers');
is($first->{'jwtd_processes_running{process="worker"}'}, 2, 'workers run');
is($first->{'jwtd_processes_running{process="tlskey"}'}, 1, 'tlskey runs');
is($first->{'jwtd_processes_running{process="trust"}'}, 0, 'no trust process');
sub expiry {
	my ($file) = @_;
	my $end = `openssl x509 -in @{[$d->dir]}/$file -noout -enddate`;
	$end =~ /^notAfter=(.*) GMT$/ or die $end;
	return Time::Piece->strptime($1, '%b %d %H:%M:%S %Y')->epoch;
}
is($first->{'jwtd_certificate_expiry_seconds{server="localhost"}'},
    expiry('tls.crt'), 'expiry');
ok(!exists $first->{jwtd_key_expiry_seconds}, 'no certificate of a key');
ok(!exists $first->{'jwtd_certificate_expiry_seconds{server="local"}'},
    'of a server that has a certificate');
cmp_ok(abs($first->{jwtd_start_time_seconds} - time), '<', 120, 'start');

# the manual names all of them, and no other
my $page = Jwtd::read_file(abs_path(dirname(__FILE__))
    . '/../../man/jwtd.conf.5');
is_deeply([ sort keys %$type ], [ sort $page =~
    /(?<=[ ])(jwtd_[a-z_]+)(?= |$)/mg ], 'the manual has them');
for my $label (grep /tokens_refused/, keys %$first) {
	my ($reason) = $label =~ /"(.*)"/;
	like($page, qr/^\.Ql $reason$|^\.Ql $reason /m, "and $reason");
}

# So many of each; one connection each, so that both workers have some
my %sent;
sub ask {
	my ($service, %arg) = @_;
	my $r = $d->request(%arg);
	$sent{"{service=\"$service\",code=\"$r->{status}\"}"}++;
	return $r;
}
my $token = ask('grant', path => '/token', user => 'alice',
    password => 'one')->{json}{access_token};
ask('grant', path => '/token', user => 'bob', password => 'two') for 1 .. 12;
ask('grant', path => '/token', user => 'alice', password => "no$_")
    for 1 .. 5;
ask('grant', path => '/token', user => 'nobody', password => 'x') for 1 .. 2;
ask('grant', path => '/token') for 1 .. 3;
ask('grant', path => '/token?audience=other', user => 'bob',
    password => 'two') for 1 .. 2;
ask('grant', path => '/token', method => 'DELETE');
ask('resource', path => '/verify/x', bearer => $token) for 1 .. 7;
ask('resource', path => '/verify/x') for 1 .. 2;
ask('resource', path => '/verify/x', bearer => 'a.b.c') for 1 .. 3;
ask('resource', path => '/verify/read', bearer => $token);
(my $forged = $token) =~ s/([^.])([^.]{20})\z/($1 eq 'A' ? 'B' : 'A') . $2/e;
ask('resource', path => '/verify/x', bearer => $forged) for 1 .. 2;
ask('jwks', path => '/.well-known/jwks.json');
ask('health', path => '/health');
ask('none', path => '/nothing') for 1 .. 2;
my $bad = $d->connect;
is(Jwtd::parse(Jwtd::talk($bad, "GET / HTTP/1.1\n\n"))->{status}, 400,
    'no request');
$sent{'{service="none",code="400"}'}++;
# after a good request on the same connection too
my $mixed = $d->connect;
is(Jwtd::ask($mixed, Jwtd::text(path => '/health'))->{status}, 200, 'good');
$sent{'{service="health",code="200"}'}++;
is(Jwtd::ask($mixed, "x\r\n\r\n")->{status}, 400, 'then bad');
$sent{'{service="none",code="400"}'}++;

my $n = metrics('after requests');
for my $labels (sort keys %sent) {
	is(($n->{"jwtd_requests_total$labels"} // 0)
	    - ($first->{"jwtd_requests_total$labels"} // 0), $sent{$labels},
	    "counted: $labels");
}
is_deeply([ grep { /alice|bob|nobody|other|nothing|issuer\.|"api|127/ }
    keys %$n ], [], 'and no name, path or address is a label');
my %refused = (absent => 2, malformed => 3, insufficient_scope => 1,
    signature => 2, expired => 0);
for my $reason (sort keys %refused) {
	is($n->{"jwtd_tokens_refused_total{reason=\"$reason\"}"},
	    $refused{$reason}, "refused: $reason");
}
my $grants = 13 + 7;
is($n->{'jwtd_grant_seconds_count{phase="total"}'}, $grants + 3 + 2,
    'all grants took some time');
is($n->{'jwtd_grant_seconds_count{phase="queue"}'}, $grants + 2,
    'those that got to a signer');
is($n->{'jwtd_grant_seconds_count{phase="store"}'}, $grants + 2, 'store');
# alice and bob had to be hashed once, and each failure; and now and then the
# signer tries whether it may replace their hashes
my $hashed = $n->{jwtd_passwords_hashed_total};
cmp_ok($hashed, '>=', 2 + 7, 'who is not remembered');
cmp_ok($hashed, '<', 2 + 7 + 8, '... which is not everybody');
is($n->{'jwtd_grant_seconds_count{phase="hash"}'}, $hashed, '... is hashed');
is($n->{jwtd_passwords_remembered_total}, $grants + 2 - $hashed,
    'who is, is not');
is($n->{'jwtd_grant_seconds_count{phase="sign"}'}, 13, 'sign');
cmp_ok($n->{'jwtd_grant_seconds_sum{phase="total"}'}, '>',
    $n->{'jwtd_grant_seconds_sum{phase="sign"}'}, 'a part is less than all');
cmp_ok($n->{'jwtd_grant_seconds_sum{phase="total"}'}, '<', 60,
    'and all is not for ever');
is($n->{jwtd_grants_in_flight}, 0, 'nothing is in flight');

# TLS handshakes
my $tls = ($d->ports)[1];
Jwtd::talk(IO::Socket::INET->new("127.0.0.2:$tls"), "GET / HTTP/1.1\r\n\r\n");
ok(Jwtd::wait_until(sub {
	metrics('a failed handshake')->{jwtd_tls_handshakes_failed_total} == 1;
}, 10), 'a failed handshake is counted');

# Gauges: connections that stay, and a request that waits
my $before = metrics('before connections')->{jwtd_connections};
my @open = map { $d->connect } 1 .. 5;
Jwtd::ask($_, Jwtd::text(path => '/health')) for @open;
is(metrics('connections')->{jwtd_connections}, $before + 5, 'connections');
@open = ();
ok(Jwtd::wait_until(sub {
	metrics('fewer')->{jwtd_connections} == $before;
}, 10), 'and they end');
my @signers = $d->pids('jwtd-signer: signer');
kill 'STOP', @signers;
my $waits = $d->connect;
Jwtd::send_all($waits, Jwtd::text(path => '/token', user => 'alice',
    password => 'one'));
ok(Jwtd::wait_until(sub {
	metrics('stopped')->{jwtd_grants_in_flight} == 1;
}, 10), 'one is in flight');
sleep 0.3;
kill 'CONT', @signers;
is((Jwtd::answers($waits, 1))[0]{status}, 200, 'it is answered');
$n = metrics('continued');
is($n->{jwtd_grants_in_flight}, 0, 'and is no longer');
cmp_ok($n->{'jwtd_grant_seconds_sum{phase="queue"}'}, '>=', 0.3,
    'it was in the queue');

# Who dies, and what it had counted
sub replaced {
	my ($title, $kind) = @_;
	my ($pid) = $d->pids($title);
	my $series = "jwtd_process_restarts_total{process=\"$kind\"}";
	my $restarts = $previous->{$series};
	kill 'KILL', $pid;
	ok(Jwtd::wait_until(sub {
		my ($now) = $d->pids($title);
		return $now && $now != $pid ? 1 : 0;
	}), "$title: another");
	my $seen = Jwtd::wait_until(sub {
		my $n = eval { metrics("$title: killed") } // return 0;
		return $n->{$series} == $restarts + 1
		    && $n->{"jwtd_processes_running{process=\"$kind\"}"}
		    == $n->{"jwtd_processes_configured{process=\"$kind\"}"}
		    ? 1 : 0;
	});
	ok($seen, "$title: one restart, and all run") or
	    diag(explain($previous));
	is($d->request(path => '/token', user => 'bob',
	    password => 'two')->{status}, 200, "$title: service goes on");
}
my $good = 'jwtd_requests_total{service="grant",code="200"}';
my $count = $previous->{$good};
replaced('jwtd: worker 0', 'worker');
replaced('jwtd: worker 1', 'worker');
replaced('jwtd-signer: signer 0', 'signer');
replaced('jwtd-signer: signer 1', 'signer');
replaced('jwtd-signer: master', 'signer_master');
replaced('jwtd: tlskey', 'tlskey');
is(metrics('in the end')->{$good}, $count + 6, 'and all is counted');
is($previous->{'jwtd_grant_seconds_count{phase="sign"}'},
    $previous->{$good}, 'by the signers too');

# A reload: two generations are beside one another, and what was counted stays
is($previous->{jwtd_configuration_generation}, 1, 'the first configuration');
is($previous->{jwtd_reloads_total}, 0, 'no reload');
is($previous->{jwtd_reloads_refused_total}, 0, '... nor one that was refused');
sub reload {
	my ($what, $change) = @_;
	my $before = $previous;
	$change->() if $change;
	kill 'HUP', $d->pid;
	ok(Jwtd::wait_until(sub {
		my $n = eval { metrics($what) } // return 0;
		return $n->{jwtd_reloads_total}
		    + $n->{jwtd_reloads_refused_total}
		    > $before->{jwtd_reloads_total}
		    + $before->{jwtd_reloads_refused_total} ? 1 : 0;
	}), "$what: an end of it");
	return $previous;
}
sub running {
	my ($kind, $what) = @_;
	return $previous->{"jwtd_processes_$what\{process=\"$kind\"}"};
}
sub settled {
	my ($what) = @_;
	ok(Jwtd::wait_until(sub {
		my $n = eval { metrics($what) } // return 0;
		my $others = 0;
		$others += running($_, 'not_serving')
		    for qw(worker signer signer_master tlskey);
		return $others == 0 && $n->{jwtd_configurations_in_use} == 1
		    ? 1 : 0;
	}), "$what: the others have ended");
	return $previous;
}
my %restarts = map { /restarts/ ? ($_ => $previous->{$_}) : () }
    keys %$previous;
my $loaded = $previous->{jwtd_configuration_load_time_seconds};
cmp_ok($loaded, '>=', $previous->{jwtd_start_time_seconds}, 'loaded');
my @idle = map { $d->connect } 1 .. 3;
Jwtd::ask($_, Jwtd::text(path => '/health')) for @idle;
$before = metrics('before a reload')->{jwtd_connections};
sleep 1.1;
$n = reload('a reload', sub {
	my $conf = $d->dir . '/jwtd.conf';
	my $dir = $d->dir;
	is(system("openssl req -x509 -new -key $dir/key.pem -subj /CN=x "
	    . "-days 30 -out $dir/sign.crt"), 0, 'a certificate');
	Jwtd::write_file($conf, "prefork 3\n" . Jwtd::read_file($conf) =~
	    s/^\s*key .*key\.pem"\K/ certificate "$dir\/sign.crt"/mr);
});
is($n->{jwtd_key_expiry_seconds}, expiry('sign.crt'),
    'the certificate of the key that signs');
is($n->{jwtd_configuration_generation}, 2, 'the next configuration');
is($n->{jwtd_reloads_total}, 1, 'one reload');
cmp_ok($n->{jwtd_configuration_load_time_seconds}, '>', $loaded,
    'since another time');
is($n->{jwtd_connections}, $before, 'connections of both are there');
is(running('worker', 'configured'), 3, 'the workers are the new ones');
is(running('worker', 'running'), 3, '... and run');
# those that have one of the connections, which may all be one's
cmp_ok(running('worker', 'not_serving'), '>=', 1, '... and so do the old');
is(running('signer', 'running'), 2, 'signers');
is(running('tlskey', 'configured'), 1, 'tlskey');
is($n->{jwtd_configurations_in_use}, 2, 'two configurations are in use');
$n = settled('after a reload');
is($n->{jwtd_connections}, $before - 3, 'connections have gone with the old');
@idle = ();

# One that drains is killed: what it had is gone, and it is no restart
my $stays = $d->connect;
Jwtd::ask($stays, Jwtd::text(path => '/health'));
my @old = $d->pids('jwtd: worker');
$before = metrics('before another')->{jwtd_connections};
kill 'STOP', @old;
kill 'HUP', $d->pid;
ok($d->wait_log(qr/(configuration reloaded.*){2}/s), 'a second reload');
is(metrics('a second reload')->{jwtd_connections}, $before,
    'a connection of one that is stopped');
kill 'KILL', @old;
$n = settled('killed');
is($n->{jwtd_connections}, $before - 1, '... has gone with it');
is_deeply({ map { $_ => $n->{$_} } keys %restarts }, \%restarts,
    'none of this was a restart');

# What is refused leaves nothing behind
$n = reload('a broken configuration', sub {
	my $conf = $d->dir . '/jwtd.conf';
	rename $conf, "$conf.good";
	Jwtd::write_file($conf, "nonsense\n");
});
is($n->{jwtd_reloads_refused_total}, 1, 'is counted');
cmp_ok(abs($n->{jwtd_last_refused_reload_time_seconds} - time), '<', 60,
    '... with its time');
is($n->{jwtd_configuration_generation}, 3, '... and changes nothing');
$n = reload('a bad key', sub {
	my $conf = $d->dir . '/jwtd.conf';
	Jwtd::write_file($conf, Jwtd::read_file("$conf.good")
	    =~ s/key\.pem/tls.crt/r);
});
is($n->{jwtd_reloads_refused_total}, 2, 'is counted');
$n = settled('after a bad key');
is_deeply({ map { $_ => $n->{$_} } keys %restarts }, \%restarts,
    'processes that could not start are no restarts');
is(running('worker', 'configured'), 3, 'the workers are the old ones');
rename $d->dir . '/jwtd.conf.good', $d->dir . '/jwtd.conf';

# More reloads than there are places, and what is asked meanwhile is counted
$count = $previous->{$good};
my $asked = 0;
for my $i (1 .. 6) {
	reload("reload $i");
	for (1 .. 3) {
		$asked++ if $d->request(path => '/token', user => 'bob',
		    password => 'two')->{status} == 200;
	}
}
is($asked, 18, 'all are answered');
is(settled('reloaded often')->{$good}, $count + 18, 'and counted, each once');
is($previous->{jwtd_configuration_generation}, 9, 'and so are the reloads');
is(running('worker', 'running'), 3, 'the workers run');
is($previous->{'jwtd_grant_seconds_count{phase="sign"}'}, $previous->{$good},
    'what signers count stays too');
is($d->request(path => '/health')->{status}, 200, 'ready');
$r = $d->stop;
is($r, 0, 'it ends well');

# A daemon that only verifies has no grants to time
my $issuer = Jwtd->start;
my $jwks = $issuer->request(path => '/.well-known/jwks.json')->{body};
$issuer->stop;
$d = Jwtd->start(signer => undef, files => { 'jwks.json' => $jwks },
    globals => qq(trust "https://issuer.example" { jwks "DIR/jwks.json" }\n),
    servers => <<'EOT');
server "localhost" {
	listen on 127.0.0.1 port 0
	listen on "DIR/sock"
	location "/verify" {
		resource
		audience "api"
	}
	location "/metrics" { metrics }
}
EOT
undef $previous;
$n = metrics('only verifies');
ok(!grep(/grant_seconds/, keys %$n), 'no times of grants');
is($n->{'jwtd_processes_configured{process="signer"}'}, 0, 'no signers');

done_testing();
