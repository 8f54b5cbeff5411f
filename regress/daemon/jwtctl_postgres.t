#!/usr/bin/env perl
# jwtctl(8) on PostgreSQL: every command of users, as the administrator's role, and
# a daemon that sees what it did.
use strict;
use warnings;

use File::Temp;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use Jwtd;
use Pg;
use Store qw(daemon set_user quote hash_of);

my $pg = Pg->start(hba => "host all all 127.0.0.1/32 scram-sha-256\n");
$pg->schema;
my $socket = 'host=' . $pg->socket_dir . ' port=' . $pg->port
    . ' dbname=jwtd';
my $d = daemon($pg, "$socket user=jwtd_signer PASSFILE");
my $dir = $d->dir;
my $argon2 = qr/\$argon2id\$v=19\$m=65536,t=2,p=1\$[^\t\n]+/;
my $bcrypt =
    '$2b$05$abcdefghijklmnopqrstuuCMcjv9ygSqX2W2ODncSpkZMLU5eqfre';

# as an administrator has it: the password in the home directory, in 0600
Jwtd::write_file("$dir/.pgpass", '*:*:*:jwtd_admin:'
    . $pg->password('jwtd_admin') . "\n*:*:*:jwtd_signer:"
    . $pg->password('jwtd_signer') . "\n", 0600);
%ENV = (Pg::clean_env(), HOME => $dir);

sub command {
	my ($conninfo, @args) = @_;
	return [ "$d->{bin}/jwtctl", '-f', '/nonexistent', '-d', $conninfo,
	    @args ];
}

# (exit status, output and messages)
sub ctl {
	my ($input, @args) = @_;
	return Jwtd::run(command($socket, 'user', @args), $input);
}

