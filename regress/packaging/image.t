# The image of etc/container/Containerfile.debian, built on a Debian that
# debootstrap has made and run as its README.md says; and then the parts of
# compose.yaml, with the PostgreSQL and the nginx of this host.
use strict;
use warnings;

use Jwtd;
use Pg;
use Podman;
use Proxy;
use Root;
use Test::More;

plan skip_all => 'images and namespaces take root' if $> != 0;
Podman::alone() or plan skip_all => 'namespaces cannot be had here';
my $podman = Podman->new
    or plan skip_all => "containers cannot be had here: $Podman::why";
my $dir = $podman->dir;
chmod 0755, $dir;

sub must {
	my ($what, $status, $out) = @_;
	# without it nothing of what follows would say more
	return is($status, 0, $what) || die $out;
}

must('a base is imported', $podman->podman('import', Root::base(),
    'localhost/base'));
must('the image is built', $podman->buildah('bud', '--pull-never',
    '--isolation', 'chroot', '--format', 'docker', '--build-arg',
    'BASE=localhost/base', '-t', 'localhost/jwtd', '-f',
    'etc/container/Containerfile.debian', '.'));

# podman's own limits take a capability that root may not have here
my @confined = ('--read-only', '--read-only-tmpfs=false', '--cap-drop', 'all',
    '--security-opt', 'no-new-privileges', '--cgroups', 'disabled', '--ulimit',
    'nofile=1024:1024', '--ulimit', 'nproc=4096:4096', '--tmpfs', '/run/jwtd',
    '--network', 'none', '--pull', 'never');

# start(NAME, ARGUMENTS...): waits until jwtd in there is ready
sub start {
	my ($name, @args) = @_;
	must("$name starts", $podman->podman('run', '-d', '--name', $name,
	    @confined, @args));
	ok(Jwtd::wait_until(sub {
		return $podman->logs($name) =~ /: ready$/m;
	}), '... and is ready') or die $podman->logs($name);
}
sub inside {
	my ($name, $input, @command) = @_;
	return $podman->feed($input, 'exec', '-i', $name, @command);
}
# as it is in a network of its own, by the port that it has there
sub curl {
	my ($name, @args) = @_;
	return Jwtd::run([ 'nsenter', '-t', $podman->pid($name), '-n', 'curl',
	    '-sS', '--max-time', 30, '--cacert', "$dir/tls.crt", '--resolve',
	    'auth.example.com:8443:127.0.0.1', @args ]);
}

# a file of users
my @run = ('-v', 'jwtd:/var/lib/jwtd', '-e',
    'JWTD_ISSUER=https://auth.example.com', '-e', 'JWTD_SELF_SIGNED=yes',
    'localhost/jwtd');
start('jwtd', @run);
my $pid = $podman->pid('jwtd');
is(Jwtd::title($pid), 'jwtd: parent', 'the first process is jwtd');
for my $p ($pid, Jwtd::family($pid)) {
	my $title = Jwtd::title($p);
	is(Jwtd::status($p, 'Uid'), join(' ', (10001) x 4), "$title is not root");
	is(hex Jwtd::status($p, "Cap$_"), 0, "... $_: no capability")
	    for qw(Eff Prm Inh Bnd Amb);
	is(Jwtd::status($p, 'NoNewPrivs'), 1, '... and gets none');
	is(Jwtd::status($p, 'Seccomp'), 2, '... and is filtered');
}
my ($status, $out) = inside('jwtd', undef, 'sh', '-c', 'echo > /usr/x');
like($out, qr/Read-only file system/, 'the root is read-only');
($status, $out) = inside('jwtd', undef, 'sh', '-c',
    'command -v gcc make curl wget');
is($out, '', 'no compiler is in there, and no client') or diag $out;
unlike($podman->logs('jwtd'), qr/not available here: .*(?:Landlock|filter)/,
    'its own sandbox works, but for namespaces');
unlike($podman->logs('jwtd'), qr/PRIVATE|argon2/, 'no secret was printed');

must('a user is added', inside('jwtd', "wonderland\n", 'jwtctl', 'user', 'add',
    'alice', '{"scope":"read"}'));
($status, $out) = inside('jwtd', undef, 'cat', '/var/lib/jwtd/tls.crt');
Jwtd::write_file("$dir/tls.crt", $out);
my $url = 'https://auth.example.com:8443';
sub token {
	my ($name) = @_;
	my (undef, $out) = curl($name, '-u', 'alice:wonderland', "$url/token");
	return $out =~ /"access_token":"([^"]+)"/ ? $1 : diag($out) && '';
}
sub verify {
	my ($name, $token) = @_;
	my (undef, $out) = curl($name, '-o', "$dir/answer", '-w', '%{http_code}',
	    '--oauth2-bearer', $token, "$url/verify/");
	return $out;
}
my $token = token('jwtd');
ok($token, 'it gives a token');
is(verify('jwtd', $token), 202, '... that is worth a 202');
is(verify('jwtd', "${token}x"), 401, '... and another one is not');

