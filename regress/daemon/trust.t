# Whose tokens are accepted: our own and those of trusted issuers, each with its
# own keys; retired keys; a daemon that only verifies.
use strict;
use warnings;

use Test::More;

use Jwtd;
use Token qw(b64 json token signed);

my $resource = <<'EOF';
server "localhost" {
	listen on 127.0.0.1 port 0
	location "/v" {
		resource
		audience "api"
	}
EOF
my $all = $resource . <<'EOF';
	location "/token" {
		grant
		audience "api"
	}
	location "/jwks" { jwks }
}
EOF
my $trusts = <<'EOF';
trust "https://b.example" {
	jwks "DIR/b.json"
}
trust "https://c.example" {
	key "DIR/c.pem"
}
EOF

# keys of other issuers, outside of any daemon's directory
my $keys = Jwtd->prepare;
sub make {
	my ($name) = @_;
	my $file = $keys->dir . "/$name.pem";
	$keys->make_key($file, 2048);
	return $file;
}
my ($b, $b2, $c) = map { make($_) } qw(b b2 c);

sub jwk {
	my ($file, %more) = @_;
	my ($hex) = qx(openssl rsa -in $file -noout -modulus) =~ /=(\w+)/;
	return { kty => 'RSA', n => b64(pack 'H*', $hex), e => 'AQAB', %more };
}
my $jwks = json({ keys => [ { kty => 'oct', k => 'AAAA', kid => 'b' },
    jwk($b, kid => 'b', use => 'sig', alg => 'RS256'), jwk($b2) ] });
my $pem = qx(openssl pkey -in $c -pubout);

