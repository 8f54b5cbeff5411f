# A real container registry that takes our tokens, with etc/registry/config.yml
# as it is but for paths, ports and hosts; and skopeo, which pushes and pulls.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use MIME::Base64 qw(decode_base64url);
use Test::More;

use Jwtd;
use Proxy;
use Registry;
use Token;

Proxy::program($_) or plan skip_all => "no $_" for qw(docker-registry skopeo);
plan skip_all => 'no IO::Socket::SSL'
    unless eval { require IO::Socket::SSL };
$SIG{PIPE} = 'IGNORE';

# The manual's example is what the daemon has here
my $service = 'registry.example.com';
my $manual = Jwtd::read_file(abs_path(dirname(__FILE__)
    . '/../../man/jwtd.conf.5'));
my ($example) = grep { /audience "\Q$service\E"/ }
    $manual =~ /^\.Bd -literal[^\n]*\n(signer \{.*?)^\.Ed/msg;
ok($example, 'jwtd.conf.5 has an example');
my $d = Jwtd->prepare(tls => 1);
my $dir = $d->dir;
my %here = ('/etc/jwtd/keys/2026' => "$dir/key",
    '/var/db/jwtd/users' => "$dir/users.d/users",
    '/etc/ssl/auth.example.com.crt' => "$dir/tls.crt",
    '/etc/ssl/private/auth.example.com.key' => "$dir/tls.key",
    'listen on * tls port 443' => 'listen on 127.0.0.1 tls port 0',
    "\tlisten on :: tls port 443\n" => '');
for my $from (keys %here) {
	$example =~ s/\Q$from\E/$here{$from}/g
	    or fail("no \"$from\" in the example");
}
Jwtd::write_file("$dir/jwtd.conf", $example);

# What it shows of config.yml is in the file
my ($yml) = $manual =~ /^\.Bd -literal[^\n]*\n(auth:\n.*?)^\.Ed/ms;
my %have = map { $_ => 1 } split /\n/, Proxy::example('registry/config.yml');
is(join("\n", grep { !$have{$_} } split /\n/, $yml // '?'), '',
    'the lines of jwtd.conf.5 are in etc/registry/config.yml');

# The manual's grants are those of ci
my ($shown) = $manual =~ /^# jwtctl user add ci '(.*?)'$/ms;
ok($shown, 'it has grants');
$d->write_users(
    Jwtd::line('ci', 'pw', $shown =~ s/\s*\n\s*//gr),
    Jwtd::line('reader', 'pw', '{"access":[{"type":"repository",'
    . '"name":"team/*","actions":["pull"]}]}'),
    Jwtd::line('other', 'pw', '{"access":[{"type":"repository",'
    . '"name":"other/*","actions":["*"]}],"aud":"elsewhere"}'),
    Jwtd::line('admin', 'pw', '{"access":[{"type":"registry",'
    . '"name":"catalog","actions":["*"]}]}'),
    Jwtd::line('nothing', 'pw'),
    Jwtd::line('broken', 'pw', '{"access":{"type":"repository"}}'));
$d->ctl([ qw(certificate new -s) ]);
$d->launch;
my ($auth) = $d->ports;
my $realm = "https://127.0.0.1:$auth/token";
my $registry = Registry->start(dir => $dir, realm => $realm,
    bundle => "$dir/key.crt", tls => "$dir/tls");
my $host = $registry->name;

# a request to the registry, and one to us
sub ask {
	my (%arg) = @_;
	return $d->request(socket => $d->connect_tls($registry->port), %arg,
	    headers => { Host => $host });
}
sub token_request {
	my ($user, @parameters) = @_;
	my $path = '/token?' . join '&', @parameters;
	return $d->request(socket => $d->connect_tls($auth), path => $path,
	    user => $user, password => 'pw');
}

# the claim of a token request, short: "repository team/app pull,push; ..."
sub access_of {
	my ($user, @scopes) = @_;
	my $r = token_request($user, "account=$user", "service=$service",
	    map { "scope=$_" } @scopes);
	return "status $r->{status}" if $r->{status} != 200;
	my (undef, $claims) = Jwtd::decode_token($r->{json}{token});
	return 'none' if ref $claims->{access} ne 'ARRAY';
	return join '; ', map { join ' ', $_->{type}, $_->{name},
	    join ',', @{ $_->{actions} } } @{ $claims->{access} };
}

subtest 'the challenge' => sub {
	my $r = ask(path => '/v2/');
	is($r->{status}, 401, 'without a token');
	is(Jwtd::field($r, 'WWW-Authenticate'),
	    qq(Bearer realm="$realm",service="$service"), 'where to get one');
	$r = ask(path => '/v2/team/app/tags/list');
	is($r->{status}, 401, 'of a repository');
	is(Jwtd::field($r, 'WWW-Authenticate'), qq(Bearer realm="$realm",)
	    . qq(service="$service",scope="repository:team/app:pull"),
	    '... with what is needed');
};

subtest 'a token' => sub {
	my $r = token_request('ci', 'account=ci', "service=$service",
	    'scope=repository:team/app:pull,push',
	    'scope=repository:other/app:pull');
	is($r->{status}, 200, 'for two repositories');
	my $json = $r->{json};
	is($json->{access_token}, $json->{token}, 'token and access_token');
	is($json->{expires_in}, 900, 'expires_in');
	like($json->{issued_at}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
	    'issued_at');
	like(Jwtd::field($r, 'Cache-Control'), qr/no-store/, 'Cache-Control');
	my ($header, $claims) = Jwtd::decode_token($json->{token});
	is(scalar @{ $header->{x5c} }, 1, 'x5c');
	like(Jwtd::payload($json->{token}), qr/"aud":"\Q$service\E"/,
	    'the audience is a string');
	is($claims->{sub}, 'ci', 'sub');
	is($claims->{iss}, 'https://auth.example.com', 'iss');
	is_deeply($claims->{access}, [ { type => 'repository',
	    name => 'team/app', actions => [ 'pull', 'push' ] } ],
	    'access is what is allowed of what was asked');
	unlike(Jwtd::payload($json->{token}), qr/\*/,
	    'nothing of the grants is in it');

	is(access_of('ci', 'repository:team/app:pull'),
	    'repository team/app pull', 'less than is allowed');
	is(access_of('reader', 'repository:team/app:pull,push'),
	    'repository team/app pull', 'more than is allowed');
	is(access_of('reader', 'repository:team/a:pull,push%20repository:'
	    . 'team/b:push%20repository:team/c:pull'),
	    'repository team/a pull; repository team/c pull',
	    'several in one scope');
	is(access_of('other', 'repository:team/app:pull'), '', 'nothing');
	is(access_of('nothing', 'repository:team/app:pull'), '',
	    'a user without access');
	is(access_of('ci'), '', 'no scope, to log in');
	is(access_of('ci', 'registry:catalog:*'), '', 'no catalog');
	is(access_of('admin', 'registry:catalog:*'), 'registry catalog *',
	    'a catalog');
	is(access_of('ci', 'repository:team/app:*'), '', 'not all actions');
	is(access_of('other', 'repository:other/app:*'),
	    'repository other/app *', '... but for who has them');
	is(access_of('broken', ''), 'status 500', 'grants that are broken');
	like($d->log, qr/user "broken": the grants' "access" is no list$/m,
	    '... are logged');
};

subtest 'what is refused' => sub {
	for ('repository:team/*:pull', 'repository:*:pull', 'repository::pull',
	    'repository:team/app', 'read', 'repository:team/../x:pull',
	    'repository:Team/App:pull', 'repository:a:pull%20') {
		my $r = token_request('ci', "service=$service", "scope=$_");
		is($r->{status}, 400, "scope $_");
		is($r->{json}{error}, 'invalid_scope', '... and says so');
	}
	my $r = token_request('ci', 'service=elsewhere',
	    'scope=repository:team/app:pull');
	is($r->{status}, 400, 'another service');
	is($r->{json}{error}, 'invalid_target', '... and says so');
	$r = $d->request(socket => $d->connect_tls($auth), user => 'ci',
	    password => 'no', path => "/token?service=$service"
	    . '&scope=repository:team/app:pull');
	is($r->{status}, 401, 'a wrong password');
	$r = $d->request(socket => $d->connect_tls($auth),
	    path => "/token?service=$service");
	is($r->{status}, 401, 'nobody');
};

subtest 'containerd' => sub {
	# it tries OAuth 2.0 first, without an Authorization header
	my $r = $d->request(socket => $d->connect_tls($auth), path => '/token',
	    body => "grant_type=password&service=$service&client_id=containerd"
	    . '-client&scope=repository%3Ateam%2Fapp%3Apull&username=ci'
	    . '&password=pw');
	is($r->{status}, 400, 'a POST with a password');
	is($r->{json}{error}, 'unsupported_grant_type', '... is not supported');
	like(Jwtd::field($r, 'Content-Type'), qr{^application/json},
	    '... which is said in JSON');
	is(access_of('ci', 'repository:team/app:pull'),
	    'repository team/app pull', 'then a GET');
};

subtest 'tokens at the registry' => sub {
	my $path = '/v2/team/app/tags/list';
	my $token = token_request('ci', "service=$service",
	    'scope=repository:team/app:pull')->{json}{token};
	is(ask(path => '/v2/', bearer => $token)->{status}, 200, 'a good one');
	is(ask(path => $path, bearer => $token)->{status}, 404,
	    '... for a repository that is not there yet');
	is(ask(path => '/v2/team/web/tags/list', bearer => $token)->{status},
	    401, '... and not for another');
	is(ask(path => '/v2/team/app/blobs/uploads/', bearer => $token,
	    method => 'POST', body => '')->{status}, 401,
	    '... nor to push');
	is(ask(path => '/v2/', bearer => $token =~ s/.{9}\z//r)->{status}, 401,
	    'without a part of it');
	my $other = $d->request(socket => $d->connect_tls($auth),
	    path => '/token?audience=elsewhere', user => 'other',
	    password => 'pw')->{json}{token};
	ok($other, 'a token for elsewhere');
	is(ask(path => '/v2/', bearer => $other)->{status}, 401,
	    '... is not for the registry');
	my $catalog = token_request('admin', "service=$service",
	    'scope=registry:catalog:*')->{json}{token};
	is(ask(path => '/v2/_catalog', bearer => $catalog)->{status}, 200,
	    'the catalog');
	is(ask(path => '/v2/_catalog', bearer => $token)->{status}, 401,
	    '... is not for everybody');
	# patterns mean nothing where no service asked them away
	my $plain = $d->request(socket => $d->connect_tls($auth),
	    path => '/token', user => 'ci', password => 'pw')->{json}{token};
	is(ask(path => $path, bearer => $plain)->{status}, 401,
	    'a token that was not asked for by a registry\'s client');
};

my ($image, $digest) = Registry::image($dir, 'image', "hello\n");

subtest 'skopeo' => sub {
	my ($status, $out) = $registry->skopeo("pw\n", 'login', '-u', 'ci',
	    '--password-stdin', $host);
	is($status, 0, 'log in') or diag $out;
	like($out, qr/Login Succeeded/, '... which it says');
	($status, $out) = $registry->skopeo('', 'logout', $host);
	is($status, 0, 'log out') or diag $out;
	($status, $out) = $registry->skopeo("wrong\n", 'login', '-u', 'ci',
	    '--password-stdin', $host);
	isnt($status, 0, 'log in with a wrong password');
	like($out, qr/invalid username\/password|unauthorized/i,
	    '... which is said');

	($status, $out) = $registry->push_image('ci:pw', $image,
	    'team/app:1');
	is($status, 0, 'push') or diag $out, $registry->log;
	my $token = token_request('ci', "service=$service",
	    'scope=repository:team/app:pull')->{json}{token};
	my $r = ask(path => '/v2/team/app/tags/list', bearer => $token);
	is_deeply($r->{json}, { name => 'team/app', tags => [ '1' ] },
	    '... it is there');
	for my $who ('ci', 'reader') {
		($status, $out) = $registry->pull_image("$who:pw",
		    'team/app:1', "$dir/pulled.$who:1");
		is($status, 0, "pull by $who") or diag $out;
		like(Jwtd::read_file("$dir/pulled.$who/index.json"),
		    qr/"\Q$digest\E"/, '... the same image');
	}
	my ($new) = Registry::image($dir, 'new', "world\n");
	($status, $out) = $registry->push_image('reader:pw', $new,
	    'team/app:2');
	isnt($status, 0, 'no push by reader');
	like($out, qr/unauthorized|denied|authentication required/i,
	    '... which is said');
	for ([ other => 'team/app:1' ], [ nothing => 'team/app:1' ],
	    [ admin => 'team/app:1' ]) {
		my ($who, $what) = @$_;
		($status, $out) = $registry->pull_image("$who:pw", $what,
		    "$dir/no.$who:1");
		isnt($status, 0, "no pull of $what by $who");
		like($out, qr/unauthorized|denied|authentication required/i,
		    '... which is said');
	}
	($status, $out) = $registry->push_image('ci:pw', $new, 'other/app:1');
	isnt($status, 0, 'no push to another');
	($status, $out) = $registry->push_image('other:pw', $new,
	    'other/a/b:1');
	is($status, 0, 'push by another') or diag $out;
	($status, $out) = $registry->pull_image('ci:pw', 'other/a/b:1',
	    "$dir/no.ci:1");
	isnt($status, 0, '... which is not for everybody');
	$r = ask(path => '/v2/team/app/tags/list', bearer => $token);
	is_deeply($r->{json}{tags}, [ '1' ], 'nothing else was pushed');
	$r = ask(path => '/v2/_catalog', bearer => token_request('admin',
	    "service=$service", 'scope=registry:catalog:*')->{json}{token});
	is_deeply($r->{json}{repositories}, [ 'other/a/b', 'team/app' ],
	    '... anywhere');
};

# Nobody signs for us: another key, with a certificate of our name
subtest 'forged tokens' => sub {
	Jwtd::run([ qw(openssl req -x509 -newkey rsa:2048 -nodes -subj
	    /CN=auth -keyout), "$dir/evil.pem", '-out', "$dir/evil.crt" ]);
	my ($evil) = Jwtd::read_file("$dir/evil.crt") =~ /-----\n(.*?)-----E/s;
	$evil =~ s/\s//g;
	my $token = token_request('ci', "service=$service",
	    'scope=repository:team/app:pull')->{json}{token};
	my ($header, $claims) = Jwtd::decode_token($token);
	my $good = Token::signed("$dir/key.pem", $header, $claims);
	is(ask(path => '/v2/', bearer => $good)->{status}, 200,
	    'a token by our key');
	for my $x5c ([ $evil ], [ $evil, @{ $header->{x5c} } ],
	    $header->{x5c}) {
		my $forged = Token::signed("$dir/evil.pem",
		    { %$header, x5c => $x5c }, $claims);
		is(ask(path => '/v2/', bearer => $forged)->{status}, 401,
		    'and by another');
	}
};

# Another type of key, by the manual's advice: its certificate is added first
subtest 'another key' => sub {
	$registry->stop;
	$d->stop;
	Jwtd::write_file("$dir/bundle.crt", Jwtd::read_file("$dir/key.crt"));
	my $conf = Jwtd::read_file("$dir/jwtd.conf");
	$conf =~ s{key "(\S+)/key\.pem" certificate "\S+"}
	    {key "$1/ec.pem" certificate "$1/ec.crt"\n\tkey "$1/key.pem" retired};
	Jwtd::write_file("$dir/jwtd.conf", $conf);
	$d->ctl([ qw(key new -t ec) ]);
	$d->ctl([ qw(certificate new -s) ]);
	Jwtd::write_file("$dir/bundle.crt", Jwtd::read_file("$dir/key.crt")
	    . Jwtd::read_file("$dir/ec.crt"));
	$d->launch;
	($auth) = $d->ports;
	$registry = Registry->start(dir => $dir, tls => "$dir/tls",
	    bundle => "$dir/bundle.crt",
	    realm => "https://127.0.0.1:$auth/token");
	$host = $registry->name;
	my ($status, $out) = $registry->pull_image('reader:pw', 'team/app:1',
	    "$dir/pulled.ec:1");
	is($status, 0, 'a pull with ES256') or diag $out, $registry->log;
	my $token = token_request('ci', "service=$service",
	    'scope=repository:team/app:pull')->{json}{token};
	my ($header, $claims) = Jwtd::decode_token($token);
	is($header->{alg}, 'ES256', 'its algorithm');
	is(ask(path => '/v2/', bearer => $token)->{status}, 200,
	    'the registry takes it');
};

$registry->stop;
is($d->stop, 0, 'jwtd ends well');
done_testing();
