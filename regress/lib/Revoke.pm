# What the tests of revocation share: a daemon with all services for it.
package Revoke;

use strict;
use warnings;

use Exporter qw(import);
use Jwtd;
use Time::HiRes qw(time);

our @EXPORT_OK = qw($servers verify revoke introspect refused_within later);

our $servers = <<'END';
server "localhost" {
	listen on 127.0.0.1 port 0
	location "/token" {
		grant
		audience "api"
	}
	location "/verify" {
		resource
		audience "api"
	}
	location "/revoke" {
		revoke
		scope "revoke"
	}
	location "/introspect" {
		introspection
		scope "introspect"
	}
	location "/.well-known/oauth-authorization-server" { metadata }
	location "/.well-known/jwks.json" { jwks }
}
END

# the status of the resource service
sub verify {
	my ($d, $token) = @_;
	return $d->request(path => '/verify', bearer => $token)->{status};
}

# the answer to a revocation, and to an introspection
sub revoke {
	my ($d, $user, $password, $token) = @_;
	return $d->request(path => '/revoke', user => $user,
	    password => $password, body => "token=$token");
}

sub introspect {
	my ($d, $user, $password, $token) = @_;
	return $d->request(path => '/introspect', user => $user,
	    password => $password, body => "token=$token");
}

# Until when, in seconds from now, some worker still accepts the token; undef if
# that does not end.  Once it is refused, it stays so.
sub refused_within {
	my ($d, $token) = @_;
	my $begin = time;
	my $last = $begin;
	my $row = 0;
	Jwtd::wait_until(sub {
		if (verify($d, $token) == 401) {
			$row++;
		} else {
			$row = 0;
			$last = time;
		}
		return $row >= 8;
	}, 10) or return undef;
	return $last - $begin;
}

# Wait until a token that is made now is from after those that were revoked.
sub later {
	my $begin = int time;
	Jwtd::wait_until(sub { int time > $begin + 1 });
}

1;
