# Key sets that are fetched: from another daemon that comes, goes and changes its
# keys, and from servers that answer what they should not.
use strict;
use warnings;

use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);

use Hostile;
use Issuer qw(answer connect_to key set token);
use Jwtd;

my $no_kid = "401 'kid' names no known key";
my $resource = <<'EOT';
server "localhost" {
	listen on 127.0.0.1 port 0
	location "/v" {
		resource
		audience "api"
	}
}
EOT

# how long until an unknown kid, or a failure, has it fetched again
my $again = 40;

sub soon {
	my ($d, $token, $want, $what, @sockets) = @_;
	my @got;
	@sockets = (undef) unless @sockets;
	Jwtd::wait_until(sub {
		@got = map { answer($d, $token->(), $_) } @sockets;
		my $done = !grep { $_ ne $want } @got;
		sleep 0.2 unless $done;
		return $done;
	}, $again);
	is_deeply(\@got, [ ($want) x @got ], $what) or diag $d->log;
}

sub trust_process { return ($_[0]->pids('jwtd: trust'))[0] // 0 }
sub count { return scalar(() = $_[0]->log =~ /$_[1]/g) }

# The other issuer, on a port that it will have again
my $issuer = Jwtd->start(tls => 1, servers => <<'EOT');
server "localhost" {
	listen on 127.0.0.1 tls port 0
	listen on "DIR/sock"
	tls {
		certificate "DIR/tls.crt"
		key "DIR/tls.key"
	}
	location "/token" {
		grant
		audience "api"
	}
	location "/jwks.json" { jwks }
}
EOT
$issuer->user('alice', 'pw');
my $tls_port = $issuer->port;
{
	my $file = $issuer->dir . '/jwtd.conf';
	Jwtd::write_file($file, Jwtd::read_file($file)
	    =~ s/(tls port) 0/$1 $tls_port/r, 0644);
}
my $ca = $issuer->dir . '/tls.crt';
my $url = "https://localhost:$tls_port/jwks.json";
my $globals = <<EOT;
prefork 2
trust "https://issuer.example" {
	jwks "$url"
	ca "$ca"
}
EOT
sub issued {
	my $r = $issuer->request(path => '/token', user => 'alice',
	    password => 'pw', socket => $issuer->connect_unix($issuer->dir . '/sock'));
	return $r->{json}{access_token} // die "no token: $r->{text}";
}

my $d = Jwtd->start(signer => undef, globals => $globals,
    servers => $resource);
my @open = map { connect_to($d, $_) } 0, 1;
my $t1 = issued();
is(answer($d, $t1, $_), '202', 'its token is accepted') for @open;
like($d->log, qr/\Q$url\E: 1 key$/m, 'the log says that there is a key');
is_deeply([ map { scalar(() = $d->pids($_)) } 'jwtd-signer', 'jwtd: trust' ],
    [ 0, 1 ], 'there is a process for that, and no signer');

subtest 'the issuer has another key' => sub {
	$issuer->stop;
	$issuer->make_key($issuer->dir . '/key.pem', 3072);
	$issuer->launch;
	my $t2 = issued();
	is(answer($d, $t2, $open[0]), $no_kid, 'at once it is not known');
	soon($d, sub { $t2 }, '202', 'it is fetched soon', @open);
	is(answer($d, $t1, $open[0]), $no_kid, 'the old one is none any more');
	is(count($d, qr/\Q$url\E: 1 key$/m), 2, 'the log says so');
	$t1 = $t2;
};

subtest 'the issuer is down' => sub {
	$issuer->stop;
	my $unknown = token('https://issuer.example', key(), 'other');
	Jwtd::wait_until(sub {
		answer($d, $unknown);
		sleep 0.2;
		return $d->log =~ /\Q$url\E: connect: /;
	}, $again);
	is(count($d, qr/\Q$url\E: connect: Connection refused$/m), 1,
	    'the log says so, once');
	is(answer($d, $t1, $_), '202', 'the last good set counts') for @open;

	my $old = trust_process($d);
	kill 'KILL', $old;
	ok(Jwtd::wait_until(sub {
		my $new = trust_process($d);
		return $new && $new != $old || 0;
	}), 'the trust process is killed, and replaced');
	my ($worker) = $d->pids('jwtd: worker 1');
	kill 'KILL', $worker;
	ok(Jwtd::closes($open[1]), 'a worker is killed, too');
	ok(Jwtd::wait_until(sub {
		($d->pids('jwtd: worker 1'))[0] // $worker != $worker
	}), '... and replaced');
	$open[1] = connect_to($d, 1);
	is(answer($d, $t1, $_), '202', 'nothing is lost') for @open;
	ok($d->wait_log(qr/\Q$url\E: connect: .*\Q$url\E: connect: /s),
	    'the new process has tried');
	# of these lines, one is for -v
	unlike($d->log, qr/is there again/, 'it is not there again');
	$issuer->launch;
	Jwtd::wait_until(sub {
		answer($d, $unknown);
		sleep 0.2;
		return $d->log =~ /\Q$url\E: is there again$/m;
	}, $again);
	is(count($d, qr/\Q$url\E: is there again$/m), 1,
	    'when it is back, the log says so, once');
};

subtest 'the issuer is down when the daemon starts' => sub {
	$issuer->stop;
	my $late = Jwtd->prepare(signer => undef, globals => $globals,
	    servers => $resource);
	my $begin = time;
	$late->launch;
	cmp_ok(time - $begin, '<', $ENV{SAN} ? 30 : 8, 'it starts') or
	    diag $late->log;
	like($late->log, qr/\Q$url\E: connect: Connection refused$/m,
	    'the log says why there are no keys');
	is(answer($late, $t1), $no_kid, 'its tokens are refused');
	$issuer->launch;
	soon($late, sub { $t1 }, '202', 'they are accepted when it is there');
	like($late->log, qr/\Q$url\E: is there again$/m, 'the log says so');
	is($late->stop, 0, 'the end');
};

# What servers answer
my $key = key();
my $set = set(k => $key);
my $ok = "HTTP/1.1 200 OK\r\n";
my $length = 'Content-Length: ' . length($set) . "\r\n\r\n";
my %server = (
	'/good' => [ "$ok$length$set" ],
	'/close' => [ "HTTP/1.0 200\r\n\r\n$set" ],
	'/chunked' => [ "${ok}Transfer-Encoding: chunked\r\n\r\n" . join('',
	    map { sprintf "%x\r\n%s\r\n", length $_, $_ }
	    unpack '(a100)*', $set) . "0\r\n\r\n" ],
	'/pieces' => [ map { $_ } unpack '(a50)*', "$ok$length$set" ],
	'/interim' => [ "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
	    . "$ok$length$set" ],
	'/redirect' => [ "HTTP/1.1 302 Found\r\nLocation: /good\r\n$length$set" ],
	'/500' => [ "HTTP/1.1 500 Oops\r\n$length$set" ],
	'/404' => [ "HTTP/1.1 404 Not Found\r\n$length$set" ],
	'/large' => [ "${ok}Content-Length: 1048577\r\n\r\n",
	    (' ' x 65536) x 17 ],
	'/endless' => [ "${ok}\r\n", (' ' x 65536) x 40 ],
	'/garbage' => [ join '', map { chr int rand 256 } 1 .. 1000 ],
	'/html' => [ "$ok\r\n<html>no</html>" ],
	'/empty' => [ '' ],
	'/nokeys' => [ "$ok\r\n" . '{"keys":[]}' ],
	'/short' => [ "${ok}Content-Length: 5000\r\n\r\n$set" ],
	'/twice' => [ "${ok}Content-Length: 1\r\n$length$set" ],
	'/gzip' => [ "${ok}Content-Encoding: gzip\r\n$length$set" ],
);
my %expect = (
	'/redirect' => qr/answered with status 302/,
	'/500' => qr/answered with status 500/,
	'/404' => qr/answered with status 404/,
	'/large' => qr/the answer is too large/,
	'/endless' => qr/the answer is too large/,
	'/garbage' => qr/the answer is not HTTP\/1\.1/,
	'/html' => qr/./,
	'/empty' => qr/the answer is not whole/,
	'/nokeys' => qr/no key that can be used/,
	'/short' => qr/the answer is not whole/,
	'/twice' => qr/more than one Content-Length/,
	'/gzip' => qr/a Content-Encoding that was not asked for/,
	'/trickle' => qr/no answer in time/,
	'/silent' => qr/no answer in time/,
);
my @good = grep { !$expect{$_} } sort keys %server;

my $dir = $issuer->dir;
$issuer->make_certificate('other', 'other.example');
sub handler {
	my ($s, $path) = @_;
	if ($path eq '/trickle') {
		for (split //, "$ok$length$set") {
			syswrite $s, $_ or return;
			sleep 0.5;
		}
		return;
	}
	sleep 60 if $path eq '/silent';
	Jwtd::send_all($s, $_) or last for @{ $server{$path} // [] };
}
my $log = "$dir/asked";
my $hostile = Hostile->new("$dir/tls.crt", "$dir/tls.key", \&handler, $log);
my $misnamed = Hostile->new("$dir/other.crt", "$dir/other.key", \&handler,
    "$dir/misnamed");
my $untrusted = Hostile->new("$dir/tls.crt", "$dir/tls.key", \&handler,
    "$dir/untrusted");
# accepts and says nothing: not even TLS
my $mute = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 8)
    or die "listen: $!";

sub trust {
	my ($name, $at, $with) = @_;
	return qq(trust "https:/$name" {\n\tjwks "https://$at"\n)
	    . ($with ? qq(\tca "$with"\n) : '') . "}\n";
}
my %at = ((map { $_ => "localhost:" . $hostile->port . $_ }
    keys %server, '/trickle', '/silent'),
    '/misnamed' => 'localhost:' . $misnamed->port . '/good',
    '/untrusted' => 'localhost:' . $untrusted->port . '/good',
    '/mute' => 'localhost:' . $mute->sockport . '/good',
    '/plain' => 'localhost:' . $d->port . '/v',
    '/unknown' => 'x' x 64 . '.invalid/good');
my %with = ((map { $_ => $ca } keys %at), '/misnamed' => "$dir/other.crt");
delete $with{'/untrusted'};
%expect = (%expect, '/misnamed' => qr/tls: .*localhost.*not present/,
    '/untrusted' => qr/tls: .*certificate verification failed/,
    '/mute' => qr/no answer in time/, '/plain' => qr/tls: ./,
    '/unknown' => qr/the host's name was not found/);

my $v = Jwtd->prepare(signer => undef, servers => $resource,
    globals => join '', map { trust($_, $at{$_}, $with{$_}) } sort keys %at);
my $begin = time;
$v->launch;
cmp_ok(time - $begin, '<', $ENV{SAN} ? 40 : 10,
    'slow issuers do not hold up the start for long');
for my $path (@good) {
	is(answer($v, token("https:/$path", $key, 'k')), '202', "$path: good");
}
for my $path (sort keys %expect) {
	my $text = qr{\Qhttps://$at{$path}\E: $expect{$path}};
	ok($v->wait_log($text), "$path: the log says what is wrong")
	    or diag $v->log =~ /^.*\Q$path\E: .*$/mg;
	is(answer($v, token("https:/$path", $key, 'k')), $no_kid,
	    "$path: there is no key");
}
# the same set at another issuer is not that one's
is(answer($v, token('https://b.example', $key, 'k')),
    "401 'iss' is not a trusted issuer", 'an issuer that there is not');

my @asked = split /^/, Jwtd::read_file($log);
is(scalar(grep { m{^GET /good } } @asked), 1,
    'what is good is fetched once, and a redirection is not followed');
my ($good) = grep { m{^GET /good } } @asked;
is($good, 'GET /good HTTP/1.1|Host: localhost:' . $hostile->port
    . "|Accept: application/json|User-Agent: jwtd|Connection: close||\n",
    'the request');
ok(!-s "$dir/misnamed" && !-s "$dir/untrusted",
    'a server that cannot be verified is not asked');

# Many tokens with an unknown kid are one more request, or two
my $other = token('https://good', $key, 'x');
is(answer($v, $other), $no_kid, 'an unknown kid') for 1 .. 50;
ok(Jwtd::wait_until(sub {
	grep({ m{^GET /good } } split /^/, Jwtd::read_file($log)) > 1
}, $again), 'unknown kids: it is fetched again');
is(answer($v, $other), $no_kid, 'an unknown kid') for 1 .. 50;
cmp_ok(scalar(grep { m{^GET /good } } split /^/, Jwtd::read_file($log)), '<=',
    3, 'unknown kids: but not as often as they are seen');

# A name that is not found is looked up by another process, since this one cannot
my $before = trust_process($v);
ok(Jwtd::wait_until(sub {
	answer($v, token('https://unknown', $key, 'k'));
	sleep 0.2;
	my $now = trust_process($v);
	return $now && $now != $before || 0;
}, 90), 'a name that is not found: there is another process');
unlike($v->log, qr/trust 0 (?:was )?ended/, '... and nobody has died');
is(answer($v, token('https://good', $key, 'k')), '202',
    '... and what was there stays');
is($v->stop, 0, 'the end');

# What keeps the daemon from starting is said
for ([ "$dir/none.pem", qr/No such file or directory/ ],
    [ "$dir/jwtd.conf", qr/no certificate in PEM/ ]) {
	my ($file, $why) = @$_;
	my $bad = Jwtd->prepare(signer => undef, servers => $resource,
	    globals => trust('/good', $at{'/good'}, $file));
	is(eval { $bad->launch; 1 }, undef, "ca \"$file\": it does not start");
	like($bad->log, qr/^jwtd: trust: \Q$file\E: $why/m,
	    '... and says why');
}

is($d->stop, 0, 'the end');
done_testing();
