# The users file is edited while the daemon runs: the very next request sees it,
# and what cannot be read is said once and costs nobody else anything.
use strict;
use warnings;
use utf8;

use Encode qw(encode);
use POSIX ();
use Test::More;

use Jwtd;

my $d = Jwtd->start;
my $users = $d->dir . '/users.d/users';

sub ask {
	my ($user, $password, %arg) = @_;
	return $d->request(path => '/token', user => $user,
	    password => $password, %arg);
}

# Often enough that each signer has its turn.
sub statuses {
	my ($user, $password) = @_;
	return join ' ', map { ask($user, $password)->{status} } 1 .. 3;
}

sub good { is(statuses(@_[0, 1]), '200 200 200', $_[2]) }
sub bad { is(statuses(@_[0, 1]), '401 401 401', $_[2]) }

sub claims {
	my ($user, $password) = @_;
	my $token = ask($user, $password)->{json}{access_token};
	return defined $token ? (Jwtd::decode_token($token))[1] : {};
}

sub count {
	my ($pattern) = @_;
	my $n = () = $d->log =~ /$pattern/mg;
	return $n;
}

# jwtctl
is(ask('alice', 'one')->{status}, 401, 'an empty file: nobody is there');
$d->user('alice', 'one', '{"scope":"read"}');
good('alice', 'one', 'added');
is(claims('alice', 'one')->{scope}, 'read', 'added: grants');
$d->ctl([ qw(user password alice) ], "two\n");
is(ask('alice', 'one')->{status}, 401, 'changed: the old password');
is(ask('alice', 'two')->{status}, 200, 'changed: the new one');
bad('alice', 'one', 'changed: the old password for every signer');
is(claims('alice', 'two')->{scope}, 'read', 'changed: the same grants');
$d->ctl([ qw(user grant alice), '{"scope":"write","n":7}' ]);
is(claims('alice', 'two')->{scope}, 'write', 'other grants');
is(claims('alice', 'two')->{n}, 7, 'other grants, again');
$d->ctl([ qw(user disable alice) ]);
is(ask('alice', 'two')->{status}, 401, 'disabled');
bad('alice', 'two', 'disabled for every signer');
$d->ctl([ qw(user enable alice) ]);
is(ask('alice', 'two')->{status}, 200, 'enabled');
$d->user('bob', 'builder');
my ($alice, $bob) = $d->users_lines;
$d->ctl([ qw(user delete alice) ]);
is(ask('alice', 'two')->{status}, 401, 'deleted');
is(ask('bob', 'builder')->{status}, 200, 'deleted: the other is there');

# An editor that rewrites the same file, with as many bytes, at once
my ($two) = $alice =~ /^alice:([^:]+)/;
my ($builder) = $bob =~ /^bob:([^:\n]+)/;
my %hash = (two => $two, builder => $builder);
my @want;
my @got;
$d->write_users_in_place("alice:$two\n");
my ($inode, $size) = (stat $users)[1, 7];
for my $i (1 .. 8) {
	my ($now, $then) = $i % 2 ? qw(builder two) : qw(two builder);
	$d->write_users_in_place("alice:$hash{$now}\n");
	push @got, ask('alice', $now)->{status}, ask('alice', $then)->{status};
	push @want, 200, 401;
}
is_deeply([ (stat $users)[1, 7] ], [ $inode, $size ],
    'in place: the same inode and size');
is_deeply(\@got, \@want, 'in place: each edit counts at the next request');

# Many changes by rename: no request falls between two versions
my $constant = Jwtd::line('constant', 'same');
$d->write_users($constant);
my $child = fork() // die "fork: $!";
if ($child == 0) {
	my $lost = 0;
	$lost += ask('constant', 'same')->{status} != 200 for 1 .. 60;
	POSIX::_exit($lost > 100 ? 100 : $lost);
}
my $edits = 0;
while (waitpid($child, POSIX::WNOHANG()) == 0) {
	$d->write_users("# edit $edits\n", $constant);
	$edits++;
	select undef, undef, undef, 0.002;
}
is($? >> 8, 0, 'edits all the time: every request is answered');
cmp_ok($edits, '>', 10, 'edits all the time: there were some');

# Lines that do not parse
$d->write_users($constant, "no colon here\n", Jwtd::line('eve', 'eve'),
    "mallory:not a hash:{}\n", Jwtd::line('trent', 'trent', '{"aud":1}'),
    Jwtd::line('peggy', 'peggy', '{"a":1,"a":2}'), Jwtd::line('eve', 'twice'),
    "# a comment\n", "\n", Jwtd::line('last', 'last', '{"scope":"x"}'));
good('constant', 'same', 'bad lines: one before them');
good('eve', 'eve', 'bad lines: one between them');
good('last', 'last', 'bad lines: one after them');
bad('mallory', 'x', 'bad lines: no hash');
bad('trent', 'trent', 'bad lines: bad grants');
bad('peggy', 'peggy', 'bad lines: grants with a name twice');
bad('eve', 'twice', 'bad lines: the first of two counts');
is(count(qr/\Q$users\E:$_: /), 1, "bad lines: line $_ is in the log, once")
    for 2, 4, 5, 6, 7;
is(count(qr/\Q$users\E:\d/), 5, 'bad lines: and no other');
unlike($d->log, qr/\$2b\$|not a hash/, 'bad lines: what they hold is not');
$d->write_users("bad\n", $constant);
good('constant', 'same', 'another bad line');
is(count(qr/\Q$users\E:1: /), 1, 'another bad line: logged once');
$d->write_users($constant);
good('constant', 'same', 'no bad line any more');

