# What the containers of etc/container start with, without a container: entry.sh in
# the shells of both images, as an ordinary user; and what compose.yaml says.
use strict;
use warnings;

use File::Temp qw(tempdir);
use JSON::PP ();
use Jwtd;
use POSIX ();
use Test::More;

my $etc = 'etc/container';
my $dir = tempdir('jwtd-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0755, $dir;
mkdir "$dir/bin", 0755;
system('cp', map({ "$Jwtd::build/$_" } qw(jwtd jwtd-signer jwtctl)),
    "$dir/bin") == 0 or die 'cp';
system('cp', "$etc/entry.sh", $dir) == 0 or die 'cp';

my @as;
my ($uid, $gid) = ($>, $));
if ($> == 0) {
	($uid, $gid) = (getpwnam 'nobody')[2, 3];
	@as = ('setpriv', "--reuid=$uid", "--regid=$gid", '--clear-groups');
}

# entry(SHELL, ENV, ARGUMENTS, INPUT): status and output
sub command {
	my ($shell, $env, @args) = @_;
	return (@as, 'env', '-i', "PATH=$dir/bin:/usr/bin:/bin",
	    map({ "$_=$env->{$_}" } sort keys %$env), @$shell,
	    "$dir/entry.sh", @args);
}
sub entry {
	my ($shell, $env, $args, $input) = @_;
	return Jwtd::run([ command($shell, $env, @{ $args || [] }) ], $input);
}
my $n = 0;
sub place {
	my $place = "$dir/" . ++$n;
	for my $d ($place, "$place/secrets") {
		mkdir $d, 0755 or die "mkdir: $!";
		chown $uid, $gid, $d;
	}
	return ("$place", { JWTD_RUN => "$place/run/private",
	    JWTD_DATA => "$place/data", JWTD_SECRETS => "$place/secrets",
	    JWTD_CONFIG => "$place/mounted.conf", @_ });
}
sub files { return join ' ', map { s{.*/}{}r } sort glob $_[0] }
sub mode { return sprintf '%04o', (stat $_[0])[2] & 07777 }

for my $shell ([ 'dash' ], [ 'busybox', 'sh' ]) {
	subtest "@$shell" => sub { configuration($shell) };
	subtest "@$shell, with the daemon" => sub { daemon($shell) };
}

