# sql/: the users for trying it out, and those of basic-jwt-wsgi.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Jwtd;
use Pg;
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $argon2id = '$argon2id$v=19$m=65536,t=2,p=1$c2FsdA$aGFzaA';
my $pg = Pg->start->schema;

sub quote { Pg::quote(@_) }
sub ask { $pg->ask(@_) }

# of the superuser
sub sql {
	my ($text) = @_;
	my $out = ask('postgres', $text);
	die "$text\n$out" if $out =~ /ERROR: /;
	return $out;
}

sub add {
	my ($name, $hash, $grants) = @_;
	sql(sprintf('INSERT INTO jwtd.users VALUES (%s, %s, %s)',
	    quote($name), quote($hash), quote($grants // '{}')));
}

# test-data.sql
{
	my $users = 'SELECT name, password_hash, grants, disabled '
	    . 'FROM jwtd.users ORDER BY name';
	sql('DELETE FROM jwtd.users');
	add('dora', 'x');
	is($pg->load("$top/sql/test-data.sql"), '', 'test-data.sql runs');
	my $before = sql($users);
	sql("DELETE FROM jwtd.users WHERE name = 'bob'; "
	    . "UPDATE jwtd.users SET password_hash = 'y', grants = '{}', "
	    . "disabled = NOT disabled WHERE name <> 'dora'");
	$pg->load("$top/sql/test-data.sql");
	is(sql($users), $before, '... and again, to the same effect');
	like($before, qr/^dora\|x\|/m, '... and leaves others alone');

	# its hashes are good: the file store takes the same
	my $d = Jwtd->start;
	Jwtd::write_file($d->dir . '/users.d/users', sql(
	    "SELECT name || ':' || CASE WHEN disabled THEN '!' ELSE '' END || "
	    . "password_hash || ':' || grants FROM jwtd.users "
	    . "WHERE name <> 'dora'") . "\n");
	for ([ alice => 'wonderland', 200 ], [ bob => 'builder', 200 ],
	    [ carol => 'looking-glass', 401 ]) {
		my ($name, $password, $status) = @$_;
		my $r = $d->request(path => '/token', user => $name,
		    password => $password);
		is($r->{status}, $status, "$name gets $status");
		like(Jwtd::payload($r->{json}{access_token}),
		    qr/"number":9007199254740993\b/,
		    '... with all digits of a number') if $name eq 'alice';
	}
	sql('UPDATE jwtd.users SET disabled = false');
	Jwtd::write_file($d->dir . '/users.d/users', sql("SELECT name || "
	    . "':' || password_hash FROM jwtd.users WHERE name = 'carol'")
	    . "\n");
	is($d->request(path => '/token', user => 'carol',
	    password => 'looking-glass')->{status}, 200,
	    'carol\'s password is as documented');
	is($d->log =~ /users:\d+:/, '', 'and no line is bad');
}

# upgrade-basic-jwt-wsgi.sql
{
	my $file = "$top/sql/upgrade-basic-jwt-wsgi.sql";
	# blake2b of "opensesame" with the salt 00 01 .. 0f
	my $salt = '000102030405060708090a0b0c0d0e0f';
	my $hash = 'd3e3e6bcb1741f8b6953c1190c5364288da4b21de82ff09c70457ee6c03c0046'
	    . 'a3ef63dd7ca499b831ce2b1635afb326f4974d7a2627874a1ce187d33324e3c6';
	my $table = <<'END';
(username varchar(40) PRIMARY KEY, password_hash bytea, password_salt bytea,
    grants jsonb)
END
	ok(!eval { $pg->load($file); 1 }, 'without the old table');
	like($@, qr/relation "public.user_credentials" does not exist/,
	    '... upgrade-basic-jwt-wsgi.sql fails and says so');

	my $row = sub {
		my ($name, $h, $s, $grants) = @_;
		return '(' . join(', ', quote($name),
		    defined $h ? "'\\x$h'" : 'NULL',
		    defined $s ? "'\\x$s'" : 'NULL',
		    defined $grants ? quote($grants) : 'NULL') . ')';
	};
	sql("CREATE TABLE user_credentials $table; "
	    . 'INSERT INTO user_credentials VALUES ' . join ', ',
	    $row->('ali', $hash, $salt, '{"scope": "read", "n": 9007199254740993}'),
	    $row->("o'neil", $hash, $salt, '{}'),
	    $row->('dora', $hash, $salt, '{}'),
	    $row->('', $hash, $salt, '{}'),
	    $row->('a:b', $hash, $salt, '{}'),
	    $row->("new\nline", $hash, $salt, '{}'),
	    $row->('nohash', undef, $salt, '{}'),
	    $row->('shorthash', substr($hash, 2), $salt, '{}'),
	    $row->('longhash', "${hash}00", $salt, '{}'),
	    $row->('nosalt', $hash, undef, '{}'),
	    $row->('emptysalt', $hash, '', '{}'),
	    $row->('longsalt', $hash, "${salt}00", '{}'),
	    $row->('array', $hash, $salt, '[]'),
	    $row->('nogrants', $hash, $salt, undef));
	my $old = sql('SELECT * FROM user_credentials ORDER BY 1');

	my $out = $pg->load($file);
	$out =~ s/^.*?NOTICE:  //mg;
	is($out, <<'END', 'upgrade-basic-jwt-wsgi.sql tells what it did');
skipped "dora": jwtd has that name
skipped "": the name is empty
skipped "a:b": the name has a ':'
skipped "array": the grants are no JSON object
skipped "emptysalt": the salt has 0 bytes, not 16
skipped "longhash": the hash has 65 bytes, not 64
skipped "longsalt": the salt has 17 bytes, not 16
skipped "new\nline": the name has a control character
skipped "nogrants": the grants are no JSON object
skipped "nohash": there is no hash
skipped "nosalt": there is no salt
skipped "shorthash": the hash has 63 bytes, not 64
users taken over: 2
users skipped because they are there: 1
users skipped because they are unusable: 11
END
	is(ask('jwtd_signer', "SELECT * FROM jwtd.lookup('ali')"),
	    "\$blake2b\$$salt\$$hash|{\"n\": 9007199254740993, \"scope\": "
	    . '"read"}|f', '... and takes over hash and grants');
	is(ask('jwtd_signer', "SELECT password_hash FROM jwtd.lookup('o''neil')"),
	    "\$blake2b\$$salt\$$hash", '... of a name with a quote too');
	is(ask('jwtd_signer', "SELECT password_hash FROM jwtd.lookup('dora')"),
	    'x', '... and overwrites nobody');
	is(sql('SELECT count(*) FROM jwtd.users'), 6, '... and no more');
	is(sql('SELECT * FROM user_credentials ORDER BY 1'), $old,
	    '... and leaves the old table alone');

	sql("UPDATE jwtd.users SET password_hash = '$argon2id' "
	    . "WHERE name = 'ali'");
	like($pg->load($file), qr/taken over: 0\n.*there: 3\n.*unusable: 11\n/,
	    'run again, it takes over nobody');
	is(ask('jwtd_signer', "SELECT password_hash FROM jwtd.lookup('ali')"),
	    $argon2id, '... and undoes no new password');

	sql("CREATE SCHEMA old; CREATE TABLE old.people $table; "
	    . 'INSERT INTO old.people VALUES '
	    . $row->('zoe', $hash, $salt, '{}'));
	like($pg->load($file, args => [ '-v', 'source=old.people' ]),
	    qr/taken over: 1\n.*there: 0\n.*unusable: 0\n/,
	    'another table can be named');
}

done_testing;