# No file, or one that cannot be read
sub unavailable {
	my ($name) = @_;
	for my $who ([ constant => 'same' ], [ nobody => 'x' ]) {
		my $r = ask(@$who);
		is($r->{status}, 503, "$name: $who->[0]");
		is($r->{json}{error}, 'temporarily_unavailable',
		    "$name: $who->[0]: error");
		like(Jwtd::field($r, 'Retry-After'), qr/\A[1-9]\d*\z/,
		    "$name: $who->[0]: Retry-After");
	}
	is($d->request(path => '/health')->{status}, 200, "$name: the rest works");
}

rename $users, "$users.away" or die "rename: $!";
unavailable('missing');
statuses('constant', 'same');
is(count(qr/\Q$users\E: No such file/), 1, 'missing: logged once');
rename "$users.away", $users or die "rename: $!";
good('constant', 'same', 'there again');
chmod 0, $users;
unavailable('unreadable');
statuses('constant', 'same');
is(count(qr/\Q$users\E: Permission denied/), 1, 'unreadable: logged once');
chmod 0600, $users;
good('constant', 'same', 'readable again');
rename $users, "$users.away" or die "rename: $!";
mkdir $users or die "mkdir: $!";
unavailable('a directory');
rmdir $users;
rename "$users.away", $users or die "rename: $!";
good('constant', 'same', 'a file again');
is(count(qr/\Q$users\E: available again/), 3, 'each return is logged once');
$d->write_users;
bad('constant', 'same', 'an empty file');

# What htpasswd -B writes
SKIP: {
	my ($status, $out) = Jwtd::run([ qw(htpasswd -bnBC 5 www), 'apache:2' ]);
	skip 'no htpasswd', 2 if $status != 0;
	like($out, qr/\Awww:\$2y\$05\$/, 'htpasswd -B');
	$d->write_users($out);
	good('www', 'apache:2', 'htpasswd -B: the user');
}

# Names and passwords, as bytes of UTF-8
sub utf8 { return encode('UTF-8', $_[0]) }
sub latin1 { return encode('ISO-8859-1', $_[0]) }
sub form {
	my ($text) = @_;
	my $bytes = utf8($text);
	$bytes =~ s/([^A-Za-z0-9 ])/sprintf '%%%02X', ord $1/ge;
	$bytes =~ tr/ /+/;
	return $bytes;
}

$d->write_users(Jwtd::line(utf8('Zoë'), utf8('pässwörd')),
    Jwtd::line(utf8('ユーザー'), utf8('パス')),
    Jwtd::line('colon', 'a:b::c:'), Jwtd::line('odd', '100% +1 = %41'),
    Jwtd::line('a b+c%d', 'x'), Jwtd::line('space', ' lead and trail '));
is(ask(utf8('Zoë'), utf8('pässwörd'))->{status}, 200, 'UTF-8');
is(ask(form('Zoë'), form('pässwörd'))->{status}, 200, 'UTF-8, form-encoded');
is(ask(lc form('Zo') . '%c3%ab', form('pässwörd'))->{status}, 401,
    'form-encoded: the case of letters counts');
is(ask('Zo%c3%ab', lc form('pässwörd'))->{status}, 200,
    'form-encoded: the case of hexadecimal digits does not');
is(ask(latin1('Zoë'), latin1('pässwörd'))->{status}, 200, 'Latin-1');
is(ask(latin1('Zoë'), latin1('passwörd'))->{status}, 401,
    'Latin-1, a wrong password');
is(ask(utf8('Zoe'), utf8('pässwörd'))->{status}, 401, 'without its dots');
is(ask(utf8('ユーザー'), utf8('パス'))->{status}, 200, 'beyond Latin-1');
is(ask(form('ユーザー'), form('パス'))->{status}, 200,
    'beyond Latin-1, form-encoded');
is(claims(latin1('Zoë'), latin1('pässwörd'))->{sub}, 'Zoë',
    'the token has the name of the file');
is(claims(form('Zoë'), form('pässwörd'))->{sub}, 'Zoë',
    'the token has the name of the file, form-encoded');
is(ask('colon', 'a:b::c:')->{status}, 200, 'colons in a password');
is(ask('colon', form('a:b::c:'))->{status}, 200,
    'colons in a password, form-encoded');
is(ask('colon', 'a:b::c')->{status}, 401, 'colons in a wrong password');
is(ask('odd', '100% +1 = %41')->{status}, 200,
    'what looks like an encoding but is none');
is(ask('odd', form('100% +1 = %41'))->{status}, 200, 'the same, encoded');
is(ask('odd', '100% +1 = A')->{status}, 401, 'and not decoded twice');
is(ask('a b+c%d', 'x')->{status}, 200, 'such a name');
is(ask(form('a b+c%d'), 'x')->{status}, 200, 'such a name, encoded');
is(ask('space', ' lead and trail ')->{status}, 200, 'spaces at the ends');
is(ask('space', 'lead and trail')->{status}, 401, 'spaces count');
is(ask('colon', '')->{status}, 401, 'an empty password');

# Long passwords
my $long = join '', map { chr(ord('a') + $_ % 26) } 1 .. 511;
$d->user('long', $long);
is(ask('long', $long)->{status}, 200, 'a password of 511 bytes');
is(ask('long', substr $long, 0, 510)->{status}, 401, 'all of them count');
is(ask('long', substr($long, 0, 510) . '!')->{status}, 401, 'the last one too');
is(ask('long', "$long!")->{status}, 401, 'one of 512 bytes');
is(ask('n' x 255, 'x')->{status}, 401, 'the longest name');

unlike($d->log, qr/builder|sswörd|apache:2|a:b::c/, 'no password in the log');
is(count(qr/signal|ended with/), 0, 'no process has died');
is($d->stop, 0, 'the end');

done_testing();
