# jwtctl doctor: each finding, made and not made, as root and as another user.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use JSON::PP ();
use Test::More;

use Jwtd;
use Proxy;
use Token;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $root = $> == 0;

# Certificates from one day to another, which openssl(1) makes from today only.
my $maker = <<'END';
import datetime, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
out, key, name, first, last = sys.argv[1:]
with open(key, 'rb') as f:
    key = serialization.load_pem_private_key(f.read(), None)
now = datetime.datetime.utcnow()
day = lambda n: now + datetime.timedelta(days=float(n))
cn = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
cert = (x509.CertificateBuilder().subject_name(cn).issuer_name(cn)
    .public_key(key.public_key()).serial_number(7)
    .not_valid_before(day(first)).not_valid_after(day(last))
    .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
    .sign(key, hashes.SHA256()))
with open(out, 'wb') as f:
    f.write(cert.public_bytes(serialization.Encoding.PEM))
END

sub certificate {
	my ($out, $key, $name, $first, $last) = @_;
	my ($status, $text) = Jwtd::run([ $Token::python, '-W', 'ignore', '-c',
	    $maker, $out, $key, $name, $first, $last ]);
	die "certificate: $text" if $status != 0;
}

my $servers = <<'EOT';
server "auth.example.com" {
	listen on "DIR/run/jwtd.sock"
	listen on 127.0.0.1 tls port 8443
	tls {
		certificate "DIR/tls.crt"
		key "DIR/tls.key"
	}
	location "/token" {
		grant
		audience "api"
	}
	location "/verify/*" {
		resource
		audience "api"
	}
	location "/verify/read" {
		resource
		audience { "api" "web" }
		scope "read"
	}
}
EOT

# A configuration that nothing is wrong with, of that user or of root.
sub healthy {
	my ($as, %arg) = @_;
	my $d = Jwtd->prepare(servers => $servers, ($as ? (as => $as) : ()),
	    %arg);
	my $dir = $d->dir;
	mkdir "$dir/run", 0755;
	# the tests' own user is the one who is to run it
	$d->make_certificate('tls', 'auth.example.com');
	certificate("$dir/tls.crt", "$dir/tls.key", 'auth.example.com', -1, 99);
	my ($status, $out) = Jwtd::run([ "$d->{bin}/jwtctl", '-f',
	    "$dir/jwtd.conf", 'user', 'add', 'alice' ], "wonderland\n");
	die $out if $status != 0;
	return $d;
}

# Run jwtctl as the user of that configuration.
sub ctl {
	my ($d, $args, $input, %arg) = @_;
	my @cmd = (@{ $arg{before} || [] }, "$d->{bin}/jwtctl", '-f',
	    "$d->{dir}/jwtd.conf", @$args);
	unshift @cmd, 'setpriv', "--reuid=$d->{as}", '--regid='
	    . (getpwnam $d->{as})[3], '--clear-groups' if $d->{as};
	return Jwtd::run(\@cmd, $input);
}

sub conf {
	my ($d, $from, $to) = @_;
	my $text = Jwtd::read_file($d->dir . '/jwtd.conf');
	my $dir = $d->dir;
	$to =~ s/\bDIR\b/$dir/g;
	$text =~ s/$from/$to/ or die "no $from";
	Jwtd::write_file($d->dir . '/jwtd.conf', $text);
}

# What it finds: without DIR, and without what is well unless that is asked for.
sub findings {
	my ($d, %arg) = @_;
	my ($status, $out) = ctl($d, ['doctor'], undef, %arg);
	my $dir = $d->dir;
	$out =~ s/\Q$dir\E/DIR/g;
	my @lines = split /\n/, $out;
	is((grep { !/^(?:ok|warning|error): \S/ } @lines)[0], undef,
	    'every line is a finding');
	is($status, (grep { /^error/ } @lines) ? 1 : 0,
	    '... and the status is that of the worst');
	return $arg{all} ? @lines : grep { !/^ok/ } @lines;
}

