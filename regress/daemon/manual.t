# The manual pages are well-formed, and what they and etc/ show does work.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Jwtd;
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');

sub page { Jwtd::read_file("$top/man/$_[0]") }

# the literal displays of a section, without the escapes of mdoc
sub examples {
	my ($page, $section) = @_;
	my ($text) = page($page) =~ /^\.Sh \Q$section\E\n(.*?)(?=^\.Sh |\z)/ms;
	my @found = $text =~ /^\.Bd -literal[^\n]*\n(.*?)^\.Ed/msg;
	s/\\&//g, s/\\e/\\/g for @found;
	return @found;
}

for my $page (glob "$top/man/*.[1-9]") {
	my ($status, $out) = Jwtd::run([ 'mandoc', '-Tlint', '-Wwarning',
	    $page ]);
	is($out, '', "mandoc has nothing to say of $page");
}

# jwtd.8: the first set-up, in a directory instead of the root
{
	my $d = Jwtd->prepare;
	my $dir = $d->dir;
	mkdir "$dir/$_" for qw(etc etc/jwtd var var/db run);
	my $conf = Jwtd::read_file("$top/etc/jwtd.conf");
	$conf =~ s/port 8443/port 0/;
	$conf =~ s{"(/etc/jwtd|/var/db|/run)/}{"$dir$1/}g;
	Jwtd::write_file("$dir/jwtd.conf", $conf);

	my ($setup, $use) = examples('jwtd.8', 'EXAMPLES');
	my @lines = grep { !/useradd/ } $setup =~ /^# (.*)/mg;
	is(scalar @lines, 7, 'jwtd.8 has the set-up in seven lines');
	is(pop @lines, 'jwtd', '... of which the last starts it');
	for my $line (@lines) {
		$line =~ s{ (/etc|/var)/}{ $dir$1/}g;
		$line =~ s/-o _jwtdsign -g _jwtdsign // if $> != 0;
		$line =~ s{^(jwtd|jwtctl) }{$Jwtd::build/$1 -f $dir/jwtd.conf };
		my ($status, $out) = Jwtd::run([ 'sh', '-c', $line ],
		    "wonderland\n");
		is($status, 0, "\"$line\" works") or diag $out;
	}
	$d->launch;
	my ($port) = $d->ports;
	my ($get, $verify) = $use =~ /^\$ (.*)/mg;
	for ($get, $verify) {
		s{https://auth\.example\.com:8443}{https://auth.example.com:$port};
		s{^curl}{curl -s --cacert $dir/etc/jwtd/tls.crt --resolve auth.example.com:$port:127.0.0.1};
		s{-u alice}{-u alice:wonderland};
	}
	my ($status, $out) = Jwtd::run([ 'sh', '-c', $get ]);
	my ($token) = $out =~ /"access_token":"([^"]+)"/;
	ok($token, '... and gives a token') or diag $out;
	$verify =~ s/TOKEN/$token/;
	($status, $out) = Jwtd::run([ 'sh', '-c', "$verify -i" ]);
	like($out, qr/^HTTP\S+ 202 /, '... which is worth a 202');
	like($out, qr/^X-Auth-Subject: alice\r$/m, '... for alice');
	my $r = $d->request(path => '/health',
	    socket => $d->connect_unix("$dir/run/jwtd.sock"));
	is($r->{status}, 200, 'the Unix socket of etc/jwtd.conf answers');
	$r = $d->request(path => '/.well-known/oauth-authorization-server',
	    socket => $d->connect_unix("$dir/run/jwtd.sock"));
	is($r->{json}{token_endpoint}, 'https://auth.example.com/token',
	    '... and says where tokens are');
}

# jwtd-signer.8: the users file
{
	my $d = Jwtd->start;
	my ($users) = examples('jwtd-signer.8', 'EXAMPLES');
	Jwtd::write_file($d->dir . '/users.d/users', $users);
	for ([ alice => 'wonderland', 200 ], [ bob => 'builder', 200 ],
	    [ carol => 'looking-glass', 401 ]) {
		my ($user, $password, $status) = @$_;
		is($d->request(path => '/token', user => $user,
		    password => $password)->{status}, $status,
		    "$user of jwtd-signer.8 gets $status");
	}
	unlike($d->log, qr/users:\d+:/, '... and no line is bad');
}

# jwtctl.8: the next signing key, and one at once
{
	my $d = Jwtd->prepare;
	my $dir = $d->dir;
	mkdir "$dir/keys", 0700;
	my $conf = Jwtd::read_file("$dir/jwtd.conf");
	$conf =~ s/key ".*"/keys "$dir\/keys"/;
	Jwtd::write_file("$dir/jwtd.conf", $conf);
	my ($monthly, $emergency) =
	    grep { /key rotate/ } examples('jwtctl.8', 'EXAMPLES');
	my $run = sub {
		my ($line, $file) = @_;
		$line =~ s{^jwtctl }{$Jwtd::build/jwtctl -f $dir/jwtd.conf };
		$line =~ s{/etc/jwtd/keys/\S+}{$file} if defined $file;
		my ($status, $out) = Jwtd::run([ 'sh', '-c', $line ]);
		is($status, 0, "\"$line\" works") or diag $out;
		return $out;
	};
	my @lines = $monthly =~ /^# (.*)/mg;
	is(scalar @lines, 2, 'jwtctl.8 has a rotation in two lines');
	my ($first) = $run->($lines[0]) =~ /^(\S+): RSA 2048, .* signs now$/;
	ok($first, '... the first key signs at once');
	$run->($_) for @lines;
	like($run->($lines[1]), qr/^\S+\tactive\t.*\n\S+\tnext\t.*\n\z/,
	    '... and there is a next one');
	# a second has to be over, for the times of two to differ
	sleep 1;
	@lines = $emergency =~ /^# (.*)/mg;
	$run->($_, $first) for @lines;
	ok(!-e $first, 'in an emergency one is gone');
	like($run->($lines[1]), qr/^\S+\tactive\t.*\n\S+\tnext\t.*\n\z/,
	    '... and another one signs');
	$d->launch;
	is($d->stop, 0, '... which the daemon can use');
}

done_testing;
