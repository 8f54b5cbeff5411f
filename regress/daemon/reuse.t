# Tokens that are given again: the same to the same user for the same, as long as
# that is so, and no longer than that.
use strict;
use warnings;

use JSON::PP ();
use POSIX qw(strftime);
use Test::More;
use Time::HiRes qw(sleep time);

use Jwtd;
use Metrics;
use Pg;
use Revoke qw(verify revoke refused_within later);
use Store qw(daemon set_user);

my $servers = <<'END';
server "localhost" {
	listen on 127.0.0.1 port 0
	location "/token" {
		grant
		audience { "api" "web" }
	}
	location "/short" {
		grant
		audience "api"
		lifetime 4s
	}
	location "/verify" {
		resource
		audience { "api" "web" }
	}
	location "/metrics" { metrics }
}
END
my $revoking = $servers =~ s/^}$/\tlocation "\/revoke" { revoke }\n}/mr;
my $grants = '{"scope":"read write","n":1,'
    . '"access":[{"type":"repository","name":"team/*","actions":["pull"]}]}';
# hashes that nobody replaces: that would be another user
my $d = Jwtd->prepare;
$d->user('alice', 'one', $grants);
$d->user('bob', 'two', $grants);
my @users = $d->users_lines;
my ($hash) = $users[0] =~ /^alice:([^:]+)/;

sub prepare {
	my ($signer, %arg) = @_;
	$d = Jwtd->prepare(globals => "prefork 2\n", signer => $signer,
	    servers => $signer =~ /revocations/ ? $revoking : $servers, %arg);
	$d->write_users(@users);
}

sub start {
	prepare(@_);
	$d->launch;
}

sub ask {
	my (%arg) = @_;
	return $d->request(path => '/token', user => 'alice',
	    password => 'one', %arg);
}

# A POST for that.
sub post {
	return ask(body => join '&', 'grant_type=client_credentials', @_);
}

sub token {
	my $r = ask(@_);
	return $r->{json}{access_token} // "no token: $r->{text}";
}

sub claims { return (Jwtd::decode_token($_[0]))[1] }

# Of so many tokens, how many are there?
sub different {
	my ($n, @how) = @_;
	my %seen = map { token(@how) => 1 } 1 .. $n;
	return scalar keys %seen;
}

sub reused {
	my ($n) = Metrics::parse(ask(path => '/metrics')->{body});
	return $n->{jwtd_tokens_reused_total};
}

subtest 'by default' => sub {
	start('');
	is(different(6), 6, 'each is another one');
	is(reused(), 0, 'none is counted');
	start("\treuse 0\n");
	is(different(6), 6, 'as with 0');
	unlike($d->log, qr/reused/, 'none is logged');
};

subtest 'the same' => sub {
	start("\treuse 5m\n");
	my $first = token();
	my $iat = claims($first)->{iat};
	is(different(12), 1, 'by whichever worker and signer');
	is(token(), $first, 'which is the first');
	is(post()->{json}{access_token}, $first, 'by POST');
	is(reused(), 14, 'they are counted');
	ok(Jwtd::wait_until(sub {
		14 == (() = $d->log =~ /reason=ok .* id=\w+ reused=yes$/mg);
	}), 'and logged');
	is(scalar(() = $d->log =~ /reason=ok .* id=\w+$/mg), 1,
	    'but for the first');
	is(verify($d, $first), 202, 'it is a good one');
	like($d->ctl([ 'token', 'verify' ], $first), qr/alice/,
	    '... for jwtctl, too');
	# time(3) may be some milliseconds behind ours
	Jwtd::wait_until(sub { time > $iat + 2.1 });
	my $before = time;
	my $r = ask();
	is($r->{json}{access_token}, $first, 'two seconds later');
	cmp_ok($r->{json}{expires_in}, '<=', 900 - 2, 'less is left');
	cmp_ok($r->{json}{expires_in}, '>=', $iat + 900 - int(time), 'but all');
	is($r->{json}{token}, $first, 'for a registry');
	cmp_ok($r->{json}{issued_at}, 'ge', strftime('%Y-%m-%dT%H:%M:%SZ',
	    gmtime $before), 'issued now');
	is($r->{json}{scope}, 'read write', 'the scope');
	for my $pid ($d->pids('jwtd-signer: signer')) {
		kill 'KILL', $pid;
		Jwtd::wait_until(sub { !Jwtd::alive($pid) });
	}
	ok(Jwtd::wait_until(sub { ask()->{status} == 200 }), 'signers die');
	is(token(), $first, 'others give it');
};

