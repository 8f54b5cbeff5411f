# Behind nginx, with etc/nginx/jwtd.conf as it is but for paths and ports.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

use Jwtd;
use Proxy;
use Token;

my $nginx = Proxy::program('nginx') or plan skip_all => 'no nginx';
plan skip_all => 'nginx has no auth_request'
    if (Jwtd::run([ $nginx, '-V' ]))[1] !~ /http_auth_request_module/;
plan skip_all => 'no IO::Socket::SSL'
    unless eval { require IO::Socket::SSL };
$SIG{PIPE} = 'IGNORE';

# The manual's example is what the daemon has here
my $top = abs_path(dirname(__FILE__) . '/../..');
my $manual = Jwtd::read_file("$top/man/jwtd.conf.5");
my ($example) = $manual =~ /^(server "www\.example\.com" \{\n.*?^\}\n)/ms;
ok($example, 'jwtd.conf.5 has an example');
$example =~ s{/run/jwtd/jwtd\.sock}{DIR/jwtd.sock};
my $d = Jwtd->start(servers => $example, tls => 1);
my $dir = $d->dir;
$d->write_users(
    Jwtd::line('alice', 'pw', '{"scope":"read","email":"alice@example.com"}'),
    Jwtd::line('bob', 'pw', '{"scope":"write"}'),
    Jwtd::line('carol', 'pw', '{"scope":"read"}'));

my ($application, $behind) = Proxy->application;
my $port = Proxy::free_port();
my $site = Proxy::example('nginx/jwtd.conf',
    '/run/jwtd/jwtd.sock' => "$dir/jwtd.sock",
    'listen 443' => "listen 127.0.0.1:$port",
    '/etc/ssl/www.example.com.crt' => "$dir/tls.crt",
    '/etc/ssl/private/www.example.com.key' => "$dir/tls.key",
    '127.0.0.1:3000' => "127.0.0.1:$behind");
Jwtd::write_file("$dir/site.conf", $site);
my $as = $> == 0 ? 'user nobody ' . getgrgid((getpwnam 'nobody')[3]) . ';'
    : '';
my $temporary = join '', map { "\t${_}_temp_path $dir/$_;\n" }
    qw(client_body proxy fastcgi uwsgi scgi);
Jwtd::write_file("$dir/nginx.conf", <<"EOF");
$as
daemon off;
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/nginx.log;
events { worker_connections 64; }
http {
	access_log off;
$temporary	include $dir/site.conf;
}
EOF
my $log = "$dir/nginx.out";
my $proxy = Proxy->start($log, $port, $nginx, '-p', $dir, '-e',
    "$dir/nginx.log", '-c', "$dir/nginx.conf");

sub request {
	my (%arg) = @_;
	return $d->request(socket => $d->connect_tls($port), %arg,
	    headers => { Host => 'www.example.com', %{ $arg{headers} || {} } });
}
sub token {
	my ($user) = @_;
	return request(path => '/token', user => $user,
	    password => 'pw')->{json}{access_token};
}

