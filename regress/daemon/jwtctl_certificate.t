# The certificate of a signing key: jwtctl makes it, the daemon puts it into
# tokens, and somebody else verifies with it.
use strict;
use warnings;

use File::Temp qw(tempdir);
use MIME::Base64 qw(encode_base64);
use Test::More;

use Jwtd;
use Token qw(b64 json sign);

umask 022;

# A prepared daemon whose key has a certificate at DIR/sign.crt.
sub daemon {
	my (%arg) = @_;
	my $d = Jwtd->prepare;
	my $dir = $d->dir;
	my $conf = Jwtd::read_file("$dir/jwtd.conf");
	my $path = $arg{path} // "$dir/sign.crt";
	my $how = $arg{retired} ? " retired certificate \"$path\"\n"
	    . "\tkey \"$dir/other.pem\"" : " certificate \"$path\"";
	$how = '' if $arg{none};
	$conf =~ s/(key "[^"]*")/$1$how/ or die;
	Jwtd::write_file("$dir/jwtd.conf", $conf);
	$d->write_users(Jwtd::line('alice', 'pw', '{"scope":"read"}'));
	return $d;
}

sub mode { return sprintf '%04o', (stat shift)[2] & 07777 }
sub x509 { return (Jwtd::run([ qw(openssl x509 -noout), @_ ]))[1] }

# what the daemon says when it does not start, or nothing
sub refusal {
	my ($d) = @_;
	return '' if eval { $d->launch; 1 };
	return $d->log;
}

my $d = daemon();
my $dir = $d->dir;
my $crt = "$dir/sign.crt";

