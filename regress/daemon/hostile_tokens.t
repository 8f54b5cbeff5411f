# Forged, broken and borrowed tokens: each is refused with 401 and for the right
# reason, and the next good one on the same connection is accepted.
use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use MIME::Base64 qw(encode_base64);
use Test::More;

use Jwtd;
use Token qw(b64 unb64 json hmac sign signed);

my %why = (
	alg => "'alg' is not the key's algorithm",
	audience => "'aud' does not name this audience",
	crit => "'crit' names extensions that are not supported",
	expired => 'expired',
	issuer => "'iss' is not a trusted issuer",
	key => "'kid' names no known key",
	malformed => 'not a well-formed token',
	not_yet => "'nbf' or 'iat' is in the future",
	scope => "'scope' is no scope string",
	signature => 'the signature does not match',
	subject => "'sub' is absent, empty or no string",
	time => "'exp', 'nbf' or 'iat' is absent or no integer",
	type => "'typ' is that of another kind of token",
);

my $d = Jwtd->start;
my $dir = $d->dir;
my $key = "$dir/key.pem";
my $evil = "$dir/evil.pem";
$d->make_key($evil, 2048);
my $pem = qx(openssl pkey -in $key -pubout);
my $der = qx(openssl pkey -in $key -pubout -outform DER);
my $evil_n = qx(openssl rsa -in $evil -noout -modulus) =~ /=(\w+)/ ? $1 : '';
my %evil_jwk = (kty => 'RSA', n => b64(pack 'H*', $evil_n), e => 'AQAB');
my $evil_x5c = qx(openssl req -x509 -new -key $evil -subj /CN=evil -outform DER);

my $jwk = $d->request(path => '/.well-known/jwks.json')->{json}{keys}[0];
my $kid = $jwk->{kid};
my $now = time;
my %claims = (iss => 'https://issuer.example', sub => 'alice', aud => 'api',
    iat => $now, nbf => $now, exp => $now + 900);
my %header = (alg => 'RS256', typ => 'at+jwt', kid => $kid);
my $good = signed($key, \%header, \%claims);
my ($h, $p, $sig) = split /\./, $good;

# where the attacker's key would have to be fetched from
my $trap = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1')
    or die "listen: $!";
my $url = 'http://127.0.0.1:' . $trap->sockport . '/jwks.json';

my $s;

# One request, raw, on a connection that is kept as long as it is held open.
sub ask {
	my ($request) = @_;
	local $SIG{PIPE} = 'IGNORE';
	$s //= $d->connect;
	syswrite $s, $request;
	my $text = '';
	while ($text !~ /\r\n\r\n/ || length($text) < length($`) + 4
	    + ($` =~ /^Content-Length: (\d+)/mi ? $1 : 0)) {
		last unless IO::Select->new($s)->can_read($Jwtd::patience)
		    && sysread $s, $text, 65536, length $text;
	}
	my $r = Jwtd::parse($text);
	undef $s if ($r->{head} =~ /^Connection: close/mi) || !$r->{status};
	return $r;
}

sub get {
	my ($authorization) = @_;
	return ask("GET /verify/x HTTP/1.1\r\nHost: localhost\r\n"
	    . (defined $authorization ? "Authorization: $authorization\r\n"
	    : '') . "\r\n");
}

sub answer {
	my ($r) = @_;
	return join ' ', $r->{status},
	    Jwtd::field($r, 'WWW-Authenticate') // ();
}

sub refusal {
	my ($why) = @_;
	return '401 Bearer realm="localhost"' . (defined $why ?
	    ", error=\"invalid_token\", error_description=\"$why{$why}\"" : '');
}

sub still_served {
	my $r = get("Bearer $good");
	is(answer($r), '202', '... and the next is served');
}

sub refused {
	my ($name, $why, $token) = @_;
	is(answer(get("Bearer $token")), refusal($why), $name);
	still_served();
}

sub accepted {
	my ($name, $token) = @_;
	is(answer(get("Bearer $token")), '202', $name);
}