# What the manual shows of nginx.conf is in the file
my ($shown) = $manual =~ /^\.Bd -unfilled[^\n]*\n(.*?)^\.Ed/ms;
my %have = map { s/^\s+|\s+$//gr => 1 } split /\n/,
    Jwtd::read_file("$top/etc/nginx/jwtd.conf");
is(join("\n", grep { !$have{$_} } map { s/^\s+//r } split /\n/, $shown // '?'),
    '', 'the lines of jwtd.conf.5 are in etc/nginx/jwtd.conf');

my %token = map { $_ => token($_) } qw(alice bob carol);
ok($token{$_}, "a token for $_") for sort keys %token;
my $r = request(path => '/token', user => 'alice', password => 'pw',
    body => 'grant_type=client_credentials');
is($r->{status}, 200, 'a POST');
$r = request(path => '/token', user => 'alice', password => 'no');
is($r->{status}, 401, 'a wrong password');
like(Jwtd::field($r, 'WWW-Authenticate'), qr/^Basic realm=/, '... challenge');
is($r->{json}{error}, 'invalid_client', '... and body');
is(request(path => '/token', user => 'alice', password => 'pw',
    body => 'x' x 9000)->{status}, 413, 'a body that is too large');
is(request(path => '/.well-known/jwks.json')->{json}{keys}[0]{kty}, 'RSA',
    'the keys');
is(request(path => '/verify/read', bearer => $token{alice})->{status}, 404,
    'jwtd is not asked directly');
is(request(path => '/_verify', bearer => $token{alice})->{status}, 404,
    'nor by a client');

# What gets to the application
$r = request(path => '/api/x?a=b', bearer => $token{alice});
is($r->{status}, 200, 'with a token');
like($r->{body}, qr{^GET /api/x\?a=b HTTP}, '... it gets there');
sub got { return join '|', $_[0]{body} =~ /^\Q$_[1]\E: *(.*?)\r$/mgi }
is(got($r, 'X-Auth-Subject'), 'alice', '... with the subject');
is(got($r, 'X-Auth-Scope'), 'read', '... the scope');
is(got($r, 'X-Auth-Email'), 'alice@example.com', '... the claim');
is(got($r, 'X-Forwarded-For'), '127.0.0.1', '... the address');
is(got($r, 'Authorization'), '', '... and not the token');
$r = request(path => '/api/x', bearer => $token{alice}, body => 'b' x 10000);
is($r->{status}, 200, 'a POST that is larger than jwtd takes');
like($r->{body}, qr/^POST .*^Content-Length: 10000\r$/msi, '... as it was');

# No other way
$r = request(path => '/api/x');
is($r->{status}, 401, 'without a token');
is(Jwtd::field($r, 'WWW-Authenticate'), 'Bearer realm="www.example.com"',
    '... the challenge is that of jwtd');
unlike($r->{body}, qr/GET/, '... it does not get there');
$r = request(path => '/api/x', bearer => $token{alice} =~ s/.{9}\z//r);
is($r->{status}, 401, 'with a bad token');
like(Jwtd::field($r, 'WWW-Authenticate'), qr/error="invalid_token"/,
    '... and that is said');
is(request(path => '/api/x', user => 'alice', password => 'pw')->{status}, 401,
    'with a password');
is(request(path => '/api/x', bearer => $token{bob})->{status}, 403,
    'without the scope');
is(request(path => '/api/x', bearer => Token::token("$dir/key.pem",
    aud => 'other', scope => 'read'))->{status}, 401, 'for somebody else');

# A client's own headers
my %forged = ('X-Auth-Subject' => 'root', 'X-Auth-Scope' => 'admin',
    'X-Auth-Email' => 'root@example.com', 'X_Auth_Subject' => 'root');
$r = request(path => '/api/x', bearer => $token{alice}, headers => \%forged);
is(got($r, 'X-Auth-Subject'), 'alice', 'a forged subject');
is(got($r, 'X-Auth-Scope'), 'read', 'a forged scope');
is(got($r, 'X-Auth-Email'), 'alice@example.com', 'a forged claim');
unlike($r->{body}, qr/root|admin/, '... nowhere');
$r = request(path => '/api/x', bearer => $token{carol}, headers => \%forged);
is($r->{status}, 200, 'a token without the claim');
unlike($r->{body}, qr/root|admin|X-Auth-Email/i,
    '... none is there, not the forged one either');
is(request(path => '/api/x', headers => \%forged)->{status}, 401,
    'forged ones instead of a token');

# Large tokens: the file says that 16 kilobytes is what there is
for my $size (1000, 6000, 8900, 10000) {
	my $large = Token::token("$dir/key.pem", aud => 'www', scope => 'read',
	    pad => 'x' x $size);
	$r = request(path => '/api/x', bearer => $large);
	is($r->{status}, 200, length($large) . ' bytes of token');
	is(got($r, 'X-Auth-Subject'), 'alice', '... and its subject');
}
for my $size (20000, 60000) {
	like(request(path => '/api/x', bearer => 'x' x $size)->{status},
	    qr/^4(?:00|31)$/, "$size bytes are refused");
}
$r = request(path => '/api/x', bearer => $token{alice},
    headers => { map { ("X-$_" => 'x' x 5000) } 1 .. 6 });
is($r->{status}, 200, 'a head that is too large for jwtd, with a token');

# Connections to jwtd are kept
sub kept {
	open my $f, '<', '/proc/net/unix' or return;
	# the state is 03 when it is connected
	return join ' ', sort map { (split)[6] } grep {
		m{ 03 +\d+ \Q$dir\E/jwtd\.sock$} } <$f>;
}
SKIP: {
	skip 'no /proc/net/unix', 2 unless -r '/proc/net/unix';
	my $before = kept();
	ok($before, 'a connection to jwtd is left open');
	request(path => '/api/x', bearer => $token{alice}) for 1 .. 10;
	is(kept(), $before, 'and ten requests need no other');
}

# The client's address
sub address {
	my (@forwarded) = @_;
	my $text = Jwtd::text(path => '/token', headers => { Host =>
	    'www.example.com', Connection => 'close' });
	$text =~ s/\r\n\r\n/\r\nX-Forwarded-For: $_\r\n\r\n/ for @forwarded;
	my $lines = () = $d->log =~ /grant user=/g;
	Jwtd::talk($d->connect_tls($port, LocalAddr => '127.0.0.9'), $text);
	my @found = $d->log =~ /grant user="" client=(\S+) .*status=401 /mg;
	my $new = () = $d->log =~ /grant user=/g;
	return $new == $lines + 1 ? $found[-1] : 'no line';
}
is(address(), '127.0.0.9', 'the address in the log');
is(address('6.6.6.6'), '127.0.0.9', '... cannot be forged');
is(address('6.6.6.6, 127.0.0.1', '6.6.6.6'), '127.0.0.9', '... by any list');

# Without jwtd nothing passes
is($d->stop, 0, 'jwtd ends');
is(request(path => '/api/x', bearer => $token{alice})->{status}, 500,
    'without jwtd nothing passes');
is(request(path => '/token', user => 'alice', password => 'pw')->{status}, 502,
    '... and there are no tokens');
my $errors = join '', grep { /\[(?:alert|crit|emerg)\]/ }
    split /^/, Jwtd::read_file("$dir/nginx.log");
unlike($errors, qr/alert|emerg/, 'nginx has nothing to complain of')
    or diag $errors;

done_testing();