sub answer {
	my ($d, $token) = @_;
	my $r = $d->request(path => '/v', bearer => $token);
	my ($why) = (Jwtd::field($r, 'WWW-Authenticate') // '')
	    =~ /error_description="(.*?)"/;
	return join ' ', $r->{status}, $why // ();
}
sub from {
	my ($issuer, $key, %header) = @_;
	return signed($key, { alg => 'RS256', %header }, { sub => 'carol',
	    iss => $issuer, aud => 'api', exp => time + 900 });
}
sub kid {
	my ($header) = split /\./, $_[0];
	return JSON::PP::decode_json(Token::unb64($header))->{kid};
}
sub kids {
	my ($d) = @_;
	my $r = $d->request(path => '/jwks');
	return map { $_->{kid} } @{ $r->{json}{keys} };
}

my $signature = '401 the signature does not match';
my $no_issuer = "401 'iss' is not a trusted issuer";
my $no_kid = "401 'kid' names no known key";

sub check_trust {
	my ($d) = @_;
	my ($B, $C) = map { "https://$_.example" } qw(b c);
	is(answer($d, from($B, $b, kid => 'b')), '202', 'B by its kid');
	is(answer($d, from($B, $b)), '202', 'B without kid');
	is(answer($d, from($B, $b2)), '202', 'B by a key that has no kid');
	is(answer($d, from($C, $c)), '202', 'C, whose key is PEM');
	is(answer($d, from($C, $c, kid => '2026-11')), '202',
	    '... with a kid of its own, which PEM cannot say');
	is(answer($d, from($B, $c)), $signature, "B by C's key");
	is(answer($d, from($B, $c, kid => 'b')), $signature,
	    "... with B's kid");
	is(answer($d, from($C, $b)), $signature, "C by B's key");
	is(answer($d, from($C, $b, kid => 'b')), $signature,
	    "... with B's kid");
	is(answer($d, from($B, $b, kid => 'c')), $no_kid,
	    'B by a kid that its set does not have');
	is(answer($d, from('https://d.example', $b)), $no_issuer,
	    'an unknown issuer');
	is(answer($d, from("$B/", $b)), $no_issuer, 'B with a slash');
	my $r = $d->request(path => '/v', bearer => from($B, $b));
	is(Jwtd::field($r, 'X-Auth-Subject'), 'carol', "B's subject");
}

# what others call the scope; of our own, only "scope" counts
subtest 'scopes' => sub {
	my $d = Jwtd->start(globals => $trusts, servers => $all
	    =~ s/\tlocation "\/token"/\tlocation "\/read" {
		resource
		audience "api"
		scope "read"
	}
$&/r, files => { 'b.json' => $jwks, 'c.pem' => $pem });
	my $scope = sub {
		my ($token, $path) = @_;
		my $r = $d->request(path => $path, bearer => $token);
		return join ' ', $r->{status},
		    Jwtd::field($r, 'X-Auth-Scope') // '-';
	};
	my @cases = (
		[ { scp => 'read write' }, '202 read write', '202 read write' ],
		[ { scp => [ 'write', 'read' ] }, '202 write read',
		    '202 write read' ],
		[ { scopes => 'read' }, '202 read', '202 read' ],
		[ { scopes => [ 'read', 'a%b' ] }, '202 read a%25b',
		    '202 read a%25b' ],
		[ { scp => [ 'reader' ] }, '202 reader', '403 -' ],
		[ { scp => [] }, '202 ', '403 -' ],
		[ { scope => 'write', scp => [ 'read' ], scopes => 'read' },
		    '202 write', '403 -' ],
		[ { scp => 'write', scopes => [ 'read' ] }, '202 write',
		    '403 -' ],
		[ { scp => [ 'read write' ] }, '401 -', '401 -' ],
		[ { scp => [ 'read', 1 ] }, '401 -', '401 -' ],
		[ { scp => { read => 1 } }, '401 -', '401 -' ],
		[ { scope => [ 'read' ] }, '401 -', '401 -' ],
	);
	for (@cases) {
		my ($claims, $any, $read) = @$_;
		my $name = json($claims);
		my $token = signed($b, { alg => 'RS256' }, { sub => 'carol',
		    iss => 'https://b.example', aud => 'api',
		    exp => time + 900, %$claims });
		is($scope->($token, '/v'), $any, $name);
		is($scope->($token, '/read'), $read, "$name: for read");
	}
	$d->user('alice', 'pw', '{"scp":["read"],"scopes":"read"}');
	my $own = $d->token('alice', 'pw');
	is($scope->($own, '/v'), '202 ', 'our own: others are claims only');
	is($scope->($own, '/read'), '403 -', 'our own: for read');
};

subtest 'a signer and two trusted issuers' => sub {
	my $d = Jwtd->start(globals => $trusts, servers => $all,
	    files => { 'b.json' => $jwks, 'c.pem' => $pem });
	my $own = $d->dir . '/key.pem';
	$d->user('alice', 'pw');
	is(answer($d, $d->token('alice', 'pw')), '202', 'our own token');
	check_trust($d);
	is(answer($d, token($b)), $signature, "ours by B's key");
	is(answer($d, from('https://b.example', $own)), $signature,
	    'B by our key');
	is(scalar(() = kids($d)), 1, 'we publish our own key and no other');
	like($d->log, qr{key 1 is skipped}, 'a key of no use is logged');
	is($d->stop, 0, 'it ends well');
};

subtest 'only verifying' => sub {
	my $d = Jwtd->start(signer => undef, globals => $trusts,
	    servers => "$resource}\n",
	    files => { 'b.json' => $jwks, 'c.pem' => $pem });
	is_deeply([ $d->pids('jwtd-signer') ], [], 'no signer runs');
	cmp_ok(scalar(() = $d->pids('jwtd: worker')), '>', 0, 'workers do');
	check_trust($d);
	is(answer($d, token($d->dir . '/key.pem')), $no_issuer,
	    'there is no issuer of our own');
	is($d->stop, 0, 'it ends well');
};

subtest 'a certificate' => sub {
	my $cert = qx(openssl req -x509 -new -key $c -subj /CN=c -days 1);
	my $d = Jwtd->start(signer => undef, globals => $trusts,
	    servers => "$resource}\n",
	    files => { 'b.json' => $jwks, 'c.pem' => $cert });
	check_trust($d);
};

subtest 'keys of no use' => sub {
	my %bad = (
		'no key left' => [ 'b.json', json({ keys => [] }) ],
		'no JSON' => [ 'b.json', 'x' ],
		'no PEM' => [ 'c.pem', $jwks ],
		'an empty file' => [ 'c.pem', '' ],
	);
	for my $name (sort keys %bad) {
		my ($file, $text) = @{ $bad{$name} };
		my $d = Jwtd->prepare(signer => undef, globals => $trusts,
		    servers => "$resource}\n", files => { 'b.json' => $jwks,
		    'c.pem' => $pem, $file => $text });
		is(eval { $d->launch; 1 }, undef, "$name: it does not start");
		like($d->log, qr{\Q$file\E: }, '... and says which file');
	}
};

# the old key's tokens live on when a new one has come
subtest 'a retired key' => sub {
	my $d = Jwtd->prepare(servers => $all);
	my $dir = $d->dir;
	my $conf = Jwtd::read_file("$dir/jwtd.conf");
	$d->user('alice', 'pw');
	$d->launch;
	my $old = $d->token('alice', 'pw');
	is(answer($d, $old), '202', 'before');
	my ($first) = kids($d);
	is($d->stop, 0, 'it ends well');

	rename "$dir/key.pem", "$dir/old.pem" or die "rename: $!";
	$d->make_key("$dir/key.pem", 3072);
	Jwtd::write_file("$dir/jwtd.conf", $conf
	    =~ s{(\tkey ".*key\.pem"\n)}{\tkey "$dir/old.pem" retired\n$1}r,
	    0644);
	$d->launch;
	is(answer($d, $old), '202', 'an old token is accepted');
	my $new = $d->token('alice', 'pw');
	is(answer($d, $new), '202', 'a new one too');
	my @kids = kids($d);
	is(scalar @kids, 2, 'two keys are published');
	is($kids[1], $first, '... the old one last');
	isnt($kids[0], $first, '... and one that was not there');
	is(kid($old), $first, "the old token has the old key's kid");
	is(kid($new), $kids[0], "the new one has the new key's");
	is(answer($d, token("$dir/old.pem")), '202',
	    'a token without kid by the retired key');

	$d->stop;
	Jwtd::write_file("$dir/jwtd.conf", $conf, 0644);
	$d->launch;
	is(answer($d, $old), $no_kid, 'when it is gone, so are its tokens');
	is(answer($d, $new), '202', '... and no other');
};

done_testing();
