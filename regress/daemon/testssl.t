# What testssl.sh finds in the TLS of a running daemon: nothing that is worse
# than informational, but for what a certificate of a test cannot have.
use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Jwtd;

plan skip_all => 'no testssl'
    unless grep { -x "$_/testssl" } split /:/, $ENV{PATH};

# what it says of every certificate and every system like those of this test
my %expected = (
	'HIGH cert_revocation' => 'a self-signed one has nobody to ask, by CRL or OCSP',
	'WARN RC4' => 'openssl(1) cannot try it; the categories of ciphers, which are '
	    . 'tried without it, have RC4 among the low ones',
	'WARN sessionresumption_ticket' => 'there is no ticket to begin with, '
	    . 'of which it cannot always tell',
);

# Everything that is about TLS, and bounded: --fast leaves out what openssl(1)
# would try again after the sockets.  Not asked for are the order of ciphers, of
# which none is weak, the simulation of clients, the headers for browsers, which
# an answer in JSON has no use for, and the records that localhost has not.
my @checks = qw(--fast --protocols --standard --fs --server-defaults
    --vulnerable);
my @quiet = qw(--quiet --color 0 --warnings off --nodns none --ip 127.0.0.1
    --sneaky);

my %tls = (rsa => 'rsa:2048', ec => 'ec -pkeyopt ec_paramgen_curve:P-256');
my %only = (rsa => \@checks, ec => [ '--protocols' ]);

for my $type (qw(rsa ec)) {
	my $d = Jwtd->prepare(signer => undef, servers => <<'EOT');
server "localhost" {
	listen on 127.0.0.1 tls port 0
	tls {
		certificate "DIR/tls.crt"
		key "DIR/tls.key"
	}
	location "/health" { health }
}
EOT
	my $dir = $d->dir;
	# one that is not about to expire
	system(qq(openssl req -x509 -newkey $tls{$type} -nodes -days 300 )
	    . '-subj /CN=localhost -addext subjectAltName=DNS:localhost '
	    . qq(-keyout $dir/tls.key -out $dir/tls.crt 2>/dev/null)) == 0
	    or die 'openssl req';
	$d->launch;
	my ($status, $out) = Jwtd::run([ 'testssl', @quiet, @{ $only{$type} },
	    '--add-ca', "$dir/tls.crt", '--jsonfile', "$dir/found.json",
	    'https://localhost:' . $d->port ]);
	my $found = eval {
		JSON::PP::decode_json(Jwtd::read_file("$dir/found.json"));
	} // [];
	cmp_ok(scalar @$found, '>', $type eq 'rsa' ? 60 : 6,
	    "$type: it looked at many things") or diag $out;
	my @worse = grep { $_->{severity} !~ /\A(?:OK|INFO|DEBUG)\z/
	    && !exists $expected{"$_->{severity} $_->{id}"} } @$found;
	is(join("\n", map { "$_->{severity} $_->{id}: $_->{finding}" } @worse),
	    '', "$type: nothing is worse than informational")
	    or diag $d->log =~ s/^.*(?<!tlskey) tls: .*\n//mgr;
	my %by_id = map { $_->{id} => $_->{finding} } @$found;
	for (qw(SSLv2 SSLv3 TLS1 TLS1_1)) {
		like($by_id{$_}, qr/not offered/, "$type: no $_");
	}
	like($by_id{$_}, qr/offered/, "$type: $_") for qw(TLS1_2 TLS1_3);
	unlike($d->log, qr/signal|ended with|malformed|does not answer/,
	    "$type: no process has died of it, and tlskey kept up");
	is($d->stop, 0, "$type: the end");
}

done_testing();