sub works {
	my ($name, $input, $args, $want) = @_;
	my ($status, $out) = ctl($input, @$args);
	is($status, 0, "$name: exit status") or diag($out);
	ref $want ? like($out, $want, "$name: output") :
	    is($out, $want // '', "$name: output");
	return $out;
}

sub fails {
	my ($name, $input, $args, $want) = @_;
	my ($status, $out) = ctl($input, @$args);
	is($status, 1, "$name: exit status");
	ref $want ? like($out, $want, "$name: message") :
	    is($out, "jwtctl: $want\n", "$name: message");
	return $out;
}

# a message of one line, whatever the connection
sub fails_with {
	my ($name, $conninfo, $want) = @_;
	my ($status, $out) = Jwtd::run(command($conninfo, 'user', 'list'));
	is($status, 1, "$name: exit status");
	like($out, qr/\Ajwtctl: $want\n\z/, "$name: message");
	return $out;
}

sub ask {
	my ($user, $password) = @_;
	return $d->request(path => '/token', user => $user,
	    password => $password);
}
sub status { return ask(@_)->{status} }
sub claims { return (Jwtd::decode_token(ask(@_)->{json}{access_token}))[1] }
sub users { return $pg->sql('SELECT count(*) FROM jwtd.users') }
sub nobody_left { $pg->sql('TRUNCATE jwtd.users') }

# Start jwtctl in the background; returns its pid.
my @inputs;
sub start_ctl {
	my ($out, $input, @args) = @_;
	my $cmd = command($socket, 'user', @args);
	my $in = File::Temp->new;
	print $in $input;
	close $in;
	my $pid = fork();
	die "fork: $!" unless defined $pid;
	if ($pid) {
		push @inputs, $in;
		return $pid;
	}
	open STDIN, '<', $in->filename;
	open STDOUT, '>', $out;
	open STDERR, '>&', \*STDOUT;
	{ no warnings 'exec'; exec @$cmd }
	POSIX::_exit(127);
}

sub finish {
	my ($pid) = @_;
	my $gone = Jwtd::wait_until(sub { waitpid($pid, POSIX::WNOHANG) != 0 });
	return $? >> 8 || $? if $gone;
	kill 'KILL', $pid;
	waitpid $pid, 0;
	return -1;
}

# Wait until the administrator's session waits for a lock.
sub waits_for_lock {
	return Jwtd::wait_until(sub {
		return $pg->sql("SELECT count(*) FROM pg_stat_activity WHERE "
		    . "usename = 'jwtd_admin' AND wait_event_type = 'Lock'")
		    > 0;
	});
}

sub no_session {
	return Jwtd::wait_until(sub {
		return $pg->sql("SELECT count(*) FROM pg_stat_activity WHERE "
		    . "usename = 'jwtd_admin'") eq '0';
	});
}

subtest 'the connection string' => sub {
	for ('host=h password=hunter2', 'postgres://u:hunter2@h/d',
	    'postgresql://h/d?password=hunter2', "host=h Password = 'hunter2'") {
		fails_with('a password in it', $_,
		    '-d with a password: use a service or password file');
	}
	my ($status, $out) = Jwtd::run(command($socket, 'key', 'list'));
	is($status, 2, '-d for a key: exit status');
	like($out, qr/^jwtctl: -d is for the commands of users and "token revoke"\nusage: /,
	    '-d for a key: message');
	($status, $out) = Jwtd::run([ "$d->{bin}/jwtctl", 'user' ]);
	is(() = $out =~ /^\S* +jwtctl \[-f file\] \[-d conninfo\] user \w+/mg,
	    9, 'it is in the usage');
	($status, $out) = $d->try_ctl([ 'user', 'list' ]);
	is("$status$out", "1jwtctl: $dir/jwtd.conf: the store is PostgreSQL: "
	    . "give -d conninfo\n", 'none, and the store is PostgreSQL');
	fails_with('no such option', 'hots=x', qr/PostgreSQL: .*"hots".*/);
	fails_with('nobody there', "host=$dir dbname=jwtd",
	    qr/PostgreSQL: connection to server on socket "[^\n]*/);
	fails_with('no such database', "$socket dbname=none",
	    qr/PostgreSQL: connection to server [^\n]*"none"[^\n]*/);
	fails_with('another role', "$socket user=jwtd_signer",
	    qr/PostgreSQL: permission denied for table users/);
	$pg->sql('CREATE DATABASE empty');
	fails_with('no schema', "$socket dbname=empty",
	    'PostgreSQL: there is no table jwtd.users: run schema\.sql');
	chmod 0644, "$dir/.pgpass";
	# libpq writes a warning of its own before it
	like((ctl('', 'list'))[1], qr{^jwtctl:\ PostgreSQL:\ \Q$dir\E/\.pgpass:
	    \ readable\ by\ group\ or\ others\ \(mode\ 0644\)\n\z}mx,
	    'a password file for all');
	chmod 0600, "$dir/.pgpass";
	Jwtd::write_file("$dir/wrong", "*:*:*:*:wrong\n", 0600);
	fails_with('a wrong password', "$socket passfile=$dir/wrong",
	    qr/PostgreSQL: [^\n]* password authentication failed for user "jwtd_admin"/);
	fails_with('no password', "$socket passfile=$dir/none",
	    qr/PostgreSQL: connection to server [^\n]*no password supplied/);

	Jwtd::write_file("$dir/services", "[here]\nhost=" . $pg->socket_dir
	    . "\nport=" . $pg->port . "\ndbname=jwtd\n", 0600);
	local $ENV{PGSERVICEFILE} = "$dir/services";
	is_deeply([ Jwtd::run(command('service=here', 'user', 'list')) ],
	    [ 0, '' ], 'a service');
	is_deeply([ Jwtd::run(command('postgresql://localhost:' . $pg->port
	    . '/jwtd?sslmode=verify-full&sslrootcert=' . $pg->ca_file, 'user',
	    'list')) ], [ 0, '' ], 'over TLS');
};

subtest 'a user' => sub {
	works('list nobody', '', [ 'list' ]);
	works('add', "one\n", [ 'add', 'alice',
	    qq({\n "scope": "read write", "n": 1.10 }) ]);
	is(status('alice', 'one'), 200, 'the daemon knows the user');
	is(claims('alice', 'one')->{scope}, 'read write', 'and the claims');
	like(hash_of($pg, 'alice'), qr/^$argon2\z/, 'argon2id');
	fails('add again', "x\n", [ 'add', 'alice' ],
	    'user "alice" exists already');
	is(status('alice', 'one'), 200, 'the password is as it was');

	works('password', "two\nnot read\n", [ 'password', 'alice' ]);
	is(status('alice', 'one') . status('alice', 'two'), '401200',
	    'another password');
	is(claims('alice', 'two')->{scope}, 'read write', 'the same claims');
	works('grant', '', [ 'grant', 'alice', '{"scope":"x"}' ]);
	is(claims('alice', 'two')->{scope}, 'x', 'other claims');
	works('disable', '', [ 'disable', 'alice' ]);
	is(status('alice', 'two'), 401, 'refused');
	works('disable again', '', [ 'disable', 'alice' ]);
	works('list', '', [ 'list' ],
	    qq(alice\tdisabled\targon2id\t{"scope": "x"}\n));
	works('password of a disabled one', "three\n",
	    [ 'password', 'alice' ]);
	is(status('alice', 'three'), 401, 'still refused');
	works('enable', '', [ 'enable', 'alice' ]);
	is(status('alice', 'three'), 200, 'taken back');
	works('delete', '', [ 'delete', 'alice' ]);
	is(status('alice', 'three'), 401, 'gone');
	for ([ 'password' ], [ 'grant', '{}' ], [ 'disable' ], [ 'enable' ],
	    [ 'delete' ]) {
		my ($word, @rest) = @$_;
		fails($word, "x\n", [ $word, 'alice', @rest ],
		    'no such user "alice"');
	}
	is(users(), 0, 'nobody came into being');
};

subtest 'names, passwords and claims' => sub {
	my @names = ("o'neill", '"q" \\', 'a,b', '{}', "\xc3\xa4 b\@c", '#a',
	    'NULL', 'x' x 255);
	for my $name (@names) {
		works("add $name", "p\n", [ 'add', $name, '{"a":"\\\\\""}' ]);
		is(status($name, 'p'), 200, "$name logs in");
	}
	my $list = join '', map { qq($_\tenabled\targon2id\t{"a": "\\\\\\""}\n) }
	    sort @names;
	works('list', '', [ 'list' ], $list);
	works("delete $_", '', [ 'delete', $_ ]) for @names;
	fails('name', "x\n", [ 'add', $_->[0] ], $_->[1]) for
	    [ '', 'invalid name "": the name is empty' ],
	    [ 'a:b', q(invalid name "a:b": the name has a ':') ],
	    [ "\xff", qr/: the name is not UTF-8$/ ],
	    [ 'a' x 256, qr/: the name is too long$/ ];
	fails('password', $_->[0], [ 'add', 'x' ], $_->[1]) for
	    [ "\n", 'the password is empty' ],
	    [ "a\0b\n", 'the password has a control character' ],
	    [ 'x' x 512, 'the password is longer than 511 bytes' ];
	fails('grants', "x\n", [ 'add', 'x', $_->[0] ], $_->[1]) for
	    [ '[]', 'invalid grants "[]": not a JSON object' ],
	    [ '{"a":1,"a":2}', 'invalid grants "{"a":1,"a":2}": '
		. 'JSON has the same name twice' ],
	    [ '{"scope":1}', 'invalid grants "{"scope":1}": '
		. '"scope" in the grants is not a string' ],
	    # what only the server knows
	    [ '{"a":1e200000}', qr/\Ajwtctl: user "x": [^\n]+\n\z/ ],
	    [ '{"a":1e70000}', 'user "x": the grants are too long' ],
	    [ '{"a":[' . join(',', (1) x 30000) . ']}',
		'user "x": the grants are too long' ],
	    [ '{"a":[' . join(',', ("\"\xc3\xa4\"") x 12000) . ']}',
		'user "x": the grants are too long' ];
	is(users(), 0, 'nobody came into being');
	unlike($pg->log, qr/\$argon2id/, 'no hash in the log of the server');
	$pg->sql("ALTER TABLE jwtd.users ADD CONSTRAINT ours "
	    . "CHECK (name <> 'root')");
	fails('a constraint of somebody else', "x\n", [ 'add', 'root' ],
	    qr/\Ajwtctl: user "root": [^\n]*"ours"\n\z/);
	$pg->sql('ALTER TABLE jwtd.users DROP CONSTRAINT ours');
};

subtest 'what others wrote' => sub {
	set_user($pg, 'good', hash => $bcrypt);
	set_user($pg, 'kind', hash => 'secret');
	set_user($pg, 'scope', hash => $bcrypt, grants => '{"scope":1}');
	my ($status, $out) = ctl('', 'list');
	is($status, 1, 'list: exit status');
	is(join('', sort split /^/, $out), <<'END', 'list');
good	enabled	bcrypt	{}
jwtctl: user "kind": unknown kind of password hash
jwtctl: user "scope": "scope" in the grants is not a string
END
	works('disable', '', [ 'disable', 'kind' ]);
	works('enable', '', [ 'enable', 'kind' ]);
	works('password', "new\n", [ 'password', 'kind' ]);
	is(status('kind', 'new'), 200, 'can be mended');
	works('grant', '', [ 'grant', 'scope', '{}' ]);
	works('list', '', [ 'list' ], qr/\A(?:\w+\tenabled\t\S+\t\{\}\n){3}\z/);
	nobody_left();
};

subtest 'import' => sub {
	set_user($pg, 'old', hash => $bcrypt, grants => '{"n":1}');
	Jwtd::write_file("$dir/import", "# from elsewhere\nnew:$bcrypt\n"
	    . "old:!$bcrypt\nbad\nnew:$bcrypt\nplain:secret\n"
	    . "other:$bcrypt:{\"o\":1}\n");
	my ($status, $out) = ctl('', 'import', "$dir/import");
	is($status, 1, 'a users file: exit status');
	is($out, <<"END", 'a users file: what it says');
jwtctl: $dir/import:4: no ':' after the name
jwtctl: $dir/import:5: an earlier line has the same name
jwtctl: $dir/import:6: unknown kind of password hash
jwtctl: $dir/import:3: user "old" exists already
$dir/import:2: added "new"
$dir/import:7: added "other"
END
	works('list', '', [ 'list' ], qq(new\tenabled\tbcrypt\t{}\n)
	    . qq(old\tenabled\tbcrypt\t{"n": 1}\n)
	    . qq(other\tenabled\tbcrypt\t{"o": 1}\n));
	works('-r', "old:!$bcrypt\nmore:$bcrypt\n", [ 'import', '-r', '-' ],
	    qq(stdin:1: replaced "old"\nstdin:2: added "more"\n));
	is($pg->sql("SELECT disabled, grants FROM jwtd.users "
	    . "WHERE name = 'old'"), 't|{}', 'replaced, claims and all');
	works('nothing', '', [ 'import', '-' ]);
	fails('absent', '', [ 'import', "$dir/none" ],
	    "$dir/none: No such file or directory");
	nobody_left();
};

subtest 'htpasswd -B' => sub {
	plan skip_all => 'no htpasswd'
	    unless (Jwtd::run([ 'sh', '-c', 'command -v htpasswd' ]))[0] == 0;
	Jwtd::run([ qw(htpasswd -cbB -C 5), "$dir/htpasswd", 'web', 'secret' ]);
	Jwtd::run([ qw(htpasswd -bB -C 5), "$dir/htpasswd", 'web2', 'geheim' ]);
	works('import', '', [ 'import', "$dir/htpasswd" ],
	    qq($dir/htpasswd:1: added "web"\n$dir/htpasswd:2: added "web2"\n));
	is(status('web', 'secret') . status('web2', 'geheim'), '200200',
	    'they log in');
	nobody_left();
};

subtest 'import of CSV' => sub {
	Jwtd::write_file("$dir/users.csv", "\xef\xbb\xbf"
	    . "grants,name,password,disabled\r\n"
	    . "\"{\r\n \"\"scope\"\": \"\"read\"\"}\",csv1,\"a\"\"b,c\",\r\n"
	    . ",csv2,two,true\r\n,csv3,,\r\n,csv1,x,\r\n");
	my ($status, $out) = ctl('', 'import', "$dir/users.csv");
	is($status, 1, 'passwords: exit status');
	is($out, <<"END", 'passwords: what it says');
jwtctl: $dir/users.csv:5: the password is empty
jwtctl: $dir/users.csv:6: an earlier line has the same name
$dir/users.csv:2: added "csv1"
$dir/users.csv:4: added "csv2"
END
	is(claims('csv1', 'a"b,c')->{scope}, 'read', 'one logs in');
	is(status('csv2', 'two'), 401, 'one is disabled');
	like(hash_of($pg, 'csv2'), qr/^$argon2\z/, 'argon2id');
	works('-c and -r from standard input', "csv2,$bcrypt\nx,$bcrypt,{},f\n",
	    [ 'import', '-cr', '-' ],
	    qq(stdin:1: replaced "csv2"\nstdin:2: added "x"\n));
	works('list', '', [ 'list' ], qr/^csv2\tenabled\tbcrypt\t\{\}\nx\t/m);
	nobody_left();
};

subtest 'one of many is refused' => sub {
	my $long = '{"a":[' . join(',', (1) x 30000) . ']}';
	Jwtd::write_file("$dir/import", join '', map {
		"u$_:$bcrypt:" . ($_ == 700 || $_ == 2500 ? $long :
		    qq({"n":$_})) . "\n"
	} 1 .. 3000);
	my ($status, $out) = ctl('', 'import', "$dir/import");
	is($status, 1, 'exit status');
	like($out, qr/^jwtctl: \S+:$_: the grants are too long$/m,
	    "line $_") for 700, 2500;
	is(() = $out =~ /: added "u\d+"$/mg, 2998, 'the others are added');
	is(users(), 2998, 'they are there');
	is($pg->sql("SELECT grants FROM jwtd.users WHERE name = 'u701'"),
	    '{"n": 701}', 'each with its own claims');
	nobody_left();
};

subtest 'many' => sub {
	Jwtd::write_file("$dir/many", join '', map {
		"m$_:$bcrypt:{\"scope\":\"read\",\"n\":$_}\n" } 1 .. 20000);
	my $begin = time;
	my ($status, $out) = ctl('', 'import', "$dir/many");
	my $took = time - $begin;
	is($status, 0, '20,000 lines: exit status') or diag(substr $out, 0, 500);
	is(() = $out =~ /: added "m\d+"$/mg, 20000, 'it says each');
	unlike($out, qr/ of 20000/, 'no progress, since this is no terminal');
	is(users(), 20000, 'they are there');
	cmp_ok($took, '<', $ENV{SAN} ? 60 : 20, sprintf 'it took %.1f s', $took);
	($status, $out) = ctl('', 'import', '-r', "$dir/many");
	is(() = $out =~ /: replaced "m\d+"$/mg, 20000, '-r replaces each');
	is(users(), 20000, 'and adds none');
	($status, $out) = ctl('', 'list');
	is(() = $out =~ /^m\d+\tenabled\t/mg, 20000, 'list has them all');
	nobody_left();
};

subtest 'at the same time' => sub {
	my @pids = map { start_ctl("$dir/out.$_", "secret\n", 'add', "u$_") }
	    1 .. 20;
	is(join(' ', map { finish($_) } @pids), join(' ', (0) x 20),
	    'twenty others at once');
	is(users(), 20, 'all are there');
	nobody_left();

	# each waits for the first, which has not committed yet
	my $s = $pg->session('jwtd_admin');
	$s->say("BEGIN; INSERT INTO jwtd.users (name, password_hash) VALUES "
	    . "('same', '$bcrypt'); SELECT 'in' || 'serted';");
	ok($s->wait_output(qr/inserted/), 'somebody adds');
	@pids = map { start_ctl("$dir/out.$_", "secret\n", 'add', 'same') }
	    1 .. 3;
	ok(waits_for_lock(), 'others wait');
	$s->say('COMMIT;');
	$s->close;
	is(join(' ', map { finish($_) } @pids), '1 1 1', 'and fail');
	is(Jwtd::read_file("$dir/out.$_"),
	    qq(jwtctl: user "same" exists already\n), 'they say why')
	    for 1 .. 3;
	is(hash_of($pg, 'same'), $bcrypt, 'the first one\'s is there');
	nobody_left();
};

# A change between the look and the write is no change that is lost.
subtest 'a password that changes meanwhile' => sub {
	set_user($pg, 'alice', password => 'old');
	my $new = Jwtd::bcrypt('new');
	my $s = $pg->session('jwtd_admin');
	$s->say("BEGIN; UPDATE jwtd.users SET password_hash = '$new'; "
	    . "SELECT 'up' || 'dated';");
	ok($s->wait_output(qr/updated/), 'somebody changes it');
	my $pid = start_ctl("$dir/out", '', 'grant', 'alice',
	    '{"scope":"x"}');
	ok(waits_for_lock(), 'jwtctl waits');
	$s->say('COMMIT;');
	$s->close;
	is(finish($pid), 0, 'then it works');
	is(status('alice', 'new'), 200, 'the new password is there');
	is($pg->sql('SELECT grants FROM jwtd.users'), '{"scope": "x"}',
	    'and so are the new claims');
	nobody_left();
};

subtest 'two imports of the same users' => sub {
	my @lines = map { "u$_:$bcrypt\n" } 1 .. 3000;
	Jwtd::write_file("$dir/up", join '', @lines);
	Jwtd::write_file("$dir/down", join '', reverse @lines);
	my @pids = map { start_ctl("$dir/out.$_", '', 'import', '-r',
	    "$dir/$_") } qw(up down up down);
	is(join(' ', map { finish($_) } @pids), '0 0 0 0',
	    'none waits for the other for ever');
	is(users(), 3000, 'all are there');
	nobody_left();
};

# Somebody holds a name of the last third, so the import cannot get past it.
sub half_done {
	my ($what, $end) = @_;
	Jwtd::write_file("$dir/import", join '', map { "k$_:$bcrypt\n" }
	    1 .. 9000);
	my $s = $pg->session('jwtd_admin');
	$s->say("BEGIN; INSERT INTO jwtd.users (name, password_hash) VALUES "
	    . "('k7000', '$bcrypt'); SELECT 'in' || 'serted';");
	ok($s->wait_output(qr/inserted/), "$what: somebody holds a name");
	my $pid = start_ctl("$dir/out", '', 'import', "$dir/import");
	ok(waits_for_lock(), "$what: it is in the middle");
	$end->($pid);
	my $status = finish($pid);
	$s->say('ROLLBACK;');
	$s->close;
	ok(no_session(), "$what: its session ends");
	is(users(), 0, "$what: nothing half");
	return $status;
}

subtest 'an import that is cut off' => sub {
	is(half_done('kill -9', sub { kill 'KILL', $_[0] }), 9, 'kill -9');
	my $status = half_done('the server ends it', sub {
		$pg->sql("SELECT pg_terminate_backend(pid) FROM "
		    . "pg_stat_activity WHERE usename = 'jwtd_admin' AND "
		    . "wait_event_type = 'Lock'");
	});
	is($status, 1, 'the server ends it: exit status');
	like(Jwtd::read_file("$dir/out"), qr/\Ajwtctl: PostgreSQL: [^\n]+\n\z/,
	    'the server ends it: one line');
	my ($killed, $whole) = (0, 0);
	for my $i (1 .. 15) {
		my $pid = start_ctl('/dev/null', '', 'import', "$dir/import");
		sleep $i * 0.02;
		kill 'KILL', $pid;
		$killed++ if finish($pid) == 9;
		no_session();
		$whole++ if users() =~ /^(?:0|9000)$/;
		nobody_left();
	}
	is($whole, 15, "all or nothing each time ($killed killed)");
	ok($killed > 0, 'some were killed');
	works('then it works', '', [ 'import', "$dir/import" ],
	    qr/: added "k9000"$/m);
	nobody_left();
};

# What a terminal shows of it.
sub with_terminal {
	my (@args) = @_;
	my $cmd = command($socket, 'user', @args);
	my $pty = IO::Pty->new;
	my $pid = fork();
	die "fork: $!" unless defined $pid;
	if ($pid == 0) {
		my $slave = $pty->slave;
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', "$dir/out";
		open STDERR, '>&', $slave;
		close $pty;
		{ no warnings 'exec'; exec @$cmd }
		POSIX::_exit(127);
	}
	$pty->close_slave;
	my $seen = '';
	while (Jwtd::readable($pty, $Jwtd::patience)) {
		sysread $pty, $seen, 4096, length $seen or last;
	}
	return (finish($pid), $seen);
}

SKIP: {
	skip 'no IO::Pty', 1 unless eval { require IO::Pty; 1 };
	subtest 'progress' => sub {
		Jwtd::write_file("$dir/pw.csv", "name,password\n"
		    . join('', map { "p$_,secret\n" } 1 .. 40));
		my ($status, $seen) = with_terminal('import', "$dir/pw.csv");
		is($status, 0, 'exit status');
		like($seen, qr/\A\r\S+pw\.csv: \d+ of 40\r/, 'a line');
		unlike($seen, qr/\n/, 'that is written again');
		like($seen, qr/\r +\r\z/, 'and gone in the end');
		cmp_ok(scalar(() = $seen =~ / of 40/g), '<', 40,
		    'not for each');
		is(() = Jwtd::read_file("$dir/out") =~ /: added "p\d+"$/mg,
		    40, 'what was done is said');
		nobody_left();
	};
}

subtest 'pgbouncer' => sub {
	my $port = $pg->pgbouncer('transaction');
	my $string = "host=127.0.0.1 port=$port dbname=jwtd sslmode=verify-full"
	    . ' sslrootcert=' . $pg->ca_file;
	my $run = sub {
		my ($input, @args) = @_;
		my ($status, $out) = Jwtd::run(command($string, 'user', @args),
		    $input);
		return "$status$out";
	};
	for (1 .. 3) {
		is($run->("one\n", 'add', 'alice', '{}'), '0', 'add');
		is($run->('', 'disable', 'alice'), '0', 'disable');
		is($run->("a:$bcrypt\nb:$bcrypt\n", 'import', '-'),
		    qq(0stdin:1: added "a"\nstdin:2: added "b"\n), 'import');
		like($run->('', 'list'), qr/^0a\t.*\nalice\tdisabled\t.*\nb\t/,
		    'list');
		is($run->('', 'delete', $_), '0', "delete $_")
		    for qw(a alice b);
	}
};

subtest 'a standby' => sub {
	my $standby = $pg->standby;
	my $one = 'host=' . $standby->socket_dir . ' port=' . $standby->port
	    . ' dbname=jwtd';
	works('add', "x\n", [ 'add', 'alice' ]);
	$standby->catch_up($pg);
	my ($status, $out) = Jwtd::run(command($one, 'user', 'list'));
	is($status, 0, 'list');
	like($out, qr/^alice\tenabled\t/, 'has the user');
	($status, $out) = Jwtd::run(command($one, 'user', 'delete', 'alice'));
	is($status, 1, 'no edit');
	like($out, qr/\Ajwtctl: PostgreSQL: [^\n]*standby[^\n]*\n\z/,
	    'it says why');
	my $both = 'host=' . $standby->socket_dir . ',' . $pg->socket_dir
	    . ' port=' . $standby->port . ',' . $pg->port . ' dbname=jwtd';
	($status, $out) = Jwtd::run(command($both, 'user', 'delete', 'alice'));
	is("$status$out", '0', 'an edit finds the primary');
	is(users(), 0, 'it is done');
	$standby->end;
};

subtest 'a server that hangs' => sub {
	$pg->sigstop;
	my $begin = time;
	fails('list', '', [ 'list' ], 'PostgreSQL: the server does not answer');
	cmp_ok(time - $begin, '<', 15, 'not for ever');
	$pg->sigcont;
	works('then it works', '', [ 'list' ]);
};

is($d->stop, 0, 'the daemon ends as it should');
done_testing;
