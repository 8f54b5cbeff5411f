# The PostgreSQL store: hashes of elsewhere are rewritten, grants arrive as they are,
# and users of basic-jwt-wsgi are taken over.
use strict;
use warnings;

use Test::More;

use Jwtd;
use Pg;
use Store qw(daemon set_user quote hash_of imports $ours);

my $pg = Pg->start;
$pg->schema;
my $d = daemon($pg, 'host=' . $pg->socket_dir . ' port=' . $pg->port
    . ' dbname=jwtd user=jwtd_signer PASSFILE');

sub ask {
	my ($daemon, $user, $password, %arg) = @_;
	return $daemon->request(path => '/token', user => $user,
	    password => $password, %arg);
}

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

# Hashes of elsewhere
for my $import (imports()) {
	my ($name, $password) = @$import{qw(name password)};
	set_user($pg, $name, hash => $import->{hash},
	    grants => '{"scope":"kept"}');
	my $changed = sql_of('SELECT changed FROM jwtd.users', $name);
	is(ask($d, $name, "$password!")->{status}, 401, "$name: wrong");
	is(hash_of($pg, $name), $import->{hash}, "$name: nothing happened");
	is(ask($d, $name, $password)->{status}, 200, "$name: right");
	my $hash = hash_of($pg, $name);
	if ($import->{stays}) {
		is($hash, $import->{hash}, "$name: it is stronger and stays");
		next;
	}
	like($hash, $ours, "$name: it is ours now");
	is(ask($d, $name, $password)->{status}, 200, "$name: right again");
	is(ask($d, $name, "$password!")->{status}, 401, "$name: wrong again");
	is(hash_of($pg, $name), $hash, "$name: rewritten once");
	is(sql_of('SELECT changed, grants FROM jwtd.users', $name),
	    qq($changed|{"scope": "kept"}), "$name: nothing else changed");
}
set_user($pg, 'off', password => 'off', disabled => 1);
my $before = hash_of($pg, 'off');
is(ask($d, 'off', 'off')->{status}, 401, 'disabled');
is(hash_of($pg, 'off'), $before, 'disabled: nothing is rewritten');

# A password that is changed just then is not lost
set_user($pg, 'race', password => 'before');
my $after = Jwtd::bcrypt('after');
my $session = $pg->session('postgres');
$session->say('BEGIN;');
$session->say('UPDATE jwtd.users SET password_hash = ' . quote($after)
    . " WHERE name = 'race';");
$session->say("SELECT 'locked' || '!';");
$session->wait_output(qr/^locked!/m) or die 'no lock: ' . $session->output;
my $s = $d->connect;
Jwtd::send_all($s, Jwtd::text(path => '/token', user => 'race',
    password => 'before'));
ok(Jwtd::wait_until(sub {
	return $pg->sql("SELECT count(*) FROM pg_stat_activity WHERE usename = "
	    . "'jwtd_signer' AND wait_event_type = 'Lock'") == 1;
}), 'race: the signer waits for the row');
$session->say('COMMIT;');
is((Jwtd::answers($s, 1))[0]{status}, 200, 'race: the old one was good');
$session->close;
is(hash_of($pg, 'race'), $after, 'race: the new password is there');
is(ask($d, 'race', 'before')->{status}, 401, 'race: the old one is not');
is(ask($d, 'race', 'after')->{status}, 200, 'race: the new one works');

# Where it cannot be rewritten, logins work
$pg->sql('REVOKE EXECUTE ON FUNCTION jwtd.rehash(text, text, text) '
    . 'FROM jwtd_signer');
my $weak = Jwtd::bcrypt('pw');
set_user($pg, $_, hash => $weak) for qw(keep1 keep2);
is(statuses($_, 'pw'), '200 200 200', "no right to rehash: $_")
    for qw(keep1 keep2);
is(hash_of($pg, 'keep1'), $weak, 'no right to rehash: it stays');
is(count($d, qr/store postgres: .*not rehashed.*permission denied/), 1,
    'no right to rehash: one line');
$pg->sql('GRANT EXECUTE ON FUNCTION jwtd.rehash(text, text, text) '
    . 'TO jwtd_signer');
