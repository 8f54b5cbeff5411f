# Revocation, RFC 7009, and introspection, RFC 7662, with the users and what was
# revoked in files.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Jwtd;
use Revoke qw($servers verify revoke introspect refused_within later);

my %password = (alice => 'one', bob => 'two', admin => 'three');
my @users = (
    Jwtd::line('alice', 'one', '{"scope":"read","email":"a@x.example"}'),
    Jwtd::line('bob', 'two', '{"scope":"read"}'),
    Jwtd::line('admin', 'three', '{"scope":"revoke introspect"}'));

sub prepare {
	my ($options, %arg) = @_;
	my $d = Jwtd->prepare(servers => $servers, signer =>
	    qq(\trevocations file "DIR/users.d/revoked"$options\n), %arg);
	$d->write_users(@users);
	return $d;
}

sub start {
	my $d = prepare(@_);
	$d->launch;
	return $d;
}

my $d = start('');
my $file = $d->dir . '/users.d/revoked';

sub fast {
	my ($token, $what) = @_;
	my $took = refused_within($d, $token);
	ok(defined $took && $took < 1, "$what: refused in less than a second")
	    or diag('it took ' . ($took // 'too long'));
}

# Revocation
my $token = $d->token('alice', 'one');
my $kept = $d->token('alice', 'one');
my (undef, $claims) = Jwtd::decode_token($token);
my $r = revoke($d, 'alice', 'one', $token);
is("$r->{status}$r->{body}", '200', 'revoked: 200 and no body');
is(Jwtd::field($r, 'Cache-Control'), 'no-store', '... which nobody keeps');
is(Jwtd::read_file($file), "token:$claims->{jti}:$claims->{exp}\n",
    'it is in the file by then');
is((stat $file)[2] & 07777, 0600, '... which is for the signer alone');
fast($token, 'a token');
$r = $d->request(path => '/verify', bearer => $token);
like(Jwtd::field($r, 'WWW-Authenticate'),
    qr/error="invalid_token", error_description="the token was revoked"/,
    '... with a reason');
is(verify($d, $kept), 202, '... and no other of that user');
is(revoke($d, 'alice', 'one', $token)->{status}, 200, 'once more');
is(scalar(() = Jwtd::read_file($file) =~ /\n/g), 1, '... is one line');

# what is no token of ours is revoked enough, for those who may ask
my $other = Jwtd->prepare(signer => "\tlifetime 1m\n");
my @bad = ($kept . 'A', 'x', 'a.b.c', substr($kept, 0, -1), 'x' x 7000);
for my $bad (@bad) {
	is(revoke($d, 'alice', 'one', $bad)->{status}, 200,
	    'no token: ' . substr($bad, 0, 5) . '... of ' . length $bad);
	is(revoke($d, 'alice', 'wrong', $bad)->{status}, 401,
	    '... but 401 for a wrong password');
}
is(scalar(() = Jwtd::read_file($file) =~ /\n/g), 1, 'no line of these');
is(verify($d, $kept), 202, 'and what they resemble is good');

# whose it is
$r = revoke($d, 'bob', 'two', $kept);
is("$r->{status} $r->{json}{error}", '403 unauthorized_client',
    'the token of another');
is(verify($d, $kept), 202, '... is not revoked');
is(revoke($d, 'admin', 'three', $kept)->{status}, 200,
    'by who has the scope of the location');
fast($kept, 'that of another');
ok($d->wait_log(qr/revoke user="bob" client=\S+ .*status=403 reason=denied /),
    'the log has who was denied');
ok($d->wait_log(qr/revoke user="admin" client=\S+ .*status=200 reason=ok /),
    '... and who was not');
ok($d->wait_log(qr/resource client=\S+ status=401 reason=revoked/),
    '... and that a revoked token was sent');

# how it is asked
$token = $d->token('alice', 'one');
sub ask {
	my (%arg) = @_;
	my $r = $d->request(path => '/revoke', user => 'alice',
	    password => 'one', %arg);
	return join ' ', $r->{status}, $r->{json}{error} // ();
}
is(ask(body => ''), '400 invalid_request', 'no token');
is(ask(body => 'token='), '400 invalid_request', 'an empty one');
is(ask(body => "token=$token&token=$token"), '400 invalid_request', 'two');
is(ask(body => "token=$token&client_secret=one"), '400 invalid_request',
    'a secret in the body');
is(ask(body => "token=%zz"), '400 invalid_request', 'bad escapes');
is(ask(body => "token=$token",
    headers => { 'Content-Type' => 'application/json' }),
    '400 invalid_request', 'no form');
is(ask(body => "token=$token", user => undef), '401 invalid_client', 'nobody');
is(ask(body => "token=$token", user => undef,
    headers => { Authorization => 'Basic !' }), '401 invalid_client', 'no Basic');
is(ask(body => "token=$token", user => 'nobody'), '401 invalid_client',
    'an unknown user');
$r = $d->request(path => '/revoke', user => 'alice', password => 'one');
is($r->{status} . ' ' . Jwtd::field($r, 'Allow'), '405 POST', 'GET');
is(verify($d, $token), 202, 'none of these has revoked it');
is(ask(body => "token_type_hint=refresh_token&token=$token&x=y"), '200',
    'a hint that is wrong');
fast($token, 'with a hint');

# Introspection
$token = $d->token('alice', 'one');
(undef, $claims) = Jwtd::decode_token($token);
$r = introspect($d, 'admin', 'three', $token);
is($r->{status}, 200, 'introspection');
is(Jwtd::field($r, 'Cache-Control'), 'no-store', '... which nobody keeps');
is(Jwtd::field($r, 'Content-Type'), 'application/json', '... is JSON');
delete $claims->{email};
is_deeply($r->{json}, { %$claims, active => JSON::PP::true(),
    username => 'alice', token_type => 'Bearer' },
    '... with the claims of RFC 7662');
for my $bad (@bad) {
	$r = introspect($d, 'admin', 'three', $bad);
	is("$r->{status}$r->{body}", '200{"active":false}', 'not active: '
	    . substr($bad, 0, 5) . '... of ' . length $bad);
}
for my $who (qw(alice bob)) {
	$r = introspect($d, $who, $password{$who}, $token);
	is("$r->{status} $r->{json}{error}", '403 unauthorized_client',
	    "$who may not");
	unlike($r->{text}, qr/active/, '... and is not told');
}
is(introspect($d, 'admin', 'wrong', $token)->{status}, 401,
    'a wrong password');
is($d->request(path => '/introspect', user => 'admin', password => 'three')
    ->{status}, 405, 'GET');
revoke($d, 'alice', 'one', $token);
fast($token, 'after introspection');
is(introspect($d, 'admin', 'three', $token)->{body}, '{"active":false}',
    'a revoked one is not active');

# Metadata
my $m = $d->request(path => '/.well-known/oauth-authorization-server')->{json};
is($m->{revocation_endpoint}, 'https://issuer.example/revoke', 'metadata');
is($m->{introspection_endpoint}, 'https://issuer.example/introspect',
    '... of both');
is_deeply($m->{"${_}_endpoint_auth_methods_supported"},
    [ 'client_secret_basic' ], "$_: how clients say who they are")
    for qw(revocation introspection);

# jwtctl(8)
my $alices = $d->token('alice', 'one');
my $bobs = $d->token('bob', 'two');
is($d->ctl([ 'user', 'revoke', 'alice' ]), '', 'jwtctl user revoke');
fast($alices, 'tokens of a user');
is(verify($d, $bobs), 202, '... and of no other');
later();
$alices = $d->token('alice', 'one');
is(verify($d, $alices), 202, 'a token from after that is good');
is($d->ctl([ 'token', 'revoke' ], $alices), '', 'jwtctl token revoke');
fast($alices, 'by hand');
$alices = $d->token('alice', 'one');
(undef, $claims) = Jwtd::decode_token($alices);
$d->ctl([ 'token', 'revoke', '-i', $claims->{jti}, '-e', $claims->{exp} ]);
fast($alices, 'by its id');
$d->ctl([ 'user', 'disable', 'bob' ]);
fast($bobs, 'of a user who was disabled');
$d->ctl([ 'user', 'enable', 'bob' ]);
later();
$bobs = $d->token('bob', 'two');
$d->ctl([ 'user', 'delete', 'bob' ]);
fast($bobs, 'of a user who was deleted');
for ([ 'token', 'revoke', '-i', 'x' ], [ 'token', 'revoke', '-e', 1 ],
    [ 'user', 'revoke' ], [ 'token', 'revoke', 'x' ]) {
	is(($d->try_ctl($_))[0], 2, "usage: @$_");
}
for ([ 'x', qr/not a JSON Web Token/ ], [ '', qr/no token on standard/ ]) {
	my ($status, $out) = $d->try_ctl([ 'token', 'revoke' ], $$_[0]);
	is($status, 1, "no token: \"$$_[0]\"");
	like($out, $$_[1], '... with a reason');
}
for ([ 'a b', 4102444800 ], [ '', 4102444800 ], [ 'a:b', 4102444800 ],
    [ 'x' x 64, 4102444800 ], [ 'x', 'tomorrow' ], [ 'x', 0 ]) {
	is(($d->try_ctl([ 'token', 'revoke', '-i', $$_[0], '-e', $$_[1] ]))[0],
	    1, "refused: -i \"$$_[0]\" -e $$_[1]");
}
unlike($d->log . Jwtd::read_file($file), qr/eyJ/, 'no token is anywhere');

# A file that somebody edits
my @lines = split /^/, Jwtd::read_file($file);
$token = $d->token('alice', 'one');
(undef, $claims) = Jwtd::decode_token($token);
Jwtd::write_file($file, join('', "# by hand\n", 'token:x:', int(time) - 7200,
    "\nnonsense\ntoken:$claims->{jti}:$claims->{exp}\n"));
fast($token, 'a line by hand');
ok($d->wait_log(qr/revoked:3: not "token:ID:TIME"/), 'a bad line is logged');
my $next = $d->token('alice', 'one');
revoke($d, 'alice', 'one', $next);
fast($next, 'beside a bad line');
my $text = Jwtd::read_file($file);
like($text, qr/^# by hand\nnonsense\ntoken:/, 'what is no entry stays');
unlike($text, qr/token:x:/, '... and what has expired does not');
unlink $file;
ok(Jwtd::wait_until(sub { verify($d, $next) == 202 }),
    'without the file nothing is revoked');

# It cannot be written, or not be read
SKIP: {
	skip 'not root', 6 unless $> == 0;
	revoke($d, 'alice', 'one', $next);
	fast($next, 'before it cannot be written');
	my $kept = $d->token('alice', 'one');
	chown 0, 0, $d->dir . '/users.d', "$file.lock";
	chmod 0755, $d->dir . '/users.d';
	is(revoke($d, 'alice', 'one', $kept)->{status}, 503,
	    'it cannot be written: 503');
	is(verify($d, $kept), 202, '... and is not revoked');
	my $new = "$file.new";
	Jwtd::write_file($new, Jwtd::read_file($file), 0600);
	rename $new, $file or die "rename: $!";
	ok($d->wait_log(qr/Permission denied: the last known ones stay/),
	    'it cannot be read: that is logged');
	is(verify($d, $next), 401, '... and what was known is');
	$d->own($d->dir . '/users.d', "$file.lock", $file);
	chmod 0700, $d->dir . '/users.d';
	ok($d->wait_log(qr/seen again/), 'it can be read again');
}

# Whatever is killed is started again, and knows what it knew
$token = $d->token('alice', 'one');
revoke($d, 'alice', 'one', $token);
fast($token, 'before all are killed');
for my $title ('jwtd-signer: revocations', 'jwtd-signer: master',
    'jwtd: worker 0') {
	my ($pid) = $d->pids($title);
	my $accepted = 0;
	kill 'KILL', $pid;
	Jwtd::wait_until(sub {
		$accepted++ if (eval { verify($d, $token) } // 401) == 202;
		my ($new) = $d->pids($title);
		return defined $new && $new != $pid;
	}) or fail("$title is not started again");
	$accepted += grep { verify($d, $token) == 202 } 1 .. 10;
	is($accepted, 0, "$title is killed: never accepted");
}
my $reloads = 3;
my $accepted = 0;
for my $n (1 .. $reloads) {
	kill 'HUP', $d->pid;
	Jwtd::wait_until(sub {
		$accepted++ if verify($d, $token) == 202;
		return (() = $d->log =~ /configuration reloaded/g) == $n;
	}) or fail('no reload');
}
is($accepted, 0, 'reloads: never accepted');
$token = $d->token('alice', 'one');
revoke($d, 'alice', 'one', $token);
fast($token, 'after all that');

# A writer that is stopped stops nobody
$d->stop;
$d = start(' stale 2s refuse');
$token = $d->token('alice', 'one');
my ($writer) = $d->pids('jwtd-signer: revocations');
kill 'STOP', $writer;
is(verify($d, $token), 202, 'a writer that is stopped: accepted');
ok(Jwtd::wait_until(sub { verify($d, $token) == 503 }),
    '... but 503 in a while');
is(introspect($d, 'admin', 'three', $token)->{status}, 503,
    '... and nobody is told more');
ok($d->wait_log(qr/introspection .*status=503 reason=unavailable /),
    '... which the log does not call ok');
kill 'CONT', $writer;
ok(Jwtd::wait_until(sub { verify($d, $token) == 202 }), 'it goes on');
# by each worker, when it is asked
ok(Jwtd::wait_until(sub {
	verify($d, $token);
	return $d->log =~ /no token of ours is accepted.*is known again/s ? 1 : 0;
}), 'all of that is logged') or diag($d->log);

# Who can write the table: one process, and no worker
SKIP: {
	skip 'not root, or no /proc', 4 if $> != 0 || !-r "/proc/$$/maps";
	my %maps;
	for my $pid (Jwtd::family($d->pid)) {
		my $maps = Jwtd::read_file("/proc/$pid/maps");
		my ($kind) = Jwtd::title($pid) =~ /(\S+?)(?: \d+)?$/;
		$maps{$kind}{$_}++ for $maps =~ /^\S+ (\S{4}) .*memfd:revoked/mg;
		$maps{$kind}{none}++ if $maps !~ /memfd:revoked/;
	}
	is_deeply($maps{worker}, { 'r--s' => 2 }, 'workers can read it');
	is_deeply($maps{signer}, { none => 2 }, 'signers have not got it');
	is_deeply($maps{revocations}, { 'rw-s' => 1 }, 'who writes it');
	is(scalar(grep { (readlink $_) =~ /revoked/ }
	    map { glob "/proc/$_/fd/*" } $d->pids('jwtd: worker')), 0,
	    'no worker has it open');
}
$d->stop;

# Without root
SKIP: {
	skip 'not root', 2 unless $> == 0;
	$d = start('', as => 'nobody');
	$token = $d->token('alice', 'one');
	is(revoke($d, 'alice', 'one', $token)->{status}, 200, 'without root');
	fast($token, 'without root');
	$d->stop;
}

# nobody fills the table of all with tokens of their own
{
	$d = start('');
	my $token = $d->token('bob', 'two');
	my %count;
	$count{revoke($d, 'bob', 'two', $token)->{status}}++ for 1 .. 610;
	cmp_ok($count{200} // 0, '>=', 595, 'so many are revoked');
	cmp_ok($count{429} // 0, '>=', 1, '... and then no more');
	is(join(' ', sort keys %count), '200 429', '... and nothing else');
	is(revoke($d, 'admin', 'three', $token)->{status}, 200,
	    'but by who may revoke any');
	is($d->request(path => '/token', user => 'bob', password => 'two')
	    ->{status}, 200, 'and a login is not held up by it');
	$d->stop;
}

# Too few: with a scope alone there is no revocation of one's own
$d = Jwtd->prepare(servers => $servers);
my ($status, $out) = Jwtd::run([ "$d->{bin}/jwtd", '-n', '-f',
    $d->dir . '/jwtd.conf' ]);
is($status, 1, 'without "revocations" it is no configuration');
like($out, qr/location "\/revoke" needs "revocations" in the signer block/,
    '... with a reason');

done_testing();
