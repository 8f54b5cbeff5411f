# The log: a line of key=value for each grant and refusal, without a secret, in
# which nobody can write more than a value; and not more lines than one can keep.
use strict;
use warnings;

use File::Basename qw(dirname);
use MIME::Base64 qw(encode_base64);
use Socket qw(SOL_SOCKET SO_LINGER);
use Test::More;
use Time::HiRes qw(sleep time);

use Jwtd;

$SIG{PIPE} = 'IGNORE';

my $servers = <<'EOT';
server "localhost" {
	listen on 127.0.0.1 port 0
	listen on "DIR/sock"
	location "/token" {
		grant
		audience { "api" "web" }
	}
	location "/verify" {
		resource
		audience "api"
	}
	location "/read" {
		resource
		audience "api"
		scope "read"
	}
}
EOT
my $d = Jwtd->prepare(quiet => 1, servers => $servers,
    globals => "prefork 1\n");
$d->write_users(Jwtd::line('alice', 'geheim-1', '{"scope":"write"}'),
    Jwtd::line('big', 'geheim-1', '{"x":"' . 'y' x 20000 . '"}'),
    Jwtd::line('off', 'geheim-1') =~ s/:/:!/r);
# cheap hashes stay, since the signer may not replace them
chmod 0500, $d->dir . '/users.d';
END { chmod 0700, $d->dir . '/users.d' if $d }
$d->launch;

my $ms = qr/ms=\d+\.\d/;
my $id = qr/id=[0-9a-f]{16}/;

