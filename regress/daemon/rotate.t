# Keys that are replaced while two daemons use their directory: who asks all the
# time sees no failure, and no token that somebody refuses.
use strict;
use warnings;

use Test::More;

use JSON::PP ();
use POSIX qw(strftime);
use Time::HiRes qw(sleep time);

use Issuer qw(jwk);
use Jwtd;
use Token ();

my $LIFETIME = 3;
my $LEEWAY = 60;

my $servers = <<'EOT';
server "localhost" {
	listen on 127.0.0.1 port 0
	listen on "DIR/sock"
	location "/token" {
		grant
		audience "api"
	}
	location "/v" {
		resource
		audience "api"
	}
	location "/jwks" { jwks }
}
EOT

my $dir = File::Temp->newdir('keys-XXXXXXXX', TMPDIR => 1);

# a daemon with a directory of keys instead of its key
sub daemon {
	my ($keys) = @_;
	my $d = Jwtd->prepare(servers => $servers,
	    signer => "\tlifetime ${LIFETIME}s\n");
	my $conf = Jwtd::read_file($d->dir . '/jwtd.conf');
	$conf =~ s/key ".*"/keys "$keys"/;
	Jwtd::write_file($d->dir . '/jwtd.conf', $conf);
	$d->write_users(Jwtd::line('alice', 'pw'));
	return $d;
}

sub stamp { return strftime('%Y%m%dT%H%M%SZ', gmtime $_[0]) }
sub iso { return strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $_[0]) }

# kid => { state, path, since, until } of "key list"
sub list {
	my ($d) = @_;
	my %found;
	for (split /\n/, $d->ctl([ 'key', 'list' ])) {
		my ($kid, $state, undef, undef, $path, $since, $until) =
		    split /\t/;
		$found{$kid} = { state => $state, path => $path,
		    since => $since, until => $until };
	}
	return \%found;
}

