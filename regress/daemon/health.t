# /health: alive is who answers; ready is who could grant.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Jwtd;

$SIG{PIPE} = 'IGNORE';

my $location = qq(\tlocation "/health" { health }\n);
my $d = Jwtd->prepare(globals => "prefork 1\n", servers => <<"EOT");
server "localhost" {
	listen on 127.0.0.1 port 0
	location "/token" {
		grant
		audience "api"
	}
$location}
EOT
$d->write_users(Jwtd::line('alice', 'one'));
$d->launch;

sub is_health {
	my ($status, $json, $what, $query, $daemon) = @_;
	my $r = ($daemon // $d)->request(path => '/health' . ($query // ''));
	is($r->{status}, $status, "$what: status");
	is_deeply($r->{json}, $json, "$what: body") or diag($r->{text});
	is(Jwtd::field($r, 'Content-Type'), 'application/json', "$what: type");
	is(Jwtd::field($r, 'Cache-Control'), 'no-store', "$what: not kept");
}
my %ok = (status => 'ok');
my %signers = (status => 'not ready', reason => 'signers');
my %draining = (status => 'not ready', reason => 'draining');

is_health(200, \%ok, 'ready');
is_health(200, \%ok, 'alive', '?live');
is_health(200, \%ok, 'another query', '?x');
my $head = $d->request(path => '/health', method => 'HEAD');
is($head->{status}, 200, 'HEAD');
is($head->{body}, '', 'HEAD: no body');

# with nothing to do for longer than signers may be silent
sleep 9;
is_health(200, \%ok, 'idle: ready');

# Signers that are there and do not answer: not at once, since one may be busy
sub becomes {
	my ($status) = @_;
	return Jwtd::wait_until(sub {
		$d->request(path => '/health')->{status} == $status ? 1 : 0;
	});
}
my @signers = $d->pids('jwtd-signer: signer');
is(scalar(@signers), 2, 'two signers');
kill 'STOP', $signers[0];
sleep 9;
is_health(200, \%ok, 'one signer is enough');
kill 'STOP', $signers[1];
is_health(200, \%ok, 'silent for a moment');
ok(becomes(503), 'silent for long');
is_health(503, \%signers, 'stopped: not ready');
is_health(503, \%signers, 'another query', '?alive');
is_health(200, \%ok, 'stopped: alive', '?live');
is($d->request(path => '/health?live', method => 'HEAD')->{status}, 200,
    'stopped: alive, HEAD');
kill 'CONT', @signers;
ok(becomes(200), 'continued');
is_health(200, \%ok, 'continued: ready');
is($d->request(path => '/token', user => 'alice',
    password => 'one')->{status}, 200, 'and that is true');

# Signers that are gone: the master is stopped, so that there are no others
my ($master) = $d->pids('jwtd-signer: master');
kill 'STOP', $master;
kill 'KILL', $d->pids('jwtd-signer: signer');
ok(becomes(503), 'gone');
is_health(503, \%signers, 'gone: not ready');
kill 'CONT', $master;
ok(becomes(200), 'others are there');

# One that is being ended: what is asked then was on its way
my ($worker) = $d->pids('jwtd: worker 0');
my %asked = ('' => [ 503, \%draining ], '?live' => [ 200, \%ok ]);
kill 'STOP', $worker;
my %s;
for my $query (sort keys %asked) {
	$s{$query} = $d->connect;
	Jwtd::send_all($s{$query}, Jwtd::text(path => "/health$query"));
}
kill 'TERM', $worker;
kill 'CONT', $worker;
for my $query (sort keys %asked) {
	my $r = (Jwtd::answers($s{$query}, 1))[0] // Jwtd::parse('');
	is($r->{status}, $asked{$query}[0], "draining $query: status");
	is_deeply($r->{json}, $asked{$query}[1], "draining $query: body");
	is(Jwtd::field($r, 'Connection'), 'close', "draining $query: the last");
}
$d->stop;

# Without a signer there is none to be missed
my $jwks = '{"keys":[' . '{"kty":"OKP","crv":"Ed25519",'
    . '"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}' . ']}';
my $v = Jwtd->start(signer => undef, files => { 'k.json' => $jwks },
    globals => qq(trust "https://issuer.example" { jwks "DIR/k.json" }\n),
    servers => <<"EOT");
server "localhost" {
	listen on 127.0.0.1 port 0
	location "/verify" {
		resource
		audience "api"
	}
$location}
EOT
is_health(200, \%ok, 'only verifies: ready', '', $v);

done_testing();