subtest 'for the same only' => sub {
	my %seen = (token() => 'no more');
	for ([ 'another audience', body => 'audience=web' ],
	    [ 'two', body => 'audience=web&audience=api' ],
	    [ 'two in turn', body => 'audience=api&audience=web' ],
	    [ 'a scope', body => 'scope=read' ],
	    [ 'another', body => 'scope=write' ],
	    [ 'both in turn', body => 'scope=write+read' ],
	    [ 'another location', path => '/short' ],
	    [ 'another user', user => 'bob', password => 'two' ],
	    [ 'a registry', path => '/token?service=api&scope='
	    . 'repository:team/x:pull' ],
	    [ 'another resource of it', path => '/token?service=api&scope='
	    . 'repository:team/y:pull' ],
	    [ 'what is not given', path => '/token?service=api&scope='
	    . 'repository:other:pull' ]) {
		my ($what, %how) = @$_;
		$how{body} = "grant_type=client_credentials&$how{body}"
		    if $how{body};
		my $r = ask(%how);
		my $token = $r->{json}{access_token};
		ok(!$seen{$token}++, $what);
		my $again = ask(%how)->{json};
		is($again->{access_token}, $token, '... again');
		is($again->{scope}, $r->{json}{scope}, '... with its scope');
	}
	for my $pair ([ 'scope=read', scope => 'read' ],
	    [ 'audience=web', aud => 'web' ]) {
		my ($what, $claim, $value) = @$pair;
		is(claims(post($what)->{json}{access_token})->{$claim}, $value,
		    "what is asked is in it: $what");
	}
	is(post('scope=admin')->{status}, 400, 'what they do not have');
	is(post('audience=other')->{status}, 400, 'or cannot have');
};

subtest 'what the store says' => sub {
	my $first = token();
	is(ask(password => 'wrong')->{status}, 401, 'a wrong password');
	is(ask(password => '')->{status}, 401, 'none');
	is(ask(user => 'nobody')->{status}, 401, 'nobody');
	is(token(), $first, 'the right one');
	$d->ctl([ 'user', 'grant', 'alice', '{"scope":"read","n":2}' ]);
	my $other = token();
	is(join(' ', @{ claims($other) }{qw(n scope)}), '2 read',
	    'other grants count at once');
	is(token(), $other, '... and are given again');
	$d->ctl([ 'user', 'disable', 'alice' ]);
	is(ask()->{status}, 401, 'who is disabled gets none');
	$d->ctl([ 'user', 'enable', 'alice' ]);
	is(ask()->{status}, 200, 'and then one');
	$d->ctl([ 'user', 'password', 'alice' ], "new\n");
	is(ask()->{status}, 401, 'the old password');
	my $new = token(password => 'new');
	isnt(claims($new)->{jti}, claims($other)->{jti}, 'the new one');
	is(token(password => 'new'), $new, '... again');
	$d->ctl([ 'user', 'delete', 'alice' ]);
	is(ask(password => 'new')->{status}, 401, 'who is gone');
};

# The next token, when it comes; how old was the one before by then?
sub age_at_next {
	my (@how) = @_;
	my ($token, $next) = token(@how);
	Jwtd::wait_until(sub { ($next = token(@how)) ne $token }, 10)
	    or return -1;
	return claims($next)->{iat} - claims($token)->{iat};
}

subtest 'for a time' => sub {
	start("\treuse 2s\n");
	is(age_at_next(), 2, 'as long as it says');
	start("\treuse 1m\n");
	is(age_at_next(path => '/short'), 2, 'while half of its life is left');
};