($status, $out) = $podman->podman('healthcheck', 'run', 'jwtd');
is($status, 0, 'it is healthy, by the image\'s own check') or diag $out;
must('jwtctl reload', inside('jwtd', undef, 'jwtctl', 'reload'));
is(verify('jwtd', $token), 202, '... keeps it serving');
kill 'STOP', $pid;
($status, $out) = $podman->podman('healthcheck', 'run', 'jwtd');
isnt($status, 0, 'one that hangs is not healthy');
kill 'CONT', $pid;
must('it can be stopped', $podman->podman('stop', '--time', '20', 'jwtd'));
($status, $out) = $podman->podman('inspect', '--format', '{{.State.ExitCode}}',
    'jwtd');
is($out, "0\n", '... by a signal that it understands');
must('it can be removed', $podman->podman('rm', 'jwtd'));

start('again', @run);
is(verify('again', $token), 202, '... and has the key that it had');
must('it ends', $podman->podman('rm', '--force', '--time', '20', 'again'));

# the parts of compose.yaml: secrets.sh, PostgreSQL, schema.sh, jwtd, users, nginx
mkdir "$dir/compose";
system('cp', 'etc/container/secrets.sh', "$dir/compose") == 0 or die 'cp';
must('secrets.sh', Jwtd::run([ 'sh', "$dir/compose/secrets.sh" ]));
my $secrets = "$dir/compose/secrets";
my $pg = Pg->start;
$pg->sql('CREATE DATABASE jwtd');
my $password = Jwtd::read_file("$secrets/postgres_password");
$pg->sql("ALTER ROLE postgres PASSWORD '$password'");
must('schema.sh', Jwtd::run([ 'env', "JWTD_SECRETS=$secrets",
    'PGHOST=' . $pg->socket_dir, 'PGPORT=' . $pg->port, 'setsid', '-w', 'sh',
    'etc/container/schema.sh', 'sql/schema.sql' ])) for 1 .. 2;

my @database = ('-v', $pg->socket_dir . ':/run/postgresql:ro', '-e',
    'JWTD_DATABASE=host=/run/postgresql port=' . $pg->port
    . ' dbname=jwtd user=');
mkdir "$dir/socket", 0755;
chown 10001, 10001, "$dir/socket";
start('signer', '-v', "$dir/socket:/run/listen", '-v', 'keys:/var/lib/jwtd',
    '-v', "$secrets/jwtd_signer_password:/run/secrets/jwtd_signer_password:ro",
    @database[0 .. 2], "$database[3]jwtd_signer", '-e',
    'JWTD_ISSUER=https://localhost:8443', '-e',
    'JWTD_LISTEN="/run/listen/jwtd.sock"', '-e',
    'JWTD_TRUSTED_PROXY=127.0.0.1', 'localhost/jwtd');
my $admin = Jwtd::read_file("$secrets/jwtd_admin_password");
my $signer = Jwtd::read_file("$secrets/jwtd_signer_password");
($status, $out) = $podman->podman('inspect', 'signer');
unlike($out . $podman->logs('signer'), qr/\Q$signer\E|\Q$admin\E/,
    'neither its log nor its environment has a password');
must('users add', $podman->feed("wonderland\n", 'run', '--rm', '-i', @confined,
    '-v', "$secrets/jwtd_admin_password:/run/secrets/jwtd_admin_password:ro",
    @database[0 .. 2], "$database[3]jwtd_admin", '--entrypoint',
    '["/usr/local/sbin/jwtd-entry","users"]', 'localhost/jwtd', 'add', 'alice',
    '{"scope":"read"}'));

my $port = Proxy::free_port();
my $site = Proxy::example('container/nginx.conf',
    '/tmp/' => "$dir/nginx/", '/run/listen' => "$dir/socket",
    '/run/secrets' => $secrets, 'listen 8443' => "listen 127.0.0.1:$port",
    '/dev/stderr' => "$dir/nginx.log");
mkdir "$dir/nginx";
Jwtd::write_file("$dir/nginx.conf", "user nobody nogroup;\ndaemon off;\n$site");
my $nginx = Proxy->start("$dir/nginx.out", $port, Proxy::program('nginx'), '-p',
    $dir, '-e', "$dir/nginx.log", '-c', "$dir/nginx.conf");
my @curl = ('curl', '-sS', '--max-time', 30, '--cacert', "$secrets/tls.crt");
($status, $out) = Jwtd::run([ @curl, '-u', 'alice:wonderland',
    "https://localhost:$port/token" ]);
($token) = $out =~ /"access_token":"([^"]+)"/;
ok($token, 'nginx, jwtd and PostgreSQL give a token') or diag $out,
    $podman->logs('signer');
($status, $out) = Jwtd::run([ @curl, '-i', '--oauth2-bearer', $token // '',
    "https://localhost:$port/verify/" ]);
like($out, qr{^HTTP/1\.1 202 }, '... that is worth a 202');
like($podman->logs('signer'), qr/user="alice" client=127\.0\.0\.1 .*status=200/,
    '... and the log has its client, as nginx says');
($status, $out) = $podman->podman('healthcheck', 'run', 'signer');
is($status, 0, 'it is healthy, without a network') or diag $out;
undef $nginx;

done_testing;
