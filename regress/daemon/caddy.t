# Behind Caddy, with etc/caddy/Caddyfile as it is but for TLS, paths and ports.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use IO::Socket::INET;
use Test::More;

use Jwtd;
use Proxy;

my $caddy = Proxy::program('caddy') or plan skip_all => 'no caddy';

my $top = abs_path(dirname(__FILE__) . '/../..');
my ($example) = Jwtd::read_file("$top/man/jwtd.conf.5")
    =~ /^(server "www\.example\.com" \{\n.*?^\}\n)/ms;
$example =~ s{/run/jwtd/jwtd\.sock}{DIR/jwtd.sock};
my $d = Jwtd->start(servers => $example);
my $dir = $d->dir;
$d->write_users(
    Jwtd::line('alice', 'pw', '{"scope":"read","email":"alice@example.com"}'),
    Jwtd::line('bob', 'pw', '{"scope":"write"}'),
    Jwtd::line('carol', 'pw', '{"scope":"read"}'));

my ($application, $behind) = Proxy->application;
my $port = Proxy::free_port();
Jwtd::write_file("$dir/Caddyfile", <<"EOF" . Proxy::example('caddy/Caddyfile',
{
	admin off
	auto_https off
}
EOF
    'www.example.com {' => "http://www.example.com:$port {\n"
	. "\tbind 127.0.0.1",
    '/run/jwtd/jwtd.sock' => "$dir/jwtd.sock",
    '127.0.0.1:3000' => "127.0.0.1:$behind"));
mkdir "$dir/home", 0700 or die "mkdir: $!";
my $proxy = Proxy->start("$dir/caddy.log", $port, 'env', "HOME=$dir/home",
    "XDG_DATA_HOME=$dir/home", "XDG_CONFIG_HOME=$dir/home", $caddy, 'run',
    '--config', "$dir/Caddyfile", '--adapter', 'caddyfile');

sub request {
	my (%arg) = @_;
	my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $port, LocalAddr => $arg{source} // '127.0.0.1',
	    Proto => 'tcp') || die "connect: $!";
	return $d->request(socket => $s, %arg,
	    headers => { Host => 'www.example.com', %{ $arg{headers} || {} } });
}
sub got { return join '|', $_[0]{body} =~ /^\Q$_[1]\E: *(.*?)\r$/mgi }

my %token = map { $_ => request(path => '/token', user => $_,
    password => 'pw')->{json}{access_token} } qw(alice bob carol);
ok($token{$_}, "a token for $_") for sort keys %token;
is(request(path => '/.well-known/jwks.json')->{json}{keys}[0]{kty}, 'RSA',
    'the keys');

my $r = request(path => '/api/x?a=b', bearer => $token{alice});
is($r->{status}, 200, 'with a token');
like($r->{body}, qr{^GET /api/x\?a=b HTTP}, '... it gets there');
is(got($r, 'X-Auth-Subject'), 'alice', '... with the subject');
is(got($r, 'X-Auth-Scope'), 'read', '... the scope');
is(got($r, 'X-Auth-Email'), 'alice@example.com', '... the claim');
is(got($r, 'Authorization'), '', '... and not the token');
$r = request(path => '/api/x', bearer => $token{alice}, body => 'b' x 10000);
is($r->{status}, 200, 'a POST that is larger than jwtd takes');
like($r->{body}, qr/^POST .*^Content-Length: 10000\r$/msi, '... as it was');

$r = request(path => '/api/x');
is($r->{status}, 401, 'without a token');
is(Jwtd::field($r, 'WWW-Authenticate'), 'Bearer realm="www.example.com"',
    '... the challenge is that of jwtd');
is(request(path => '/api/x', bearer => "$token{alice}x")->{status}, 401,
    'with a bad token');
is(request(path => '/api/x', bearer => $token{bob})->{status}, 403,
    'without the scope');

my %forged = ('X-Auth-Subject' => 'root', 'X-Auth-Scope' => 'admin',
    'X-Auth-Email' => 'root@example.com', 'X-Auth-Other' => 'root');
for my $user (qw(alice carol)) {
	$r = request(path => '/api/x', bearer => $token{$user},
	    headers => \%forged);
	is(got($r, 'X-Auth-Subject'), $user, "$user, with forged headers");
	unlike($r->{body}, qr/root|admin/, '... nowhere');
}

request(path => '/token', source => '127.0.0.9', user => 'alice',
    password => 'pw', headers => { 'X-Forwarded-For' => '6.6.6.6' });
my @found = $d->log =~ /grant user="alice" client=(\S+) .*status=200 /mg;
is($found[-1], '127.0.0.9', 'the address in the log, and not a forged one');

is($d->stop, 0, 'jwtd ends');
is(request(path => '/api/x', bearer => $token{alice})->{status}, 502,
    'without jwtd nothing passes');

done_testing();