# Ask, and return the line that it made
my $seen = 0;
sub line {
	my (%arg) = @_;
	my $r = $d->request(path => '/token', %arg);
	my @lines;
	my $there = Jwtd::wait_until(sub {
		@lines = $d->log =~ /^(?:<\d>)?jwtd: worker 0: (grant .*)$/mg;
		return @lines > $seen ? 1 : 0;
	}, 10);
	is(scalar(@lines), $seen + 1, 'one line');
	$seen = @lines;
	return ($lines[-1] // '', $r->{status}, $r);
}

sub is_line {
	my ($want, $what, %arg) = @_;
	my ($line) = line(%arg);
	like($line, qr/\A\Q$want\E $ms $id\z/, $what);
	return $line;
}

# How each of them ends
my $login = 'grant user="alice" client=127.0.0.1';
my %alice = (user => 'alice', password => 'geheim-1');
is_line("$login audience=\"api\" scope=\"\" status=200 reason=ok", 'a grant',
    %alice);
is_line("$login audience=\"web api\" scope=\"write\" status=200 reason=ok",
    'what was asked for', %alice,
    path => '/token?audience=web&audience=api&scope=write');
is_line('grant user="alice" client=unix audience="api" scope="" status=200 '
    . 'reason=ok', 'over a Unix socket', %alice,
    socket => $d->connect_unix($d->dir . '/sock'));
is_line("$login audience=\"api\" scope=\"\" status=200 reason=ok", 'a POST',
    %alice, body => 'grant_type=client_credentials');
my @same;
for my $user (qw(alice nobody off)) {
	my $line = is_line("grant user=\"$user\" client=127.0.0.1 "
	    . 'audience="api" scope="" status=401 reason=bad_credentials',
	    "$user with a bad password", user => $user,
	    password => 'geheim-2');
	push @same, $line =~ s/user="\w+"//r =~ s/ms=.*//r;
}
is($same[0], $same[$_], 'the same whoever it is') for 1, 2;
is_line("$login audience=\"api\" scope=\"read\" status=400 reason=bad_scope",
    'a scope', %alice, path => '/token?scope=read');
is_line("$login audience=\"x y\" scope=\"\" status=400 reason=bad_target",
    'an audience', %alice, path => '/token?audience=x+y');
is_line('grant user="" client=127.0.0.1 audience="" scope="" status=400 '
    . 'reason=malformed', 'a bad form', %alice, body => 'a=b');
is_line('grant user="" client=127.0.0.1 audience="" scope="" status=401 '
    . 'reason=no_credentials', 'no credentials');
is_line('grant user="" client=127.0.0.1 audience="" scope="" status=401 '
    . 'reason=malformed', 'a bad header',
    headers => { Authorization => 'Basic =' });
is_line('grant user="big" client=127.0.0.1 audience="api" scope="" status=500 '
    . 'reason=broken', 'grants that are too large', user => 'big',
    password => 'geheim-1');

# A client that does not wait, and signers that do not answer
my @signers = $d->pids('jwtd-signer: signer');
kill 'STOP', @signers;
my $s = $d->connect;
Jwtd::send_all($s, Jwtd::text(path => '/token', %alice));
sleep 0.2;
setsockopt $s, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
close $s;
ok($d->wait_log(qr/grant user="alice" .* status=0 reason=gone $ms $id$/m),
    'a client that does not wait');
$seen++;
kill 'CONT', @signers;

# ids are not used twice, and times are those that it took
my $log = $d->log;
my (%ids, @twice);
$ids{$1}++ and push @twice, $1 while $log =~ /\bid=([0-9a-f]+)$/mg;
is_deeply(\@twice, [], 'ids');
cmp_ok((sort { $b <=> $a } $log =~ / ms=(\d+\.\d) /g)[0], '>=', 150,
    'and times');

# What a name can do to a line: nothing
my %names = (
    'x" client=10.0.0.1 status=200' => 'x\\" client=10.0.0.1 status=200',
    'back\\slash\\' => 'back\\\\slash\\\\',
    "gr\xc3\xbc\xc3\x9fe \xe2\x82\xac" => "gr\xc3\xbc\xc3\x9fe \xe2\x82\xac",
    "\xc2\x9b31m\xe2\x80\xa8\xe2\x80\xae" =>
	'\\xc2\\x9b31m\\xe2\\x80\\xa8\\xe2\\x80\\xae',
    'n' x 255 => 'n' x 255,
    '"' x 255 => '\\"' x 147 . '...',
);
for my $name (sort keys %names) {
	is_line("grant user=\"$names{$name}\" client=127.0.0.1 "
	    . 'audience="api" scope="" status=401 reason=bad_credentials',
	    'a name: ' . ($name =~ s/[^ -~]/?/gr), user => $name,
	    password => 'x');
}
my $long = join '&', map { 'audience=' . '%22' x 250 . $_ } 1 .. 4;
my ($line, $status) = line(path => '/token?scope=' . '%21' x 500 . "&$long",
    user => '"' x 255, password => 'x');
is($status, 401, 'all as long as can be');
like($line, qr/\.\.\." status=401 reason=bad_credentials $ms $id\z/,
    'and the line is whole');
cmp_ok(length $line, '<', 900, 'and fits');

# The resource service: who was refused, and why
my $token = $d->token('alice', 'geheim-1');
$seen++;
sub refused {
	my ($path, $bearer, $want, $what) = @_;
	$d->request(path => $path, defined $bearer ? (bearer => $bearer) : ());
	ok($d->wait_log(qr/^jwtd: worker 0: \Q$want\E$/m), $what);
}
refused('/verify', 'a.b.c', 'resource client=127.0.0.1 status=401 '
    . 'reason=malformed', 'no token');
refused('/read', $token, 'resource client=127.0.0.1 status=403 '
    . 'reason=insufficient_scope', 'no scope');
(my $forged = $token) =~ s/([^.])([^.]{20})\z/($1 eq 'A' ? 'B' : 'A') . $2/e;
refused('/verify', $forged, 'resource client=127.0.0.1 status=401 '
    . 'reason=signature', 'forged');
my $before = () = $d->log =~ /: resource /g;
$d->request(path => '/verify');
$d->request(path => '/verify', bearer => $token);
refused('/verify', 'a', 'resource client=127.0.0.1 status=401 '
    . 'reason=malformed', 'malformed');
is(scalar(() = $d->log =~ /: resource /g), $before + 1,
    'a request without a token has no line, nor one that is accepted');

# Too many of them: some are left out, and that is said; grants are not
sub flood {
	my ($n, $what, %arg) = @_;
	my $s = $d->connect;
	my $text = Jwtd::text(%arg);
	my $left = $n;
	while ($left > 0) {
		my $batch = $left > 50 ? 50 : $left;
		Jwtd::send_all($s, $text x $batch);
		is(scalar(Jwtd::answers($s, $batch)), $batch, $what);
		$left -= $batch;
	}
}
sub left_out {
	my ($kind) = @_;
	my $n = 0;
	$n += $_ for $d->log =~ /lines left out: .*\b$kind=(\d+)/mg;
	return $n;
}
sleep 1.1;
for my $kind ([ 'grant', 1000, path => '/token' ],
    [ 'resource', 300, path => '/verify', bearer => 'x' ]) {
	my ($what, $n, %arg) = @$kind;
	my $limit = $what eq 'grant' ? 100 : 10;
	my $before = () = $d->log =~ /worker 0: $what /g;
	my $begin = time;
	flood($n, "$what: answers", %arg);
	my $seconds = time - $begin;
	my ($lines, $out);
	ok(Jwtd::wait_until(sub {
		$lines = (() = $d->log =~ /worker 0: $what /g) - $before;
		$out = left_out($what);
		return $lines + $out == $n ? 1 : 0;
	}, 10), "$what: what is not there is counted")
	    or diag("$lines lines and $out left out of $n");
	cmp_ok($lines, '>=', $limit, "$what: so many at once");
	cmp_ok($lines, '<=', $limit * (1 + $seconds) + 1,
	    "$what: and so many a second");
}
is(scalar(() = $d->log =~ /^.*lines left out/mg) <= 12, 1,
    'a line a second says so');
my $ok = () = $d->log =~ /reason=ok/g;
flood(150, 'grants', path => '/token', %alice);
ok(Jwtd::wait_until(sub {
	(() = $d->log =~ /reason=ok/g) == $ok + 150 ? 1 : 0;
}, 10), 'grants are all there');

# The manual shows such lines
my $page = Jwtd::read_file(dirname(__FILE__) . '/../../man/jwtd.8');
my ($grant) = $page =~ /^(grant user=.*)$/m;
my ($resource) = $page =~ /^(resource client=.*)$/m;
my $value = qr/"[^"]*"/;
my $format = qr/grant user=$value client=\S+ audience=$value scope=$value status=\d+ reason=\w+ $ms $id/;
like($grant, qr/\A$format\z/, 'the manual: grant');
like($d->log, qr/^jwtd: worker 0: $format$/m, 'as it is');
$format = qr/resource client=\S+ status=\d+ reason=\w+/;
like($resource, qr/\A$format\z/, 'the manual: resource');
like($d->log, qr/^jwtd: worker 0: $format$/m, 'as it is');
my %reason = map { $_ => 1 } $d->log =~ /: grant .* reason=(\w+)/g;
for my $reason (sort keys %reason) {
	like($page, qr/^\.Ql $reason(?: |$)/m, "the manual: $reason");
}

