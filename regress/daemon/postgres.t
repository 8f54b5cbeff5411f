# The PostgreSQL store: who logs in, and over which connections.
use strict;
use warnings;

use Encode qw(encode);
use Test::More;

use Jwtd;
use Pg;
use Store qw(daemon set_user quote);

my $pg = Pg->start(hba => "host all all 127.0.0.1/32 scram-sha-256\n");
$pg->schema;
my $socket = 'host=' . $pg->socket_dir . ' port=' . $pg->port
    . ' dbname=jwtd user=jwtd_signer PASSFILE';
my $tcp = 'port=' . $pg->port . ' dbname=jwtd user=jwtd_signer PASSFILE';

my $d = daemon($pg, $socket);

sub ask {
	my ($daemon, $user, $password, %arg) = @_;
	return $daemon->request(path => '/token', user => $user,
	    password => $password, %arg);
}

# Often enough that each signer has its turn.
sub statuses {
	my ($user, $password) = @_;
	return join ' ', map { ask($d, $user, $password)->{status} } 1 .. 3;
}

sub count {
	my ($daemon, $pattern) = @_;
	my $n = () = $daemon->log =~ /$pattern/mg;
	return $n;
}

sub claims { return (Jwtd::decode_token($_[0]{json}{access_token}))[1] }

sub sql_of { return $pg->sql($_[0] . ' WHERE name = ' . quote($_[1])) }

# Good, bad, disabled, unknown
set_user($pg, 'alice', password => 'one', grants => '{"scope":"read"}');
set_user($pg, 'carol', password => 'c', disabled => 1);
my $good = ask($d, 'alice', 'one');
is($good->{status}, 200, 'good');
is(claims($good)->{sub}, 'alice', 'good: the subject');
is(claims($good)->{scope}, 'read', 'good: the grants');
my @refused = map { ask($d, @$_) } [ 'alice', 'two' ], [ 'alice', '' ],
    [ 'carol', 'c' ], [ 'nobody', 'one' ], [ 'Alice', 'one' ];
is(join(' ', map { $_->{status} } @refused), '401 401 401 401 401',
    'wrong, empty, disabled, unknown, another case');
is_deeply([ map { $_->{body} } @refused ], [ ($refused[0]{body}) x 5 ],
    'nobody can tell why');
is(count($d, qr/store postgres/), 0, 'all this is no fault of the store');

# Changes count at the next request, for every signer
sub update { sql_of("UPDATE jwtd.users SET $_[0]", 'alice') }
update('password_hash = ' . quote(Jwtd::bcrypt('two')));
is(ask($d, 'alice', 'one')->{status}, 401, 'changed: the old password');
is(statuses('alice', 'two'), '200 200 200', 'changed: the new one');
is(statuses('alice', 'one'), '401 401 401', 'changed: the old one again');
for my $n (1 .. 3) {
	update(qq(grants = '{"scope":"s$n","n":$n}'));
	my $claims = claims(ask($d, 'alice', 'two'));
	is("$claims->{scope} $claims->{n}", "s$n $n", "grants $n");
}
update('disabled = true');
is(statuses('alice', 'two'), '401 401 401', 'disabled');
update('disabled = false');
is(ask($d, 'alice', 'two')->{status}, 200, 'enabled');
sql_of('DELETE FROM jwtd.users', 'alice');
is(statuses('alice', 'two'), '401 401 401', 'deleted');

