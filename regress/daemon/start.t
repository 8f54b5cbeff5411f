# A start that cannot work says why, in one line that names the thing, and leaves
# nothing behind.
use strict;
use warnings;

use IO::Socket::INET;
use MIME::Base64 qw(encode_base64 decode_base64);
use POSIX ();
use Test::More;

use Jwtd;

my $root = $> == 0;
my $plain = <<'EOT';
server "x" {
	listen on "DIR/sock"
	location "/token" {
		grant
		audience "api"
	}
	location "/health" { health }
}
EOT
my $tls = <<'EOT';
server "x" {
	listen on 127.0.0.1 tls port 0
	listen on "DIR/sock"
	tls {
		certificate "DIR/tls.crt"
		key "DIR/tls.key"
	}
	location "/health" { health }
}
EOT
my $trust = <<'EOT';
trust "https://other.example" {
	jwks "DIR/other.json"
}
server "x" {
	listen on "DIR/sock"
	location "/verify" {
		resource
		audience "api"
	}
}
EOT

# Start it and wait until every process has ended: then none has the pipe open
# any more.  Returns the status, whether they have, and what was said.
sub try {
	my ($d) = @_;
	pipe my $read, my $write or die "pipe: $!";
	my $pid = fork() // die "fork: $!";
	if ($pid == 0) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>&', $write;
		open STDERR, '>&', $write;
		close $read;
		close $write;
		{ no warnings 'exec'; exec "$Jwtd::build/jwtd", '-d', '-f',
		    $d->dir . '/jwtd.conf' }
		POSIX::_exit(127);
	}
	close $write;
	my ($out, $ended) = ('', 0);
	while (Jwtd::readable($read, $Jwtd::patience)) {
		$ended = !sysread $read, $out, 4096, length $out;
		last if $ended;
	}
	kill 'KILL', $pid unless $ended;
	waitpid $pid, 0;
	# these say nothing of what is wrong
	my @lines = grep { !/ listening on |: could not start$| sandbox: not available / }
	    split /\n/, $out;
	return ($? >> 8 || $?, $ended && !-e $d->dir . '/sock', @lines);
}

