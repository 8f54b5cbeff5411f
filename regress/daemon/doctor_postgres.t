# jwtctl doctor and the PostgreSQL store: what it finds of the connection and of
# the role's rights.
use strict;
use warnings;

use Test::More;

use Jwtd;
use Pg;
use Store qw(set_user);

my $pg = Pg->start;
$pg->schema;
set_user($pg, 'alice', password => 'wonderland');
my $base = 'host=' . $pg->socket_dir . ' port=' . $pg->port;
my $d = Jwtd->prepare;
my $dir = $d->dir;

# The findings on the store, with that connection string.
sub findings {
	my ($string) = @_;
	Store::configure($pg, $d, $string);
	Jwtd::write_file("$dir/pgpass", join('', map { "*:*:*:$_:"
	    . $pg->password($_) . "\n" } qw(jwtd_signer jwtd_admin postgres)),
	    0600);
	my ($status, $out) = $d->try_ctl(['doctor']);
	my @found = grep { /^\w+: store postgres: / } split /\n/, $out;
	is($status, (grep { /^error/ } @found) ? 1 : 0, 'the status');
	unlike($out, qr/\Q${\$pg->password($_)}\E/, "... no password of $_")
	    for 'jwtd_signer', 'jwtd_admin', 'postgres';
	unlike($out, qr/alice|\$2b\$/, '... and no user');
	return map { s/^(\w+: )store postgres: /$1/r } @found;
}

sub finds {
	my ($name, $string, @want) = @_;
	my @found = findings($string);
	is(scalar @found, scalar @want, "$name: how many") or
	    diag join "\n", @found;
	like($found[$_] // '', $want[$_], "$name: what") for 0 .. $#want;
}

my @good = (qr/^ok: connected to database "jwtd" as "jwtd_signer"$/,
    qr/^ok: the look-up function works$/,
    qr/^ok: the role cannot read the table of users$/);
my $signer = "$base dbname=jwtd user=jwtd_signer PASSFILE";
finds('as it should be', $signer, @good);
finds('over TLS', 'host=localhost port=' . $pg->port . ' dbname=jwtd '
    . 'user=jwtd_signer sslmode=verify-full sslrootcert=' . $pg->ca_file
    . ' PASSFILE', @good);
finds('the first host is away', "host=/nonexistent,"
    . $pg->socket_dir . ' port=' . $pg->port . ' dbname=jwtd '
    . 'user=jwtd_signer PASSFILE', @good);

# with more rights than it needs, one by one
for ([ 'GRANT SELECT ON jwtd.users TO jwtd_signer',
    'REVOKE SELECT ON jwtd.users FROM jwtd_signer', $good[1],
    qr/^error: the role can read the whole table of users$/ ],
    [ 'GRANT UPDATE (grants) ON jwtd.users TO jwtd_signer',
    'REVOKE UPDATE (grants) ON jwtd.users FROM jwtd_signer', @good[1, 2],
    qr/^error: the role can write the table of users$/ ],
    [ 'GRANT DELETE ON jwtd.users TO jwtd_signer',
    'REVOKE DELETE ON jwtd.users FROM jwtd_signer', @good[1, 2],
    qr/^error: the role can write the table of users$/ ],
    [ 'ALTER ROLE jwtd_signer SUPERUSER', 'ALTER ROLE jwtd_signer NOSUPERUSER',
    qr/^error: "jwtd_signer" is a superuser: /, $good[1],
    qr/^error: the role can read the whole table/,
    qr/^error: the role can write the table/ ],
    [ 'REVOKE EXECUTE ON FUNCTION jwtd.lookup(text) FROM jwtd_signer',
    'GRANT EXECUTE ON FUNCTION jwtd.lookup(text) TO jwtd_signer',
    qr/^error: .*permission denied for function lookup/, $good[2] ],
    [ 'ALTER FUNCTION jwtd.lookup(text) RENAME TO lookdown',
    'ALTER FUNCTION jwtd.lookdown(text) RENAME TO lookup',
    qr/^error: .*function jwtd\.lookup\(unknown\) does not exist/, $good[2] ]) {
	my ($do, $undo, @want) = @$_;
	$pg->sql($do);
	finds($do, $signer, $good[0], @want);
	$pg->sql($undo);
}
finds('as before', $signer, @good);
finds('the other role', "$base dbname=jwtd user=jwtd_admin PASSFILE",
    qr/^ok: connected to database "jwtd" as "jwtd_admin"$/,
    qr/^error: .*permission denied for function lookup/,
    qr/^error: the role can read the whole table of users$/,
    qr/^error: the role can write the table of users$/);
finds('a database without it', "$base dbname=postgres user=postgres PASSFILE",
    qr/^ok: connected to database "postgres" as "postgres"$/,
    qr/^error: "postgres" is a superuser/,
    qr/^error: .*schema "jwtd" does not exist/,
    qr/^error: .*relation "jwtd\.users" does not exist/);

# no way there
finds('no such role', "$base dbname=jwtd user=nobody PASSFILE",
    qr/^error: .*(?:password|authentication)/);
finds('no such service', 'service=none', qr/^error: .*none/);
my $free = Pg::free_port();
finds('nobody there', "host=127.0.0.1 port=$free dbname=jwtd PASSFILE",
    qr/^error: .*refused/);
$pg->sigstop;
my $begin = time;
finds('no answer', $signer, qr/^error: the server does not answer/);
cmp_ok(time - $begin, '<', 15, '... and it does not wait for long');
$pg->sigcont;
finds('an answer', $signer, @good);

done_testing;
