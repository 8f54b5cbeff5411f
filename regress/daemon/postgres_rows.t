# The look-up function of the database is not what it should be: no signer ends, the
# log says what is wrong with whom, and it works again when it is mended.
use strict;
use warnings;

use Test::More;

use Client;
use Jwtd;
use Pg;
use Store qw(daemon set_user hash_of);

my $pg = Pg->start;
$pg->schema;
set_user($pg, 'alice', password => 'one', grants => '{"scope":"read"}');

my $returns = 'TABLE (password_hash text, grants text, disabled boolean)';
my $d = daemon($pg, 'host=' . $pg->socket_dir . ' port=' . $pg->port
    . ' dbname=jwtd user=jwtd_signer PASSFILE');
my $c = Client->new($d);
is($c->counts(2), '200: 2', 'a look-up function as it should be');
my @signers = sort $d->pids('jwtd-signer: signer');
my $hash = hash_of($pg, 'alice');
sub lookup_is {
	my ($type, $body) = @_;
	$pg->sql("DROP FUNCTION jwtd.lookup(text);\n" . ($type ?
	    "CREATE FUNCTION jwtd.lookup(name text) RETURNS $type\n"
	    . "LANGUAGE plpgsql AS \$\$ BEGIN $body; END \$\$;\n"
	    . 'GRANT EXECUTE ON FUNCTION jwtd.lookup(text) TO jwtd_signer'
	    : ''));
}
# one transaction, and quick: what was wrong a moment ago must not count
my $good = $pg->sql("SELECT pg_get_functiondef('jwtd.lookup(text)'::regprocedure)");
sub mended {
	$pg->sql("DROP FUNCTION IF EXISTS jwtd.lookup(text);\n$good;\n"
	    . 'ALTER FUNCTION jwtd.lookup(text) OWNER TO jwtd_owner; '
	    . 'GRANT EXECUTE ON FUNCTION jwtd.lookup(text) TO jwtd_signer');
}
# Bad rows are the user's: 401, or 500 for grants; a line for each request
for (
    [ 'NULLs', 401, $returns, 'RETURN QUERY SELECT NULL::text, NULL::text, '
	. 'NULL::boolean' ],
    [ 'no hash', 401, $returns, "RETURN QUERY SELECT NULL::text, '{}', false" ],
    [ 'no grants', 401, $returns, "RETURN QUERY SELECT '$hash', NULL::text, "
	. 'false' ],
    [ 'perhaps disabled', 401, $returns, "RETURN QUERY SELECT '$hash', '{}', "
	. 'NULL::boolean' ],
    [ 'two rows', 401, $returns, "RETURN QUERY SELECT '$hash', '{}', false "
	. 'FROM generate_series(1, 2)' ],
    [ 'many rows', 401, $returns, "RETURN QUERY SELECT '$hash', '{}', false "
	. 'FROM generate_series(1, 20000)' ],
    [ 'an unknown hash', 401, $returns, "RETURN QUERY SELECT 'x', '{}', "
	. 'false' ],
    [ 'an empty hash', 401, $returns, "RETURN QUERY SELECT '', '{}', false" ],
    [ 'a costly hash', 401, $returns, 'RETURN QUERY SELECT replace('
	. "'$hash', 'm=65536', 'm=4294967295'), '{}', false" ],
    [ 'a huge hash', 401, $returns, "RETURN QUERY SELECT '$hash' || "
	. "repeat('x', 1000000), '{}', false" ],
    [ 'huge grants', 401, $returns, "RETURN QUERY SELECT '$hash', "
	. "'{\"a\":\"' || repeat('x', 1000000) || '\"}', false" ],
    [ 'grants that are no JSON', 500, $returns, "RETURN QUERY SELECT '$hash', "
	. "'nonsense', false" ],
    [ 'grants that are a list', 500, $returns, "RETURN QUERY SELECT '$hash', "
	. "'[1]', false" ],
    [ 'no grants at all', 500, $returns, "RETURN QUERY SELECT '$hash', '', "
	. 'false' ],
    [ 'numbers', 401, 'TABLE (password_hash integer, grants integer, '
	. 'disabled integer)', 'RETURN QUERY SELECT 1, 2, 3' ]) {
	my ($what, $status, $type, $body) = @$_;
	my $before = $c->count(qr/user "alice": /);
	lookup_is($type, $body);
	is($c->counts(3), "$status: 3", "$what: $status");
	is($c->count(qr/user "alice": /), $before + 3, "$what: the log has it");
}
# disabled is what is not "f"
lookup_is('TABLE (password_hash text, grants text, disabled integer)',
    "RETURN QUERY SELECT '$hash', '{}', 0");
is($c->counts(2), '401: 2', 'another type of disabled: 401');
mended();
$c->recovers('mended');
$c->logged('bad rows', 0, 0);
# What is no row is the store's: 503, one line until it is mended
for (
    [ 'other columns', 'TABLE (hash text)', "RETURN QUERY SELECT 'x'::text" ],
    [ 'an error', $returns, "RAISE EXCEPTION 'secret of %', name" ],
    [ 'no function', undef ]) {
	my ($what, @function) = @$_;
	lookup_is(@function);
	is($c->counts(2), '503: 2', "$what: 503");
	# a signer that has to connect anew may: the server is there
	$pg->sql('SELECT pg_terminate_backend(min(pid)) FROM pg_stat_activity '
	    . "WHERE usename = 'jwtd_signer'");
	is($c->answers_of($c->pending), '503 503', "$what: at once: 503");
	mended();
	$c->recovers("$what: mended");
	$c->logged($what, 1, 1);
}
is(join(' ', sort $d->pids('jwtd-signer: signer')), "@signers",
    'no signer has ended in all that');

done_testing();