sub states {
	my ($d, @kids) = @_;
	my $list = list($d);
	return join ' ', map { $list->{$_}{state} // 'gone' } @kids;
}

sub kids {
	my ($d) = @_;
	my $r = $d->request(path => '/jwks');
	return map { $_->{kid} } @{ $r->{json}{keys} };
}

# a new key whose name says that time; its kid and its path
sub key_since {
	my ($d, $since, $name) = @_;
	my $path = "$dir/" . stamp($since) . "-$name.pem";
	my ($kid) = $d->ctl([ 'key', 'new', $path ]) =~ /kid (\S+)/;
	return ($kid, $path);
}

sub count {
	my ($d, $pattern) = @_;
	return scalar(() = $d->log =~ /$pattern/g);
}

# All the time, of both in turn: a token that both accept, and the key set.  A
# line for each goes into the file.
sub ask_always {
	my ($file, @daemons) = @_;
	my $parent = $$;
	my $pid = fork() // die "fork: $!";
	return $pid if $pid;
	my $go = 1;
	local $SIG{TERM} = sub { $go = 0 };
	open my $f, '>', $file or POSIX::_exit(1);
	$f->autoflush;
	while ($go && getppid == $parent) {
		for my $d (@daemons) {
			my $r = $d->request(path => '/token', user => 'alice',
			    password => 'pw');
			my $now = time;
			my $token = $r->{json}{access_token} // '';
			my ($header, $claims) = $token eq '' ? () :
			    Jwtd::decode_token($token);
			my @got = map { $_->request(path => '/v',
			    bearer => $token)->{status} } @daemons;
			print $f JSON::PP::encode_json({ at => $now,
			    token => $token, kid => $header->{kid},
			    exp => $claims->{exp}, got => [ $r->{status},
			    @got ] }), "\n";
			$r = $d->request(path => '/jwks');
			print $f JSON::PP::encode_json({ at => time,
			    got => [ $r->{status} ],
			    set => [ map { $_->{kid} } @{ $r->{json}{keys} } ],
			    }), "\n";
		}
		sleep 0.05;
	}
	close $f;
	POSIX::_exit(0);
}

chmod 0700, "$dir";
my $one = daemon($dir);
my $two = daemon($dir);

# None
my $began = time;
ok(!eval { $one->launch; 1 }, 'without a key it does not start');
like($@, qr/\Q$dir\E: there is no key: make one with "jwtctl key rotate"/,
    '... and says how to make one');

# of "key rotate": there is more to do until then on a slow machine
$one->ctl([ 'key', 'new', $one->dir . '/new.pem' ]);
my $more = int 6 * (time - $began);
$more = 30 if $more > 30;
my $WAIT = 8 + $more;

# K0 has been replaced by K1, long enough ago that it expires in a while
my $in = $WAIT + 6 + ($ENV{SAN} ? 4 : 1) * $more;
# K1 signs already
$in = $LIFETIME + $LEEWAY - 2 if $in > $LIFETIME + $LEEWAY - 2;
my $end = int(time) + $in;
my $k1_since = $end - $LIFETIME - $LEEWAY;
my ($k0, $k0_path) = key_since($one, $k1_since - 1000, 'zero');
my ($k1, $k1_path) = key_since($one, $k1_since, 'one');
# the last one that K0 can have signed
my $last = Token::signed($k0_path, { alg => 'RS256', kid => $k0 },
    { iss => 'https://issuer.example', sub => 'alice', aud => 'api',
    iat => $k1_since, exp => $k1_since + $LIFETIME });
is(states($one, $k0, $k1), 'retired active', 'the states at first');
is(list($one)->{$k0}{until}, iso($end), '... until when it is accepted');
is(list($one)->{$k1}{until}, '-', '... or for ever');
$one->launch;
$two->launch;
is(join(' ', sort(kids($one))), join(' ', sort $k0, $k1),
    'both are published');
is((kids($one))[0], $k1, '... first the one that signs');
is($_->request(path => '/v', bearer => $last)->{status}, 202,
    '... and accepted') for $one, $two;

my $record = $one->dir . '/record';
my $asker = ask_always($record, $one, $two);
ok(Jwtd::wait_until(sub { -s $record // 0 }), 'somebody asks all the time');

# An edit that is not finished has nothing to do with keys
my $edited = $two->dir . '/jwtd.conf';
my $conf = Jwtd::read_file($edited);
Jwtd::write_file($edited, "signer {\n");

# The next one
my $rotated = time;
my $out = $one->ctl([ 'key', 'rotate', '-w', $WAIT ]);
my ($k2_path, $k2) = $out =~ /^(\S+): RSA 2048, kid (\S+), signs from /m
    or diag $out;
my $k2_since = list($one)->{$k2}{since};
like($out, qr/signs from \Q$k2_since\E$/m, 'rotate: says from when it signs');
is(states($one, $k0, $k1, $k2), 'retired active next', '... as in the list');
is((stat $k2_path)[2] & 07777, 0600, '... and only its owner reads it');
my $again = $one->ctl([ 'key', 'rotate', '-w', $WAIT ]);
is($again, "$k2_path: signs from $k2_since\n", '... once more: there it is');
for my $d ($one, $two) {
	ok(Jwtd::wait_until(sub { grep { $_ eq $k2 } kids($d) }),
	    'it is published');
	like($d->log, qr/keys in "\Q$dir\E" changed: reloading$/m,
	    '... which is logged');
}
# so much of the wait it took to see the file, and old workers to end
my $notice = time - $rotated + 1;
cmp_ok($notice, '<', $WAIT, '... before it signs');
Jwtd::write_file($edited, $conf);

# The turn of K2
my $next = sub {
	my ($header) = Jwtd::decode_token($one->token('alice', 'pw'));
	return $header->{kid} eq $k2;
};
ok(Jwtd::wait_until($next), 'its time comes, and it signs');
cmp_ok(time, '>=', $rotated + $WAIT - 1, '... not before');
like(states($one, $k0, $k1, $k2), qr/\A(?:retired|expired) retired active\z/,
    'the one before is retired');

# K0 leaves
for my $d ($one, $two) {
	ok(Jwtd::wait_until(sub { !grep { $_ eq $k0 } kids($d) }),
	    'what has expired leaves the key set');
	cmp_ok(time, '>=', $end, '... not before its time');
	is($d->request(path => '/v', bearer => $last)->{status}, 401,
	    '... when none of its tokens is good any more');
}
is(states($one, $k0, $k1, $k2), 'expired retired active', '... as in the list');

# What is no key changes nothing, and is said once
my $before = count($one, qr/changed: reloading/);
my $bad = "$dir/" . stamp(time + 3600) . '-bad.pem';
Jwtd::write_file($bad, "no key\n", 0600);
Jwtd::write_file("$dir/key.pem", "no name\n", 0600);
ok($one->wait_log(qr/\Q$bad\E: no private key in PEM$/m),
    'a file that is no key is logged');
ok($one->wait_log(qr/not reloaded: the configuration stays/),
    '... and changes nothing');
my ($status) = $one->try_ctl([ 'key', 'list' ]);
is($status, 1, '... and "key list" has it as an error');
($status, $out) = $one->try_ctl([ 'doctor' ]);
like($out, qr/^error: key \Q$bad\E: no private key/m, '... and doctor');
like($out, qr/^warning: .*key\.pem: ignored: no name such as/m,
    '... which warns of another name');
# as long as it is looked at twice
sleep 2.5;
is(count($one, qr/changed: reloading/), $before + 1, '... it is tried once');
is(count($one, qr/no private key/), 1, '... and said once');
unlink $bad, "$dir/key.pem";

# It is deleted, and there is another
$out = $two->ctl([ 'key', 'rotate', '-w', '2h', '-t', 'ec' ]);
like($out, qr/^\Q$k0_path\E: expired, deleted$/m, 'rotate: deletes it');
like($out, qr/: EC 256, kid \S+, signs from /, '... and makes another');
ok(!-e $k0_path, '... it is gone');
is(states($one, $k0, $k1, $k2), 'gone retired active', '... from the list');
my ($k3) = $out =~ /kid (\S+), signs from/;
ok(Jwtd::wait_until(sub { grep { $_ eq $k3 } kids($one) }),
    'one of another type is published as well');
is(scalar(kids($one)), 3, '... beside two');

# What else there is to do with keys
like($one->ctl([ 'token', 'verify' ], $one->token('alice', 'pw')), qr/^valid: /,
    'token verify: with the keys of the directory');
like($one->ctl([ 'doctor', 'token' ], $one->token('alice', 'pw')),
    qr/: accepted: /, 'doctor token: so as well');
is(join(' ', sort map { $_->{kid} } @{ JSON::PP::decode_json($one->ctl([ 'key',
    'show', '-j' ]))->{keys} }), join(' ', sort(kids($one))),
    'key show -j: what is published');
is($one->ctl([ 'key', 'show' ]), $one->ctl([ 'key', 'show', $k2_path ]),
    'key show: the one that signs');
for ([ 'haproxy' ], [ 'registry' ]) {
	is(($one->try_ctl([ 'doctor', @$_ ]))[0], 0, "doctor @$_");
}
for ([ qr/the keys are in "\Q$dir\E": use "jwtctl key rotate"$/, 'key', 'new' ],
    [ qr/"\Q$dir\E" has keys without certificates/, 'certificate', 'new',
    '-s' ]) {
	my ($why, @command) = @$_;
	($status, $out) = $one->try_ctl(\@command);
	is($status, 1, "@command: not here");
	like($out, $why, '... and why');
}

# Nothing failed
kill 'TERM', $asker;
waitpid $asker, 0;
is($?, 0, 'who asks ends');
my (@tokens, @sets, %failed, %signed);
for (map { JSON::PP::decode_json($_) } split /\n/, Jwtd::read_file($record)) {
	my $got = join ' ', @{ $_->{got} };
	$failed{$got}++ if $got ne '200' && $got ne '200 202 202';
	push @{ $_->{set} ? \@sets : \@tokens }, $_;
	$signed{$_->{kid}} //= $_->{token} if $_->{token};
}
is_deeply(\%failed, {}, 'no request failed, and both accept all tokens');
cmp_ok(scalar @tokens, '>', 30, '... of ' . scalar @tokens);
is(join(' ', sort keys %signed), join(' ', sort $k1, $k2),
    'no key signed but in its turn');
for ([ $k1, $k1_path ], [ $k2, $k2_path ]) {
	my ($kid, $path) = @$_;
	my $pem = $one->dir . '/public.pem';
	Jwtd::write_file($pem, $one->ctl([ 'key', 'show', $path ]));
	ok(Jwtd::token_verifies($signed{$kid}, $pem), 'a token verifies');
	my ($jwk) = grep { $_->{kid} eq $kid }
	    @{ $one->request(path => '/jwks')->{json}{keys} };
	is($jwk->{n}, jwk($path)->{n}, '... with the key of that kid');
}
# who has a key set that is as old as the rest of the wait, or any that is
# newer, has the key of a token as long as it is good
my %missing;
for my $token (@tokens) {
	for my $set (@sets) {
		next if $set->{at} < $token->{at} - ($WAIT - $notice)
		    || $set->{at} > $token->{exp} + $LEEWAY;
		$missing{$token->{kid}}++
		    unless grep { $_ eq $token->{kid} } @{ $set->{set} };
	}
}
is_deeply(\%missing, {}, 'every cached key set has the key of each token');
is($_->stop, 0, 'the end') for $one, $two;

# Refused
my $plain = Jwtd->prepare;
for ([ $plain, 1, qr/: the signer has no "keys"$/m ],
    [ $one, 2, qr/^jwtctl: invalid time "31d": /m, '-w', '31d' ],
    [ $one, 2, qr/^jwtctl: invalid time "x"$/m, '-w', 'x' ],
    [ $one, 2, qr/unknown type of key "dsa"$/m, '-t', 'dsa' ],
    [ $one, 2, qr/only RSA keys come in sizes$/m, '-t', 'ec', '-b', '2048' ],
    [ $one, 2, qr/^usage: .* key rotate /m, 'file' ]) {
	my ($d, $want, $why, @options) = @$_;
	($status, $out) = $d->try_ctl([ 'key', 'rotate', @options ]);
	is($status, $want, "rotate @options: refused");
	like($out, $why, '... and why');
}
chmod 0770, "$dir";
($status, $out) = $one->try_ctl([ 'key', 'rotate' ]);
is($out, "jwtctl: $dir: writable by group or others\n",
    'rotate: not where others can write');
ok(!eval { $one->launch; 1 }, '... and no daemon starts there');
like($@, qr/\Q$dir\E: writable by group or others$/m, '... which is said');
chmod 0700, "$dir";

# Interrupted, at any point
my $other = File::Temp->newdir('keys-XXXXXXXX', TMPDIR => 1);
chmod 0700, "$other";
my $d = daemon($other);
my @rotate = ("$d->{bin}/jwtctl", '-f', $d->dir . '/jwtd.conf', 'key',
    'rotate', '-w');
$began = time;
is($d->ctl([ 'key', 'rotate', '-t', 'ec' ]) =~ /, signs now$/m, 1,
    'the first key signs at once');
my $takes = time - $began;

sub rotate {
	my ($wait) = @_;
	my $pid = fork() // die "fork: $!";
	return $pid if $pid;
	open STDOUT, '>', '/dev/null';
	{ no warnings 'exec'; exec @rotate, $wait, '-t', 'ec' }
	POSIX::_exit(127);
}
for (1 .. 40) {
	my $pid = rotate(0);
	sleep rand $takes;
	kill 'KILL', $pid;
	waitpid $pid, 0;
}
# one that was surely in the midst of it
my $rest = "$other/." . stamp(time) . '-rest.pem.0123456789';
Jwtd::write_file($rest, 'half of a k', 0600);
$out = $d->ctl([ 'key', 'list' ]);
my $whole = () = $out =~ /^\S+\t(?:active|retired)\t/mg;
cmp_ok($whole, '>=', 1, "interrupted: $whole whole keys, and no other");
$out = $d->ctl([ 'key', 'rotate' ]);
like($out, qr/^\Q$rest\E: unfinished, deleted$/m,
    'interrupted: the next run removes what was left');
# unless one was finished that is next by a second
like($out, qr/[,:] signs from /, '... and does its work');
is(join(' ', grep { !m{/\d{8}T\d{6}Z-[\w-]+\.pem\z} }
    glob "$other/* $other/.??*"), '', '... and no rest is there');
is(scalar(grep { $_->{state} eq 'active' } values %{ list($d) }), 1,
    '... and one key signs');

# Two at once, many times: each ends well, and nothing is left
my $failed = 0;
for my $round (1 .. 10) {
	my @pids = map { rotate($round * 3600 * 24 * 2) } 1 .. 3;
	for (@pids) {
		waitpid $_, 0;
		$failed++ if $? != 0;
	}
}
is($failed, 0, 'several at once: each ends well');
my @found = values %{ list($d) };
is(scalar(grep { $_->{state} eq 'active' } @found), 1, '... one key signs');
cmp_ok(scalar(grep { $_->{state} eq 'next' } @found), '>=', 1,
    '... and there is a next one');
is(join(' ', glob "$other/.??*"), '', '... and no rest is there');
is($d->ctl([ 'key', 'list' ]), $d->ctl([ 'key', 'list' ]),
    '... which is the same for all');
$d->launch;
is($d->request(path => '/token', user => 'alice', password => 'pw')->{status},
    200, '... and a daemon can use them');
is($d->stop, 0, '... to its end');

done_testing();
