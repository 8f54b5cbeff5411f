# Another issuer, as a test needs one: keys in files, sets of them, tokens; and
# what a daemon says to these.
package Issuer;

use strict;
use warnings;

use Exporter qw(import);

use Jwtd;
use Token qw(b64 json signed);

our @EXPORT_OK = qw(answer connect_to key jwk set token);

my ($store, $n);

# the path of a new private key, outside of any daemon's directory
sub key {
	$store //= Jwtd->prepare(signer => undef);
	my $file = $store->dir . '/issuer' . ++$n . '.pem';
	$store->make_key($file, 2048);
	return $file;
}

sub jwk {
	my ($file, %more) = @_;
	my ($hex) = qx(openssl rsa -in $file -noout -modulus) =~ /=(\w+)/;
	return { kty => 'RSA', n => b64(pack 'H*', $hex), e => 'AQAB', %more };
}

# a set of (kid => key file, ...)
sub set {
	my (@keys, @jwks) = @_;
	while (my ($kid, $file) = splice @keys, 0, 2) {
		push @jwks, jwk($file, kid => $kid);
	}
	return json({ keys => \@jwks });
}

# claims besides or instead; a kid of undef is left out
sub token {
	my ($issuer, $key, $kid, %claims) = @_;
	return signed($key, { alg => 'RS256', defined $kid ? (kid => $kid) : () },
	    { sub => 'carol', iss => $issuer, aud => 'api', exp => time + 900,
	    %claims });
}

# "202", or "401 why", of the location "/v"; on that connection, if there is one
sub answer {
	my ($d, $token, $socket) = @_;
	my $r = $socket ? Jwtd::ask($socket, Jwtd::text(path => '/v',
	    bearer => $token)) : $d->request(path => '/v', bearer => $token);
	my ($why) = (Jwtd::field($r, 'WWW-Authenticate') // '')
	    =~ /error_description="(.*?)"/;
	return join ' ', $r->{status}, $why // ();
}

# A connection to the worker of that slot, of two: the other one is stopped
# meanwhile.
sub connect_to {
	my ($d, $slot) = @_;
	my ($other) = $d->pids('jwtd: worker ' . (1 - $slot));
	kill 'STOP', $other;
	my $s = $d->connect;
	my $r = Jwtd::ask($s, Jwtd::text(path => '/v'));
	kill 'CONT', $other;
	die "worker $slot does not answer" if $r->{status} != 401;
	return $s;
}

1;
