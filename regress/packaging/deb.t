# The package for Debian: what lintian says; that it installs with what it depends
# on, does not start by itself, runs, keeps the configuration when it is removed,
# and takes everything along when it is purged.
use strict;
use warnings;

use Jwtd;
use Root;
use Test::More;

my ($status, $out) = Jwtd::run([ 'lintian', '--allow-root', '--fail-on',
    'error,warning', Root::package_file() ]);
is($status, 0, 'lintian finds no error and no warning') or diag $out;
my $overrides = Jwtd::read_file('etc/debian/lintian-overrides');
is(scalar(() = $overrides =~ /^jwtd: /mg), scalar(() = $overrides =~ /^# .*\njwtd: /mg),
    '... and what it is told to pass over has a reason');

plan_rest();
sub plan_rest {
	if ($> != 0) {
		note 'a root for the package takes root';
		done_testing;
		exit 0;
	}
}

my $root = Root->new;
my $dir = $root->dir;
($status, $out) = $root->install;
is($status, 0, 'it installs') or diag $out;
for my $user (qw(_jwtd _jwtdtls _jwtdfetch _jwtdsign)) {
	like($root->file('/etc/passwd'),
	    qr{^$user:[^:]*:\d+:\d+:[^:]+:/nonexistent:/usr/sbin/nologin$}m,
	    "... and makes the user $user");
}
is($root->run('stat -c "%a %U" /var/lib/jwtd /etc/jwtd/keys'),
    "700 _jwtdsign\n700 root\n", '... and directories for one each');
ok(!glob("$dir/etc/systemd/system/*.wants/jwtd.*"),
    'the service is not enabled');
is(scalar(grep { (Jwtd::title($_) // '') =~ /^jwtd/
    && (readlink("/proc/$_/root") // '') eq $dir } map { m{(\d+)} }
    glob '/proc/[0-9]*'), 0, '... and nothing was started');

# as a newcomer does, with the installed example; the port is the system's choice
my $conf = $root->file('/etc/jwtd.conf');
like($conf, qr{store file "/var/lib/jwtd/users"}, 'the users are in /var/lib');
$conf =~ s/port 8443/port 0/ or die 'port';
Jwtd::write_file("$dir/etc/jwtd.conf", $conf);
for my $command ('jwtd -n', 'jwtctl key new', 'jwtctl certificate new',
    q(jwtctl user add alice '{"scope":"read"}')) {
	($status, $out) = $root->try($command, "wonderland\n");
	is($status, 0, "\"$command\" works") or diag $out;
}
($status, $out) = $root->try('jwtctl doctor');
is($status, 0, 'jwtctl doctor finds no error') or diag $out;

# the daemon, in there
my $pid = open(my $said, '-|') // die "fork: $!";
if ($pid == 0) {
	open STDERR, '>&', \*STDOUT;
	{ no warnings 'exec'; exec $root->command('exec jwtd -d') }
	POSIX::_exit(127);
}
my ($log, $port) = ('');
while (my $line = <$said>) {
	$log .= $line;
	$port = $1 if $line =~ /listening on 127\.0\.0\.1 port (\d+)/;
	last if $line =~ /: ready$/;
}
ok($port, 'it starts') or diag $log;
my @users = sort map { (split ' ', Jwtd::status($_, 'Uid'))[0] }
    Jwtd::family($pid);
my %uid = $root->file('/etc/passwd') =~ /^(\w+):[^:]*:(\d+):/mg;
my %by = map { $_ => 1 } @users;
is_deeply([ sort keys %by ], [ sort @uid{qw(_jwtd _jwtdsign _jwtdtls)} ],
    '... as the users of the package');
my @curl = ('curl', '-sS', '--cacert', "$dir/etc/jwtd/tls.crt", '--resolve',
    "auth.example.com:$port:127.0.0.1");
my $url = "https://auth.example.com:$port";
($status, $out) = Jwtd::run([ @curl, '-u', 'alice:wonderland', "$url/token" ]);
my ($token) = $out =~ /"access_token":"([^"]+)"/;
ok($token, 'it gives a token') or diag $out;
($status, $out) = Jwtd::run([ @curl, '-i', '--oauth2-bearer', $token // '',
    "$url/verify/" ]);
like($out, qr{^HTTP/1\.1 202 }, '... that is worth a 202');
kill 'TERM', $pid;
close $said;
is($?, 0, 'it ends');

# away with it
($status, $out) = $root->try('dpkg -r jwtd');
is($status, 0, 'it can be removed') or diag $out;
ok(!-e "$dir/usr/sbin/jwtd", '... and the program is gone');
ok(-e "$dir$_", "... and $_ is there") for '/etc/jwtd.conf', '/etc/jwtd/tls.key',
    '/etc/jwtd/keys/2026.pem', '/var/lib/jwtd/users';
is($root->file('/etc/jwtd.conf'), $conf, '... and the configuration as it was');
($status, $out) = $root->install;
is($status, 0, 'it can be installed again') or diag $out;
is($root->file('/etc/jwtd.conf'), $conf, '... with that configuration');
($status, $out) = $root->try('dpkg -P jwtd');
is($status, 0, 'it can be purged') or diag $out;
for my $gone ('/etc/jwtd.conf', '/etc/jwtd', '/var/lib/jwtd', '/usr/share/jwtd',
    '/usr/share/examples/jwtd', '/lib/systemd/system/jwtd.service') {
	ok(!-e "$dir$gone", "... and $gone is gone");
}

done_testing;
