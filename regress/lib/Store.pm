# What the tests of the stores share: a daemon whose users are in PostgreSQL, and
# users with every kind of hash.
package Store;

use strict;
use warnings;

use Exporter qw(import);
use Jwtd;
use Pg;

our @EXPORT_OK = qw(daemon configure set_user quote hash_of imports $ours);

# what a hash looks like that the daemon made
our $ours = qr/^\$argon2id\$v=19\$m=65536,t=2,p=1\$/;

# A daemon with that store; more arguments are those of Jwtd->prepare().
#	string	the connection string; DIR and PASSFILE in it are expanded
#	env	the environment's variables at its start
sub daemon {
	my ($pg, $string, %arg) = @_;
	my $env = delete $arg{env} || {};
	my $d = Jwtd->prepare(%arg);
	configure($pg, $d, $string);
	my $dir = $d->dir;
	my %expanded = map { $_ => $env->{$_} =~ s/\bDIR\b/$dir/gr }
	    keys %$env;
	local @ENV{keys %expanded} = values %expanded if %expanded;
	$d->launch;
	return $d;
}

# The password of the role is in a file that only the user who starts the daemon
# can read; so is a service file "services".
sub configure {
	my ($pg, $d, $string) = @_;
	my $dir = $d->dir;
	my $role = 'jwtd_signer';
	Jwtd::write_file("$dir/pgpass", "# $role\n*:*:*:$role:"
	    . $pg->password($role) . "\n", 0600);
	chmod 0600, "$dir/services";
	chown scalar(getpwnam($d->{as})), -1, "$dir/pgpass", "$dir/services"
	    if $d->{as};
	$string =~ s{\bPASSFILE\b}{passfile=$dir/pgpass};
	$string =~ s{\bDIR\b}{$dir}g;
	my $conf = Jwtd::read_file("$dir/jwtd.conf");
	$conf =~ s/store \w+ "[^"]*"/store postgres "$string"/ or die 'store';
	Jwtd::write_file("$dir/jwtd.conf", $conf, 0644);
}

# A literal of any bytes.
sub quote {
	my ($bytes) = @_;
	return "convert_from('\\x" . unpack('H*', $bytes) . "', 'UTF8')";
}

# Put a user there, with a hash or with a password that costs little to check.
#	password, hash, grants, disabled
sub set_user {
	my ($pg, $name, %arg) = @_;
	my $hash = $arg{hash} // Jwtd::bcrypt($arg{password});
	$pg->sql(sprintf 'INSERT INTO jwtd.users '
	    . '(name, password_hash, grants, disabled) VALUES (%s, %s, %s, %s) '
	    . 'ON CONFLICT (name) DO UPDATE SET '
	    . 'password_hash = excluded.password_hash, '
	    . 'grants = excluded.grants, disabled = excluded.disabled',
	    quote($name), quote($hash), quote($arg{grants} // '{}') . '::jsonb',
	    $arg{disabled} ? 'true' : 'false');
}

sub hash_of {
	my ($pg, $name) = @_;
	return $pg->sql('SELECT password_hash FROM jwtd.users WHERE name = '
	    . quote($name));
}

# Every kind of hash: { name, password, hash, stays }.  Those of libsodium were
# made with it, the $blake2b$ with hashlib.blake2b of Python.
sub imports {
	my @all = (
	    { name => 'argon2i', password => 'argon2i', hash =>
		'$argon2i$v=19$m=8192,t=3,p=1$bI2YeAMt5cMdRvLLjFB45Q$'
		. 'tvdrHrYNA7kwDiZ8oEOL80pi90c0c+pVGvL/j7G+1eE' },
	    { name => 'weak', password => 'weak', hash =>
		'$argon2id$v=19$m=8192,t=1,p=1$nsa2OULbIez/i0da+JC1vQ$'
		. 'cBgvYoxWc56/e3bll0by5Oey7UQn6S0OV1nhKDH2gJU' },
	    { name => 'strong', password => 'strong', stays => 1, hash =>
		'$argon2id$v=19$m=73728,t=3,p=1$C34GNePBCr+2o4VL2+J3IA$'
		. 'Asb/SNoArINCRUXu3glwFwePy/RGy1418E3DvlAZnZU' },
	    { name => 'scrypt', password => 'scrypt', hash =>
		'$7$86..../....dC4pzQcck0JF8WWJoSfjOk6WYYLtKbjxtVt7PZgJHp.$'
		. 'xA1yZ4C/rTCDor8u6aZjZsPdgWoAsniLDc.ygqclLKD' },
	    { name => 'blake2b', password => "p\xc3\xa4ss:word", hash =>
		'$blake2b$000102030405060708090a0b0c0d0e0f$'
		. '6e757cbe05387c6d8155490c92d82c33617a0f262272b3c687a31acb8234'
		. 'd1bde3140d71a822ed88c6013a57643437dbf230981f9e83c1107444843b'
		. '66c148b0' });
	push @all, map { {
	    name => $_->[0], password => $_->[0],
	    hash => tool(@{ $_->[1] }) } }
	    [ bcrypt => [ 'htpasswd', '-nbBC5', 'x', 'bcrypt' ] ],
	    [ sha512crypt => [ 'openssl', 'passwd', '-6', 'sha512crypt' ] ],
	    [ sha256crypt => [ 'openssl', 'passwd', '-5', 'sha256crypt' ] ];
	my $yescrypt = crypt('yescrypt', '$y$j75$saltsalt$') // '';
	push @all, { name => 'yescrypt', password => 'yescrypt',
	    hash => $yescrypt } if $yescrypt =~ /^\$y\$/;
	return grep { defined $_->{hash} } @all;
}

# The hash that a tool prints, or undef where there is no such tool.
sub tool {
	my (@cmd) = @_;
	my ($status, $out) = Jwtd::run(\@cmd);
	return undef if $status != 0;
	$out =~ s/^x://;
	$out =~ s/\s+\z//;
	return $out;
}

1;
