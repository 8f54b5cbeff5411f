# Daemons as they are in use, for a row of the table.
package Bench::Daemon;

use strict;
use warnings;

use Exporter qw(import);

use Jwtd;
use Pg;
use Proxy;

our @EXPORT_OK = qw(basic daemon fill_postgres many postgres warm);

our $issuer = 'https://issuer.example';
our $grants = '{"scope":"read write","email":"alice@example.com"}';
my $password = 'correct horse battery staple';
my $hash;

my $servers = <<'END';
server "localhost" {
	listen on 127.0.0.1 tls port TLS
	listen on 127.0.0.1 port PLAIN
	tls {
		certificate "DIR/tls.crt"
		key "DIR/tls.key"
	}
	location "/token" {
		grant
		audience "api"
	}
	location "/verify" {
		resource
		audience "api"
	}
	location "/health" { health }
}
END

# An object of Jwtd, with the ports {tls} and {plain}.
#	workers, signers	2 and 4 unless said otherwise, as is the default
#	users			so many besides alice
#	algorithm		of the signing key, for openssl(1)
#	pg			a server, for the other store
#	connections, remember
#	reuse			tokens are given again
sub daemon {
	my (%arg) = @_;
	my ($tls, $plain) = map { Proxy::free_port() } 1 .. 2;
	my $d = Jwtd->prepare(tls => 1, quiet => 1,
	    servers => $servers =~ s/TLS/$tls/r =~ s/PLAIN/$plain/r,
	    signer => "\tremember " . ($arg{remember} // '1h') . "\n"
	    . ($arg{reuse} ? "\tlifetime 1d\n\treuse 12h\n" : ''),
	    # a busy machine is no reason for 503, or to lose connections
	    globals => "timeout request 5m\ntimeout idle 1h\nprefork "
	    . ($arg{workers} || 2) . "\n"
	    . 'limit connections ' . ($arg{connections} || 4096) . "\n");
	my $dir = $d->dir;
	my $conf = Jwtd::read_file("$dir/jwtd.conf");
	my $signers = $arg{signers} || 4;
	$conf =~ s/^\tprefork 2$/\tprefork $signers/m or die 'prefork';
	if ($arg{algorithm}) {
		system('openssl', 'genpkey', '-quiet', '-algorithm',
		    $arg{algorithm}, '-out', "$dir/key.pem") == 0
		    or die 'openssl genpkey';
	}
	if ($arg{pg}) {
		my $string = postgres($d, $arg{pg});
		$conf =~ s/store file "[^"]*"/store postgres "$string"/
		    or die 'store';
	} else {
		fill_file($d, $arg{users} || 0);
	}
	Jwtd::write_file("$dir/jwtd.conf", $conf, 0644);
	$d->launch;
	# the server is to last as long as the daemon
	@{$d}{qw(tls plain pg)} = ($tls, $plain, $arg{pg});
	return $d;
}

# the connection string of the signer's role
sub postgres {
	my ($d, $pg) = @_;
	my $file = $d->dir . '/pgpass';
	Jwtd::write_file($file, '*:*:*:jwtd_signer:'
	    . $pg->password('jwtd_signer') . "\n", 0600);
	return $pg->conninfo('jwtd_signer') . " passfile=$file";
}

# one hash for all: what it costs to check is the same
sub stored_hash {
	return $hash if $hash;
	my $d = Jwtd->prepare;
	$d->user('alice', $password, '{}');
	($hash) = ($d->users_lines)[0] =~ /^alice:([^:\s]+)/;
	return $hash;
}

# alice comes last, so that all others have to be read first
sub fill_file {
	my ($d, $n) = @_;
	my $h = stored_hash();
	my $file = $d->dir . '/users.d/users';
	open my $f, '>', $file or die "$file: $!";
	print $f "u$_:$h\n" for 1 .. $n;
	print $f "alice:$h:$grants\n";
	close $f or die "$file: $!";
}

sub fill_postgres {
	my ($pg, $n) = @_;
	my $h = stored_hash();
	$pg->sql("INSERT INTO jwtd.users SELECT 'u' || i, '$h', '{}' "
	    . "FROM generate_series(1, $n) i");
	$pg->sql("INSERT INTO jwtd.users VALUES ('alice', '$h', '$grants')");
	$pg->sql('VACUUM ANALYZE jwtd.users');
	return $pg;
}

sub basic { return Jwtd::basic($_[0] // 'alice', $password) }

# A file of Authorization fields: of alice, or of the users from .. to.
sub many {
	my ($d, $name, @users) = @_;
	my $file = $d->dir . "/$name";
	Jwtd::write_file($file, join '', map { basic($_) . "\n" }
	    @users ? @users : 'alice');
	return $file;
}

# The password is remembered from here on.
sub warm {
	my ($d, @users) = @_;
	for my $user (@users ? @users : 'alice') {
		my $r = $d->request(socket => $d->connect($d->{plain}),
		    path => '/token', headers => { Authorization =>
		    basic($user) });
		die "$user: no token: $r->{text}" if $r->{status} != 200;
	}
	return $d;
}

1;
