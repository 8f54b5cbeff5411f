# The files of trusted issuers while the daemon runs: replaced, broken, removed;
# and the processes that have to do with them killed meanwhile.
use strict;
use warnings;

use Test::More;

use Issuer qw(answer connect_to key set token);
use Jwtd;

my ($one, $two, $three, $pem) = map { key() } 1 .. 4;
my $B = 'https://b.example';
my $C = 'https://c.example';
my $no_kid = "401 'kid' names no known key";

my $d = Jwtd->start(signer => undef, globals => <<'EOT',
prefork 2
trust "https://b.example" {
	jwks "DIR/b.json"
}
trust "https://c.example" {
	key "DIR/c.pem"
}
EOT
    servers => <<'EOT', files => { 'b.json' => set(one => $one),
server "localhost" {
	listen on 127.0.0.1 port 0
	location "/v" {
		resource
		audience "api"
	}
}
EOT
    'c.pem' => scalar qx(openssl pkey -in $pem -pubout) });
my $file = $d->dir . '/b.json';

# these stay open to the end
my @open = map { connect_to($d, $_) } 0, 1;

sub replace {
	my ($text, $name) = @_;
	$name //= $file;
	Jwtd::write_file("$name.new", $text, 0644);
	rename "$name.new", $name or die "rename: $!";
}

# Both workers say so, in the time that the manual promises or a slow machine's.
sub both {
	my ($token, $want, $what) = @_;
	my @got;
	Jwtd::wait_until(sub {
		@got = map { answer($d, $token, $_) } @open;
		return !grep { $_ ne $want } @got;
	}, $ENV{SAN} ? 30 : 10);
	is_deeply(\@got, [ ($want) x @open ], $what);
}

sub count {
	my ($pattern) = @_;
	return scalar(() = $d->log =~ /$pattern/g);
}

sub trust_process { return ($d->pids('jwtd: trust'))[0] }

my ($t1, $t2, $t3) = (token($B, $one, 'one'), token($B, $two, 'two'),
    token($B, $three, 'three'));
my $tc = token($C, $pem);

both($t1, '202', 'at first');
both($t2, $no_kid, 'a key that is not there yet');
both($tc, '202', 'the issuer with PEM');

replace(set(two => $two));
both($t2, '202', 'replaced: the new key');
both($t1, $no_kid, 'replaced: the old one');
both($tc, '202', 'replaced: the other issuer');
is(count(qr/b\.json: 1 key$/m), 2, 'replaced: logged, once');

# In place, half of it first
my $text = set(two => $two, three => $three);
open my $f, '>', $file or die "$file: $!";
$f->autoflush;
print $f substr $text, 0, 700;
ok($d->wait_log(qr/b\.json: (?!\d+ key)./), 'half of it: logged');
both($t2, '202', 'half of it: the last good one counts');
print $f substr $text, 700;
close $f or die "$file: $!";
both($t3, '202', 'the rest: it counts');
is(count(qr/b\.json: is there again$/m), 1, 'the rest: logged, once');

# Broken in several ways, each as long as the daemon looks twice
for my $bad ('{', '', '{"keys":[]}', "\0" x 100, 'x' x (2 * 1024 * 1024)) {
	my $known = count(qr/b\.json: ./m);
	replace($bad);
	ok(Jwtd::wait_until(sub { count(qr/b\.json: ./m) > $known + 1 }),
	    'broken: it was looked at, and once more');
	both($t3, '202', 'broken: the last good one counts');
}
# with -v each time is seen; what an administrator sees are warnings
like($d->log, qr/b\.json: too large$/m, 'broken: too large');

# A worker that dies meanwhile
my ($worker) = $d->pids('jwtd: worker 1');
kill 'KILL', $worker;
ok(Jwtd::closes($open[1]), 'a worker is killed');
ok(Jwtd::wait_until(sub {
	my ($new) = $d->pids('jwtd: worker 1');
	return ($new // 0) > 0 && $new != $worker;
}), '... and replaced');
$open[1] = connect_to($d, 1);
is(answer($d, $t3, $open[1]), '202', '... by one that has the last good set');
is(answer($d, $tc, $open[1]), '202', '... and the other issuer\'s');

# The trust process dies, and its successor meets the broken file
my $trust = trust_process();
kill 'KILL', $trust;
ok(Jwtd::wait_until(sub {
	my $new = trust_process();
	return ($new // 0) > 0 && $new != $trust;
}), 'the trust process is killed, and replaced');
like($d->log, qr/trust 0 was ended by signal 9$/m, '... which is logged');
both($t3, '202', '... and nothing is lost');
replace(set(one => $one));
both($t1, '202', 'mended: it counts again');
both($t3, $no_kid, 'mended: what it had before does not');
is(count(qr/b\.json: is there again$/m), 2, 'mended: logged, once');

# Removed
unlink $file;
ok($d->wait_log(qr/b\.json: No such file or directory$/m), 'removed: logged');
sleep 3;
is(count(qr/b\.json: No such file/m), 1, 'removed: once');
both($t1, '202', 'removed: the last good one counts');
kill 'KILL', trust_process();
kill 'KILL', ($d->pids('jwtd: worker 0'))[0];
ok(Jwtd::closes($open[0]), 'removed: and both processes are killed');
ok(Jwtd::wait_until(sub { eval { $open[0] = connect_to($d, 0) } // 0 }),
    'removed: there is another worker');
both($t1, '202', 'removed: it has the last good one');
mkdir $file;
ok($d->wait_log(qr/b\.json: /), 'a folder in its place');
both($t1, '202', '... changes nothing');
rmdir $file;
replace(set(two => $two));
both($t2, '202', 'there again: it counts');

# A link to another file, as a volume of containers has it
replace(set(three => $three), $d->dir . '/elsewhere.json');
unlink $file;
symlink 'elsewhere.json', $file or die "symlink: $!";
both($t3, '202', 'a link: what it points to');
replace(set(one => $one), $d->dir . '/elsewhere.json');
both($t1, '202', 'a link: when that changes');

# two writes in one tick, of one length
for my $set (set(aaa => $two), set(bbb => $two)) {
	open $f, '+<', $d->dir . '/elsewhere.json' or die "$!";
	truncate $f, 0;
	syswrite $f, $set;
	close $f;
}
both(token($B, $two, 'bbb'), '202', 'written twice at once: the last counts');

# the other kind
my $other = key();
replace(scalar qx(openssl pkey -in $other -pubout), $d->dir . '/c.pem');
both(token($C, $other), '202', 'PEM: the new key');
both($tc, '401 the signature does not match', 'PEM: the old one');
replace(scalar qx(openssl pkey -in $pem), $d->dir . '/c.pem');
ok($d->wait_log(qr/c\.pem: ./), 'PEM: a private key is no public one');
both(token($C, $other), '202', 'PEM: it changes nothing');

unlike($d->log, qr/worker \d+ ended|worker \d+: .*(?:keys of|fatal)/,
    'no worker has met a set that it could not use');
is($d->stop, 0, 'the end');

done_testing();