ok(Jwtd::wait_until(sub {
	ask($d, 'keep1', 'pw')->{status} == 200
	    && hash_of($pg, 'keep1') =~ $ours;
}), 'the right is back: it is rewritten');

# Grants arrive as the database has them, to the byte
my @exact = ('1', '-1', '0', '12345678901234567890123456789012345678901',
    '-98765432109876543210987654321098765432109876', '0.1', '1.10', '1.0',
    '0.000000000000000000001', '3.141592653589793238462643383279', 'true',
    'false', 'null', '""', '{}', '[]', '[[],{},[[]]]', '"a\"b\\\\c/"',
    '"\u0001\n\t"', "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x98\"",
    "\"\x7f\"", '1' . '0' x 400, '[1,2.50,"x",null]',
    '{"k":{"k":[0.10]}}', '[' x 28 . ']' x 28);
my $grants = '{' . join(',', map { "\"g$_\":$exact[$_]" } 0 .. $#exact) . '}';
set_user($pg, 'exact', password => 'e', grants => $grants);
my $r = ask($d, 'exact', 'e');
is($r->{status}, 200, 'grants of all shapes');
my $payload = $r->{status} == 200 ?
    Jwtd::payload($r->{json}{access_token}) : '';
for my $i (0 .. $#exact) {
	ok(index($payload, "\"g$i\":$exact[$i]") >= 0, 'grants: '
	    . substr($exact[$i], 0, 50));
}
set_user($pg, 'huge', password => 'h', grants => '{"n":1e400,"s":"\u00e4"}');
$r = ask($d, 'huge', 'h');
is($r->{status}, 200, '1e400');
ok(index(Jwtd::payload($r->{json}{access_token}), '"n":1' . '0' x 400) >= 0,
    '1e400: as the database has it') if $r->{status} == 200;
set_user($pg, 'reserved', password => 'r', grants => '{"iss":"x","sub":"y",'
    . '"aud":"z","exp":1,"jti":"j","ok":"\ud83d\ude00"}');
my $claims = claims(ask($d, 'reserved', 'r'));
is("$claims->{iss} $claims->{sub} $claims->{aud}",
    'https://issuer.example reserved api', 'grants do not override');
is($claims->{ok}, "\x{1f600}", 'a surrogate pair');

# Too deep, too large: a log line names the user
my %too = (
	deep => '{"a":' . '[' x 40 . ']' x 40 . '}',
	large => '{"a":"' . 'x' x 60000 . '"}',
	scope => '{"scope":["read"]}',
);
for my $name (sort keys %too) {
	set_user($pg, $name, password => $name, grants => $too{$name});
	is(ask($d, $name, $name)->{status}, 500, "$name: 500");
	is(count($d, qr/user "$name": /), 1, "$name: the log has it");
}
is(ask($d, 'exact', 'e')->{status}, 200, 'and the others work');

# Users of basic-jwt-wsgi
$pg->sql('CREATE TABLE public.user_credentials (username text PRIMARY KEY, '
    . 'password_hash bytea, password_salt bytea, grants jsonb)');
my ($blake2b) = grep { $_->{name} eq 'blake2b' } imports();
my (undef, undef, $salt, $hash) = split /\$/, $blake2b->{hash};
$pg->sql("INSERT INTO public.user_credentials VALUES ('wsgi', "
    . qq('\\x$hash', '\\x$salt', '{"scope": "old"}')
    . ')');
my ($top) = $INC{'Pg.pm'} =~ m{^(.*)/lib/Pg\.pm$};
$pg->load("$top/../sql/upgrade-basic-jwt-wsgi.sql");
$r = ask($d, 'wsgi', $blake2b->{password});
is($r->{status}, 200, 'upgraded: the user logs in');
is(claims($r)->{scope}, 'old', 'upgraded: the grants');
is(ask($d, 'wsgi', 'x')->{status}, 401, 'upgraded: a wrong password');
like(hash_of($pg, 'wsgi'), $ours, 'upgraded: the hash is ours now');
is(count($d, qr/no user can log in/), 0, 'the store was always there');

done_testing();
