# What jwtd-signer.8 says of the database, done as it says.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Jwtd;
use Pg;
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
my ($section) = Jwtd::read_file("$top/man/jwtd-signer.8")
    =~ /^\.Ss The database\n(.*?)^\.S[hs] /ms;
my ($setup, $hba, $service, $passfile, $role) =
    $section =~ /^\.Bd -literal[^\n]*\n(.*?)^\.Ed/msg;
s/\\e/\\/g for $setup, $hba, $service, $passfile, $role;

# the lines for TCP want TLS and an address that is not this machine's
my $pg = Pg->start(hba => $hba =~ s{192\.0\.2\.0/24}{127.0.0.1/32}r);
sub as_superuser {
	my ($command, $input) = @_;
	local %ENV = (%ENV, PGHOST => $pg->socket_dir, PGPORT => $pg->port,
	    PGUSER => 'postgres', PGPASSWORD => $pg->password('postgres'));
	$command =~ s/-f schema\.sql/-q -f $top\/sql\/schema.sql/;
	return Jwtd::run([ 'sh', '-c', $command ], $input);
}

my @shell = $setup =~ /^\$ (.*)/mg;
is(scalar @shell, 3, 'three commands');
for my $command (@shell[0, 1]) {
	my ($status, $out) = as_superuser($command);
	is($status, 0, "\"$command\" works") or diag $out;
}
# \password wants a terminal, so its work is done in its stead
my %password = (jwtd_signer => 'looking:glass\\', jwtd_admin => 'red queen');
for my $name ($setup =~ /^jwtd=# \\password (\S+)/mg) {
	my ($status, $out) = as_superuser($shell[2],
	    "ALTER ROLE $name PASSWORD E'" . $password{$name} =~ s/\\/\\\\/gr
	    . "';");
	is($status, 0, "$name gets a password") or diag $out;
}
my ($status, $out) = as_superuser('psql -d jwtd', $role);
is($status, 0, 'the setting for pgbouncer works') or diag $out;

# the service is the manual's, with another server
my $d = Jwtd->prepare;
my $dir = $d->dir;
$service =~ s/^host=.*/"host=localhost\nport=" . $pg->port/me;
$service =~ s/^sslrootcert=.*/'sslrootcert=' . $pg->ca_file/me;
$service =~ s{/etc/jwtd}{$dir};
Jwtd::write_file("$dir/service.conf", $service, 0644);
(my $signer = $passfile) =~ s/PASSWORD/$password{jwtd_signer} =~ s|([:\\])|\\$1|gr/e;
Jwtd::write_file("$dir/pgpass", $signer, 0600);
my $conf = Jwtd::read_file("$dir/jwtd.conf");
my ($store) = Jwtd::read_file("$top/man/jwtd.conf.5")
    =~ /^\s*# (store postgres "service=jwtd")$/m;
$conf =~ s/store file ".*"/$store/;
Jwtd::write_file("$dir/jwtd.conf", $conf);
$ENV{PGSERVICEFILE} = "$dir/service.conf";
$d->launch;
($status, $out) = as_superuser(
    "psql -q -v ON_ERROR_STOP=1 -d jwtd -f $top/sql/test-data.sql");
is($status, 0, 'test-data.sql works') or diag $out;
ok($d->token('alice', 'wonderland'), 'alice gets a token');

# and jwtctl, by the same service as the other role
Jwtd::write_file("$dir/adminpass",
    "*:*:*:jwtd_admin:$password{jwtd_admin}\n", 0600);
($status, $out) = Jwtd::run([ "$Jwtd::build/jwtctl", '-d',
    "service=jwtd user=jwtd_admin passfile=$dir/adminpass", 'user', 'add',
    'dinah', '{"scope":"purr"}' ], "whiskers\n");
is($status, 0, 'jwtctl adds a user') or diag $out;
my $r = $d->request(path => '/token', user => 'dinah', password => 'whiskers');
is($r->{json}{scope}, 'purr', '... who can log in');

done_testing;