# the good header and claims with something else in them
sub with_header { return signed($key, { %header, @_ }, \%claims) }
sub with_claims { return signed($key, \%header, { %claims, @_ }) }
sub without {
	my %c = %claims;
	delete $c{$_[0]};
	return signed($key, \%header, \%c);
}
# claims as text, with what JSON::PP would not write
sub raw_claims {
	my ($drop, $text) = @_;
	my %c = %claims;
	delete $c{$drop};
	my $json = json(\%c);
	$json =~ s/\}\z/,$text}/;
	return signed($key, \%header, $json);
}
# unsigned, or signed by anything else
sub forged {
	my ($head, $signature) = @_;
	my $text = b64(json($head)) . ".$p";
	return "$text." . b64(ref $signature ? $signature->($text) : $signature);
}
sub by_evil { return sign($evil, $_[0]) }

accepted('a good token, before', $good);

# no signature, and other algorithms
for my $alg (qw(none None NONE nOnE)) {
	refused("alg $alg", 'alg', forged({ alg => $alg }, 'x'));
	refused("alg $alg with the signature", 'alg',
	    b64(json({ %header, alg => $alg })) . ".$p.$sig");
	refused("alg $alg and nothing after the dot", 'malformed',
	    b64(json({ alg => $alg })) . ".$p.");
}
refused('alg none without the last dot', 'malformed',
    b64(json({ alg => 'none' })) . ".$p");