subtest 'jwtctl' => sub {
	my ($status, $out) = $d->try_ctl([ qw(certificate new -s) ]);
	is($status, 0, 'certificate new -s');
	is($out, qq($crt: "https://issuer.example", for 3650 days\n),
	    '... says what it made');
	is(mode($crt), '0644', '... which everybody may read');
	is((Jwtd::run([ qw(openssl x509 -noout -pubkey -in), $crt ]))[1],
	    $d->ctl([ qw(key show) ]), '... of the key that signs');
	is((Jwtd::run([ qw(openssl verify -CAfile), $crt, $crt ]))[0], 0,
	    '... signed by itself');
	like(x509('-subject', '-issuer', '-nameopt', 'RFC2253', '-in', $crt),
	    qr{^subject=CN=https://issuer\.example\nissuer=CN=https://issuer\.example\n\z},
	    '... with the issuer as its name');
	like(x509('-ext', 'basicConstraints,keyUsage', '-in', $crt),
	    qr/CA:FALSE.*Digital Signature/s, '... and no authority');
	unlike(x509('-text', '-in', $crt), qr/Extended Key Usage/,
	    '... for no protocol');
	is((Jwtd::run([ qw(openssl x509 -noout -checkend), 3649 * 86400,
	    '-in', $crt ]))[0], 0, '... for ten years');
	is(mode("$dir/key.pem"), '0600', 'the key is as it was');

	my $before = Jwtd::read_file($crt);
	($status, $out) = $d->try_ctl([ qw(certificate new -s) ]);
	is("$status $out", "1 jwtctl: $crt: exists already\n", 'again');
	is(Jwtd::read_file($crt), $before, '... it is as it was');
	is(join(' ', map { s{.*/}{}r } grep { /sign/ }
	    glob "$dir/* $dir/.[a-z]*"), 'sign.crt', '... with nothing beside');
	unlink $crt;
	like($d->ctl([ qw(certificate new -s -d 7) ]), qr/for 7 days$/, '-d');
	is((Jwtd::run([ qw(openssl x509 -noout -checkend), 8 * 86400, '-in',
	    $crt ]))[0], 1, '... and no more');
	for my $bad ([ '-s', 'localhost' ], [ '-s', '-d', '0' ],
	    [ '-s', '-d', 'x' ], [ '-sx' ], [ '-s', '-d' ]) {
		($status, $out) = $d->try_ctl([ qw(certificate new), @$bad ]);
		is($status, 2, "certificate new @$bad");
		like($out, qr/^usage: jwtctl \[-f file\] certificate new \[-d days\] \[-s \| server\]$/m,
		    '... is used wrongly');
	}

	my $none = daemon(none => 1);
	my $conf = $none->dir . '/jwtd.conf';
	($status, $out) = $none->try_ctl([ qw(certificate new -s) ]);
	is($status, 1, 'no certificate in the configuration');
	is($out, "jwtctl: $conf:3: key \"" . $none->dir . "/key.pem\" has no "
	    . "certificate: add 'certificate \"FILE\"' to that line\n",
	    '... it says where it belongs');
	my $nowhere = daemon(path => '/nonexistent/x.crt');
	($status, $out) = $nowhere->try_ctl([ qw(certificate new -s) ]);
	like($out, qr{^jwtctl: /nonexistent: directory of "x\.crt": No such},
	    'no such directory');
	Jwtd::write_file($none->dir . '/key.pem', 'x', 0600);
	Jwtd::write_file($conf, Jwtd::read_file($conf)
	    =~ s/(key "[^"]*")/$1 certificate "$dir\/new.crt"/r);
	($status, $out) = $none->try_ctl([ qw(certificate new -s) ]);
	like($out, qr/key\.pem: no private key in PEM$/, 'a bad key');
	ok(!-e "$dir/new.crt", '... no certificate');
};

subtest 'tokens' => sub {
	$d->launch;
	my $token = $d->token('alice', 'pw');
	my ($header, $claims) = Jwtd::decode_token($token);
	my ($pem) = Jwtd::read_file($crt) =~ /-----\n(.*?)-----END/s;
	is_deeply($header->{x5c}, [ $pem =~ s/\s//gr ],
	    'x5c is the certificate');
	is(join(' ', sort keys %$header), 'alg kid typ x5c', '... and is all');
	is((Jwtd::run([ 'sh', '-c', "openssl x509 -noout -pubkey -in '$crt' "
	    . ">'$dir/crt.pub'" ]))[0], 0, 'its public key');
	ok(Jwtd::token_verifies($token, "$dir/crt.pub"), '... verifies it');
	is($d->request(path => '/verify/read', bearer => $token)->{status},
	    202, 'our own worker takes it');

	# who holds no key of ours cannot bring one along
	Jwtd::run([ qw(openssl req -x509 -newkey rsa:2048 -nodes -subj
	    /CN=issuer.example -keyout), "$dir/evil.pem", '-out',
	    "$dir/evil.crt" ]);
	my ($evil) = Jwtd::read_file("$dir/evil.crt") =~ /-----\n(.*?)-----END/s;
	my ($h, $p) = split /\./, $token;
	for my $more ({ x5c => [ $evil =~ s/\s//gr ] }, { x5c => [
	    $evil =~ s/\s//gr, $pem =~ s/\s//gr ] }, {}) {
		my $text = b64(json({ %$header, %$more })) . ".$p";
		is($d->request(path => '/verify/read', bearer => "$text."
		    . b64(sign("$dir/evil.pem", $text)))->{status}, 401,
		    'a token of another key with x5c ' . join ',', map {
		    substr $_, 0, 8 } @{ $more->{x5c} || [ 'ours' ] });
	}
	is($d->stop, 0, 'it ends well');
	unlike($d->log, qr/certificate/, '... and had nothing to say of it');
};

subtest 'large grants beside it' => sub {
	$d->write_users(Jwtd::line('big', 'pw', '{"x":"' . 'x' x 7000 . '"}'),
	    Jwtd::line('huge', 'pw', '{"x":"' . 'x' x 9000 . '"}'));
	$d->launch;
	my $token = $d->token('big', 'pw');
	is($d->request(path => '/verify/x', bearer => $token)->{status}, 202,
	    length($token) . ' bytes of token');
	is($d->request(path => '/token', user => 'huge',
	    password => 'pw')->{status}, 500, 'grants for which is no room');
	like($d->log, qr/user "huge": the grants are too large for a token/,
	    '... which is logged');
	$d->stop;
};

subtest 'what is refused' => sub {
	Jwtd::write_file("$dir/keep.crt", Jwtd::read_file($crt));
	Jwtd::write_file($crt, Jwtd::read_file("$dir/evil.crt"));
	like(refusal($d), qr{\Q$crt\E: the first certificate is not of the key \Q$dir\E/key\.pem$}m,
	    'the certificate of another key');
	unlink $crt;
	like(refusal($d), qr{\Q$crt\E: No such file or directory$}m, 'none');
	Jwtd::write_file($crt, "no certificate\n");
	like(refusal($d), qr{\Q$crt\E: no certificate in PEM$}m, 'no PEM');
	is((Jwtd::run([ "$Jwtd::build/jwtd", '-n', '-f', "$dir/jwtd.conf" ]))[0],
	    0, 'jwtd -n looks into no file');
};

subtest 'dates' => sub {
	Jwtd::run([ qw(openssl req -new -key), "$dir/key.pem", '-subj', '/CN=x',
	    '-out', "$dir/csr" ]);
	my ($status, $out) = Jwtd::run([ qw(openssl x509 -req -days -1 -in),
	    "$dir/csr", '-signkey', "$dir/key.pem", '-out', $crt ]);
	is($status, 0, 'a certificate of the past') or diag $out;
	$d->write_users(Jwtd::line('alice', 'pw'));
	$d->launch;
	my ($day) = $d->log =~
	    /\Q$crt\E: certificate 1 expired on (\d{4}-\d\d-\d\d)$/m;
	ok($day, '... is a warning in the log') or diag $d->log;
	my ($text) = x509('-enddate', '-in', $crt) =~ /=(.*)/;
	is((Jwtd::run([ qw(date -u +%Y-%m-%d -d), $text ]))[1], "$day\n",
	    '... with its date');
	ok($d->token('alice', 'pw'), '... and tokens are signed');
	$d->stop;
};

subtest 'other keys' => sub {
	for my $type (qw(ec ed25519)) {
		my $other = daemon();
		unlink $other->dir . '/key.pem';
		$other->ctl([ qw(key new -t), $type ]);
		like($other->ctl([ qw(certificate new -s) ]), qr/sign\.crt: /,
		    "a certificate of an $type key");
		my $file = $other->dir . '/sign.crt';
		is((Jwtd::run([ qw(openssl verify -CAfile), $file, $file ]))[0],
		    0, '... signed by itself');
		$other->launch;
		my $token = $other->token('alice', 'pw');
		is(scalar @{ (Jwtd::decode_token($token))[0]{x5c} }, 1,
		    '... and in the token');
		is($other->request(path => '/verify/x',
		    bearer => $token)->{status}, 202, '... which is accepted');
	}
	# one that is retired
	my $old = daemon(retired => 1);
	$old->make_key($old->dir . '/other.pem', 2048);
	my ($status, $out) = $old->try_ctl([ qw(certificate new -s) ]);
	like($out, qr/other\.pem" has no certificate/,
	    'the certificate of a retired key is not made');
	$old->launch;
	my ($header) = Jwtd::decode_token($old->token('alice', 'pw'));
	ok(!exists $header->{x5c}, '... nor missed, nor in any token');
};

done_testing();
