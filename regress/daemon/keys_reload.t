# Our own keys while the daemon runs: a signer that comes back with others has
# them known to the workers that there are, and no request is lost.
use strict;
use warnings;

use Test::More;

use Issuer qw(answer connect_to);
use Jwtd;

my $d = Jwtd->prepare(servers => <<'EOT', globals => "prefork 2\n");
server "localhost" {
	listen on 127.0.0.1 port 0
	location "/token" {
		grant
		audience "api"
	}
	location "/v" {
		resource
		audience "api"
	}
	location "/jwks" { jwks }
}
EOT
$d->write_users(Jwtd::line('alice', 'pw'));
$d->launch;
my $no_kid = "401 'kid' names no known key";
my @open = map { connect_to($d, $_) } 0, 1;
my @workers = sort $d->pids('jwtd: worker');
my $old = $d->token('alice', 'pw');
my ($tag) = map { Jwtd::field($_, 'ETag') } $d->request(path => '/jwks');

sub kids {
	my ($s) = @_;
	my $r = Jwtd::ask($s, Jwtd::text(path => '/jwks'));
	return join ' ', map { $_->{kid} } @{ $r->{json}{keys} };
}

my $kid = kids($open[0]);
for my $round (1, 2) {
	$d->make_key($d->dir . '/key.pem', 3072);
	is(answer($d, $old, $_), '202', "round $round: before") for @open;
	kill 'KILL', $d->pids('jwtd-signer: master');

	# every answer is one of these, until the new key is everywhere
	my (%seen, $new);
	ok(Jwtd::wait_until(sub {
		my $r = $d->request(path => '/token', user => 'alice',
		    password => 'pw');
		$seen{$r->{status}}++;
		return undef if $r->{status} !~ /\A(?:200|503)\z/;
		$new = $r->{json}{access_token} // return 0;
		return 0 if grep { kids($_) eq $kid } @open;
		return 1;
	}), "round $round: another key is published") or
	    diag explain \%seen, $d->log;
	is(kids($open[0]), kids($open[1]), "round $round: by both workers");
	$new = $d->token('alice', 'pw');
	is(answer($d, $new, $_), '202', "round $round: it is accepted")
	    for @open;
	is(answer($d, $old, $_), $no_kid, "round $round: the old one is not")
	    for @open;
	($old, $kid) = ($new, kids($open[0]));
}
my ($later) = map { Jwtd::field($_, 'ETag') } $d->request(path => '/jwks');
isnt($later, $tag, 'the set has another ETag');
is(join(' ', sort $d->pids('jwtd: worker')), join(' ', @workers),
    'the workers are the same');

# one that comes later has the keys of now
kill 'KILL', $d->pids('jwtd: worker 1');
ok(Jwtd::closes($open[1]), 'a worker is killed');
ok(Jwtd::wait_until(sub {
	2 == grep { $_ } $d->pids('jwtd: worker')
}), '... and replaced');
$open[1] = connect_to($d, 1);
is(answer($d, $old, $open[1]), '202', '... by one that has the keys of now');

# a signer that cannot start leaves what there is
Jwtd::write_file($d->dir . '/key.pem', "no key\n", 0600);
kill 'KILL', $d->pids('jwtd-signer: master');
ok($d->wait_log(qr/key\.pem: no private key/m), 'a broken key is logged');
is(answer($d, $old, $_), '202', '... and tokens are accepted still') for @open;
is($d->stop, 0, 'the end');

done_testing();
