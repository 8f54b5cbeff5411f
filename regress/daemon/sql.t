# sql/: what each role may do on a real PostgreSQL, and above all what it may not.
use strict;
use warnings;
use utf8;

use Cwd qw(abs_path);
use Encode qw(encode_utf8);
use File::Basename qw(dirname);
use Jwtd;
use Pg;
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $schema = "$top/sql/schema.sql";
my $argon2id = '$argon2id$v=19$m=65536,t=2,p=1$c2FsdA$aGFzaA';

binmode $_, ':encoding(UTF-8)' for Test::More->builder->output,
    Test::More->builder->failure_output;

my $pg = Pg->start(conf => "log_min_duration_statement = 0\n");

sub quote { Pg::quote(@_) }
sub ask { $pg->ask(@_) }

# of the superuser
sub sql {
	my ($text) = @_;
	my $out = ask('postgres', $text);
	die "$text\n$out" if $out =~ /ERROR: /;
	return $out;
}

sub denied {
	my ($role, $text, $why, $what) = @_;
	like(ask($role, $text), qr/ERROR:  $why/,
	    "$role: refused: " . ($what // $text));
}

# all that schema.sql makes and grants
sub dump_all {
	my $out = $pg->client('pg_dump', [ '-s', '-d',
	    $pg->conninfo('postgres') ]) . $pg->client('pg_dumpall', [
	    '--globals-only', '-d', $pg->conninfo('postgres') ])
	    . sql(q{SELECT datacl FROM pg_database
	    WHERE datname = 'jwtd'});
	$out =~ s/^\\(un)?restrict .*\n//mg;	# a random number
	return $out;
}

sub add {
	my ($name, $hash, $grants) = @_;
	sql(sprintf('INSERT INTO jwtd.users VALUES (%s, %s, %s)',
	    quote($name), quote($hash), quote($grants // '{}')));
}

# where it must not be run
{
	ok(!eval { $pg->load($schema); 1 }, 'database postgres is refused');
	like($@, qr/ERROR:  database "postgres" is for all/, '... with a reason');
	is($pg->sql("SELECT count(*) FROM pg_roles WHERE rolname ~ 'jwtd'"), 0,
	    '... and nothing is made');
	$pg->sql(q{CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0});
	ok(!eval { $pg->load($schema, db => 'latin'); 1 },
	    'a database in Latin-1 is refused');
	like($@, qr/encoding of database "latin" is LATIN1/,
	    '... with a reason');
}

$pg->schema;

# run again
{
	my $before = dump_all();
	like($before, qr/^CREATE TABLE jwtd\.users/m, 'the dump has the table');
	like($before, qr/^REVOKE ALL ON FUNCTION pg_catalog\.lo_create/m,
	    '... and the rights on the functions of the system');
	is($pg->load($schema), '', 'schema.sql runs again and is silent');
	is(dump_all(), $before, '... and nothing has changed');

	sql(<<'END');
GRANT SELECT, UPDATE (password_hash) ON jwtd.users TO jwtd_signer, PUBLIC;
GRANT ALL ON SCHEMA jwtd TO jwtd_signer;
GRANT ALL ON SCHEMA public TO PUBLIC;
GRANT EXECUTE ON FUNCTION jwtd.lookup(text) TO jwtd_admin, PUBLIC;
GRANT TEMP, CONNECT ON DATABASE jwtd TO PUBLIC;
GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC;
ALTER ROLE jwtd_signer SUPERUSER CREATEDB;
ALTER ROLE jwtd_signer SET temp_file_limit = -1;
ALTER FUNCTION jwtd.lookup(text) RESET search_path;
END
	isnt(dump_all(), $before, 'rights that somebody granted');
	$pg->load($schema);
	is(dump_all(), $before, '... are taken back by the next run');

	sql('ALTER ROLE jwtd_signer NOLOGIN; '
	    . "ALTER ROLE jwtd_signer IN DATABASE jwtd SET work_mem = '1MB'");
	$pg->load($schema);
	like(dump_all(), qr/^ALTER ROLE jwtd_signer .*NOLOGIN/m,
	    'a role that was locked out stays so');
	sql('ALTER ROLE jwtd_signer LOGIN');
	is(($pg->psql_as('jwtd_signer', 'SHOW work_mem'))[1], '1MB',
	    'a setting of one\'s own stays');
	sql('ALTER ROLE jwtd_signer IN DATABASE jwtd RESET ALL');
	is(dump_all(), $before, '... and all is as before');
}

add('alice', $argon2id, '{"scope": "read", "n": 123456789012345678901234567890}');
add('bob', '$2y$05$x');

# jwtd_signer: look up one name
is(ask('jwtd_signer', "SELECT * FROM jwtd.lookup('alice')"), "$argon2id|"
    . '{"n": 123456789012345678901234567890, "scope": "read"}|f',
    'jwtd_signer looks up a user');
is(ask('jwtd_signer', "SELECT * FROM jwtd.lookup($_)"), '', "$_ is nobody")
    for "'nobody'", "''", 'NULL', "'%'", "'alic_'", "'Alice'", "'alice '";
is(ask('jwtd_signer', q{SELECT string_agg(pg_typeof(c)::text, ' ') FROM
    jwtd.lookup('alice') AS l, unnest(ARRAY[l.password_hash, l.grants]) AS c}),
    'text text', 'hash and grants are text');

# ... and nothing else
denied('jwtd_signer', $_, 'permission denied for table users') for
    'SELECT * FROM jwtd.users',
    'SELECT count(*) FROM jwtd.users',
    'SELECT name FROM jwtd.users',
    'SELECT FROM jwtd.users',
    'TABLE jwtd.users',
    'COPY jwtd.users TO STDOUT',
    'COPY (SELECT name FROM jwtd.users) TO STDOUT',
    "INSERT INTO jwtd.users VALUES ('eve', 'x')",
    "UPDATE jwtd.users SET disabled = false",
    'DELETE FROM jwtd.users',
    'TRUNCATE jwtd.users',
    'BEGIN; LOCK TABLE jwtd.users IN ACCESS SHARE MODE',
    "SELECT u FROM jwtd.lookup('alice'), jwtd.users AS u";
for my $table (qw(revoked_tokens revoked_users revocation_lock)) {
	denied('jwtd_signer', $_, "permission denied for table $table") for
	    "SELECT * FROM jwtd.$table",
	    "DELETE FROM jwtd.$table",
	    "SELECT FROM jwtd.$table FOR UPDATE",
	    "TRUNCATE jwtd.$table";
}
denied('jwtd_signer', @$_) for
    [ "INSERT INTO jwtd.revoked_tokens VALUES ('x', now(), 1)",
      'permission denied for table revoked_tokens' ],
    [ "INSERT INTO jwtd.revoked_users VALUES ('alice', now(), 1)",
      'permission denied for table revoked_users' ],
    [ "SELECT nextval('jwtd.revocation_version')",
      'permission denied for sequence' ],
    [ 'SELECT jwtd.next_version()', 'permission denied for function' ];
denied('jwtd_signer', @$_) for
    [ 'SELECT jwtd.set_changed()', 'permission denied for function' ],
    [ 'CREATE TABLE t ()', 'permission denied' ],
    [ 'CREATE TABLE jwtd.t ()', 'permission denied for schema jwtd' ],
    [ 'CREATE TABLE public.t ()', 'permission denied for schema public' ],
    [ 'CREATE VIEW jwtd.v AS SELECT 1', 'permission denied for schema jwtd' ],
    [ 'CREATE TEMP TABLE t ()', 'permission denied to create temporary' ],
    [ 'CREATE TABLE pg_temp.t ()', 'permission denied to create temporary' ],
    [ 'CREATE TEMP SEQUENCE s', 'permission denied to create temporary' ],
    [ "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
      'permission denied' ],
    [ 'CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE internal '
      . "AS 'now'", 'permission denied' ],
    [ 'CREATE OPERATOR pg_temp.= (FUNCTION = texteq, LEFTARG = text, '
      . 'RIGHTARG = text)', 'permission denied to create temporary' ],
    [ "CREATE FUNCTION jwtd.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
      'permission denied for schema jwtd' ],
    [ 'CREATE SCHEMA s', 'permission denied for database jwtd' ],
    [ 'CREATE EXTENSION file_fdw', 'permission denied' ],
    [ 'CREATE ROLE r', 'permission denied' ],
    [ 'CREATE DATABASE d', 'permission denied' ],
    [ 'ALTER ROLE jwtd_signer SUPERUSER', 'must be superuser|permission denied' ],
    [ 'ALTER FUNCTION jwtd.lookup(text) SECURITY INVOKER', 'must be owner' ],
    [ 'DROP FUNCTION jwtd.lookup(text)', 'must be owner' ],
    [ 'ALTER TABLE jwtd.users DISABLE TRIGGER ALL', 'must be owner' ],
    [ 'SET ROLE jwtd_owner', 'permission denied to set role' ],
    [ 'SET ROLE jwtd_admin', 'permission denied to set role' ],
    [ 'SET ROLE postgres', 'permission denied to set role' ],
    [ 'SET SESSION AUTHORIZATION jwtd_owner', 'permission denied to set session' ],
    [ 'SELECT rolpassword FROM pg_authid', 'permission denied for table' ],
    [ 'SELECT passwd FROM pg_shadow', 'permission denied for view' ],
    [ "SELECT pg_read_file('PG_VERSION')", 'permission denied for function' ],
    [ "SELECT pg_ls_dir('.')", 'permission denied for function' ],
    [ "COPY (SELECT 1) TO '/dev/null'", '(must be superuser|permission denied) .*COPY' ],
    [ "COPY (SELECT 1) TO PROGRAM 'true'", '(must be superuser|permission denied) .*COPY' ],
    [ 'SELECT lo_creat(-1)', 'permission denied for function lo_creat' ],
    [ 'SELECT lo_create(0)', 'permission denied for function lo_create' ],
    [ "SELECT lo_from_bytea(0, 'x')", 'permission denied for function' ],
    [ "SELECT lo_import('/etc/passwd')", 'permission denied for function' ],
    [ "SELECT lo_import('/etc/passwd', 1)", 'permission denied for function' ],
    [ "SELECT lo_export(1, '/dev/null')", 'permission denied for function' ],
    [ "SELECT lo_put(1, 0, 'x')", 'permission denied for function lo_put' ],
    [ 'SELECT lo_open(1, 131072)', 'permission denied for function lo_open' ],
    [ 'SELECT lo_unlink(1)', 'permission denied for function lo_unlink' ],
    [ "SELECT pg_logical_emit_message(false, 'a', 'b')",
      'permission denied for function' ],
    [ 'SELECT pg_advisory_lock(1)', 'permission denied for function' ],
    [ 'DO $$ BEGIN CREATE TABLE jwtd.t (); END $$',
      'permission denied for language plpgsql' ],
    [ 'DO $$ BEGIN PERFORM 1; END $$', 'permission denied for language' ],
    [ 'ALTER SYSTEM SET jit = on', 'must be superuser|permission denied' ],
    [ 'SET log_parameter_max_length = -1', 'permission denied to set' ],
    [ 'SET temp_file_limit = -1; SELECT 1', 'permission denied to set' ],
    [ q{SET work_mem = '64kB'; SELECT count(*) FROM
      (SELECT n FROM generate_series(1, 100000) AS n ORDER BY md5(n::text)) AS s},
      'temporary file size exceeds', 'a query that needs a file on disk' ];
{
	my ($status, $out) = $pg->try_client('pg_dump',
	    [ '-d', $pg->conninfo('jwtd_signer') ], '', 'jwtd_signer');
	isnt($status, 0, 'jwtd_signer: pg_dump fails');
	like($out, qr/permission denied for table users/, '... at the table');

	my $before = dump_all();
	like(ask('jwtd_signer', 'GRANT EXECUTE ON FUNCTION jwtd.lookup(text) '
	    . 'TO PUBLIC'), qr/no privileges were granted/,
	    'jwtd_signer cannot give its rights to others');
	is(dump_all(), $before, '... and has changed nothing');

	# whatever is not listed above
	is(sql(q{SELECT string_agg(p.oid::regprocedure::text, ' '
	    ORDER BY p.proname) FROM pg_proc AS p
	    WHERE p.pronamespace::regnamespace::text
	    NOT IN ('pg_catalog', 'information_schema')
	    AND has_function_privilege('jwtd_signer', p.oid, 'EXECUTE')}),
	    'jwtd.lookup(text) jwtd.rehash(text,text,text) '
	    . 'jwtd.revocations(bigint,integer) '
	    . 'jwtd.revoke_token(text,bigint)',
	    'jwtd_signer may call four functions');
	is(sql(q{SELECT string_agg(n.nspname, ' ' ORDER BY n.nspname)
	    FROM pg_namespace AS n WHERE n.nspname !~ '^pg_(toast|temp)'
	    AND has_schema_privilege('jwtd_signer', n.oid, 'USAGE')}),
	    'information_schema jwtd pg_catalog', '... in one schema');
	is(sql(q{SELECT string_agg(p.proname, ' ') FROM pg_proc AS p
	    WHERE p.proname ~ '^lo_|advisory'
	    AND has_function_privilege('jwtd_signer', p.oid, 'EXECUTE')}), '',
	    '... and none of large objects or advisory locks');
	is(sql(q{SELECT string_agg(DISTINCT rolname || ' ' ||
	    coalesce(array_to_string(proconfig, ' '), 'none'), ', ')
	    FROM pg_proc
	    JOIN pg_roles ON pg_roles.oid = proowner
	    WHERE pronamespace = 'jwtd'::regnamespace}),
	    'jwtd_owner search_path=pg_catalog, pg_temp',
	    'functions belong to jwtd_owner and have their own search_path');

	sql('ANALYZE jwtd.users');
	is(ask('jwtd_signer', "SELECT count(*) FROM pg_stats "
	    . "WHERE schemaname = 'jwtd'"), 0,
	    'the statistics show jwtd_signer no values');
	isnt(sql("SELECT count(*) FROM pg_stats "
	    . "WHERE schemaname = 'jwtd'"), 0, '... though there are some');
}

# What was revoked
{
	my $exp = time + 900;
	is(ask('jwtd_signer', "SELECT jwtd.revoke_token('a-B_9.', $exp)"), 't',
	    'jwtd_signer revokes a token');
	is(ask('jwtd_signer', "SELECT jwtd.revoke_token('a-B_9.', 5)"), 't',
	    '... once more, with another time');
	is(ask('jwtd_signer', "SELECT jwtd.revoke_token($_)"), 'f',
	    "... none of ours: $_") for "'', $exp", "'a:b', $exp", "'x', 0",
	    "'x', -1", "'x', " . ($exp + 32 * 86400),
	    "'x', 9223372036854775807", "repeat('x', 64), $exp";
	my $row = ask('jwtd_signer', 'SELECT * FROM jwtd.revocations(0, 100)');
	like($row, qr/^\d+\|t\|a-B_9\.\|$exp$/, '... and reads what was revoked');
	my ($version) = $row =~ /^(\d+)/;
	is(ask('jwtd_signer', "SELECT * FROM jwtd.revocations($version, 100)"),
	    '', '... after that version');
	is(ask('jwtd_admin', "INSERT INTO jwtd.revoked_users (name, not_before) "
	    . "VALUES ('alice', to_timestamp(1.5) + interval '60 years'); "
	    . 'SELECT 1'), 1, 'jwtd_admin revokes those of a user');
	like(ask('jwtd_signer', "SELECT * FROM jwtd.revocations($version, 100)"),
	    qr/^\d+\|u\|alice\|\d+$/, '... which jwtd_signer reads');
	denied('jwtd_admin', @$_) for
	    [ "INSERT INTO jwtd.revoked_tokens (id, expires) VALUES ('a b', now())",
	      '.*violates check constraint' ],
	    [ "INSERT INTO jwtd.revoked_users (name, not_before) VALUES ('a:b', now())",
	      '.*violates check constraint' ],
	    [ "SELECT setval('jwtd.revocation_version', 1)",
	      'permission denied for sequence' ],
	    [ 'DELETE FROM jwtd.revocation_lock',
	      'permission denied for table revocation_lock' ];
	is(ask('jwtd_signer', "SELECT string_agg(id, ' ') "
	    . 'FROM jwtd.revocations(0, 1)'), 'a-B_9.', 'a page of one');

	# one that waits has a version after those that do not
	my $session = $pg->session('postgres');
	$session->say("BEGIN; INSERT INTO jwtd.revoked_tokens (id, expires) "
	    . "VALUES ('slow', now() + interval '1 hour');");
	$session->say("SELECT 'there' || '!';");
	$session->wait_output(qr/^there!/m) or die $session->output;
	my $other = $pg->session('jwtd_signer');
	$other->say("SELECT jwtd.revoke_token('fast', $exp) || '!';");
	$session->say('COMMIT;');
	$other->wait_output(qr/^true!/m) or die $other->output;
	is(sql("SELECT string_agg(id, ' ' ORDER BY version) "
	    . "FROM jwtd.revoked_tokens WHERE id IN ('slow', 'fast')"),
	    'slow fast', 'versions are committed in their order');
	$_->close for $session, $other;

	# what nobody would accept any more goes, a few at a time
	sql('INSERT INTO jwtd.revoked_tokens (id, expires) SELECT '
	    . "'old-' || g, now() - interval '2 hours' "
	    . 'FROM generate_series(1, 15) AS g');
	is(ask('jwtd_signer', "SELECT count(*) FROM jwtd.revocations(0, 100) "
	    . "WHERE id ~ '^old'"), 0, 'old ones are not read');
	ask('jwtd_signer', "SELECT jwtd.revoke_token('new-$_', $exp)")
	    for 1, 2;
	is(sql("SELECT count(*) FROM jwtd.revoked_tokens WHERE id ~ '^old'"),
	    0, '... and are deleted');
	sql('DELETE FROM jwtd.revoked_tokens; DELETE FROM jwtd.revoked_users');
}

# harmless: nothing is stored, and no one else listens
is(ask('jwtd_signer', 'LISTEN x; SELECT 1'), 1, 'jwtd_signer may LISTEN');

# a search_path of the caller's leads the functions nowhere
{
	sql(<<'END');
CREATE SCHEMA evil;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
CREATE FUNCTION evil.eq(text, text) RETURNS boolean LANGUAGE sql
    AS 'SELECT true';
CREATE OPERATOR evil.= (FUNCTION = evil.eq, LEFTARG = text, RIGHTARG = text);
CREATE FUNCTION evil.starts_with(text, text) RETURNS boolean LANGUAGE sql
    AS 'SELECT true';
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA evil TO PUBLIC;
END
	my $path = 'SET search_path = evil, pg_catalog';
	is(ask('jwtd_signer', "$path; SELECT 'a'::text = 'b'::text"), 't',
	    'with an operator of someone\'s that says a = b');
	is(ask('jwtd_signer', "$path; SELECT * FROM jwtd.lookup('nobody')"), '',
	    '... nobody is still nobody');
	is(ask('jwtd_signer', "$path; SELECT jwtd.rehash('alice', 'x', 'y')"),
	    'f', '... and a hash is not replaced');
	sql('DROP SCHEMA evil CASCADE');
}

# settings come with the role, also through pgbouncer
{
	my $settings = q{SELECT current_setting('statement_timeout'),
	    current_setting('idle_in_transaction_session_timeout'),
	    current_setting('search_path')};
	my $want = '5s|5s|pg_catalog, pg_temp';
	is(($pg->psql_as('jwtd_signer', $settings))[1], $want,
	    'settings of jwtd_signer');
	my ($status, $out) = $pg->psql_as('jwtd_signer', $settings, tcp => 1,
	    port => $pg->pgbouncer('transaction'));
	is($out, $want, '... and through pgbouncer');

	# with parameters, as no psql(1) of this age sends them
	my $script = $pg->dir . '/lookup.sql';
	Jwtd::write_file($script, "SELECT * FROM jwtd.lookup(:name);\n");
	$pg->client('pgbench', [ '-n', '-t', 1, '-M', 'prepared', '-D',
	    'name=secret-parameter', '-f', $script, '-h', $pg->socket_dir,
	    '-p', $pg->port, '-U', 'jwtd_signer', 'jwtd' ], '', 'jwtd_signer');
	like($pg->log, qr/execute .*: SELECT \* FROM jwtd\.lookup\(\$1\)/,
	    'the log has a statement');
	unlike($pg->log, qr/secret-parameter/, '... without its parameters');
}

# others
{
	sql("CREATE ROLE stranger LOGIN PASSWORD 'x'");
	$pg->{password}{stranger} = 'x';
	my ($status, $out) = $pg->psql_as('stranger', 'SELECT 1');
	like($out, qr/permission denied for database "jwtd"/,
	    'another role cannot connect');
	($status, $out) = $pg->psql_as('stranger', 'SELECT 1', db => 'postgres');
	is($out, 1, '... to this database, that is');
	$pg->{password}{jwtd_owner} = 'x';
	sql("ALTER ROLE jwtd_owner PASSWORD 'x'");
	($status, $out) = $pg->psql_as('jwtd_owner', 'SELECT 1');
	like($out, qr/role "jwtd_owner" is not permitted to log in/,
	    'the owner cannot log in');
}

# jwtd_admin: what jwtctl does
{
	my ($status, $out) = $pg->psql_as('jwtd_admin', <<'END', tcp => 1);
BEGIN;
INSERT INTO jwtd.users (name, password_hash) VALUES ('dora', 'x');
SELECT disabled, grants FROM jwtd.users WHERE name = 'dora' FOR UPDATE;
UPDATE jwtd.users SET password_hash = 'y', grants = '{"scope": "a"}',
    disabled = true WHERE name = 'dora';
COMMIT;
INSERT INTO jwtd.users (name, password_hash) VALUES ('dora', 'z')
    ON CONFLICT (name) DO UPDATE SET password_hash = excluded.password_hash;
SELECT name, password_hash, grants, disabled FROM jwtd.users WHERE name = 'dora';
DELETE FROM jwtd.users WHERE name = 'dora';
SELECT count(*) FROM jwtd.users WHERE name = 'dora';
END
	is($out, qq(f|{}\ndora|z|{"scope": "a"}|t\n0),
	    'jwtd_admin adds, changes, lists and deletes');
}
denied('jwtd_admin', @$_) for
    [ 'TRUNCATE jwtd.users', 'permission denied for table users' ],
    [ "SELECT * FROM jwtd.lookup('alice')", 'permission denied for function' ],
    [ "SELECT jwtd.rehash('alice', 'a', 'b')", 'permission denied for function' ],
    [ 'SELECT jwtd.set_changed()', 'permission denied for function' ],
    [ 'SET ROLE jwtd_owner', 'permission denied to set role' ],
    [ 'SET ROLE jwtd_signer', 'permission denied to set role' ],
    [ 'CREATE TABLE jwtd.t ()', 'permission denied for schema jwtd' ],
    [ 'CREATE TABLE public.t ()', 'permission denied for schema public' ],
    [ 'CREATE TEMP TABLE t ()', 'permission denied to create temporary' ],
    [ 'CREATE SCHEMA s', 'permission denied for database' ],
    [ 'ALTER TABLE jwtd.users ADD x int', 'must be owner' ],
    [ 'ALTER TABLE jwtd.users DISABLE TRIGGER set_changed', 'must be owner' ],
    [ 'DROP TABLE jwtd.users', 'must be owner' ],
    [ 'CREATE INDEX ON jwtd.users (changed)', 'must be owner' ],
    [ 'CREATE TRIGGER t BEFORE INSERT ON jwtd.users FOR EACH ROW '
      . 'EXECUTE FUNCTION jwtd.set_changed()', 'permission denied' ],
    [ 'DO $$ BEGIN PERFORM 1; END $$', 'permission denied for language' ],
    [ 'SELECT lo_create(0)', 'permission denied for function' ],
    [ "COPY jwtd.users TO '/dev/null'", '(must be superuser|permission denied) .*COPY' ],
    [ "SELECT pg_read_file('PG_VERSION')", 'permission denied for function' ];

# rows that jwtd could not use
sub bad_row {
	my ($what, $name, $hash, $grants, $why) = @_;
	my $row = join ', ', map { defined $_ ? quote($_) : 'NULL' }
	    $name, $hash, $grants;
	denied('jwtd_admin', 'INSERT INTO jwtd.users (name, password_hash, '
	    . "grants) VALUES ($row)", $why, $what);
}
bad_row(@$_, 'x', '{}', '.*"users_name_check"') for
    [ 'an empty name', '' ], [ 'a name with a colon', 'a:b' ],
    [ 'a name with a newline', "a\nb" ], [ 'a name with a tab', "a\tb" ],
    [ 'a name with \001', "\001" ], [ 'a name with \177', "a\177" ],
    [ 'a name of 256 bytes', 'x' x 256 ],
    [ 'a name of 128 letters in 256 bytes', 'é' x 128 ];
bad_row($_->[0], 'eve', $_->[1], '{}', '.*"users_password_hash_check"') for
    [ 'an empty hash', '' ], [ 'a hash with a colon', '$6$a:b' ],
    [ 'a hash with a newline', "x\n" ], [ 'a hash with a return', "x\r" ],
    [ 'a hash of 512 bytes', 'x' x 512 ];
bad_row("grants that are $_", 'eve', 'x', $_, '.*"users_grants_check"')
    for '[]', '[{}]', '"{}"', '1', 'true', 'null';
bad_row('grants that are too long', 'eve', 'x',
    '{"a": "' . 'x' x 65536 . '"}', '.*"users_grants_check"');
bad_row('grants that are no JSON', 'eve', 'x', '{a}', 'invalid input syntax');
bad_row('no name', undef, 'x', '{}', 'null value in column "name"');
bad_row('no hash', 'eve', undef, '{}', 'null value in column "password_hash"');
bad_row('no grants', 'eve', 'x', undef, 'null value in column "grants"');
bad_row('the same name again', 'alice', 'x', '{}', 'duplicate key');
denied('jwtd_admin', q{UPDATE jwtd.users SET grants = '[]'},
    '.*"users_grants_check"', 'an update to a bad row');

# names are just names
for my $name (q{o'neil}, q{'; DROP TABLE jwtd.users; --}, q{' OR ''='}, '%', '_',
    '*', '\\', q{\'}, '$$', '$1', '"', 'a b', ' ', 'NULL', '{}', 'jwtd.users',
    'Alice', 'ALICE', "\x{e9}", "e\x{301}", "\x{430}lice", 'éñ漢字😀',
    'x' x 255, 'é' x 127) {
	add($name, 'hash of this one');
	is(ask('jwtd_signer', 'SELECT password_hash FROM jwtd.lookup('
	    . quote($name) . ')'), 'hash of this one',
	    "\"$name\" is just a name");
	is(ask('jwtd_signer', 'SELECT jwtd.rehash(' . join(', ', quote($name),
	    quote('hash of this one'), quote("$argon2id$name")) . ')'), 't',
	    '... whose hash can be replaced');
	is(sql("SELECT name FROM jwtd.users WHERE starts_with("
	    . "password_hash, '$argon2id') AND name <> 'alice'"),
	    encode_utf8($name), '... and no one else\'s');
	sql('DELETE FROM jwtd.users WHERE name = ' . quote($name));
}
is(sql('SELECT count(*) FROM jwtd.users'), 2, 'the others are still there');

# rehash
sub rehash {
	return ask('jwtd_signer', 'SELECT jwtd.rehash('
	    . join(', ', map { defined $_ ? quote($_) : 'NULL' } @_) . ')');
}
sub bob {
	return sql("SELECT password_hash, changed FROM jwtd.users "
	    . "WHERE name = 'bob'");
}
{
	my $old = '2001-02-03 04:05:06+00';
	sql("SET ROLE jwtd_owner; UPDATE jwtd.users SET changed = '$old'");
	my $before = bob();
	like($before, qr/^\$2y\$05\$x\|2001-/, 'bob, of old');
	is(rehash('bob', '$2y$05$x', $_), 'f', "not by \"$_\"")
	    for '', 'x', '$2y$05$y', '$argon2i$x', ' $argon2id$x', '$argon2id',
	    '%argon2id%', '$ARGON2ID$x';
	is(rehash('bob', '$2y$05$y', $argon2id), 'f', 'not if it is another');
	is(rehash('bob', '%', $argon2id), 'f', 'not for a pattern');
	is(rehash('nobody', '$2y$05$x', $argon2id), 'f', 'not of nobody');
	is(rehash('bob', '$2y$05$x', undef), '', 'nor without a new hash');
	is(rehash('bob', undef, $argon2id), '', 'nor without the old one');
	is(rehash(undef, '$2y$05$x', $argon2id), '', 'nor without a name');
	like(rehash('bob', '$2y$05$x', "$argon2id:"),
	    qr/"users_password_hash_check"/, 'nor by one that does not fit');
	is(bob(), $before, '... all of which has changed nothing');
	is(rehash('bob', '$2y$05$x', $argon2id), 't', 'rehash replaces a hash');
	like(bob(), qr/^\Q$argon2id\E\|2001-/,
	    '... which is no change of the password');
	is(rehash('bob', '$2y$05$x', $argon2id), 'f', '... and only once');
	for ([ 'm=65536,t=2', 'f' ], [ 'm=65536,t=3', 'f' ],
	    [ 'm=1048576,t=2', 'f' ], [ 'm=65535,t=2', 't' ],
	    [ 'm=65536,t=1', 't' ], [ 'm=19456,t=9', 't' ]) {
		my ($cost, $done) = @$_;
		my $hash = "\$argon2id\$v=19\$$cost,p=1\$AAAA\$BBBB";
		sql("UPDATE jwtd.users SET password_hash = '$hash' "
		    . "WHERE name = 'bob'");
		is(rehash('bob', $hash, $argon2id), $done,
		    "an argon2id hash of $cost is replaced: $done");
	}
	sql("UPDATE jwtd.users SET password_hash = '$argon2id' "
	    . "WHERE name = 'bob'");

	ask('jwtd_admin', "UPDATE jwtd.users SET changed = '$old'");
	unlike(bob(), qr/\|2001-/, 'any other update is seen in "changed"');
	ask('jwtd_admin', "INSERT INTO jwtd.users (name, password_hash, "
	    . "changed) VALUES ('eve', 'x', '$old')");
	is(sql("DELETE FROM jwtd.users WHERE name = 'eve' AND "
	    . "changed > now() - interval '1 hour' RETURNING name"), 'eve',
	    '... and so is an insert');
}

# a password that is changed while somebody logs in with the old one
{
	sql("UPDATE jwtd.users SET password_hash = 'old' "
	    . "WHERE name = 'bob'");
	my $admin = $pg->session('jwtd_admin');
	$admin->say("BEGIN; UPDATE jwtd.users SET password_hash = 'changed' "
	    . "WHERE name = 'bob' RETURNING 'updated';");
	ok($admin->wait_output(qr/updated/), 'a change that is not committed');
	my $signer = $pg->session('jwtd_signer');
	$signer->say("SELECT jwtd.rehash('bob', 'old', '$argon2id');");
	ok(Jwtd::wait_until(sub {
		return sql(q{SELECT count(*) FROM pg_stat_activity
		    WHERE usename = 'jwtd_signer'
		    AND wait_event_type = 'Lock'}) == 1;
	}), 'rehash waits for it');
	is(ask('jwtd_signer', "SELECT password_hash FROM jwtd.lookup('bob')"),
	    'old', '... a look-up does not');
	$admin->say('COMMIT;');
	$admin->close;
	is($signer->close, 'f', '... and then does nothing');
	like(bob(), qr/^changed\|/, '... so that the change is kept');
}

# a standby
{
	add('dora', 'x');
	my $standby = $pg->standby;
	my ($status, $out) = $standby->psql_as('jwtd_signer',
	    "SELECT password_hash FROM jwtd.lookup('dora')");
	is($out, 'x', 'a standby answers look-ups');
	($status, $out) = $standby->psql_as('jwtd_signer',
	    "SELECT jwtd.rehash('dora', 'x', '$argon2id')");
	like($out, qr/in a read-only transaction/, '... but does not rehash');
	$pg->stop('immediate');
	$standby->promote;
	($status, $out) = $standby->psql_as('jwtd_signer',
	    "SELECT jwtd.rehash('dora', 'x', '$argon2id')");
	is($out, 't', '... until it is the primary');
}

done_testing;
