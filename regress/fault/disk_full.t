# The disk is full while something is written: the old file stays as it is, byte
# for byte, nothing half is left, the message says why, and the daemon goes on.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Fault qw(lines);
use Jwtd;

# What is in a folder: { name => content }
sub content {
	my ($dir) = @_;
	opendir my $d, $dir or die "$dir: $!";
	# a lock has nothing in it
	return { map { $_ => -d "$dir/$_" ? 'a folder' :
	    Jwtd::read_file("$dir/$_") }
	    grep { !/\A\.\.?\z|\.lock\z|\Afill\z/ } readdir $d };
}

# Every command that writes a file below $small, which we see as $real.
#	$run	runs jwtctl with these arguments and that input
sub fails {
	my ($what, $real, $small, $why, $run) = @_;
	my @commands = (
		[ [ qw(user add new) ], "new\n" ],
		[ [ qw(user password alice) ], "other\n" ],
		[ [ qw(user grant alice), '{"scope":"' . 'x' x 2000 . '"}' ],
		    '' ],
		[ [ qw(user disable alice) ], '' ],
		[ [ qw(user delete alice) ], '' ],
		[ [ qw(user import -) ], join '', map {
		    Jwtd::line("i$_", $_) } 1 .. 20 ],
		[ [ qw(key new), "$small/new.pem" ], '' ],
		[ [ qw(key new -t ed25519), "$small/new.pem" ], '' ],
		[ [ qw(certificate new) ], '' ],
	);
	for (@commands) {
		my ($args, $input) = @$_;
		my $name = "$what: @{$args}[0, 1]";
		my @before = map { content($_) } $real, "$real/users.d";
		my ($status, $out) = $run->($args, $input);
		isnt($status, 0, "$name: the exit status");
		like($out, qr/^jwtctl: \Q$small\E\/\S+: .*$why$/m,
		    "$name: the message");
		is_deeply([ map { content($_) } $real, "$real/users.d" ],
		    \@before, "$name: what was there");
	}
}

sub works {
	my ($what, $small, $run) = @_;
	for ([ [ qw(user password alice) ], "other\n" ],
	    [ [ qw(user add new) ], "new\n" ],
	    [ [ qw(key new), "$small/new.pem" ], '' ],
	    [ [ qw(certificate new) ], '' ]) {
		my ($args, $input) = @$_;
		my ($status, $out) = $run->($args, $input);
		is($status, 0, "$what: @{$args}[0, 1] works again")
		    or diag $out;
	}
}