# Names and passwords that mean something to others
my @odd = (q(o'brien), q(a"b), q(a\b), q(a\\'b), '%s%n%d', '100%', 'a%27b',
    q(x'; DROP TABLE jwtd.users; --), q(' OR '1'='1), '$1', '{a,b}', 'a b',
    ' a ', 'a_b', '*', 'NULL', '-- a', '#a', '!a', "j\xc3\xbcrgen",
    "\xf0\x9f\x90\x98", "\xef\xbb\xbfbom", "e\xcc\x81", "\xc3\xa9",
    'x' x 255);
set_user($pg, $_, password => "pw $_") for @odd;
my @wrong;
for my $name (@odd) {
	my $r = ask($d, $name, "pw $name");
	push @wrong, $name if $r->{status} != 200
	    || encode('UTF-8', claims($r)->{sub}) ne $name;
}
is_deeply(\@wrong, [], 'odd names and passwords');
is($pg->sql('SELECT count(*) FROM jwtd.users'), @odd + 1,
    'and the table is there');
@wrong = grep { ask($d, $_->[0], $_->[1])->{status} != 401 }
    [ q(nobody' OR name = 'carol), 'c' ], [ 'a%', 'pw a b' ],
    [ 'a_', 'pw a b' ], [ 'x' x 254, 'pw ' . 'x' x 255 ],
    [ 'j_rgen', "pw j\xc3\xbcrgen" ];
is_deeply(\@wrong, [], 'nothing is a pattern or a statement');

# Bytes that are no UTF-8 are Latin-1
set_user($pg, "gr\xc3\xbc\xc3\x9f", password => "se\xc3\xb1or");
is(ask($d, "gr\xfc\xdf", "se\xf1or")->{status}, 200, 'Latin-1');
is(ask($d, 'gr%C3%BC%C3%9F', 'se%C3%B1or')->{status}, 200, 'form-encoded');
@wrong = grep { ask($d, $_, 'x')->{status} != 401 } "\xff\xfe",
    "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80", "a\xc3", "\xe2\x28\xa1",
    'a%00b', '%FF', "\xef\xbf\xbf";
is_deeply(\@wrong, [], 'other bytes: nobody');
is(ask($d, 'carol', "\xff\x80")->{status}, 401, 'other bytes: a password');
is(count($d, qr/store postgres/), 0, 'no name is a fault of the store');

# Where everything is
my @signers = $d->pids('jwtd-signer: signer');
is(scalar @signers, 2, 'two signers');
sub root_of {
	my ($daemon) = @_;
	my %root = map { readlink("/proc/$_/root") // '?' => 1 }
	    $daemon->pids('jwtd-signer: ');
	return join ' ', sort keys %root;
}
sub secret_seen {
	my ($daemon) = @_;
	my $secret = $pg->password('jwtd_signer');
	my @files = map { ("/proc/$_/cmdline", "/proc/$_/environ") }
	    $daemon->pid, Jwtd::family($daemon->pid);
	my $read = 0;
	my @found;
	for my $file (@files, $daemon->dir . '/jwtd.conf',
	    $daemon->{logfile}) {
		my $text = eval { Jwtd::read_file($file) } // next;
		$read++;
		push @found, $file if index($text, $secret) >= 0;
	}
	die 'nothing to look at' if $read < 5;
	return "@found";
}
is(secret_seen($d), '', 'no argument, environment or file has the password');
SKIP: {
	skip 'not root: nobody is confined', 1 if $> != 0;
	is(root_of($d), $pg->socket_dir, "socket: confined to its directory");
}
$d->stop;

# Other connections
set_user($pg, 'alice', password => 'one');
sub with_connection {
	my ($what, $string, %arg) = @_;
	my $root = delete $arg{root};
	my $query = delete $arg{query};
	my $daemon = daemon($pg, $string, %arg);
	is(ask($daemon, 'alice', 'one')->{status}, 200, "$what: good");
	is(ask($daemon, 'alice', 'two')->{status}, 401, "$what: bad");
	is(secret_seen($daemon), '', "$what: no password to be seen");
	is($pg->sql("SELECT DISTINCT $query FROM pg_stat_activity "
	    . "JOIN pg_stat_ssl USING (pid) WHERE usename = 'jwtd_signer'"),
	    't', "$what: $query") if $query;
	SKIP: {
		skip 'not root: nobody is confined', 1
		    if $> != 0 && defined $root;
		is(root_of($daemon), $root, "$what: confined")
		    if defined $root;
	}
	is(count($daemon, qr/store postgres/), 0, "$what: nothing is logged");
	$daemon->stop;
}

my ($ca_dir) = $pg->ca_file =~ m{^(.*)/};
with_connection('TLS', 'host=localhost hostaddr=127.0.0.1 sslrootcert='
    . $pg->ca_file . " $tcp", root => $ca_dir, query => 'ssl');
with_connection('TLS by address', 'host=127.0.0.1 sslmode=verify-ca '
    . 'sslrootcert=' . $pg->ca_file . " $tcp", root => $ca_dir,
    query => 'ssl');
with_connection('no TLS', "host=127.0.0.1 sslmode=disable $tcp",
    root => '/var/empty', query => 'NOT ssl');
with_connection('service', 'service=jwtd', root => $pg->socket_dir,
    env => { PGSERVICEFILE => 'DIR/services' },
    files => { services => "[jwtd]\nhost=" . $pg->socket_dir . "\nport="
    . $pg->port . "\nuser=jwtd_signer\ndbname=jwtd\n"
    . 'password=' . $pg->password('jwtd_signer') . "\n" });
with_connection('service and password file', 'service=jwtd PASSFILE',
    root => $ca_dir, query => 'ssl',
    env => { PGSERVICEFILE => 'DIR/services' },
    files => { services => "[jwtd]\nhost=127.0.0.1\nport=" . $pg->port
    . "\nuser=jwtd_signer\ndbname=jwtd\nsslmode=verify-full\nsslrootcert="
    . $pg->ca_file . "\n" });
SKIP: {
	skip 'not root: already an ordinary user', 1 if $> != 0;
	with_connection('ordinary user', $socket, as => 'nobody');
	with_connection('ordinary user, TLS', 'host=localhost '
	    . 'hostaddr=127.0.0.1 sslrootcert=' . $pg->ca_file . " $tcp",
	    as => 'nobody', query => 'ssl');
}

# Whom TLS does not know gets no password
sub refused {
	my ($what, $string, $message, %arg) = @_;
	my $daemon = Jwtd->prepare;
	$daemon->make_certificate('other', 'other-ca') if $arg{other_ca};
	Store::configure($pg, $daemon, $string);
	$daemon->launch;
	my @r = map { ask($daemon, 'alice', 'one') } 1 .. 3;
	is(join(' ', map { $_->{status} } @r), '503 503 503', "$what: 503");
	cmp_ok(Jwtd::field($r[0], 'Retry-After') // 0, '>', 0,
	    "$what: Retry-After");
	like($daemon->log, qr/store postgres: .*$message.*no user can log in$/m,
	    "$what: the log says why");
	is(count($daemon, qr/store postgres/), 1, "$what: once");
	$daemon->stop;
}
refused('another CA', "host=localhost hostaddr=127.0.0.1 "
    . "sslrootcert=DIR/other.crt $tcp", 'certificate verify failed',
    other_ca => 1);
refused('another name', 'host=db.example hostaddr=127.0.0.1 sslrootcert='
    . $pg->ca_file . " $tcp", '"localhost".*does not match .*"db.example"');
refused('a CA that the system does not know', "host=127.0.0.1 $tcp",
    '(certificate verify failed|root certificate file .* does not exist)');

done_testing();
