# What a look-up costs next to an RSA-2048 signature, in either store.
use strict;
use warnings;

use Jwtd;
use Pg;

my $d = Jwtd->prepare;
my $dir = $d->dir;
my $program = "$Jwtd::build/bench/lookup";
$d->user('alice', 'secret', '{"scope":"read write","email":"a@example.com"}');
my $pg = Pg->start->schema;
my ($hash) = Jwtd::read_file("$dir/users.d/users") =~ /^alice:([^:]+)/;
$pg->sql("INSERT INTO jwtd.users VALUES ('alice', '$hash', "
    . q('{"scope":"read write","email":"a@example.com"}') . ')');
Jwtd::write_file("$dir/pgpass", '*:*:*:jwtd_signer:'
    . $pg->password('jwtd_signer') . "\n", 0600);

print "store      sign us  look-up      CPU    of a      CPU\n",
    "              CPU  us wall       us    sign    ratio\n";
for ([ 'file', "$dir/users.d/users" ],
    [ 'postgres', 'host=' . $pg->socket_dir . ' port=' . $pg->port
    . " dbname=jwtd user=jwtd_signer passfile=$dir/pgpass" ]) {
	system($program, "$dir/key.pem", @$_, 'alice') == 0
	    or die "lookup $_->[0]";
}
