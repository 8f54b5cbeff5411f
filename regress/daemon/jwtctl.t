#!/usr/bin/env perl
# jwtctl(8), every command, from the outside.
use strict;
use warnings;
use Cwd qw(abs_path);
use Digest::SHA qw(sha256);
use File::Temp qw(tempdir);
use IPC::Open3;
use JSON::PP;
use MIME::Base64 qw(encode_base64url decode_base64url);
use POSIX qw(:sys_wait_h);
use Symbol qw(gensym);
use Test::More;
use Time::HiRes qw(usleep);

my $jwtctl = abs_path(($ENV{BUILD} // 'build') . '/jwtctl');
plan skip_all => 'jwtctl is not built' unless defined $jwtctl && -x $jwtctl;

my $dir = tempdir('jwtctl-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
chdir $dir or die;
umask 022;
mkdir "$dir/users.d", 0700 or die;
my $users = "$dir/users.d/users";
my $bcrypt =
    '$2b$05$abcdefghijklmnopqrstuuCMcjv9ygSqX2W2ODncSpkZMLU5eqfre';
my $argon2 = qr/\$argon2id\$v=19\$m=65536,t=2,p=1\$[^:]+/;

sub put {
	my ($path, $text) = @_;
	open my $f, '>', $path or die "$path: $!";
	print $f $text;
	close $f or die;
}

sub get {
	my ($path) = @_;
	open my $f, '<', $path or return;
	local $/;
	return <$f> // '';
}

sub mode { return sprintf '%04o', (stat shift)[2] & 07777 }

# Run a command with that standard input: status, output, errors.
sub run {
	my ($input, @command) = @_;
	put("$dir/stdin", $input);
	open my $in, '<', "$dir/stdin" or die;
	my $err = gensym;
	open my $errfile, '+>', "$dir/stderr" or die;
	my $pid = open3('<&' . fileno $in, my $out, '>&' . fileno $errfile,
	    @command);
	my $text = do { local $/; <$out> } // '';
	waitpid $pid, 0;
	return ($? & 127 ? -($? & 127) : $? >> 8, $text, get("$dir/stderr"));
}

sub ctl { return run(shift, $jwtctl, '-f', "$dir/jwtd.conf", @_) }

# It works, and says nothing but this.
sub works {
	my ($name, $input, $args, $want) = @_;
	my ($status, $out, $err) = ctl($input, @$args);
	is("$status$err", '0', "$name: exit status, no errors");
	ref $want ? like($out, $want, "$name: output") :
	    is($out, $want // '', "$name: output");
	return $out;
}

# It fails with one line, or as many as given.
sub fails {
	my ($name, $input, $args, $status, @want) = @_;
	my ($got, $out, $err) = ctl($input, @$args);
	is($got, $status, "$name: exit status");
	my @lines = split /\n/, $err;
	is(@lines, @want, "$name: number of lines") or diag($err)
	    if $status == 1;
	like($lines[$_] // '', ref $want[$_] ? $want[$_] :
	    qr/^\Qjwtctl: $want[$_]\E$/, "$name: line $_") for 0 .. $#want;
	return $out;
}

my $conf = <<"END";
signer {
	issuer "https://auth.example.com"
	key "$dir/new.pem"
	key "$dir/old.pem" retired
	store file "$users"
}
trust "https://login.example.net" {
	jwks "$dir/trust.json"
}
# only the daemon has these keys
trust "https://fetched.example" {
	jwks "https://127.0.0.1:9/jwks.json"
}
server "auth.example.com" {
	listen on 127.0.0.1 tls port 8443
	tls {
		certificate "$dir/tls.crt"
		key "$dir/tls.key"
	}
	location "/token" {
		grant
		audience "api"
	}
	location "/verify" {
		resource
		audience "api"
		scope "read"
	}
}
server "10.1.2.3" {
	listen on 10.1.2.3 tls port 8443
	tls {
		certificate "$dir/ip.crt"
		key "$dir/ip.key"
	}
	location "/token" {
		grant
		audience "api"
	}
}
server "plain" {
	listen on 127.0.0.1 port 9643
	location "/health" { health }
}
END
put("$dir/jwtd.conf", $conf);

subtest 'usage' => sub {
	for my $args ([], ['key'], ['key', 'x'], ['x'], ['user'], ['-x'],
	    ['key', 'new', 'a', 'b'], ['key', 'new', '-b'],
	    ['key', 'list', 'x'], ['user', 'add'], ['user', 'grant', 'a'],
	    ['user', 'add', 'a', '{}', 'b'], ['user', 'delete', '-x', 'a'],
	    ['user', 'import'], ['token', 'show', 'x'],
	    ['token', 'verify', 'x'], ['certificate', 'new', 'a', 'b'],
	    ['key', 'new', '-b', '1024'], ['key', 'new', '-b', '16384'],
	    ['key', 'new', '-t'], ['key', 'new', '-t', 'dsa'],
	    ['key', 'new', '-t', 'RSA'],
	    ['key', 'new', '-t', 'ec', '-b', '2048'],
	    ['key', 'new', '-b', '4096', '-t', 'ed25519'],
	    ['certificate', 'new', '-d', '0'],
	    ['token', 'verify', '-s', 'a  b']) {
		my ($status, $out, $err) = ctl('', @$args);
		is("$status$out", 2, "exit status of '@$args'");
		like($err, qr/^usage: jwtctl /m, "usage for '@$args'");
	}
	fails('unknown command', '', ['key', 'x'], 2,
	    'unknown command "key x"');
	fails('bits', '', ['key', 'new', '-b', '1024'], 2,
	    'invalid number of bits "1024": too small');
	fails('type', '', ['key', 'new', '-t', 'dsa'], 2,
	    'unknown type of key "dsa"');
	fails('bits of an EC key', '', ['key', 'new', '-t', 'ec', '-b', '2048'],
	    2, 'only RSA keys come in sizes');
	my ($status, $out, $err) = ctl('', '-d', 'password=hunter2', 'user',
	    'list');
	is("$status$out$err", "1jwtctl: -d with a password: use a service or " .
	    "password file\n", '-d with a password');
	fails('-d and no user', '', ['-d', 'host=x', 'key', 'list'], 2,
	    '-d is for the commands of users and "token revoke"');
	($status, $out, $err) = run('', $jwtctl, '-f', 'none', 'key', 'list');
	is($status, 1, 'no configuration');
	like($err, qr/^jwtctl: none: No such file or directory$/, 'says so');
	ok(!-e "$dir/new.pem", 'nothing was made');
};

# RFC 7638, without the program under test
sub thumbprint {
	my ($pem) = @_;
	my (undef, $text) = run('', 'openssl', 'rsa', '-pubin', '-in', $pem,
	    '-noout', '-modulus');
	my ($hex) = $text =~ /Modulus=([0-9A-F]+)/ or return;
	my $n = encode_base64url(pack 'H*', $hex);
	return encode_base64url(
	    sha256(qq({"e":"AQAB","kty":"RSA","n":"$n"})));
}

my $kid;
subtest 'key' => sub {
	works('new', '', ['key', 'new'],
	    qr/^\Q$dir\E\/new\.pem: RSA 2048, kid [\w-]{43}\n\z/);
	is(mode("$dir/new.pem"), '0600', 'mode of a key');
	like(get("$dir/new.pem"), qr/^-----BEGIN PRIVATE KEY-----\n/,
	    'PKCS#8');
	my $key = get("$dir/new.pem");
	fails('over an old one', '', ['key', 'new'], 1,
	    "$dir/new.pem: exists already");
	is(get("$dir/new.pem"), $key, 'the old one is as it was');
	fails('no directory', '', ['key', 'new', "$dir/no/key.pem"], 1,
	    qq($dir/no: directory of "key.pem": No such file or directory));
	works('3072 bits', '', ['key', 'new', '-b', '3072', "$dir/old.pem"],
	    qr/^\Q$dir\E\/old\.pem: RSA 3072, kid /);
	is((run('', 'openssl', 'rsa', '-check', '-noout', '-in',
	    "$dir/old.pem"))[0], 0, 'openssl reads it');

	my $public = works('show', '', ['key', 'show'],
	    qr/^-----BEGIN PUBLIC KEY-----\n[^-]+-----END PUBLIC KEY-----\n\z/);
	put("$dir/pub.pem", $public);
	is((run('', 'openssl', 'pkey', '-pubout', '-in', "$dir/new.pem"))[1],
	    $public, 'openssl makes the same public key');
	works('show a file', '', ['key', 'show', "$dir/old.pem"],
	    qr/BEGIN PUBLIC KEY/);
	$kid = thumbprint("$dir/pub.pem");
	my $list = works('list', '', ['key', 'list'], qr/./);
	my @lines = map { [split /\t/] } split /\n/, $list;
	is_deeply($lines[0], [$kid, 'active', 'RS256', '2048',
	    "$dir/new.pem"], 'the signing key');
	is_deeply([@{$lines[1]}[1 .. 4]], ['retired', 'RS256', '3072',
	    "$dir/old.pem"], 'the retired key');

	my $set = decode_json(works('show -j', '', ['key', 'show', '-j'],
	    qr/./));
	is(@{$set->{keys}}, 2, 'two keys in the set');
	is($set->{keys}[0]{kid}, $kid, 'kid');
	is($set->{keys}[0]{kty}, 'RSA', 'kty');
	is($set->{keys}[1]{kid}, $lines[1][0], 'kid of the retired key');
	ok(!(grep { my $k = $_; grep { exists $k->{$_} } qw(d p q dp dq qi) }
	    @{$set->{keys}}), 'no private number in it');
	$set = decode_json(works('show -j FILE', '',
	    ['key', 'show', '-j', "$dir/old.pem"], qr/./));
	is(@{$set->{keys}}, 1, 'one key in the set of a file');
};

subtest 'types of keys' => sub {
	for ([ec => 'EC 256', 'ES256', 'EC'],
	    [ed25519 => 'Ed25519 256', 'EdDSA', 'OKP'],
	    [rsa => 'RSA 2048', 'RS256', 'RSA']) {
		my ($type, $says, $alg, $kty) = @$_;
		my $file = "$dir/$type.pem";
		my $out = works($type, '', ['key', 'new', '-t', $type, $file],
		    qr/^\Q$file: $says\E, kid [\w-]{43}\n\z/);
		my ($id) = $out =~ /kid (\S+)/;
		is(mode($file), '0600', 'mode');
		like(get($file), qr/^-----BEGIN PRIVATE KEY-----\n/, 'PKCS#8');
		is((run('', qw(openssl pkey -pubout -in), $file))[1],
		    works('show', '', ['key', 'show', $file], qr/./),
		    'openssl makes the same public key');
		my $jwk = decode_json(works('show -j', '',
		    ['key', 'show', '-j', $file], qr/./))->{keys}[0];
		is("@$jwk{qw(kty alg use kid)}", "$kty $alg sig $id", 'JWK');
		ok(!exists $jwk->{d}, 'nothing private in it');
	}
	# what is configured decides, where a key's type does not
	my $types = $conf =~ s{key .*new\.pem"}{key "$dir/ec.pem"}r
	    =~ s{key .*old\.pem" retired}{key "$dir/rsa.pem" ps256 retired
	key "$dir/ed25519.pem" retired}r;
	put("$dir/types.conf", $types);
	my @list = ($jwtctl, '-f', "$dir/types.conf", 'key', 'list');
	my (undef, $list, $err) = run('', @list);
	is(join(' ', map { join ',', (split /\t/)[1 .. 3] } split /\n/, $list),
	    'active,ES256,256 retired,PS256,2048 retired,EdDSA,256', 'list')
	    or diag($err);
	my $set = (run('', $jwtctl, '-f', "$dir/types.conf", 'key', 'show',
	    '-j'))[1];
	is(join(' ', map { $_->{alg} } @{decode_json($set)->{keys}}),
	    'ES256 PS256 EdDSA', 'show -j');
	put("$dir/types.conf", $types =~ s/(ec\.pem")/$1 ps256/r);
	is((run('', @list))[2],
	    "jwtctl: $dir/ec.pem: not a key for PS256\n",
	    'ps256 for an EC key');
};

subtest 'bad keys' => sub {
	my $good = get("$dir/old.pem");
	chmod 0644, "$dir/old.pem";
	my $out = fails('list', '', ['key', 'list'], 1,
	    "$dir/old.pem: readable by group or others (mode 0644)");
	like($out, qr/^\Q$kid\E\tactive/, 'the others are listed');
	is(fails('show -j', '', ['key', 'show', '-j'], 1,
	    "$dir/old.pem: readable by group or others (mode 0644)"), '',
	    'no set with a hole in it');
	chmod 0600, "$dir/old.pem";
	my @bad = (
		[sub { put("$dir/bad.pem", 'x') }, 'no private key in PEM'],
		[sub { put("$dir/bad.pem", get("$dir/pub.pem")) },
		    'no private key in PEM'],
		[sub { put("$dir/bad.pem", '') }, 'no private key in PEM'],
		[sub { put("$dir/bad.pem", 'x' x 270_000) },
		    'too large for a key'],
		[sub { put("$dir/bad.pem", substr $good, 0, 900) },
		    'no private key in PEM'],
		[sub { run('', qw(openssl genpkey -quiet -algorithm EC -pkeyopt
		    ec_paramgen_curve:P-384 -out), "$dir/bad.pem") },
		    'EC key is not on P-256'],
		[sub { run('', qw(openssl genpkey -quiet -algorithm ED448
		    -out), "$dir/bad.pem") },
		    'key type is not supported'],
		[sub { run('', qw(openssl genpkey -quiet -algorithm RSA -pkeyopt
		    rsa_keygen_bits:1024 -out), "$dir/bad.pem") },
		    'RSA key is too short'],
		[sub { run('', qw(openssl rsa -aes128 -passout pass:x -in),
		    "$dir/old.pem", '-out', "$dir/bad.pem") },
		    'the key is encrypted'],
	);
	for (@bad) {
		my ($make, $why) = @$_;
		$make->();
		chmod 0600, "$dir/bad.pem";
		fails($why, '', ['key', 'show', "$dir/bad.pem"], 1,
		    "$dir/bad.pem: $why");
	}
	fails('a directory', '', ['key', 'show', $dir], 1,
	    "$dir: not a regular file");
	fails('absent', '', ['key', 'show', "$dir/none"], 1,
	    "$dir/none: No such file or directory");
};

subtest 'certificate' => sub {
	works('new', '', ['certificate', 'new'],
	    qq($dir/tls.crt: "auth.example.com", for 365 days\n) .
	    "$dir/tls.key: P-256\n");
	is(mode("$dir/tls.crt"), '0644', 'mode of the certificate');
	is(mode("$dir/tls.key"), '0600', 'mode of the key');
	my (undef, $text) = run('', qw(openssl x509 -noout -text -in),
	    "$dir/tls.crt");
	like($text, qr/DNS:auth\.example\.com, DNS:localhost, IP Address:127\.0\.0\.1, IP Address:0:0:0:0:0:0:0:1/,
	    'names, for loopback');
	like($text, qr/prime256v1/, 'P-256');
	is((run('', qw(openssl verify -verify_hostname auth.example.com
	    -CAfile), "$dir/tls.crt", "$dir/tls.crt"))[0], 0,
	    'openssl verifies it');
	is((run('', qw(openssl x509 -noout -checkend 31530000 -in),
	    "$dir/tls.crt"))[0], 0, 'valid for a year');
	my $pub = (run('', qw(openssl pkey -pubout -in), "$dir/tls.key"))[1];
	is((run('', qw(openssl x509 -noout -pubkey -in), "$dir/tls.crt"))[1],
	    $pub, 'the key is the certificate\'s');

	my $before = get("$dir/tls.key");
	fails('again', '', ['certificate', 'new'], 1,
	    "$dir/tls.crt: exists already");
	unlink "$dir/tls.crt";
	fails('with the old key', '', ['certificate', 'new'], 1,
	    "$dir/tls.key: exists already");
	is(get("$dir/tls.key"), $before, 'the key is as it was');
	ok(!-e "$dir/tls.crt", 'no certificate without its key');

	works('of an address', '', ['certificate', 'new', '-d', '7',
	    '10.1.2.3'], qr/"10\.1\.2\.3", for 7 days/);
	(undef, $text) = run('', qw(openssl x509 -noout -ext subjectAltName
	    -in), "$dir/ip.crt");
	like($text, qr/^\s*IP Address:10\.1\.2\.3$/m, 'only the address');
	fails('no tls', '', ['certificate', 'new', 'plain'], 1,
	    'server "plain" has no tls block');
	fails('no server', '', ['certificate', 'new', 'x'], 1,
	    'no such server "x"');
};

subtest 'user' => sub {
	fails('list nothing', '', ['user', 'list'], 1,
	    "$users: No such file or directory");
	works('add', "secret\n", ['user', 'add', 'alice'], '');
	like(get($users), qr/^alice:$argon2\n\z/, 'a line');
	is(mode($users), '0600', 'mode of the file');
	is(mode("$users.lock"), '0600', 'mode of the lock');
	works('add with grants', 'no newline', ['user', 'add', 'bob',
	    '{"scope":"read write", "n":[1,2]}'], '');
	like(get($users), qr/^alice:$argon2\nbob:$argon2:\{"scope":"read write", "n":\[1,2\]\}\n\z/,
	    'grants as given');
	works('grants of several lines', "x\n", ['user', 'add', 'carol',
	    qq({\n "b": 1.10,\n "a": "\xc3\xa4" }\n)], '');
	like(get($users), qr/^carol:$argon2:\{"b":1\.10,"a":"\xc3\xa4"\}\n\z/m,
	    'on one line, in their order');

	my $before = get($users);
	fails('add again', "x\n", ['user', 'add', 'alice'], 1,
	    'user "alice" exists already');
	for my $command (['password'], ['grant', '{}'], ['disable'],
	    ['enable'], ['delete']) {
		my ($name, @rest) = @$command;
		fails($name, "x\n", ['user', $name, 'nobody', @rest], 1,
		    'no such user "nobody"');
	}
	is(get($users), $before, 'nothing changed');

	works('grant', '', ['user', 'grant', 'alice', '{"a":1}'], '');
	like(get($users), qr/^alice:$argon2:\{"a":1\}\nbob/, 'granted');
	works('disable', '', ['user', 'disable', 'alice'], '');
	like(get($users), qr/^alice:!$argon2:\{"a":1\}\nbob/, 'disabled');
	works('disable again', '', ['user', 'disable', 'alice'], '');
	like(get($users), qr/^alice:!$argon2:\{"a":1\}\nbob/, 'once');
	my ($old) = get($users) =~ /^alice:!([^:]+)/;
	works('password', "other\nnot read\n", ['user', 'password', 'alice'],
	    '');
	my ($new) = get($users) =~ /^alice:!($argon2):\{"a":1\}\nbob/;
	ok(defined $new && $new ne $old, 'another hash, still disabled');
	works('enable', '', ['user', 'enable', 'alice'], '');
	is(get($users) =~ s/^alice:.*\n//r, $before =~ s/^alice:.*\n//r,
	    'no other line changed');
	like(get($users), qr/^alice:$argon2:\{"a":1\}\nbob/, 'enabled');
	works('list', '', ['user', 'list'],
	    qq(alice\tenabled\targon2id\t{"a":1}\n) .
	    qq(bob\tenabled\targon2id\t{"scope":"read write", "n":[1,2]}\n) .
	    qq(carol\tenabled\targon2id\t{"b":1.10,"a":"\xc3\xa4"}\n));
	works('delete', '', ['user', 'delete', 'bob'], '');
	like(get($users), qr/^alice:.*\ncarol:.*\n\z/, 'deleted');
};

subtest 'bad passwords, names and grants' => sub {
	my $before = get($users);
	my @passwords = (
		["\n", 'the password is empty'],
		['', 'the password is empty'],
		["\nx\n", 'the password is empty'],
		["\xff\n", 'the password is not UTF-8'],
		["a\tb\n", 'the password has a control character'],
		["a\r\n", 'the password has a control character'],
		["a\0b\n", 'the password has a control character'],
		['x' x 512, 'the password is longer than 511 bytes'],
		['x' x 90000, 'the password is longer than 511 bytes'],
	);
	fails($_->[1], $_->[0], ['user', 'add', 'x'], 1, $_->[1])
	    for @passwords;
	my @names = (
		['', 'invalid name "": the name is empty'],
		['a:b', q(invalid name "a:b": the name has a ':')],
		["a\nb",
		    'invalid name "a\x0ab": the name has a control character'],
		["\xff", qr/: the name is not UTF-8$/],
		['a' x 256, qr/: the name is too long$/],
		['#a', 'user "#a": a line cannot begin with this name'],
	);
	fails('name', "x\n", ['user', 'add', $_->[0]], 1, $_->[1])
	    for @names;
	my @grants = (
		['', 'invalid grants "": invalid JSON'],
		['[]', 'invalid grants "[]": not a JSON object'],
		['{"a":1,"a":2}', 'invalid grants "{"a":1,"a":2}": ' .
		    'JSON has the same name twice'],
		['{"scope":1}', 'invalid grants "{"scope":1}": ' .
		    '"scope" in the grants is not a string'],
		['{"aud":1}', 'invalid grants "{"aud":1}": ' .
		    '"aud" in the grants is not a string or a list of them'],
	);
	for (@grants) {
		fails('add', "x\n", ['user', 'add', 'x', $_->[0]], 1, $_->[1]);
		fails('grant', '', ['user', 'grant', 'alice', $_->[0]], 1,
		    $_->[1]);
	}
	is(get($users), $before, 'nothing changed');
	works('the longest password', 'x' x 511, ['user', 'add', 'x'], '');
	works('away with it', '', ['user', 'delete', 'x'], '');
	is(get($users), $before, 'as it was');
};

subtest 'what people write by hand stays' => sub {
	my $file = "# comment\n\n  \nbroken line\na:$bcrypt\n" .
	    "crlf:$bcrypt\r\na:!$bcrypt:{\"second\":1}\n\xff\xfe\n" .
	    "b:!$bcrypt:{\"x\":\"y:z\"}\nlast:$bcrypt";
	put($users, $file);
	chmod 0640, $users;
	works('grant', '', ['user', 'grant', 'b', '{}'], '');
	is(get($users), $file =~ s/:\{"x":"y:z"\}//r, 'one line changed');
	is(mode($users), '0640', 'the mode is kept');
	works('add', "x\n", ['user', 'add', 'c'], '');
	like(get($users), qr/\nlast:\Q$bcrypt\E\nc:$argon2\n\z/,
	    'a newline where one was missing');
	my $out = fails('list', '', ['user', 'list'], 1,
	    "$users:4: no ':' after the name",
	    "$users:6: the line ends in a carriage return",
	    "$users:7: an earlier line has the same name",
	    "$users:8: no ':' after the name");
	is($out, "a\tenabled\tbcrypt\t{}\nb\tdisabled\tbcrypt\t{}\n" .
	    "last\tenabled\tbcrypt\t{}\nc\tenabled\targon2id\t{}\n",
	    'the good ones are listed');
	works('delete both lines of a name', '', ['user', 'delete', 'a'], '');
	unlike(get($users), qr/^a:/m, 'both are gone');
	like(get($users), qr/^# comment\n\n  \nbroken line\ncrlf:/,
	    'the rest is there');
	unlink $users;
	symlink 'elsewhere', $users;
	fails('a symbolic link', "x\n", ['user', 'add', 'd'], 1,
	    "$users: is a symbolic link");
	unlink $users;
};

subtest 'import' => sub {
	put($users, "old:$bcrypt:{\"n\":1}\n");
	put("$dir/import", "# from elsewhere\nnew:$bcrypt\nold:!$bcrypt\n" .
	    "bad\nnew:$bcrypt\nplain:secret\nother:$bcrypt:{\"o\":1}\n");
	my $out = fails('import', '', ['user', 'import', "$dir/import"], 1,
	    "$dir/import:4: no ':' after the name",
	    "$dir/import:5: an earlier line has the same name",
	    "$dir/import:6: unknown kind of password hash",
	    qq($dir/import:3: user "old" exists already));
	is($out, qq($dir/import:2: added "new"\n$dir/import:7: added "other"\n),
	    'what was added');
	is(get($users), "old:$bcrypt:{\"n\":1}\nnew:$bcrypt\n" .
	    "other:$bcrypt:{\"o\":1}\n", 'the good ones are there');
	works('-r', "old:!$bcrypt\nmore:$bcrypt\n",
	    ['user', 'import', '-r', '-'],
	    qq(stdin:1: replaced "old"\nstdin:2: added "more"\n));
	is(get($users), "old:!$bcrypt\nnew:$bcrypt\n" .
	    "other:$bcrypt:{\"o\":1}\nmore:$bcrypt\n", 'replaced in place');
	fails('absent', '', ['user', 'import', "$dir/none"], 1,
	    "$dir/none: No such file or directory");
	works('nothing', '', ['user', 'import', '-'], '');
};

SKIP: {
	skip 'no htpasswd', 3
	    unless (run('', 'sh', '-c', 'command -v htpasswd'))[0] == 0;
	run('', qw(htpasswd -cbB -C 5), "$dir/htpasswd", 'web', 'secret');
	run('', qw(htpasswd -bB -C 5), "$dir/htpasswd", 'web2', 'secret');
	works('htpasswd -B', '', ['user', 'import', "$dir/htpasswd"],
	    qq($dir/htpasswd:1: added "web"\n$dir/htpasswd:2: added "web2"\n));
	like((ctl('', 'user', 'list'))[1], qr/^web2\tenabled\tbcrypt\t\{\}$/m,
	    'is in the list');
}

subtest 'import of CSV' => sub {
	put($users, "# kept\nold:$bcrypt:{\"n\":1}\n");
	put("$dir/users.csv", "\xef\xbb\xbfname,hash,grants,disabled\r\n" .
	    "new,$bcrypt,\"{\r\n \"\"s\"\": \"\"a,b\"\"}\",no\r\n" .
	    "off,$bcrypt,,TRUE\r\n\r\nold,$bcrypt,{},\r\n" .
	    "\"a\nb\",$bcrypt,,\r\n\"#c\",$bcrypt,,\r\nnew,$bcrypt,,\r\n");
	my $out = fails('with a header', '', ['user', 'import',
	    "$dir/users.csv"], 1,
	    "$dir/users.csv:7: the name has a control character",
	    "$dir/users.csv:10: an earlier line has the same name",
	    qq($dir/users.csv:6: user "old" exists already),
	    "$dir/users.csv:9: a line cannot begin with this name");
	is($out, qq($dir/users.csv:2: added "new"\n) .
	    qq($dir/users.csv:4: added "off"\n), 'what was added');
	is(get($users), "# kept\nold:$bcrypt:{\"n\":1}\n" .
	    "new:$bcrypt:{\"s\":\"a,b\"}\noff:!$bcrypt\n", 'the file');
	works('without one, -c and -r', "old,$bcrypt,\"{\"\"m\"\":2}\",1\n" .
	    "\"\xc3\xa4 x\",$bcrypt\n", ['user', 'import', '-c', '-r', '-'],
	    qq(stdin:1: replaced "old"\nstdin:2: added "\xc3\xa4 x"\n));
	like(get($users), qr/^old:!\Q$bcrypt\E:\{"m":2\}$/m, 'replaced');

	my $before = get($users);
	my @bad = (
		["a,$bcrypt\nb,\"$bcrypt\n", 'stdin:2: a quote is not closed'],
		["a,$bcrypt\nb,x\"y\n",
		    'stdin:2: a quote inside of a field without quotes'],
		["name,hash,mail\na,$bcrypt,x\n",
		    'stdin:1: unknown column "mail"'],
		["name,hash,password\na,$bcrypt,x\n",
		    'stdin:1: columns "hash" and "password"'],
		["a,$bcrypt,,,\n", 'stdin:1: too many fields'],
		["a\n", 'stdin:1: too few fields'],
		["a,$bcrypt,,perhaps\n",
		    'stdin:1: "disabled" is neither true nor false'],
	);
	fails($_->[1], $_->[0], ['user', 'import', '-c', '-'], 1, $_->[1])
	    for @bad;
	is(get($users), $before, 'nothing changed');
	fails('absent', '', ['user', 'import',
	    "$dir/none.csv"], 1, "$dir/none.csv: No such file or directory");

	put("$dir/PW.CSV", "password,name\nsecret,plain\n,empty\n\xff,latin\n");
	$out = fails('passwords', '', ['user', 'import', "$dir/PW.CSV"], 1,
	    "$dir/PW.CSV:3: the password is empty",
	    "$dir/PW.CSV:4: the password is not UTF-8");
	is($out, qq($dir/PW.CSV:2: added "plain"\n), 'one of them is added');
	like(get($users), qr/^plain:$argon2\n\z/m, 'as a hash');
	unlike(get($users), qr/secret/, 'and not as it was');
};

subtest 'no room' => sub {
	put($users, "old:$bcrypt\n");
	put("$dir/import", join '', map { "u$_:$bcrypt\n" } 1 .. 1000);
	my ($status, $out, $err) = run('', 'sh', '-c',
	    'trap "" XFSZ; ulimit -f 8; exec "$@"', 'sh', $jwtctl, '-f',
	    "$dir/jwtd.conf", 'user', 'import', "$dir/import");
	is("$status$out", '1', 'an import that does not fit');
	like($err, qr/^jwtctl: \Q$users\E: cannot write it: File too large$/,
	    'says so');
	is(get($users), "old:$bcrypt\n", 'the old file is there');
	is_deeply([sort map { s/.*\///r } glob "$dir/users.d/{*,.[a-z]*}"],
	    ['users', 'users.lock'], 'and nothing else');
};

SKIP: {
	skip 'only root can give files away', 6 if $> != 0;
	unlink $users, "$users.lock";
	chown 12345, 12346, "$dir/users.d";
	works('a new file', "x\n", ['user', 'add', 'a'], '');
	is(join(':', (stat $users)[4, 5]), '12345:12346', 'is the directory\'s');
	is(join(':', (stat "$users.lock")[4, 5]), '12345:12346',
	    'so is the lock');
	chown 12347, 12348, $users;
	works('an edit', '', ['user', 'disable', 'a'], '');
	is(join(':', (stat $users)[4, 5]), '12347:12348', 'keeps the owner');
	chown 0, 0, "$dir/users.d";
}

SKIP: {
	skip 'a directory is no obstacle to root', 3 if $> == 0;
	unlink "$users.lock";
	chmod 0500, "$dir/users.d";
	fails('no permission', '', ['user', 'delete', 'old'], 1,
	    "$users.lock: Permission denied");
	chmod 0700, "$dir/users.d";
}

subtest 'at the same time' => sub {
	unlink $users;
	put("$dir/stdin", "secret\n");
	my @pids;
	for my $i (1 .. 20) {
		defined(my $pid = fork) or die;
		if ($pid == 0) {
			open STDIN, '<', "$dir/stdin" or die;
			exec $jwtctl, '-f', "$dir/jwtd.conf", 'user', 'add',
			    "u$i" or die;
		}
		push @pids, $pid;
	}
	my $failed = 0;
	for (@pids) {
		waitpid $_, 0;
		$failed++ if $?;
	}
	is($failed, 0, 'twenty at once work');
	my @names = sort { substr($a, 1) <=> substr($b, 1) }
	    map { /^(\w+):/ } split /\n/, get($users);
	is_deeply(\@names, [map { "u$_" } 1 .. 20], 'and all are there');
};

subtest 'killed' => sub {
	my $old = join '', map { "u$_:$bcrypt\n" } 1 .. 3000;
	my $new = join '', map { "u$_:!$bcrypt:{\"n\":$_}\n" } 1 .. 3000;
	put("$dir/import", $new);
	put($users, $old);
	my ($whole, $done, $killed) = (0, 0, 0);
	for my $i (1 .. 40) {
		defined(my $pid = fork) or die;
		if ($pid == 0) {
			open STDOUT, '>', '/dev/null' or die;
			exec $jwtctl, '-f', "$dir/jwtd.conf", 'user', 'import',
			    '-r', "$dir/import" or die;
		}
		usleep($i * 1500);
		kill 'KILL', $pid;
		waitpid $pid, 0;
		$killed++ if $?;
		my $text = get($users);
		$whole++ if $text eq $old || $text eq $new;
		if ($text eq $new) {
			$done++;
			put($users, $old);
		}
	}
	is($whole, 40, "a whole file each time ($killed killed, $done done)");
	ok($killed > 0, 'some were killed');
	works('the lock is free', '', ['user', 'delete', 'u1'], '');
};

# With a terminal: what is typed, and what it shows.
sub with_terminal {
	my ($args, @typed) = @_;
	my $pty = IO::Pty->new;
	defined(my $pid = fork) or die;
	if ($pid == 0) {
		$pty->make_slave_controlling_terminal;
		my $slave = $pty->slave;
		open STDIN, '<&', $slave or die;
		open STDOUT, '>&', $slave or die;
		open STDERR, '>&', $slave or die;
		close $pty;
		exec $jwtctl, '-f', "$dir/jwtd.conf", @$args or die;
	}
	$pty->close_slave;
	my ($seen, $part) = ('', '');
	local $SIG{ALRM} = sub { kill 'KILL', $pid };
	alarm 30;
	while (sysread $pty, my $buf, 4096) {
		$seen .= $buf;
		$part .= $buf;
		if ($part =~ /: \z/ && @typed) {
			syswrite $pty, shift(@typed) . "\n";
			$part = '';
		}
	}
	waitpid $pid, 0;
	alarm 0;
	return ($? >> 8, $seen =~ s/\r//gr);
}

SKIP: {
	skip 'no IO::Pty', 7 unless eval { require IO::Pty; 1 };
	put($users, '');
	my ($status, $seen) = with_terminal(['user', 'add', 'tty'],
	    'pass word', 'pass word');
	is($status, 0, 'a password from a terminal') or diag($seen);
	is($seen, "new password for tty: \nonce more: \n", 'without echo');
	like(get($users), qr/^tty:$argon2\n\z/, 'the user is there');
	($status, $seen) = with_terminal(['user', 'password', 'tty'], 'a',
	    'b');
	is($status, 1, 'two that differ');
	like($seen, qr/^jwtctl: the passwords are not the same$/m, 'says so');
	($status, $seen) = with_terminal(['user', 'password', 'tty'], '');
	is($status, 1, 'an empty one');
	like($seen, qr/^jwtctl: the password is empty$/m, 'says so');
}

sub token {
	my ($key, $claims, %header) = @_;
	my $text = join '.', map { encode_base64url($_) }
	    encode_json({alg => 'RS256', typ => 'at+jwt', %header}),
	    encode_json($claims);
	my (undef, $sig) = run($text, qw(openssl dgst -sha256 -binary -sign),
	    $key);
	return $text . '.' . encode_base64url($sig);
}

my $now = time;
my %claims = (iss => 'https://auth.example.com', sub => 'alice', aud => 'api',
    iat => $now - 60, exp => $now + 890, scope => 'read write');

subtest 'token show' => sub {
	my $token = token("$dir/new.pem", \%claims, kid => $kid);
	my $out = works('show', $token, ['token', 'show'], qr/./);
	my ($json, $times) = $out =~ /\A(.*?)^(#.*)\z/ms;
	my ($header, $got) = JSON::PP->new->incr_parse($json);
	is($header->{kid}, $kid, 'header');
	is_deeply($got, \%claims, 'claims');
	like($times, qr/^# iat \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \(1m ago\)$/m,
	    'iat');
	like($times, qr/^# exp \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \(in 14m\)$/m,
	    'exp');
	for my $form ("  $token \n", "Bearer $token\n", "bearer  $token",
	    qq({"access_token":"$token","token_type":"Bearer"}\n)) {
		is((ctl($form, 'token', 'show'))[1], $out,
		    'other forms of it');
	}
	my $odd = (ctl(join('.', map({ encode_base64url($_) } '{"alg":"x"}',
	    '{"a":[],"b":{},"c":[1e400,{"d,{\\"":"x:y"}],' .
	    '"n":123456789012345678901234567890}'), 'eA'), 'token', 'show'))[1];
	is($odd, <<'END', 'indented, numbers as they are');
{
  "alg": "x"
}
{
  "a": [],
  "b": {},
  "c": [
    1e400,
    {
      "d,{\"": "x:y"
    }
  ],
  "n": 123456789012345678901234567890
}
END
	fails('not one', 'x.y.z', ['token', 'show'], 1,
	    'not a JSON Web Token');
	fails('an error', '{"error":"invalid_client"}', ['token', 'show'], 1,
	    'there is no token on standard input');
	fails('nothing', " \n", ['token', 'show'], 1,
	    'there is no token on standard input');
	fails('too much', 'x' x 70000, ['token', 'show'], 1,
	    'standard input: too large');
	my $evil = token("$dir/new.pem", {%claims, sub => "\x{9b}31m\x1b[0m"},
	    kid => $kid);
	unlike((ctl($evil, 'token', 'show'))[1], qr/[\x1b\x9b]/,
	    'nothing for the terminal to obey');
};

subtest 'token verify' => sub {
	fails('no trust file', 'x', ['token', 'verify'], 1,
	    "$dir/trust.json: No such file or directory");
	run('', qw(openssl genpkey -quiet -algorithm RSA -pkeyopt
	    rsa_keygen_bits:2048 -out), "$dir/trust.pem");
	chmod 0600, "$dir/trust.pem";
	my $set = (ctl('', 'key', 'show', '-j', "$dir/trust.pem"))[1];
	put("$dir/trust.json", $set);
	my $trusted = decode_json($set)->{keys}[0]{kid};

	my $good = token("$dir/new.pem", \%claims, kid => $kid);
	works('good', $good, ['token', 'verify'],
	    qr/^valid: subject "alice", scope "read write", expires in 14m\n\z/);
	works('with its scope', $good, ['token', 'verify', '-s', 'write'],
	    qr/^valid/);
	works('of a trusted issuer', token("$dir/trust.pem", {%claims,
	    iss => 'https://login.example.net'}, kid => $trusted),
	    ['token', 'verify'], qr/^valid/);
	works('other audience', token("$dir/new.pem", {%claims, aud => 'x'},
	    kid => $kid), ['token', 'verify', '-a', 'x'], qr/^valid/);
	my @bad = (
		[$good, ['-s', 'admin'], 'it does not have the scope "admin"'],
		[$good, ['-a', 'x'], '"aud" does not name this audience'],
		[token("$dir/new.pem", {%claims, exp => $now - 3600},
		    kid => $kid), [], 'expired'],
		[token("$dir/new.pem", {%claims, iss => 'x'}, kid => $kid),
		    [], '"iss" is not a trusted issuer'],
		[token("$dir/trust.pem", \%claims, kid => $kid), [],
		    'the signature does not match'],
		[token("$dir/new.pem", \%claims, kid => 'x'), [],
		    '"kid" names no known key'],
	);
	for (@bad) {
		my ($token, $args, $why) = @$_;
		my ($status, $out, $err) = ctl($token, 'token', 'verify',
		    @$args);
		is("$status$out$err", "1invalid: $why\n", $why);
	}
};

subtest 'standard output' => sub {
	plan skip_all => 'no /dev/full' unless -e '/dev/full';
	my ($status, $out, $err) = run('', 'sh', '-c',
	    'exec "$@" > /dev/full', 'sh', $jwtctl, '-f', "$dir/jwtd.conf",
	    'key', 'list');
	is($status, 1, 'full');
	like($err, qr/cannot write to standard output/, 'says so');
};

subtest 'other configurations' => sub {
	put("$dir/jwtd.conf", $conf =~
	    s/store file ".*"/store postgres "service=jwtd"/r);
	my ($status, undef, $err) = ctl('', 'user', 'list');
	is($status, 1, 'store postgres');
	is($err, "jwtctl: $dir/jwtd.conf: the store is PostgreSQL: " .
	    "give -d conninfo\n", 'says so');
	put("$dir/jwtd.conf", $conf =~ s/.*(?=^server "plain")//msr);
	fails('no signer', '', ['key', 'list'], 1,
	    "$dir/jwtd.conf: there is no signer block");
	put("$dir/jwtd.conf", "nonsense\n");
	($status, undef, $err) = ctl('', 'key', 'list');
	is($status, 1, 'does not parse');
	like($err, qr/^jwtctl: \Q$dir\E\/jwtd\.conf:1: /, 'file and line');
};

done_testing;
