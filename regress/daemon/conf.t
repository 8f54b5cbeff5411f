# jwtd -n: every example that is documented or shipped is valid, and what is
# wrong is said with its file and line.
use strict;
use warnings;

use File::Temp qw(tempdir);
use POSIX ();
use Test::More;

my $jwtd = ($ENV{BUILD} // 'build') . '/jwtd';
plan skip_all => "no $jwtd" unless -x $jwtd;

my $dir = tempdir(CLEANUP => 1);
chmod 0755, $dir;

sub slurp {
	my ($file) = @_;
	open(my $f, '<', $file) or die "$file: $!";
	local $/;
	my $text = <$f>;
	return $text;
}

sub put {
	my ($name, $text) = @_;
	open(my $f, '>', "$dir/$name") or die "$dir/$name: $!";
	print $f $text;
	close($f) or die "$dir/$name: $!";
	return "$dir/$name";
}

# status, standard output, standard error
sub run {
	my ($uid, @args) = @_;
	my $pid = fork() // die "fork: $!";
	if ($pid == 0) {
		open(STDOUT, '>', "$dir/out") or die;
		open(STDERR, '>', "$dir/err") or die;
		if ($uid) {
			POSIX::setgid($uid);
			POSIX::setuid($uid);
		}
		exec($jwtd, @args) or POSIX::_exit(127);
	}
	waitpid($pid, 0);
	return ($? >> 8, slurp("$dir/out"), slurp("$dir/err"));
}

sub good {
	my ($file, $what) = @_;
	my ($status, $out, $err) = run(0, '-n', '-f', $file);
	is($status, 0, "$what: status");
	is($out, "configuration OK\n", "$what: standard output");
	is($err, '', "$what: and no message");
}

sub bad {
	my ($text, $want, $what) = @_;
	my $file = put('bad.conf', $text);
	my ($status, $out, $err) = run(0, '-n', '-f', $file);
	is($status, 1, "$what: status");
	is($out, '', "$what: standard output");
	is($err, join('', map { "jwtd: $file:$_\n" } @$want), $what);
}

my $whole = <<'EOF';
# who may log in, and how tokens are signed
signer {
	issuer "https://auth.example.com"
	key "/etc/jwtd/keys/2026.pem"            # signs
	key "/etc/jwtd/keys/2025.pem" retired    # still published and accepted
	store file "/var/db/jwtd/users"
	# store postgres "service=jwtd"
	lifetime 15m
	remember 5m
	throttle 10 per 1m
	prefork 4
}

# whose tokens are accepted; our own signer's are, without a block
trust "https://login.example.net" {
	jwks "/etc/jwtd/login.example.net.json"
}

prefork 2
timeout request 10s                          # from the first byte (or the accept) to the whole request
timeout idle 60s
server "auth.example.com" {
	listen on 127.0.0.1 tls port 8443
	listen on "/run/jwtd/jwtd.sock"
	tls {
		certificate "/etc/jwtd/tls.crt"
		key "/etc/jwtd/tls.key"
	}
	trusted proxy { 127.0.0.1 10.0.0.0/8 }

	location "/token" {
		grant
		audience "api"
	}
	location "/verify/*" {
		resource
		audience "api"
		scope "read"
		forward claim "email" as "X-Auth-Email"
	}
	location "/.well-known/jwks.json" { jwks }
	location "/.well-known/oauth-authorization-server" { metadata }
}

server "local" {
	listen on 127.0.0.1 port 9643
	location "/metrics" { metrics }
	location "/health" { health }
}
EOF

my $file = put('whole.conf', $whole);
good($file, 'the whole example');

# printed, it is the same again, but for what is a default
my ($status, $out, $err) = run(0, '-nv', '-f', $file);
is($status, 0, 'print');
(my $text = $out) =~ s/^configuration OK\n//m;
like($text, qr/^\ttrusted proxy \{\n\t\t127\.0\.0\.1\n/m, 'printed');
my ($again, $out2) = run(0, '-nv', '-f', put('printed.conf', $text));
is($again, 0, 'print what was printed');
is($out2, $out, 'it is the same');

SKIP: {
	skip 'not root', 2 if $> != 0;
	my $uid = getpwnam('nobody') // 65534;
	my ($nobody, $text) = run($uid, '-n', '-f', $file);
	skip 'the build is not for everybody to run', 2 if $nobody == 127;
	is($nobody, 0, 'no root is needed');
	is($text, "configuration OK\n", 'no root is needed: standard output');
}

# the manual's
my $man = slurp('man/jwtd.conf.5');
my ($examples) = $man =~ /^\.Sh EXAMPLES\n(.*?)^\.Sh /ms;
my @blocks = $examples =~ /^\.Bd -literal[^\n]*\n(.*?)^\.Ed/msg;
cmp_ok(scalar(@blocks), '>=', 4, 'the manual has examples');
my $n = 0;
for my $block (@blocks) {
	$block =~ s/^\\&//mg;
	$block =~ s/\\&//g;
	$block =~ s/\\e/\\/g;
	good(put('example.conf', $block), 'example ' . ++$n . ' of the manual');
}
is(scalar(grep { $_ eq $whole } @blocks), 1, 'one of them is the whole one');

# what is shipped
SKIP: {
	skip 'no etc/jwtd.conf', 1 unless -e 'etc/jwtd.conf';
	good('etc/jwtd.conf', 'etc/jwtd.conf');
}

# what is wrong
my $health = <<'EOF';
server "h" {
	listen on 127.0.0.1 port 80
	location "/h" { health }
}
EOF
bad('', ['1: no server'], 'an empty file');
bad("prefork\n$health", ['1: syntax error at end of line'], 'no number');
bad("$health\nserver \"x\" {\n\tlisten on ::1 port 1\n",
    ['7: syntax error at end of file'], 'no brace');
bad("foo\nprefork 0\n\nsigner {\n\tstore mysql \"x\"\n\tlifetime 31d\n}\n" .
    $health, ['1: syntax error at "foo"', '2: invalid prefork "0": too small',
    '5: unknown store "mysql"', '6: invalid lifetime "31d": too large'],
    'several errors');
bad("server \"x\" {\n\tlisten on 192.0.2.1 port 80\n}\n",
    ['2: listen on 192.0.2.1 port 80 is without "tls": write "insecure" if ' .
    'that is meant'], 'neither tls nor insecure');
bad("prefork 2\0\n$health", ['1: NUL byte'], 'a NUL byte');
bad("prefork 2\n# \e[31m\n$health", ['2: control character 0x1b'],
    'an escape sequence');
bad("include \"none.conf\"\n$health",
    ['1: include "none.conf": No such file or directory'], 'no such include');
bad("include \"bad.conf\"\n$health",
    ['1: include "bad.conf": includes itself'], 'a loop');

put('part.conf', "listen\n");
$file = put('main.conf', "include \"part.conf\"\nlisten\n$health");
($status, $out, $err) = run(0, '-n', '-f', $file);
is($status, 1, 'an error in an included file');
is($err, "jwtd: $dir/part.conf:1: syntax error at \"listen\"\n" .
    "jwtd: $dir/main.conf:2: syntax error at \"listen\"\n",
    'each is where it is');

($status, $out, $err) = run(0, '-n', '-f', "$dir/none.conf");
is($status, 1, 'no such file');
is($err, "jwtd: $dir/none.conf: No such file or directory\n",
    'no such file: message');
($status, $out, $err) = run(0, '-n', '-f', $dir);
is($status, 1, 'a directory');
is($err, "jwtd: $dir: not a regular file\n", 'a directory: message');

my $secret = 'signer { store postgres "postgres://u:hunter2@h/d" }';
($status, $out, $err) = run(0, '-n', '-f', put('secret.conf', $secret));
is($status, 1, 'a password in the configuration');
unlike($out . $err, qr/hunter2/, 'is not repeated');

done_testing();