# A configuration with everything below a folder.
sub prepare {
	my ($small, $more) = @_;
	my $d = Jwtd->prepare(servers => ($more // '') . <<"END");
server "tls" {
	listen on 127.0.0.2 tls port 0
	tls {
		certificate "$small/tls.crt"
		key "$small/tls.key"
	}
	location "/token" {
		grant
		audience "api"
	}
}
END
	my $conf = $d->dir . '/jwtd.conf';
	my $text = Jwtd::read_file($conf);
	$text =~ s{store file "\K[^"]*}{$small/users.d/users};
	$text =~ s{\bDIR\b}{$d->dir}ge;
	Jwtd::write_file($conf, $text);
	return $d;
}

# A file may not become larger than that: a limit of the process.  Messages go
# to a pipe, which has none.
my $d = prepare('DIR');
my $dir = $d->dir;
sub limited {
	my ($args, $input, $limit) = @_;
	Jwtd::write_file("$dir.in", $input // '');
	open my $out, '-|', 'sh', '-c', ($limit // 'ulimit -f 0') . "; exec "
	    . "\"\$0\" \"\$@\" <$dir.in 2>&1", "$Jwtd::build/jwtctl", '-f',
	    "$dir/jwtd.conf", @$args or die "sh: $!";
	my $text = do { local $/; readline $out } // '';
	close $out;
	my $status = $?;
	unlink "$dir.in";
	return ($status, $text);
}
$d->write_users(map { Jwtd::line($_, $_) } 'alice', map { "u$_" } 1 .. 20);
fails('a limit', $dir, $dir, 'File too large', \&limited);
works('a limit', $dir, sub { limited(@_, ':') });

# The same of a daemon, whose users file is as large as that already.  What it
# counts in is a file to the system, too, and smaller.
my $limited = Jwtd->prepare(with => [ 'sh', '-c',
    'ulimit -f 2000; exec "$0" "$@"' ]);
my $line = Jwtd::line('u', 'pw');
$limited->write_users(map { $line =~ s/^u/u$_/r } 1 .. 40000);
my $old = content($limited->dir . '/users.d');
$limited->launch;
is($limited->request(path => '/token', user => "u$_", password => 'pw')
    ->{status}, 200, 'a limit of the daemon: a login') for 1, 40000;
is_deeply(content($limited->dir . '/users.d'), $old,
    'a limit of the daemon: the file stays');
is(lines($limited, qr/cannot write it: File too large$/m), 1,
    'a limit of the daemon: one line in the log');
unlike($limited->log, qr/signal|ended with/,
    'a limit of the daemon: nobody has died');
is($limited->stop, 0, 'a limit of the daemon: the end');

SKIP: {
	# A small file system, which only we and what we start there can see
	skip 'no file system of our own', 1 if $> != 0
	    || system('unshare -m true 2>/dev/null') != 0;
	my $place = Jwtd->prepare(signer => undef);
	my $small = $place->dir . '/small';
	mkdir $small or die "mkdir: $!";
	pipe my $read, my $write or die "pipe: $!";
	my $holder = fork() // die "fork: $!";
	if ($holder == 0) {
		open STDOUT, '>&', $write;
		exec 'unshare', '-m', 'sh', '-c', 'mount -t tmpfs -o '
		    . "size=160k,mode=755 none $small && echo yes && "
		    . 'exec sleep 600';
	}
	close $write;
	my $mounted = readline $read;
	eval { in_namespace($holder, $small) if $mounted; 1 } or fail($@);
	kill 'KILL', $holder;
	waitpid $holder, 0;
	skip 'no file system of our own', 1 unless $mounted;
}

sub in_namespace {
	my ($holder, $small) = @_;
	my @inside = ('nsenter', "--mount=/proc/$holder/ns/mnt", '--');
	my $real = "/proc/$holder/root$small";
	my $d = prepare($small, Fault::plain());
	my $users = "$real/users.d";
	mkdir $users, 0700 or die "mkdir: $!";
	Jwtd::write_file("$users/users", join('', map {
	    Jwtd::line($_, $_) } 'alice', map { "u$_" } 1 .. 20), 0600);
	$d->own($users, "$users/users");
	my $run = sub {
		my ($args, $input) = @_;
		return Jwtd::run([ @inside, "$Jwtd::build/jwtctl", '-f',
		    $d->dir . '/jwtd.conf', @$args ], $input);
	};
	# all but so many bytes
	my $fill = sub {
		my ($free) = @_;
		open my $f, '>', "$real/fill" or die "fill: $!";
		1 while syswrite $f, "\0" x 4096;
		truncate $f, (-s "$real/fill") - $free;
		close $f;
	};
	# so that its lock is there
	is(($run->([ qw(user enable alice) ]))[0], 0, 'a file system: works');
	$fill->(0);
	fails('a full disk', $real, $small, 'No space left on device', $run);
	# room for the key, and not for the certificate
	$fill->(4096);
	my ($status, $out) = $run->([ qw(certificate new) ]);
	isnt($status, 0, 'room for the key alone: the exit status');
	like($out, qr/No space left/, 'room for the key alone: the message');
	is_deeply([ grep { /tls/ } keys %{ content($real) } ], [],
	    'room for the key alone: nothing is left');
	unlink "$real/fill";
	is(($run->([ qw(certificate new) ]))[0], 0, 'a certificate to start');
	$d->{with} = \@inside;
	$d->launch;

	# imported hashes become ours at the next login, if there is room
	$fill->(0);
	my $before = content($users);
	my @good = map { $d->request(path => '/token', user => "u$_",
	    password => "u$_")->{status} } 1 .. 4;
	is("@good", '200 200 200 200', 'the daemon: logins go on');
	is_deeply(content($users), $before, 'the daemon: the file stays');
	is(lines($d, qr/passwords are not rehashed: .*$/m), 1,
	    'the daemon: one line in the log');
	is(lines($d, qr/cannot write it: No space left on device$/m), 1,
	    'the daemon: which says why');
	unlink "$real/fill";
	ok(Jwtd::wait_until(sub {
		sleep 0.5;
		$d->token('u5', 'u5');
		return content($users)->{users} =~ /^u5:\$argon2id/m;
	}), 'the daemon: with room, they are rehashed again');
	is(join(' ', keys %{ content($users) }), 'users',
	    'the daemon: nothing is left');
	unlike($d->log, qr/signal|ended with/, 'the daemon: nobody has died');
	is($d->stop, 0, 'the daemon: the end');
	unlink map { "$real/$_" } qw(tls.crt tls.key);
	works('a file system', $small, $run);
}

# Standard output, too
for ([ qw(user list) ], [ qw(key show) ], [ qw(key list) ]) {
	my ($status, $out) = Jwtd::run([ 'sh', '-c', 'exec "$0" "$@" >/dev/full',
	    "$Jwtd::build/jwtctl", '-f', "$dir/jwtd.conf", @$_ ]);
	isnt($status, 0, "@$_ to a full disk: the exit status");
	like($out, qr/^jwtctl: /, "@$_ to a full disk: the message");
}

done_testing();