sub refuse {
	my ($name, $d, $expect) = @_;
	subtest $name => sub {
		my ($status, $clean, @lines) = try($d);
		is($status, 1, 'status');
		is(scalar @lines, 1, 'one line') or diag explain \@lines;
		like($lines[0] // '', $expect, 'it names what is wrong');
		ok($clean, 'no process and no socket is left');
	} or diag $name;
}

sub prepare {
	my (%arg) = @_;
	my $d = Jwtd->prepare(servers => $plain, %arg);
	return ($d, $d->dir);
}

# The configuration
my ($d, $dir) = prepare();
unlink "$dir/jwtd.conf";
refuse('no configuration', $d,
    qr/^jwtd: \Q$dir\E\/jwtd\.conf: No such file or directory$/);
($d, $dir) = prepare(globals => "prefork many\n");
refuse('a bad configuration', $d,
    qr/^jwtd: \Q$dir\E\/jwtd\.conf:1: .*"many"/);
($d, $dir) = prepare(globals => "include \"DIR/none.conf\"\n");
refuse('an include that is missing', $d,
    qr/^jwtd: \Q$dir\E\/(?:jwtd\.conf:1: .*)?.*none\.conf.*No such file/);

# The signing key
my %bad_key = (
	'no key' => [ sub { unlink $_[0] }, qr/No such file or directory/ ],
	'a folder' => [ sub { unlink $_[0]; mkdir $_[0], 0700 },
	    qr/not a regular file/ ],
	'an empty key' => [ sub { Jwtd::write_file($_[0], '', 0600) },
	    qr/no private key/ ],
	'no PEM' => [ sub { Jwtd::write_file($_[0], "secret\n" x 99, 0600) },
	    qr/no private key/ ],
	'half a key' => [ sub {
		my $text = Jwtd::read_file($_[0]);
		Jwtd::write_file($_[0], substr($text, 0, 900), 0600);
	    }, qr/no private key/ ],
	'a public key' => [ sub {
		openssl('pkey', '-in', $_[0], '-pubout', '-out', "$_[0].pub");
		rename "$_[0].pub", $_[0];
		chmod 0600, $_[0];
	    }, qr/no private key/ ],
	'an encrypted key' => [ sub {
		openssl('pkey', '-in', $_[0], '-aes128', '-passout', 'pass:x',
		    '-out', "$_[0].new");
		rename "$_[0].new", $_[0];
		chmod 0600, $_[0];
	    }, qr/encrypted/ ],
	'an EC key on P-384' => [ sub {
		openssl(qw(genpkey -quiet -algorithm EC -pkeyopt
		    ec_paramgen_curve:P-384 -out), $_[0]);
		chmod 0600, $_[0];
	    }, qr/EC key is not on P-256/ ],
	'an EC key with its curve spelled out' => [ sub {
		openssl(qw(ecparam -name prime256v1 -genkey -noout -param_enc
		    explicit -out), $_[0]);
		chmod 0600, $_[0];
	    }, qr/EC key is not on P-256/ ],
	'a private EC key with the public half of another' => [ sub {
		Jwtd::write_file($_[0], mixed_ec(), 0600);
	    }, qr/do not fit together|no private key/ ],
	'an Ed448 key' => [ sub {
		openssl(qw(genpkey -quiet -algorithm ED448 -out), $_[0]);
		chmod 0600, $_[0];
	    }, qr/key type is not supported/ ],
	'an RSA key for nothing but PSS' => [ sub {
		openssl(qw(genpkey -quiet -algorithm RSA-PSS -pkeyopt
		    rsa_keygen_bits:2048 -out), $_[0]);
		chmod 0600, $_[0];
	    }, qr/key type is not supported/ ],
	'a short key' => [ sub { $d->make_key($_[0], 1024) }, qr/too short/ ],
	'readable by the group' => [ sub { chmod 0640, $_[0] }, qr/0640/ ],
	'readable by others' => [ sub { chmod 0604, $_[0] }, qr/0604/ ],
);

sub openssl {
	my ($status, $out) = Jwtd::run([ 'openssl', @_ ]);
	die "openssl @_: $out" if $status != 0;
}

# RFC 5915: the point is what the DER of an EC private key ends with.
sub mixed_ec {
	my @der;
	for (1, 2) {
		my $pem = qx(openssl ecparam -name prime256v1 -genkey -noout);
		push @der, decode_base64($pem =~ s/^-.*\n//mgr);
	}
	return "-----BEGIN EC PRIVATE KEY-----\n"
	    . encode_base64(substr($der[0], 0, -64) . substr($der[1], -64))
	    . "-----END EC PRIVATE KEY-----\n";
}

for my $name (sort keys %bad_key) {
	my ($spoil, $expect) = @{ $bad_key{$name} };
	($d, $dir) = prepare();
	$spoil->("$dir/key.pem");
	refuse("signing key: $name", $d,
	    qr/^jwtd-signer: \Q$dir\E\/key\.pem: .*$expect/);
}
($d, $dir) = prepare();
chmod 0644, "$dir/key.pem";
my (undef, undef, @lines) = try($d);
unlike("@lines", qr/BEGIN|MII/, 'signing key: nothing of it is shown');


# "ps256" and "rs256" are for RSA keys
for my $alg (qw(ps256 rs256)) {
	for my $type (qw(ec ed25519)) {
		($d, $dir) = prepare();
		unlink "$dir/key.pem";
		$d->ctl([ 'key', 'new', '-t', $type, "$dir/key.pem" ]);
		Jwtd::write_file("$dir/jwtd.conf",
		    Jwtd::read_file("$dir/jwtd.conf") =~
		    s/^(\tkey ".*?")/$1 $alg/mr);
		refuse("$alg with a key of type $type", $d,
		    qr/^jwtd-signer: \Q$dir\E\/key\.pem: not a key for \U$alg\E$/);
	}
}

# The folder of the users
($d, $dir) = prepare();
system 'rm', '-r', "$dir/users.d";
refuse('no folder of the users', $d,
    qr/^jwtd-signer: \Q$dir\E\/users\.d: .*No such file or directory$/);

# TLS
sub prepare_tls { return prepare(servers => $tls, signer => undef, tls => 1) }
for my $file (qw(tls.crt tls.key)) {
	for ([ 'missing', sub { unlink $_[0] }, qr/No such file or directory/ ],
	    [ 'empty', sub { Jwtd::write_file($_[0], '', 0600) }, qr/./ ],
	    [ 'no PEM', sub { Jwtd::write_file($_[0], "x\n" x 9, 0600) },
	    qr/./ ]) {
		my ($name, $spoil, $expect) = @$_;
		($d, $dir) = prepare_tls();
		$spoil->("$dir/$file");
		refuse("$file: $name", $d,
		    qr/^jwtd: .*\Q$dir\E\/\Q$file\E.*: $expect/);
	}
}
($d, $dir) = prepare_tls();
rename "$dir/tls.key", "$dir/first.key";
rename "$dir/tls.crt", "$dir/first.crt";
$d->make_certificate;
rename "$dir/first.crt", "$dir/tls.crt";
refuse('the key of another certificate', $d,
    qr/^jwtd: .*\Q$dir\E\/tls\.crt.*: ./);
my %bad_tls = (
	'an encrypted key' => [ [ qw(-aes128 -passout pass:x) ],
	    qr/encrypted/ ],
	'a public key' => [ [ '-pubout' ], qr/no private key/ ]);
for my $name (sort keys %bad_tls) {
	my ($args, $expect) = @{ $bad_tls{$name} };
	($d, $dir) = prepare_tls();
	openssl('pkey', '-in', "$dir/tls.key", '-out', "$dir/new", @$args);
	rename "$dir/new", "$dir/tls.key";
	refuse("tls.key: $name", $d,
	    qr/^jwtd: .*\Q$dir\E\/tls\.key: .*$expect/);
}
for my $type (qw(ed25519 rsa:1016)) {
	($d, $dir) = prepare_tls();
	openssl(qw(req -x509 -nodes -subj /CN=localhost -newkey), $type,
	    '-keyout', "$dir/tls.key", '-out', "$dir/tls.crt");
	refuse("tls.key: $type", $d,
	    qr/^jwtd: .*\Q$dir\E\/tls\.key: neither an RSA/);
}

# Whom to trust
for ([ 'missing', undef, qr/No such file or directory/ ],
    [ 'empty', '', qr/./ ], [ 'no JSON', '{', qr/./ ],
    [ 'no keys', '{"keys":[]}', qr/./ ], [ 'another object', '{"a":1}', qr/./ ]) {
	my ($name, $text, $expect) = @$_;
	($d, $dir) = prepare(servers => $trust, signer => undef,
	    globals => "prefork 1\n");
	Jwtd::write_file("$dir/other.json", $text) if defined $text;
	refuse("trust: $name", $d, qr/^jwtd: .*\Q$dir\E\/other\.json: $expect/);
}
# here there is a warning for the key, and then the error
($d, $dir) = prepare(servers => $trust, signer => undef,
    globals => "prefork 1\n");
Jwtd::write_file("$dir/other.json",
    '{"keys":[{"kty":"oct","k":"AAAA","kid":"a"}]}');
my ($status, $clean, @said) = try($d);
is($status, 1, 'trust: no usable key: status');
like($said[-1], qr/^jwtd: .*\Q$dir\E\/other\.json: ./,
    'trust: no usable key: named');
ok($clean, 'trust: no usable key: nothing is left');

# Addresses
my $busy = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
    or die "listen: $!";
my $port = $busy->sockport;
($d, $dir) = prepare(servers => <<EOT);
server "x" {
	listen on "DIR/sock"
	listen on 127.0.0.1 port $port
	location "/health" { health }
}
EOT
refuse('a port in use', $d,
    qr/^jwtd: 127\.0\.0\.1 port $port: Address already in use$/);
($d, $dir) = prepare(servers => <<'EOT');
server "x" {
	listen on "DIR/none/sock"
	location "/health" { health }
}
EOT
refuse('no folder for a socket', $d,
    qr/^jwtd: \Q$dir\E\/none\/sock: No such file or directory$/);
($d, $dir) = prepare(servers => <<'EOT');
server "x" {
	listen on 192.0.2.1 insecure port 0
	location "/health" { health }
}
EOT
refuse('an address of another host', $d,
    qr/^jwtd: 192\.0\.2\.1 port 0: Cannot assign requested address$/);

# The command line
for my $args ([ '-x' ], [ '-f' ], [ 'more' ]) {
	my ($status, $out) = Jwtd::run([ "$Jwtd::build/jwtd", @$args ]);
	is($status, 2, "jwtd @$args: status");
	like($out, qr/^usage: jwtd /m, "jwtd @$args: usage");
}
for my $command ([ "$Jwtd::build/jwtd-signer" ],
    [ "$Jwtd::build/jwtd", '-W', 0 ], [ "$Jwtd::build/jwtd", '-T' ],
    [ "$Jwtd::build/jwtd", '-K' ]) {
	my ($status, $out) = Jwtd::run($command);
	is($status, 2, "not by hand: status");
	like($out, qr/\A[^\n]+\n\z/, "not by hand: one line");
}

# jwtd-signer is missing
{
	my $bin = File::Temp::tempdir(CLEANUP => 1);
	system('cp', "$Jwtd::build/jwtd", $bin) == 0 or die 'cp';
	local $Jwtd::build = $bin;
	($d, $dir) = prepare();
	refuse('no jwtd-signer', $d,
	    qr/^jwtd: \Q$bin\E\/jwtd-signer\b.*cannot be executed$/);
}

# No users file is no reason not to start: nobody is there yet
($d, $dir) = prepare(servers => <<'EOT');
server "x" {
	listen on 127.0.0.1 port 0
	location "/token" {
		grant
		audience "api"
	}
}
EOT
unlink "$dir/users.d/users";
$d->launch;
is($d->request(path => '/token', user => 'alice', password => 'x')->{status},
    503, 'no users file: unavailable');
like($d->log, qr/\Q$dir\E\/users\.d\/users: No such file or directory/,
    'no users file: the log says so');
$d->user('alice', 'open sesame');
is($d->request(path => '/token', user => 'alice',
    password => 'open sesame')->{status}, 200, 'no users file: until it is made');
is($d->stop, 0, 'no users file: the end');

# Hashes for everybody to read are a warning
($d, $dir) = prepare();
chmod 0644, "$dir/users.d/users";
$d->launch;
like($d->log, qr/^jwtd-signer: \Q$dir\E\/users\.d\/users: .*readable.*0644/m,
    'a users file that others can read: a warning');
is($d->stop, 0, 'a users file that others can read: the end');

done_testing();