sub configuration {
	my ($shell) = @_;
	my ($at, $env) = place();
	my ($status, $out) = entry($shell, $env, [ 'prepare' ]);
	isnt($status, 0, 'without an issuer it does not start');
	like($out, qr/^jwtd-entry: .*JWTD_ISSUER/, '... and says so');

	my %issuer = (JWTD_ISSUER => 'https://auth.example.com:8443/x',
	    JWTD_KEY_TYPE => 'ec');
	($at, $env) = place(%issuer);
	($status, $out) = entry($shell, $env, [ 'prepare' ]);
	is($status, 0, 'an issuer is enough') or diag $out;
	my $conf = Jwtd::read_file("$at/run/private/jwtd.conf");
	like($conf, qr{^server "auth\.example\.com" \{$}m, '... its host is the name');
	like($conf, qr{^\tlisten on \* tls port 8443$}m, '... with TLS');
	like($conf, qr{\taudience \{ "api" \}}, '... and an audience');
	my $keys = files("$at/data/keys/*.pem");
	like($keys, qr/^\S+\.pem$/, '... and one key is made');
	is(mode("$at/data/keys/$keys"), '0600', '... for nobody else');
	is(mode("$at/data/users"), '0700', '... like the users');
	is(mode("$at/run/private"), '0755', 'the status file has its directory');
	is(files("$at/data/tls.*"), '', 'no certificate was made');
	my $pem = Jwtd::read_file("$at/data/keys/$keys");
	($status, $out) = entry($shell, $env, [ 'prepare' ]);
	is($status, 0, 'again') or diag $out;
	is(files("$at/data/keys/*.pem"), $keys, '... there is that key');
	is(Jwtd::read_file("$at/data/keys/$keys"), $pem, '... as it was');

	($at, $env) = place(%issuer, JWTD_SELF_SIGNED => 'yes',
	    JWTD_AUDIENCE => 'a https://b.example/*', JWTD_NAME => 'c');
	($status, $out) = entry($shell, $env, [ 'prepare' ]);
	is($status, 0, 'with a certificate') or diag $out;
	unlike($out, qr/PRIVATE/, '... which is not printed');
	is(files("$at/data/tls.*"), 'tls.crt tls.key', '... it is made');
	$pem = Jwtd::read_file("$at/data/tls.key");
	entry($shell, $env, [ 'prepare' ]);
	is(Jwtd::read_file("$at/data/tls.key"), $pem, '... and only once');
	$conf = Jwtd::read_file("$at/run/private/jwtd.conf");
	like($conf, qr{\taudience \{ "a" "https://b\.example/\*" \}},
	    '... several audiences');

	for my $bad ([ JWTD_ISSUER => 'https://a"b' ],
	    [ JWTD_NAME => "a\nb" ], [ JWTD_AUDIENCE => 'a\\b' ],
	    [ JWTD_LISTEN => "127.0.0.1 port 1\n}" ]) {
		($at, $env) = place(%issuer, @$bad);
		($status, $out) = entry($shell, $env, [ 'prepare' ]);
		isnt($status, 0, "$bad->[0] that is no string is refused");
		like($out, qr/^jwtd-entry: $bad->[0] has/, '... by its name');
	}
	($at, $env) = place(%issuer, JWTD_LIFETIME => 'x');
	($status, $out) = entry($shell, $env, [ 'prepare' ]);
	isnt($status, 0, 'what jwtd refuses is an error');
	like($out, qr/jwtd\.conf:\d+: .*"x"/, '... with its words');

	($at, $env) = place(%issuer, JWTD_DATABASE =>
	    'host=/run/postgresql dbname=jwtd user=jwtd_signer');
	Jwtd::write_file("$at/secrets/jwtd_signer_password", 'pa:ss\\w"ord');
	($status, $out) = entry($shell, $env, [ 'prepare' ]);
	is($status, 0, 'a database') or diag $out;
	is(Jwtd::read_file("$at/run/private/pgpass"),
	    "*:*:*:*:pa\\:ss\\\\w\"ord\n", '... its password is for libpq');
	is(mode("$at/run/private/pgpass"), '0600', '... and for nobody else');
	$conf = Jwtd::read_file("$at/run/private/jwtd.conf");
	like($conf, qr{store postgres "[^"]* passfile=$at/run/private/pgpass"},
	    '... which the configuration names');
	unlike("$conf$out", qr/pa.?:ss/, '... and does not have');
	chmod 0000, "$at/secrets/jwtd_signer_password";
	chown 0, 0, "$at/secrets/jwtd_signer_password";
	($status, $out) = entry($shell, $env, [ 'prepare' ]);
	isnt($status, 0, 'a secret that cannot be read is an error');
	like($out, qr/^jwtd-entry: .*_password cannot be read/, '... by its name');
	($at, $env) = place(%issuer, JWTD_DATABASE => 'postgres://x/jwtd');
	isnt((entry($shell, $env, [ 'prepare' ]))[0], 0, '... but for a URI');

	# a file of one's own
	my $own = qq(trust "https://x" {\n\tkey "/x.pem"\n}\n)
	    . qq(server "x" {\n\tlisten on "/x"\n\tlocation "/health" { health }\n}\n);
	($at, $env) = place();
	Jwtd::write_file("$at/mounted.conf", $own);
	($status, $out) = entry($shell, $env, [ 'prepare' ]);
	is($status, 0, 'a mounted configuration') or diag $out;
	is($conf = Jwtd::read_file("$at/run/private/jwtd.conf"),
	    qq(status "$at/run/private/jwtd.status"\n)
	    . qq(include "$at/mounted.conf"\n), '... gets a status');
	ok(!-e "$at/data", '... and nothing else');
	Jwtd::write_file("$at/mounted.conf", qq(status "/y/z"\n$own));
	($status, $out) = entry($shell, $env, [ 'prepare' ]);
	is($status, 0, '... unless it has one') or diag $out;
	unlike(Jwtd::read_file("$at/run/private/jwtd.conf"), qr/status/,
	    '... which stays');
	Jwtd::write_file("$at/mounted.conf", "nonsense\n");
	($status, $out) = entry($shell, $env, [ 'prepare' ]);
	isnt($status, 0, 'a bad one is an error');
	like($out, qr/mounted\.conf:1: /, '... at its line');
}

sub daemon {
	my ($shell) = @_;
	my ($at, $env) = place(JWTD_ISSUER => 'http://x', JWTD_KEY_TYPE =>
	    'ed25519');
	my $socket = "$at/jwtd.sock";
	$env->{JWTD_LISTEN} = qq("$socket");
	isnt((entry($shell, $env, [ 'health' ]))[0], 0,
	    'what never ran is not healthy');
	my $pid = open(my $said, '-|') // die "fork: $!";
	if ($pid == 0) {
		open STDERR, '>&', \*STDOUT;
		{ no warnings 'exec'; exec command($shell, $env) }
		POSIX::_exit(127);
	}
	local $SIG{ALRM} = sub { kill 'KILL', $pid; die 'too slow' };
	alarm 4 * $Jwtd::patience;
	my $log = '';
	while (my $line = <$said>) {
		$log .= $line;
		last if $line =~ /: ready$/;
	}
	is(Jwtd::title($pid), 'jwtd: parent', 'the script becomes jwtd')
	    or diag $log;
	my ($status, $out) = entry($shell, $env, [ 'jwtctl', '-f',
	    "$at/run/private/jwtd.conf", 'user', 'add', 'alice' ],
	    "wonderland\n");
	is($status, 0, '... or another command') or diag $out;
	($status, $out) = Jwtd::run([ 'curl', '-sS', '--unix-socket', $socket,
	    '-u', 'alice:wonderland', 'http://x/token' ]);
	like($out, qr/"access_token":"/, 'it gives a token');
	($status, $out) = entry($shell, $env, [ 'health' ]);
	is("$status$out", '0', 'it is healthy');

	# the master dies again and again, until it is not started at once
	ok(Jwtd::wait_until(sub {
		kill 'KILL', grep {
			(Jwtd::title($_) // '') eq 'jwtd-signer: master'
		} Jwtd::children($pid);
		($status, $out) = entry($shell, $env, [ 'health' ]);
		return $status != 0 && $out =~ /^jwtd-entry: no signer/m;
	}), '... but not without signers') or diag $out;
	ok(Jwtd::wait_until(sub {
		return (entry($shell, $env, [ 'health' ]))[0] == 0;
	}), '... and again with them');
	kill 'STOP', $pid;
	($status, $out) = entry($shell, $env, [ 'health' ]);
	isnt($status, 0, '... nor when it is stopped');
	kill 'CONT', $pid;
	kill 'TERM', $pid;
	1 while <$said>;
	close $said;
	is($?, 0, 'it ends');
	isnt((entry($shell, $env, [ 'health' ]))[0], 0, '... and is not healthy');
	alarm 0;
}

# compose.yaml, with no name twice
my ($status, $out) = Jwtd::run([ 'python3', '-c', <<'PY', "$etc/compose.yaml" ]);
import json, sys, yaml

class Strict(yaml.SafeLoader):
    def construct_mapping(self, node, deep=False):
        keys = [k.value for k, _ in node.value if k.value != '<<']
        assert len(keys) == len(set(keys)), keys
        return super().construct_mapping(node, deep)

def construct(loader, node):
    loader.construct_mapping(node)
    loader.flatten_mapping(node)
    return {loader.construct_object(k, True): loader.construct_object(v, True)
        for k, v in node.value}

Strict.add_constructor('tag:yaml.org,2002:map', construct)
json.dump(yaml.load(open(sys.argv[1]), Strict), sys.stdout)
PY
is($status, 0, 'compose.yaml is YAML') or BAIL_OUT $out;
my $compose = JSON::PP::decode_json($out);
is_deeply([ sort keys %$compose ],
    [ qw(name secrets services volumes x-confined) ], '... of known parts');
my %known = map { $_ => 1 } qw(build cap_drop command depends_on entrypoint
    environment healthcheck image network_mode ports profiles read_only restart
    secrets security_opt tmpfs user volumes);
my $entry = Jwtd::read_file("$etc/entry.sh");
for my $name (sort keys %{ $compose->{services} }) {
	my $service = $compose->{services}{$name};
	is_deeply([ grep { !$known{$_} } keys %$service ], [], "$name: known words");
	ok($service->{read_only}, '... its root is read-only');
	is_deeply($service->{cap_drop}, [ 'ALL' ], '... it has no capability');
	is_deeply($service->{security_opt}, [ 'no-new-privileges:true' ],
	    '... and cannot get any');
	ok($service->{user} || $service->{image} eq 'localhost/jwtd',
	    '... is not root');
	is($service->{network_mode} // 'one', $name eq 'nginx' ? 'one' : 'none',
	    '... and its network');
	for (@{ $service->{volumes} || [] }) {
		my ($from) = split /:/;
		ok($from =~ m{^\.} ? -e "$etc/$from"
		    : exists $compose->{volumes}{$from}, "... $from is there");
	}
	ok($compose->{secrets}{$_}, "... the secret $_ too")
	    for @{ $service->{secrets} || [] };
	ok($compose->{services}{$_}, "... and $_, which it waits for")
	    for keys %{ $service->{depends_on} || {} };
	like($entry, qr/\b$_\b/, "... $_ is a variable of entry.sh")
	    for grep { /^JWTD_/ } keys %{ $service->{environment} || {} };
}
ok(-e "$etc/../../$compose->{services}{jwtd}{build}{dockerfile}",
    'the image can be built');

# ... and its secrets
system('cp', "$etc/secrets.sh", $dir) == 0 or die 'cp';
($status, $out) = Jwtd::run([ 'sh', "$dir/secrets.sh" ]);
is("$status$out", '0', 'secrets.sh works, and prints nothing');
my @made = map { $_->{file} } values %{ $compose->{secrets} };
is(files("$dir/secrets/*"), join(' ', map { s{.*/}{}r } sort @made),
    '... it makes what compose.yaml names');
is(mode("$dir/secrets"), '0700', '... in a directory that nobody may enter');
my %before = map { $_ => Jwtd::read_file("$dir/$_") } @made;
like($before{'secrets/jwtd_signer_password'}, qr/^[0-9a-f]{48}$/,
    '... a password is 24 bytes');
is((Jwtd::run([ 'sh', "$dir/secrets.sh" ]))[0], 0, '... again');
is_deeply({ map { $_ => Jwtd::read_file("$dir/$_") } @made }, \%before,
    '... which replaces nothing');

# the README's table has each variable of the script
my $readme = Jwtd::read_file("$etc/README.md");
my %own = map { $_ => 1 } qw(JWTD_RUN JWTD_DATA JWTD_SECRETS JWTD_CONFIG);
my %variable = map { $_ => 1 } grep { !$own{$_} } $entry =~ /\b(JWTD_[A-Z_]+)\b/g;
is_deeply([ grep { $readme !~ /^\|.*`$_`/m } sort keys %variable ], [],
    'README.md has all variables');

done_testing;