for ([ 'the PEM', $pem ], [ 'the PEM without its end', $pem =~ s/\n\z//r ],
    [ 'the DER', $der ], [ 'n as text', $jwk->{n} ],
    [ 'n', unb64($jwk->{n}) ], [ 'the JWK', json($jwk) ], [ 'nothing', '' ]) {
	my ($name, $secret) = @$_;
	refused("HS256 with $name as the secret", 'alg',
	    forged({ %header, alg => 'HS256' }, sub { hmac($_[0], $secret) }));
	refused("RS256 that is HS256 with $name", 'signature',
	    forged(\%header, sub { hmac($_[0], $secret) }));
}
refused("$_ by our own key", 'alg', signed($key, { %header, alg => $_ },
    \%claims, 'pkcs1', $_ =~ s/RS/SHA/r)) for qw(RS384 RS512);
refused('PS256 by our own key', 'alg',
    signed($key, { %header, alg => 'PS256' }, \%claims, 'pss'));
refused('RS256 that is PS256', 'signature',
    signed($key, \%header, \%claims, 'pss'));
refused("RS256 that is $_", 'signature', signed($key, \%header, \%claims,
    'pkcs1', $_)) for qw(SHA1 SHA384 SHA512);
for my $alg ('ES256', 'EdDSA', 'HS384', 'rs256', 'RS256 ', '', undef, 256,
    [ 'RS256' ], { RS256 => 1 }) {
	refused('alg ' . json([ $alg ]), 'alg', with_header(alg => $alg));
}
refused('no alg', 'alg', signed($key, { kid => $kid }, \%claims));
refused('alg twice', 'malformed', signed($key,
    '{"alg":"none","alg":"RS256"}', \%claims));

# another key
refused("another's signature", 'signature',
    signed($evil, \%header, \%claims));
refused("another's signature without kid", 'signature',
    signed($evil, { alg => 'RS256' }, \%claims));
for my $other ('unknown', '', uc $kid, "$kid ", substr($kid, 0, 42),
    '../../../../etc/passwd', '/dev/null', 'key.pem', "$kid/../$kid",
    "' OR '1'='1", "x' UNION SELECT 'secret' --", '${jndi:ldap://x/}',
    'a' x 5000, 1, undef, [ $kid ], { kid => $kid }, JSON::PP::true) {
	refused('kid ' . substr(json([ $other ]), 0, 40), 'key',
	    with_header(kid => $other));
}
refused("kid with NUL", 'malformed', with_header(kid => "$kid\0"));
for ([ jku => $url ], [ x5u => $url ], [ jwk => \%evil_jwk ],
    [ jwk => { %evil_jwk, kid => $kid } ],
    [ x5c => [ encode_base64($evil_x5c, '') ] ]) {
	my ($name, $value) = @$_;
	refused("$name of another with our kid", 'signature',
	    forged({ %header, $name => $value }, \&by_evil));
	refused("$name of another without kid", 'signature',
	    forged({ alg => 'RS256', $name => $value }, \&by_evil));
	refused("$name of another with its kid", 'key',
	    forged({ %header, $name => $value, kid => 'evil' }, \&by_evil));
}

# what else the header can say
refused('crit ' . json([ $_ ]), 'crit', with_header(crit => $_, b64 => 1))
    for [ 'b64' ], [ 'exp' ], [], 'b64', undef;
refused('b64 with a bare payload', 'malformed',
    b64(json({ %header, b64 => JSON::PP::false })) . ".alice.$sig");
refused('zip', 'malformed', signed($key, { %header, zip => 'DEF' },
    "\x03\x00"));
refused("typ " . json([ $_ ]), 'type', with_header(typ => $_))
    for qw(id+jwt logout+jwt dpop+jwt secevent+jwt JOSE JWS at), '', 'JWT ',
    'application/', 'text/at+jwt', undef, 1, [ 'JWT' ];
accepted("typ $_", with_header(typ => $_))
    for qw(JWT jwt at+jwt AT+JWT application/at+jwt application/JWT);
accepted('no typ and no kid', signed($key, { alg => 'RS256' }, \%claims));

# the signature
refused('no signature', 'malformed', "$h.$p.");
refused('a part of it', 'signature', "$h.$p." . substr $sig, 0, 171);
refused('all but a byte', 'signature', "$h.$p." . b64(substr unb64($sig), 1));
refused('a byte more', 'signature', "$h.$p." . b64(unb64($sig) . "\0"));
refused('a zero before it', 'signature', "$h.$p." . b64("\0" . unb64($sig)));
refused('all zeros', 'signature', "$h.$p." . b64("\0" x 256));
refused('one', 'signature', "$h.$p." . b64("\0" x 255 . "\1"));
refused('the modulus', 'signature', "$h.$p.$jwk->{n}");
refused('twice', 'signature', "$h.$p.$sig$sig");
refused('the header as signature', 'signature', "$h.$p.$h");
refused('the payload as header', 'alg', "$p.$p.$sig");
refused('the header as payload', 'issuer', "$h.$h.$sig");
refused("another token's", 'signature', "$h.$p."
    . (split /\./, with_claims(sub => 'bob'))[2]);
refused("another token's payload", 'signature',
    join '.', $h, (split /\./, with_claims(sub => 'root'))[1], $sig);
my @flipped;
for my $bit (0 .. 2047) {
	next unless $bit < 16 || $bit > 2031 || $bit % 37 == 0;
	my $bytes = unb64($sig);
	vec($bytes, $bit, 1) ^= 1;
	push @flipped, answer(get("Bearer $h.$p." . b64($bytes)));
}
is_deeply([ grep { $_ ne refusal('signature') } @flipped ], [],
    'a bit of it, at ' . @flipped . ' places');
still_served();

# the text of the token
# 256 bytes leave four bits that stand for nothing
my $set = join '', 'A' .. 'Z', 'a' .. 'z', 0 .. 9, '-', '_';
my $stray = substr $set, index($set, substr $sig, -1) | 1, 1;
refused('stray bits', 'signature', "$h.$p." . substr($sig, 0, -1) . $stray);
refused('padding', 'signature', "$good==");
refused('padding inside', 'malformed', "$h=.$p.$sig");
refused("'+' and '/'", 'signature', "$h.$p." . $sig =~ tr{A-Ba-b}{+/+/}r);
refused("a '$_' in the payload", 'malformed', "$h.$_$p.$sig")
    for '+', '/', '~';
refused("a '$_' that is none of the alphabet", 'malformed', "$h.$p$_.$sig")
    for '%', ',', '!', '"', '%2e', '%0a', "\x{e4}", "\t", ' ';
refused("parts: $_", 'malformed', $_) for '.', '..', '...', 'a', "$h.$p",
    ".$p.$sig", "$h..$sig", ".$good", "$good.", "$h..$p.$sig", "$good.$sig",
    "$h.$p.$sig.$sig.$sig", "$good $good", "$good,$good";
refused('JWS JSON serialization', 'malformed', json({ payload => $p,
    protected => $h, signature => $sig }));
refused('... as base64url', 'malformed', b64(json({ payload => $p,
    protected => $h, signature => $sig })));
refused('a quoted token', 'malformed', "\"$good\"");
refused('a long one', 'malformed', 'a' x 15000);
refused('a long one with dots', 'malformed', "$h.$p." . 'A' x 14300);
accepted('the good one again', $good);

# claims that are no strict JSON
refused('sub twice', 'malformed', raw_claims('', '"sub":"root"'));
refused('sub twice, spelled differently', 'malformed',
    raw_claims('', '"\u0073ub":"root"'));
refused('33 levels', 'malformed',
    raw_claims('', '"x":' . '[' x 32 . ']' x 32));
accepted('32 levels', raw_claims('', '"x":' . '[' x 31 . ']' x 31));
refused('thousands of levels', 'malformed',
    raw_claims('', '"x":' . '[' x 5000));
refused('NUL in sub', 'malformed', raw_claims('sub', '"sub":"root\u0000"'));
refused('NUL in another', 'malformed', raw_claims('', '"x":"\u0000"'));
refused('no UTF-8', 'malformed', raw_claims('', "\"x\":\"\xff\""));
refused('half a surrogate', 'malformed', raw_claims('', '"x":"\ud800"'));
refused("payload $_", 'malformed', signed($key, \%header, $_))
    for '[]', 'null', '"alice"', '1', '{', json(\%claims) . 'x',
    json(\%claims) x 2, "\x{ef}\x{bb}\x{bf}" . json(\%claims),
    json(\%claims) . "\0", "\x1f\x8b\x08";
refused("header $_", 'malformed', signed($key, $_, \%claims))
    for '[]', 'null', '{', json(\%header) . '{}';

# claims of the wrong kind, well signed
my %wrong = (
	iss => [ 'issuer', 'https://issuer.example/', 'HTTPS://issuer.example',
	    '', undef, 1, [ 'https://issuer.example' ] ],
	aud => [ 'audience', 'web', 'API', 'api ', '', undef, 1, [], [ 'web' ],
	    [ 'web', 1, 'api' ], [ 'api', undef ], [ [ 'api' ] ],
	    { api => 1 } ],
	sub => [ 'subject', '', undef, 7, [ 'alice' ], JSON::PP::true ],
	scope => [ 'scope', [ 'read' ], undef, 1, ' read', "read\twrite",
	    'a"b' ],
	exp => [ 'time', '4102444800', undef, 4102444800.5, [],
	    JSON::PP::true ],
	nbf => [ 'time', "$now", undef, $now - 0.5, {} ],
	iat => [ 'time', "$now", undef, $now - 0.5, {} ],
);
for my $name (sort keys %wrong) {
	my ($why, @values) = @{ $wrong{$name} };
	refused("$name " . json([ $_ ]), $why, with_claims($name => $_))
	    for @values;
}
refused("no $_", $wrong{$_}[0], without($_)) for qw(iss aud sub exp);
refused("exp $_", 'time', raw_claims('exp', "\"exp\":$_"))
    for '4102444800.0', '4.1e9', '1e999', '9223372036854775808';
refused("exp $_", 'expired', raw_claims('exp', "\"exp\":$_"))
    for 0, -1, -9223372036854775807, $now - 61, $now - 86400;
accepted("exp $_", raw_claims('exp', "\"exp\":$_"))
    for 9223372036854775807, $now + 1000;
refused("nbf $_", 'not_yet', with_claims(nbf => $_ + 0))
    for $now + 86400, 9223372036854775807;

# to the second: the answer counts if none went by meanwhile
sub within_a_second {
	my ($want, $name, $claim, $offset) = @_;
	my $got = '';
	for (1 .. 20) {
		my $t = time;
		my $r = get('Bearer ' . with_claims($claim => $t + $offset));
		$got = answer($r);
		last if time == $t;
	}
	is($got, $want, $name);
}
within_a_second('202', 'expired 59 s ago', exp => -59);
within_a_second(refusal('expired'), 'expired 60 s ago', exp => -60);
within_a_second(refusal('expired'), 'expired 61 s ago', exp => -61);
for my $claim (qw(nbf iat)) {
	within_a_second('202', "$claim in $_ s", $claim => $_) for 59, 60;
	within_a_second(refusal('not_yet'), "$claim in 61 s", $claim => 61);
}

# where a token does not belong
my @elsewhere = (
	[ 401, 'in the query', "GET /verify/x?access_token=$good HTTP/1.1\r\n"
	    . "Host: localhost\r\n\r\n" ],
	[ 401, 'in the body', "POST /verify/x HTTP/1.1\r\nHost: localhost\r\n"
	    . "Content-Type: application/x-www-form-urlencoded\r\n"
	    . 'Content-Length: ' . (13 + length $good)
	    . "\r\n\r\naccess_token=$good" ],
	[ 401, 'in another header', "GET /verify/x HTTP/1.1\r\n"
	    . "Host: localhost\r\nX-Authorization: Bearer $good\r\n\r\n" ],
	[ 401, 'in a cookie', "GET /verify/x HTTP/1.1\r\nHost: localhost\r\n"
	    . "Cookie: Authorization=Bearer $good\r\n\r\n" ],
	[ 400, 'in two headers', "GET /verify/x HTTP/1.1\r\n"
	    . "Host: localhost\r\nAuthorization: Bearer $good\r\n"
	    . "Authorization: Bearer $good\r\n\r\n" ],
	[ 400, 'after a line feed', "GET /verify/x HTTP/1.1\r\n"
	    . "Host: localhost\r\nAuthorization: Bearer\n $good\r\n\r\n" ],
	[ 400, 'with a NUL', "GET /verify/x HTTP/1.1\r\n"
	    . "Host: localhost\r\nAuthorization: Bearer $good\0\r\n\r\n" ],
	[ 431, 'that is too long', "GET /verify/x HTTP/1.1\r\n"
	    . "Host: localhost\r\nAuthorization: Bearer " . 'a' x 17000
	    . "\r\n\r\n" ],
);
for (@elsewhere) {
	my ($status, $name, $request) = @$_;
	is(answer(ask($request)), $status == 401 ? refusal() : $status,
	    "a token $name");
	still_served();
}
is(answer(get(undef)), refusal(), 'no token');
for ('', 'Basic ' . encode_base64('alice:x', ''), 'Negotiate abc',
    "BearerX $good", "Bear $good", "$good", "DPoP $good") {
	is(answer(get($_)), refusal(), 'no Bearer: ' . substr $_, 0, 12);
}
is(answer(get($_)), refusal('malformed'), "\"$_\"")
    for 'Bearer', 'Bearer ', 'bearer', 'Bearer =';
is(answer(get("Bearer\t$good")), refusal('malformed'), 'a tab after Bearer');
is(answer(get("$_ $good")), '202', "\"$_\"")
    for 'bearer', 'BEARER', 'Bearer ';
still_served();

ok(!IO::Select->new($trap)->can_read(0), 'nothing was fetched from anywhere');
unlike($d->log, qr/\Q$p\E|exited|killed|signal/, 'nothing in the log');
is($d->stop, 0, 'it ends well');

done_testing();
