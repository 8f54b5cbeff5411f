# A daemon that clients find by its issuer, a URL of https on 127.0.0.1, at
# which its metadata is; and how to run those clients.
package Discovery;

use strict;
use warnings;

use Jwtd;
use Proxy;
use Token;

# Discovery->start(path => PATH, type => TYPE, words => WORDS, revoke => 1)
#	path	of the issuer, and of all locations
#	type	of the key, and words after it in the configuration
#	revoke	with revocation and introspection, for which the user has scopes
# The port is in the issuer, so it is chosen before.  Returns daemon and issuer.
sub start {
	my ($class, %arg) = @_;
	my $path = $arg{path} // '';
	for (1 .. 10) {
		my $port = Proxy::free_port();
		my $issuer = "https://127.0.0.1:$port$path";
		my $d = Jwtd->prepare(tls => 1, servers => servers($port,
		    $path, $arg{revoke}), signer => $arg{revoke} ?
		    qq(\trevocations file "DIR/users.d/revoked"\n) : '');
		configure($d, $issuer, $arg{type}, $arg{words} // '');
		next unless launch($d);
		$d->user('alice', password(),
		    '{"scope":"read write","team":"blue"}');
		return ($d, $issuer);
	}
	die 'no port stays free';
}

sub servers {
	my ($port, $path, $revoke) = @_;
	my $more = $revoke ? <<"EOF" : '';
	location "$path/revoke" { revoke }
	location "$path/introspect" {
		introspection
		scope "read"
	}
EOF
	return <<"EOF" . "$more}\n";
server "localhost" {
	listen on 127.0.0.1 tls port $port
	tls {
		certificate "DIR/tls.crt"
		key "DIR/tls.key"
	}
	location "$path/token" {
		grant
		audience { "api" "web" }
	}
	location "$path/verify" {
		resource
		audience "api"
		scope "read"
	}
	location "$path/jwks.json" { jwks }
	location "/.well-known/oauth-authorization-server$path" { metadata }
	location "$path/.well-known/openid-configuration" { metadata }
EOF
}

sub configure {
	my ($d, $issuer, $type, $words) = @_;
	my $file = $d->dir . '/jwtd.conf';
	my $key = $d->dir . '/key.pem';
	if (defined $type) {
		unlink $key;
		$d->ctl([ 'key', 'new', '-t', $type, $key ]);
	}
	Jwtd::write_file($file, Jwtd::read_file($file)
	    =~ s{https://issuer\.example}{$issuer}r
	    =~ s{^\tkey ".*?key\.pem"\K}{$words}mr);
}

# false if somebody else has taken the port
sub launch {
	my ($d) = @_;
	return 1 if eval { $d->launch; 1 };
	die $@ unless $@ =~ /Address already in use/;
	return 0;
}

sub password { return "p\xc3\xa4ss: +%41" }

# Run Python; returns what it printed, in one line.
sub python {
	my ($d, $text, @args) = @_;
	return lines('env', 'REQUESTS_CA_BUNDLE=' . $d->dir . '/tls.crt',
	    'NO_PROXY=*', $Token::python, '-c', $text, @args);
}

# Run JavaScript with the packages that "make check" installs; likewise.
sub node {
	my ($d, $text, @args) = @_;
	my $dir = "$Jwtd::build/npm";
	die "no $dir/installed: \"make $dir/installed\" makes it"
	    unless -e "$dir/installed";
	# node 18 does not have it as a global without being told
	$text = "import { webcrypto } from 'node:crypto';\n"
	    . "globalThis.crypto ??= webcrypto;\n$text";
	return lines('env', 'NODE_EXTRA_CA_CERTS=' . $d->dir . '/tls.crt',
	    'NODE_NO_WARNINGS=1',
	    'sh', '-c', 'cd "$0" && exec node --input-type=module "$@"', $dir,
	    '-e', $text, '--', @args);
}

sub lines {
	my ($status, $out) = Jwtd::run([ @_ ]);
	$out .= "status $status\n" if $status != 0;
	return join '; ', split /\n/, $out;
}

1;