# Nothing that is secret
$log = $d->log;
unlike($log, qr/geheim/, 'no password');
my $encoded = encode_base64('alice:geheim-1', '');
unlike($log, qr/\Q$encoded\E/, 'nor as it was sent');
my ($head, $claims, $signature) = split /\./, $token;
unlike($log, qr/\Q$_\E/, 'no part of a token') for $head, $claims, $signature;
unlike($log, qr/[^\n\x20-\x7e\x80-\xff]/, 'no control characters');
$d->stop;

# Too many at once, and a signer that does not answer
$d = Jwtd->prepare(quiet => 1, servers => $servers,
    globals => "prefork 1\nlimit requests 2\ntimeout request 1s\n");
$d->write_users(Jwtd::line('alice', 'geheim-1'));
$d->launch;
$seen = 0;
# who answers has the socket of this worker, and is not replaced any more
ok(Jwtd::wait_until(sub {
	$d->request(path => '/token', %alice)->{status} == 200;
}), 'a grant');
$seen = () = $d->log =~ /: grant /g;
my $len = length $d->log;
@signers = $d->pids('jwtd-signer: signer');
kill 'STOP', @signers;
my @wait = map { $d->connect } 1 .. 2;
Jwtd::send_all($_, Jwtd::text(path => '/token', %alice)) for @wait;
is_line("$login audience=\"api\" scope=\"\" status=503 reason=overload",
    'overload', %alice);
ok(Jwtd::wait_until(sub {
	(() = substr($d->log, $len) =~
	    /status=503 reason=unavailable $ms $id$/mg) == 2;
}, 10), 'unavailable');
kill 'CONT', @signers;
@wait = ();
$d->stop;

# On the journal of systemd each line has a priority, from every process
$d = Jwtd->prepare(quiet => 1, servers => $servers,
    globals => "prefork 1\n");
$d->write_users(Jwtd::line('alice', 'geheim-1'),
    Jwtd::line('big', 'geheim-1', '{"x":"' . 'y' x 20000 . '"}'));
Jwtd::write_file($d->dir . '/log.1', '');
my ($dev, $ino) = stat $d->dir . '/log.1';
{
	local $ENV{JOURNAL_STREAM} = "$dev:$ino";
	$d->launch;
}
$seen = 0;
like((line(%alice))[0], qr/reason=ok/, 'a grant');
line(user => 'alice', password => 'x');
line(user => 'big', password => 'geheim-1');
$log = $d->log;
like($log, qr/^<6>jwtd: ready$/m, 'journal: the parent');
like($log, qr/^<6>jwtd: worker 0: grant .* reason=ok /m, 'journal: info');
like($log, qr/^<5>jwtd: worker 0: grant .* reason=bad_credentials /m,
    'journal: notice');
like($log, qr/^<4>jwtd: worker 0: grant .* reason=broken /m,
    'journal: warning');
like($log, qr/^<4>jwtd-signer: signer \d: user "big"/m, 'journal: the signer');
is_deeply([ $log =~ /^((?!<\d>).+)$/mg ], [], 'journal: all lines');
$d->stop;
for my $stream ("$dev:1$ino", "1$dev:$ino", "$dev:", ':', '', "$dev:$ino ") {
	my $other = Jwtd->prepare(quiet => 1, servers => $servers);
	local $ENV{JOURNAL_STREAM} = $stream;
	$other->launch;
	unlike($other->log, qr/^</m, "not the journal: \"$stream\"");
}

done_testing();