# Exactly this is found, as patterns, after that was done.
sub finds {
	my ($d, $name, @want) = @_;
	my @found = findings($d);
	is(scalar @found, scalar @want, "$name: how many are found")
	    or diag join "\n", @found;
	like($found[$_] // '', $want[$_], "$name: what is found")
	    for 0 .. $#want;
}

for my $as ($root ? (undef, 'nobody') : (undef)) {
	my $who = $as // ($root ? 'root' : 'this user');
	subtest "files of $who" => sub {
		my $d = healthy($as);
		my $dir = $d->dir;
		my $signer = $root && !$as ? '_jwtdsign' : 'this user';
		my @all = findings($d, all => 1);
		is(join("\n", grep { !/^ok: / } @all), '', 'nothing is wrong');
		like(join("\n", @all), $_, "... and $_ is said") for
		    qr{^ok: DIR/jwtd\.conf: read$}m,
		    $signer eq '_jwtdsign' ? qr/^ok: user _jwtdsign exists$/m :
		    qr/^ok: run without root/m,
		    qr{^ok: key DIR/key\.pem: signs RS256, 2048 bits, kid \S{43}$}m,
		    qr{^ok: DIR/users\.d/users: for \Q$signer\E, mode 0600$}m,
		    qr{^ok: DIR/users\.d/users: 1 user, 0 disabled$}m,
		    qr{^ok: certificate DIR/tls\.crt: for "auth\.example\.com", until \S+Z$}m,
		    qr{^ok: listen on DIR/run/jwtd\.sock$}m,
		    qr{^ok: listen on 127\.0\.0\.1 port 8443 with TLS$}m;
		like(join("\n", @all), qr/^(?:ok: user _jwtd exists|ok: run)/m,
		    '... and as whom');

		# each: what is said, what to do, what undoes it
		my ($conf, $key, $users, $tls) = ("$dir/jwtd.conf",
		    "$dir/key.pem", "$dir/users.d/users", "$dir/tls");
		my $own = sub { chown((stat "$dir/users.d")[4, 5], @_) };
		my @cases = (
			[ 'the configuration', qr{^error: DIR/jwtd\.conf: writable by others \(mode 0666\)$},
			    sub { chmod 0666, $conf }, sub { chmod 0644, $conf } ],
			[ 'the configuration for a group', qr{^warning: DIR/jwtd\.conf: writable by its group \(mode 0664\)$},
			    sub { chmod 0664, $conf }, sub { chmod 0644, $conf } ],
			[ 'a key that others read', qr{^error: key DIR/key\.pem: readable by group or others \(mode 0644\)$},
			    sub { chmod 0644, $key }, sub { chmod 0600, $key } ],
			[ 'a key that is not there', qr{^error: key DIR/key\.pem: No such file},
			    sub { rename $key, "$key.x" }, sub { rename "$key.x", $key } ],
			[ 'a users file that others read', qr{^error: DIR/users\.d/users: password hashes are readable by others \(mode 0604\)$},
			    sub { chmod 0604, $users }, sub { chmod 0600, $users } ],
			[ 'a users file that its group writes', qr{^warning: DIR/users\.d/users: writable by its group \(mode 0660\)$},
			    sub { chmod 0660, $users }, sub { chmod 0600, $users } ],
			[ 'a users file that others write', qr{^error: DIR/users\.d/users: writable by others \(mode 0602\)$},
			    sub { chmod 0602, $users }, sub { chmod 0600, $users } ],
			[ 'a folder that others write', qr{^error: DIR/users\.d: writable by others \(mode 0707\)$},
			    sub { chmod 0707, "$dir/users.d" }, sub { chmod 0700, "$dir/users.d" } ],
			[ 'a folder that is not written', qr{^warning: DIR/users\.d: \Q$signer\E cannot write there, so no hash is made stronger \(mode 0500\)$},
			    sub { chmod 0500, "$dir/users.d" }, sub { chmod 0700, "$dir/users.d" } ],
			[ 'no users file', qr{^error: DIR/users\.d/users: No such file},
			    sub { rename $users, "$users.x" }, sub { rename "$users.x", $users } ],
			[ 'no folder', qr{^error: DIR/users\.d: No such file},
			    sub { rename "$dir/users.d", "$dir/x" }, sub { rename "$dir/x", "$dir/users.d" } ],
			[ 'a TLS key that others read', qr{^error: tls key DIR/tls\.key: readable by group or others \(mode 0644\)$},
			    sub { chmod 0644, "$tls.key" }, sub { chmod 0600, "$tls.key" } ],
			[ 'a TLS key that its group reads', qr{^warning: tls key DIR/tls\.key: readable by group or others \(mode 0640\)$},
			    sub { chmod 0640, "$tls.key" }, sub { chmod 0600, "$tls.key" } ],
			[ 'no certificate', qr{^error: certificate DIR/tls\.crt: No such file},
			    sub { rename "$tls.crt", "$tls.x" }, sub { rename "$tls.x", "$tls.crt" } ],
			[ 'no TLS key', qr{^error: tls key DIR/tls\.key: No such file},
			    sub { rename "$tls.key", "$tls.x" }, sub { rename "$tls.x", "$tls.key" } ],
			[ 'no folder for the socket', qr{^error: listen on DIR/run/jwtd\.sock: DIR/run: No such file},
			    sub { rmdir "$dir/run" }, sub { mkdir "$dir/run", 0755 } ],
			[ 'everybody\'s folder for the socket', qr{^error: listen on DIR/run/jwtd\.sock: everybody can put another socket in its place: DIR/run is writable by others \(mode 0777\)$},
			    sub { chmod 0777, "$dir/run" }, sub { chmod 0755, "$dir/run" } ],
			[ 'the same with a sticky bit', undef,
			    sub { chmod 01777, "$dir/run" }, sub { chmod 0755, "$dir/run" } ],
			[ 'a file in the place of the socket', qr{^error: listen on DIR/run/jwtd\.sock: something that is no socket},
			    sub { Jwtd::write_file("$dir/run/jwtd.sock", '') }, sub { unlink "$dir/run/jwtd.sock" } ],
		);
		# who may read everything is no test of who may not
		push @cases, [ 'a key of another user',
		    qr{^error: key DIR/key\.pem: Permission denied$},
		    sub { chown 0, 0, $key },
		    sub { chown scalar(getpwnam $as), -1, $key } ],
		    [ 'a TLS key of another user',
		    qr{^error: tls key DIR/tls\.key: Permission denied$},
		    sub { chown 0, 0, "$tls.key" },
		    sub { chown scalar(getpwnam $as), -1, "$tls.key" } ]
		    if $as;
		push @cases, [ 'a folder of root',
		    qr{^error: DIR/users\.d: _jwtdsign cannot enter it \(mode 0700\)$},
		    sub { chown 0, 0, "$dir/users.d" },
		    sub { $d->own("$dir/users.d") } ],
		    [ 'a users file of root',
		    qr{^error: DIR/users\.d/users: _jwtdsign cannot read it \(mode 0600\)$},
		    sub { chown 0, 0, $users }, sub { $d->own($users) } ],
		    [ 'a users file of another user',
		    [ qr{^warning: DIR/users\.d/users: owned neither by _jwtdsign nor by root$},
		    qr{^error: DIR/users\.d/users: _jwtdsign cannot read it \(mode 0600\)$} ],
		    sub { chown scalar(getpwnam 'nobody'), -1, $users },
		    sub { $d->own($users) } ],
		    [ 'a key of another user',
		    qr{^error: key DIR/key\.pem: owned by another user \(mode 0600\)$},
		    sub { chown scalar(getpwnam 'nobody'), -1, $key },
		    sub { chown 0, -1, $key } ],
		    [ 'a configuration of another user',
		    qr{^error: DIR/jwtd\.conf: owned by another user$},
		    sub { chown scalar(getpwnam 'nobody'), -1, $conf },
		    sub { chown 0, -1, $conf } ]
		    if $root && !$as;
		for my $case (@cases) {
			my ($name, $want, $do, $undo) = @$case;
			$do->();
			finds($d, $name, ref $want eq 'ARRAY' ? @$want :
			    defined $want ? $want : ());
			$undo->();
		}
		finds($d, 'all is undone');
	};
}

my $d = healthy();
my $dir = $d->dir;
my $good = Jwtd::read_file("$dir/jwtd.conf");
sub restore { Jwtd::write_file("$dir/jwtd.conf", $good) }

subtest 'the configuration' => sub {
	conf($d, 'grant\n', "grnt\n");
	conf($d, 'port 8443', 'port 84430');
	my @found = findings($d, all => 1);
	is(scalar @found, 2, 'each error of the file, and nothing else');
	like($_, qr{^error: DIR/jwtd\.conf:\d+: \S}, '... with its line')
	    for @found;
	restore();
	Jwtd::write_file("$dir/included.conf", "timeout idle 30s\n", 0666);
	chmod 0666, "$dir/included.conf";
	conf($d, '\A', "include \"DIR/included.conf\"\n");
	finds($d, 'an included file',
	    qr{^error: DIR/included\.conf: writable by others});
	restore();
	conf($d, 'signer \{', "signer {\nlifetime 2d\n");
	finds($d, 'a lifetime', qr/^warning: lifetime of 172800s: /);
	restore();
	conf($d, 'signer \{', "signer {\nlifetime 1d\n");
	finds($d, 'a day');
	restore();
	my ($status, $out) = Jwtd::run([ "$Jwtd::build/jwtctl", '-f',
	    "$dir/none", 'doctor' ]);
	is($status, 1, 'no configuration');
	like($out, qr{^error: \Q$dir\E/none: No such file}, '... is said');
};

subtest 'users of the system' => sub {
	plan skip_all => 'not root' unless $root;
	my $passwd = Jwtd::read_file('/etc/passwd');
	for my $name ('_jwtd', '_jwtdsign') {
		Jwtd::write_file("$dir/passwd",
		    $passwd =~ s/^$name:.*\n//mr, 0644);
		my @before = ('unshare', '-m', 'sh', '-c', "mount --bind "
		    . "$dir/passwd /etc/passwd && exec \"\$@\"", 'sh');
		plan skip_all => 'no mount name space'
		    if (Jwtd::run([ @before, 'true' ]))[0] != 0;
		my @found = findings($d, before => \@before);
		is($found[0], "error: no such user \"$name\"", "no $name");
	}
};

subtest 'signing keys' => sub {
	my $key = "$dir/key.pem";
	Jwtd::write_file("$dir/bad.pem", "nothing\n", 0600);
	system("openssl ecparam -genkey -name prime256v1 -noout -out "
	    . "$dir/ec.pem; openssl rsa -in $key -aes128 -passout pass:x "
	    . "-out $dir/locked.pem 2>/dev/null");
	chmod 0600, "$dir/ec.pem", "$dir/locked.pem";
	conf($d, 'key "DIR/key\.pem"' =~ s/DIR/\Q$dir\E/r,
	    qq(key "DIR/key.pem"\n\tkey "DIR/ec.pem" retired));
	like(join("\n", findings($d, all => 1)),
	    qr{^ok: key DIR/ec\.pem: retired ES256, 256 bits, kid }m,
	    'a retired key');
	restore();
	for ([ 'bad', 'no private key in PEM' ],
	    [ 'locked', 'the key is encrypted' ]) {
		conf($d, 'key\.pem', "$_->[0].pem");
		finds($d, $_->[1], qr{^error: key DIR/$_->[0]\.pem: $_->[1]$});
		restore();
	}
	conf($d, 'key\.pem"', 'ec.pem" rs256');
	finds($d, 'not for it', qr{^error: key DIR/ec\.pem: not a key for RS256$});
	restore();
	# other findings are whether this version can use it
	certificate("$dir/sign.crt", $key, 'signing', -1, 99);
	certificate("$dir/other.crt", "$dir/ec.pem", 'signing', -1, 99);
	certificate("$dir/old.crt", $key, 'signing', -9, -1);
	for ([ 'sign', qr{^ok: certificate DIR/sign\.crt: its key's, until \S+Z$}m ],
	    [ 'other', qr{^error: certificate DIR/other\.crt: not the certificate of its key$}m ],
	    [ 'old', qr{^error: certificate DIR/old\.crt: expired at \S+Z$}m ],
	    [ 'none', qr{^error: certificate DIR/none\.crt: No such file}m ]) {
		my ($file, $want) = @$_;
		conf($d, 'key\.pem"', "key.pem\" certificate \"DIR/$file.crt\"");
		my $all = join "\n", findings($d, all => 1);
		like($all, $want, "certificate $file.crt");
		restore();
	}
};

subtest 'users' => sub {
	my @before = $d->users_lines;
	my $hash = (split /:/, $before[0])[1] =~ s/\s+\z//r;
	my $file = qr{DIR/users\.d/users};
	my @cases = (
		[ 'lines that are none', [ "x\n", @before, "carol:\$1\$x\n",
		    "dan:$hash:{\"scope\":7}\n", "eve:$hash:{\"aud\":[]}\n",
		    "fred:$hash:{\"scope\":\"a  b\"}\n", "alice:$hash\n" ],
		    qr/^error: $file:1: no ':' after the name$/,
		    qr/^error: $file:3: unknown kind of password hash$/,
		    qr/^error: $file:4: "scope" in the grants is not a string$/,
		    qr/^error: $file:5: "aud" in the grants is not/,
		    qr/^error: $file:6: "scope" in the grants is not a list/,
		    qr/^error: $file:7: an earlier line has the same name$/ ],
		[ 'many of them', [ @before, map { "x$_\n" } 1 .. 25 ],
		    (qr/^error: $file:\d+: no ':'/) x 20,
		    qr/^error: $file: 5 more bad lines$/ ],
		[ 'access', [ @before, map { "$_->[0]:$hash:{\"access\":$_->[1]}\n" }
		    [ 'a', '[{"type":"repository","name":"t/*","actions":["pull"]}]' ],
		    [ 'b', '[]' ], [ 'c', '{}' ], [ 'd', '[{"type":"x","name":"y"}]' ],
		    [ 'e', '[{"type":"x","name":"y","actions":[1]}]' ], [ 'f', '["x"]' ] ],
		    map { qr/^error: $file:$_: .*"access" in the grants is not|^error: $file:$_: .*access/ } 4 .. 7 ],
		[ 'weak hashes', [ @before, Jwtd::line('b', 'x'), Jwtd::line('c', 'x'),
		    'd:' . crypt('x', '$6$saltsalt$') . "\n" ],
		    qr/^warning: $file: hashes that a login will make stronger: 2 of bcrypt, 1 of sha512crypt$/ ],
		[ 'a cheap one of ours', [ @before, 'b:$argon2id$v=19$m=8192,t=1,p=1$c2FsdHNhbHRzYWx0$'
		    . 'A' x 43 . "\n" ],
		    qr/^warning: $file: hashes that a login will make stronger: 1 of cheap argon2id$/ ],
		[ 'nobody', [ "# none\n" ],
		    qr/^warning: $file: 0 users, 0 disabled: nobody can log in$/ ],
		[ 'nobody enabled', [ map { s/:/:!/r } @before ],
		    qr/^warning: $file: 1 user, 1 disabled: nobody can log in$/ ],
		[ 'as before', \@before ]
	);
	for my $case (@cases) {
		my ($name, $lines, @want) = @$case;
		$d->write_users(@$lines);
		finds($d, $name, @want);
	}
	unlike(join("\n", findings($d, all => 1)), qr/\$argon2/,
	    'no hash is written');
};

subtest 'trust' => sub {
	my ($status, $jwks) = ctl($d, [ 'key', 'show', '-j' ]);
	Jwtd::write_file("$dir/good.json", $jwks);
	my $set = JSON::PP::decode_json($jwks);
	push @{ $set->{keys} }, { kty => 'oct', k => 'x' };
	Jwtd::write_file("$dir/half.json", JSON::PP::encode_json($set));
	Jwtd::write_file("$dir/empty.json", '{"keys":[]}');
	my $with = sub {
		my ($file, $forward) = @_;
		conf($d, '\z', "trust \"https://other\" {\n\tjwks \"DIR/$file\"\n}\n");
		conf($d, 'scope "read"', "scope \"read\"\n\t\t$forward") if $forward;
		conf($d, '(location "/verify/\*" \{)',
		    "location \"/verify/*\" {\n\t\tforward claim \"iss\" as \"X-I\"");
	};
	my $twice = qr{^warning: location "/verify/read": takes the tokens of 2 issuers and does not forward claim "iss"};
	$with->('good.json');
	finds($d, 'two issuers', $twice);
	like(join("\n", findings($d, all => 1)),
	    qr{^ok: trust "https://other": DIR/good\.json, 1 key$}m, 'a set');
	restore();
	my $iss = 'forward claim "iss" as "X-Auth-Issuer"';
	$with->('good.json', $iss);
	finds($d, 'two issuers that are told apart');
	restore();
	$with->('half.json', $iss);
	finds($d, 'a key that cannot be used', qr/^warning: key 2 is skipped: /);
	restore();
	$with->('empty.json', $iss);
	finds($d, 'no key', qr{^error: DIR/empty\.json: no key that can be used$});
	restore();
	$with->('none.json', $iss);
	finds($d, 'no file', qr{^error: DIR/none\.json: No such file});
	restore();
	$with->('good.json', $iss);
	conf($d, '"[^"]*/good\.json"', '"https://127.0.0.1:9/jwks"');
	like(join("\n", findings($d, all => 1)),
	    qr{^ok: trust "https://other": https://127\.0\.0\.1:9/jwks is not fetched here$}m,
	    'a URL');
	restore();
};

subtest 'certificates' => sub {
	my ($crt, $key) = ("$dir/tls.crt", "$dir/tls.key");
	system("openssl ecparam -genkey -name prime256v1 -noout -out "
	    . "$dir/another.key");
	my $name = 'auth.example.com';
	for ([ 'soon', [ $key, $name, -1, 29.5 ],
	    qr{^warning: certificate DIR/tls\.crt: expires in 29d, at \S+Z$} ],
	    [ 'very soon', [ $key, $name, -1, 0.1 ],
	    qr{^warning: certificate DIR/tls\.crt: expires in 2h, at } ],
	    [ 'not so soon', [ $key, $name, -1, 30.5 ] ],
	    [ 'expired', [ $key, $name, -9, -1 ],
	    qr{^error: certificate DIR/tls\.crt: expired at \S+Z$} ],
	    [ 'to come', [ $key, $name, 1, 99 ],
	    qr{^error: certificate DIR/tls\.crt: not valid before \S+Z$} ],
	    [ 'of another name', [ $key, 'www.example.com', -1, 99 ],
	    qr{^error: certificate DIR/tls\.crt: not for the name "auth\.example\.com"$} ],
	    [ 'with a wildcard', [ $key, '*.example.com', -1, 99 ] ],
	    [ 'of another key', [ "$dir/another.key", $name, -1, 99 ],
	    qr{^error: certificate DIR/tls\.crt: not the certificate of its key$} ],
	    [ 'as before', [ $key, $name, -1, 99 ] ]) {
		my ($what, $how, @want) = @$_;
		certificate($crt, @$how);
		finds($d, $what, @want);
	}
	for ([ $crt, qr{^error: certificate DIR/tls\.crt: no certificate in PEM$} ],
	    [ $key, qr{^error: tls key DIR/tls\.key: no private key in PEM} ]) {
		my ($file, $want) = @$_;
		my $text = Jwtd::read_file($file);
		Jwtd::write_file($file, "nothing\n");
		finds($d, 'garbage', $want);
		Jwtd::write_file($file, $text);
	}
};

subtest 'listeners and servers' => sub {
	my $other = sub {
		my ($lines, $location) = @_;
		conf($d, '\z', "server \"other\" {\n\t$lines\n\t$location\n}\n");
	};
	my %location = (health => 'location "/h" { health }',
	    grant => "location \"/t\" {\n\t\tgrant\n\t\taudience \"a\"\n\t}",
	    resource => "location \"/v\" {\n\t\tresource\n\t\taudience \"a\"\n\t}");
	for ([ 'elsewhere', 'listen on 192.0.2.1 insecure port 9', 'health',
	    qr/^error: listen on 192\.0\.2\.1 port 9: /,
	    qr/^warning: listen on 192\.0\.2\.1 port 9: without TLS$/ ],
	    [ 'in the clear', 'listen on * insecure port 9', 'health',
	    qr/^warning: listen on 0\.0\.0\.0 port 9: without TLS$/ ],
	    [ 'tokens', 'listen on * insecure port 9', 'resource',
	    qr/^warning: listen on 0\.0\.0\.0 port 9: tokens travel in the clear$/ ],
	    [ 'passwords', 'listen on * insecure port 9', 'grant',
	    qr/^error: listen on 0\.0\.0\.0 port 9: passwords and tokens travel in the clear$/ ],
	    [ 'on loopback', 'listen on 127.0.0.1 port 9', 'grant' ],
	    [ 'PROXY', 'listen on * insecure port 9 proxy', 'health',
	    qr/^warning: listen on \S+ port 9: without TLS$/,
	    qr/^error: listen on \S+ port 9: no server there has "trusted proxy"/ ],
	    [ 'PROXY, trusted', "listen on * insecure port 9 proxy\n\ttrusted proxy { 192.0.2.0/24 }", 'health',
	    qr/^warning: listen on \S+ port 9: without TLS$/ ],
	    [ 'PROXY on loopback', 'listen on 127.0.0.1 port 9 proxy', 'grant' ],
	    [ 'everybody', "listen on 127.0.0.1 port 9\n\ttrusted proxy { 10.0.0.0/8 0.0.0.0/0 ::/0 10.0.0.0/7 }", 'health',
	    qr{^error: server "other": trusted proxy 0\.0\.0\.0/0 is everybody},
	    qr{^error: server "other": trusted proxy ::/0 is everybody},
	    qr{^warning: server "other": trusted proxy 10\.0\.0\.0/7 is very wide$} ]) {
		my ($name, $lines, $location, @want) = @$_;
		$other->($lines, $location{$location});
		finds($d, $name, @want);
		restore();
	}
	conf($d, 'scope "read"', join "\n", 'scope "read"', map {
	    "forward claim \"x\" as \"$_\"" } 'X-Auth-Email', 'X_Mail',
	    'Authorization', 'x-real-ip');
	finds($d, 'headers', qr{^warning: location "/verify/read": many servers drop header "X_Mail"},
	    qr{^warning: location "/verify/read": header "Authorization" means},
	    qr{^warning: location "/verify/read": header "x-real-ip" means});
	restore();
	# a daemon that runs changes nothing
	my $port = Proxy::free_port();
	conf($d, 'port 8443', "port $port");
	$d->launch;
	finds($d, 'while it runs');
	is($d->stop, 0, '... and it still did');
	restore();
};

subtest 'token' => sub {
	my $key = "$dir/key.pem";
	my $kid = (ctl($d, [ 'key', 'list' ]))[1] =~ s/\t.*//sr;
	my $make = sub { Token::signed($key, { alg => 'RS256', kid => $kid,
	    %{ $_[1] || {} } }, { iss => 'https://issuer.example',
	    sub => 'alice', aud => 'api', iat => time, exp => time + 900.5 | 0,
	    %{ $_[0] || {} } }) };
	my $says = sub {
		my ($name, $token, $status, $want, @args) = @_;
		my ($got, $out) = ctl($d, [ 'doctor', 'token', @args ], $token);
		is($got, $status, "$name: status");
		like($out, $want, "$name: what it says");
		my $signature = (split /\./, $token)[2] // '';
		unlike($out, qr/\Q$signature\E/, "$name: no signature")
		    if length $signature > 20;
	};
	my $where = qr{location "/verify/\*" of "auth\.example\.com"};
	my $read = qr{location "/verify/read" of "auth\.example\.com"};
	$says->('good', $make->({ scope => 'read' }), 0,
	    qr/\A$where: accepted: subject "alice", scope "read", expires in 1[45]m\n$read: accepted: .*\n\z/);
	$says->('without the scope', $make->({ scope => 'write' }), 0,
	    qr/\A$where: accepted: .*\n$read: refused with 403: "scope" is "write", the location wants "read"\n\z/);
	$says->('of a path', $make->(), 1,
	    qr/\A$read: refused with 403: "scope" is absent, /, '/verify/read');
	$says->('of another path', $make->(), 0, qr/\A$where: accepted: .*\n\z/,
	    '/verify/x');
	$says->('of no path', $make->(), 1,
	    qr{\Ajwtctl: no resource location takes "/token"\n\z}, '/token');
	$says->('audience', $make->({ aud => 'web' }), 1,
	    qr/\A$where: refused: "aud" is "web", and wanted is "api"\n$read: refused with 403/);
	$says->('audiences', $make->({ aud => [ 'x', 'y' ] }), 1,
	    qr/\n$read: refused: "aud" is \["x", "y"\], and wanted is "api" or "web"\n\z/);
	$says->('-a', $make->({ aud => 'x' }), 0, qr/\Aaccepted: /, '-a', 'x');
	$says->('-a of another', $make->(), 1,
	    qr/\Arefused: "aud" is "api", and wanted is "x"\n\z/, '-a', 'x');
	$says->('no subject', $make->({ sub => '' }), 1,
	    qr/\A$where: refused: "sub" is "", and must be/);
	$says->('a scope', $make->({ scope => [ 'a' ] }), 1,
	    qr/\A$where: refused: "scope" is \["a"\], and must be/);
	for ([ 'expired', { exp => time - 300 }, {},
	    qr/expired 5m ago, at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/ ],
	    [ 'no end', { exp => 'x' }, {}, qr/"exp" is "x", and must be an integer/ ],
	    [ 'a fraction', { nbf => 1.5 }, {}, qr/"nbf" is 1\.5, and must be an integer/ ],
	    [ 'nbf', { nbf => time + 700 }, {}, qr/"nbf" is in 11m, at \S+Z: a clock is wrong/ ],
	    [ 'iat', { iat => time + 7300, nbf => time }, {}, qr/"iat" is in 2h, at \S+Z: a clock is wrong/ ],
	    [ 'issuer', { iss => "evil\x{7f}" }, {}, qr{"iss" is "evil.*", and trusted is "https://issuer\.example"} ],
	    [ 'kid', {}, { kid => 'x' }, qr{"kid" is "x", and the keys of "https://issuer\.example" are "\Q$kid\E"} ],
	    [ 'alg', {}, { alg => 'PS256' }, qr{"alg" is "PS256", but key "\Q$kid\E" of "https://issuer\.example" is for RS256} ],
	    [ 'none', {}, { alg => 'none' }, qr/"alg" is "none", but key .*/ ],
	    [ 'typ', {}, { typ => 'id+jwt' }, qr/"typ" is "id\+jwt", and must be JWT or at\+jwt/ ],
	    [ 'crit', {}, { crit => [ 'x' ] }, qr/"crit" is \["x"\], and no extension is known/ ]) {
		my ($name, $claims, $header, $want) = @$_;
		$says->($name, $make->($claims, $header), 1,
		    qr/\Arefused: $want\n\z/);
	}
	my ($h, $p, $s) = split /\./, $make->();
	my $forged = Token::b64(Token::unb64($p) =~ s/alice/malice/r);
	$says->('changed', "$h.$forged.$s", 1,
	    qr/\Arefused: the signature is not that of key "\Q$kid\E" of .*: the token was changed/);
	$says->('changed, without kid', Token::token($key) . 'AAAA', 1,
	    qr/\Arefused: the signature is of none of the 1 key of /);
	$says->('another alg without kid', Token::signed($key,
	    { alg => 'ES256' }, { iss => 'https://issuer.example' }), 1,
	    qr/\Arefused: "alg" is "ES256", but the keys of "https:\S+" are for RS256\n/);
	for ([ 'a.b', qr/it has 2 parts and not 3/ ], [ 'a', qr/it has 1 part and not 3/ ],
	    [ 'a.b.c.d.e', qr/it has 5 parts: it is encrypted \(JWE\)/ ],
	    [ 'x' x 14337, qr/14337 bytes are more than 14336/ ],
	    [ '{}.e30.AA', qr/the header: not base64url/ ], [ 'e30..AA', qr/the claims: empty/ ],
	    [ 'e30.' . Token::b64('{"a":1,"a":2}') . '.AA', qr/the claims: \S/ ],
	    [ 'e30.e30.', qr/it has no signature/ ]) {
		$says->('malformed', $_->[0], 1, qr/\Arefused: $_->[1]/);
	}
	$says->('a long value', $make->({ iss => "\x{e9}" x 500 }), 1,
	    qr/\Arefused: "iss" is "(?:\xc3\xa9){99}\.\.\., and/);
	# somebody else's, whose keys are at a URL
	conf($d, '\z', "trust \"https://other\" {\n\tjwks \"https://127.0.0.1:9/\"\n}\n");
	$says->('of a URL', $make->({ iss => 'https://other' }), 1,
	    qr/^refused: no key of "https:\/\/other" is known here$/m);
	restore();
	for my $args ([ 'token', '-a' ], [ 'token', '-a', 'x', '/y' ],
	    [ 'token', 'x', 'y' ], [ 'x' ], [ 'nginx', 'a', 'b' ],
	    [ 'haproxy', '-x' ], [ 'registry', 'a', 'b' ]) {
		my ($status, $out) = ctl($d, [ 'doctor', @$args ], '');
		is($status, 2, "doctor @$args");
		like($out, qr/^usage: jwtctl \[-f file\] doctor/m, '... usage');
	}
};

subtest 'the example of the manual' => sub {
	my ($page) = Jwtd::read_file("$top/man/jwtctl.8")
	    =~ /^\.Sh EXAMPLES\n(.*?)^\.Sh /ms;
	my @lines = $page =~ /^# (jwtctl doctor.*)$/mg;
	is(scalar @lines, 3, 'three commands');
	mkdir "$dir/conf.d";
	Jwtd::write_file("$dir/token", Token::token("$dir/key.pem",
	    scope => 'read'));
	for (@lines) {
		s{< token}{< $dir/token};
		s{/etc/nginx/conf\.d}{$dir/conf.d};
		s{^jwtctl}{$d->{bin}/jwtctl -f $dir/jwtd.conf};
		my ($status, $out) = Jwtd::run([ 'sh', '-c', $_ ]);
		is($status, 0, $_) or diag $out;
	}
	like(Jwtd::read_file("$dir/conf.d/jwtd.conf"), qr/^upstream jwtd \{$/m,
	    'nginx has its file');
};

done_testing;