# A daemon that is ready before another key's turn comes, in so many seconds;
# when that is, and the kids of both.
sub two_keys {
	my ($dir, $seconds) = @_;
	prepare("\treuse 5m\n");
	my $conf = Jwtd::read_file($d->dir . '/jwtd.conf');
	$conf =~ s/key ".*"/keys "$dir"/;
	Jwtd::write_file($d->dir . '/jwtd.conf', $conf);
	my $turn = int(time) + $seconds;
	my @kids = map { ($d->ctl([ 'key', 'new', $dir
	    . strftime('/%Y%m%dT%H%M%SZ-x.pem', gmtime $_) ]) =~
	    /kid (\S+)/) } $turn - 3600, $turn;
	$d->launch;
	return ($turn, @kids) if time < $turn - 2;
	unlink glob "$dir/*";
	return two_keys($dir, 2 * $seconds);
}

subtest 'another key' => sub {
	my $dir = File::Temp->newdir('keys-XXXXXXXX', TMPDIR => 1);
	my ($turn, @kids) = two_keys($dir, 4);
	my $first = token();
	is((Jwtd::decode_token($first))[0]{kid}, $kids[0], 'one signs');
	is(token(), $first, '... once');
	my @late;
	ok(Jwtd::wait_until(sub {
		my $asked = int(time - 0.1);
		my $token = token();
		my $kid = (Jwtd::decode_token($token))[0]{kid};
		push @late, $asked - $turn
		    if $asked >= $turn && $kid eq $kids[0];
		return $kid eq $kids[1];
	}), 'then the other');
	is("@late", '', 'from its time on');
	is(different(4), 1, '... and its token is given again');
	is(verify($d, $_), 202, 'both are good') for $first, token();
};

# Tokens of alice, that was revoked in some way.
sub gone_for_good {
	my ($what, $token) = @_;
	my %seen = map { token() => 1 } 1 .. 6;
	ok(!$seen{$token}, "$what: it is not given again");
	is(scalar keys %seen, 1, '... another one is');
	is(verify($d, (keys %seen)[0]), 202, '... which is good');
}

subtest 'revocation' => sub {
	start(qq(\treuse 5m\n\trevocations file "DIR/users.d/revoked"\n));
	my $token = token();
	is(token(), $token, 'as without it');
	is(revoke($d, 'alice', 'one', $token)->{status}, 200, 'revoked');
	gone_for_good('by a client', $token);
	$token = token();
	$d->ctl([ 'token', 'revoke' ], $token);
	ok(defined refused_within($d, $token), 'by jwtctl');
	gone_for_good('by jwtctl', $token);
	$token = token();
	$d->ctl([ 'user', 'revoke', 'alice' ]);
	ok(defined refused_within($d, $token), 'all of a user');
	later();
	gone_for_good('all of a user', $token);
	isnt(token(user => 'bob', password => 'two'), token(), 'bob is bob');
};

subtest 'revocations that nobody sees' => sub {
	is(different(3), 1, 'while they are seen');
	my ($pid) = $d->pids('jwtd-signer: revocations');
	kill 'STOP', $pid;
	ok(Jwtd::wait_until(sub { different(3) == 3 }), 'then each is new');
	kill 'CONT', $pid;
	ok(Jwtd::wait_until(sub { different(3) == 1 }), 'until they are again');
};

subtest 'PostgreSQL' => sub {
	my $pg = Pg->start;
	$pg->schema;
	set_user($pg, 'alice', hash => $hash, grants => $grants);
	$d = daemon($pg, 'host=' . $pg->socket_dir . ' port=' . $pg->port
	    . ' dbname=jwtd user=jwtd_signer PASSFILE', servers => $revoking,
	    signer => "\treuse 5m\n\trevocations\n");
	my $token = token();
	is(different(6), 1, 'the same');
	set_user($pg, 'alice', hash => $hash, grants => '{"n":2}');
	is(claims(token())->{n}, 2, 'other grants');
	$token = token();
	is(revoke($d, 'alice', 'one', $token)->{status}, 200, 'revoked');
	gone_for_good('in the database', $token);
	set_user($pg, 'alice', hash => $hash, disabled => 1);
	is(ask()->{status}, 401, 'disabled');
	undef $d;
};

SKIP: {
	skip 'not root', 2 unless $> == 0;
	start("\treuse 5m\n", as => 'nobody');
	is(different(6), 1, 'without root');
	is(verify($d, token()), 202, '... it is good');
	$d->stop;
}

done_testing;
