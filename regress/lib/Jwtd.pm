# A daemon of its own for a test: in a temporary directory, on a port that the
# system chose, stopped by pid when the object goes.
package Jwtd;

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use JSON::PP ();
use Errno ();
use MIME::Base64 qw(decode_base64url encode_base64);
use POSIX qw(:sys_wait_h);
use Time::HiRes qw(sleep time);

our $build = $ENV{BUILD} || abs_path(dirname(__FILE__) . '/../../build');

# how much longer than a person would wait a slow machine may take
our $patience = $ENV{SAN} ? 60 : 30;

my $cached_key;

# Jwtd->start(servers => TEXT, globals => TEXT, signer => TEXT, user => NAME)
#	servers	the server blocks; the default has all services on one port
#	globals	lines before them
#	signer	lines in the signer block besides issuer, key and store;
#		undef for none of these: the daemon only verifies
#	as	run as this user instead (needs root)
#	with	a command to run it by, as a list
#	files	{ name => content } written into the directory first
#	tls	make a TLS certificate, as DIR/tls.crt and DIR/tls.key
#	quiet	without -v, as it is in use
# In every text, DIR stands for the test's directory.
sub start {
	my ($class, %arg) = @_;
	my $self = $class->prepare(%arg);
	$self->launch;
	return $self;
}

sub prepare {
	my ($class, %arg) = @_;
	my $dir = tempdir('jwtd-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
	my $self = bless { dir => $dir, as => $arg{as}, bin => $build,
	    with => $arg{with} || [], quiet => $arg{quiet},
	    owner => $$ }, $class;

	chmod 0755, $dir;
	mkdir "$dir/users.d", 0700 or die "mkdir: $!";
	write_file("$dir/users.d/users", '', 0600);
	$self->own("$dir/users.d", "$dir/users.d/users");
	$self->make_key("$dir/key.pem");
	write_file("$dir/$_", $arg{files}{$_}, 0644)
	    for keys %{ $arg{files} || {} };
	if ($arg{as}) {
		# the build tree may be where that user cannot go
		mkdir "$dir/bin", 0755;
		for my $p (qw(jwtd jwtd-signer jwtctl)) {
			system('cp', "$build/$p", "$dir/bin/$p") == 0
			    or die "cp $p";
		}
		$self->{bin} = "$dir/bin";
		my $uid = getpwnam($arg{as});
		chown $uid, -1, $dir, "$dir/key.pem";
	}
	my $signer = exists $arg{signer} ? $arg{signer} : '';
	my $conf = $arg{globals} // '';
	$conf .= qq(signer {\n\tissuer "https://issuer.example"\n)
	    . qq(\tkey "DIR/key.pem"\n\tstore file "DIR/users.d/users"\n)
	    . qq(\tprefork 2\n$signer}\n) if defined $signer;
	$conf .= $arg{servers} // <<'END';
server "localhost" {
	listen on 127.0.0.1 port 0
	location "/token" {
		grant
		audience "api"
	}
	location "/verify/*" {
		resource
		audience "api"
	}
	location "/verify/read" {
		resource
		audience "api"
		scope "read"
		forward claim "email" as "X-Auth-Email"
	}
	location "/.well-known/jwks.json" { jwks }
	location "/health" { health }
}
END
	$conf =~ s/\bDIR\b/$dir/g;
	write_file("$dir/jwtd.conf", $conf, 0644);
	$self->make_certificate if $arg{tls};
	return $self;
}

# The users file's folder belongs to the signer's user, as the manual says.
sub own {
	my ($self, @files) = @_;
	return if $> != 0;
	my ($uid, $gid) = (getpwnam($self->{as} || '_jwtdsign'))[2, 3];
	chown $uid, $gid, @files;
}

sub make_key {
	my ($self, $file, $bits) = @_;
	if (!$bits && $cached_key) {
		write_file($file, $cached_key, 0600);
	} else {
		system('openssl', 'genpkey', '-quiet', '-algorithm', 'RSA',
		    '-pkeyopt', 'rsa_keygen_bits:' . ($bits || 2048), '-out',
		    $file) == 0 or die "openssl genpkey";
		$cached_key = read_file($file) unless $bits;
	}
	chmod 0600, $file;
}

# DIR/BASE.crt and DIR/BASE.key for that name, with an EC key or one of RSA
sub make_certificate {
	my ($self, $base, $name, $type) = @_;
	my $file = "$self->{dir}/" . ($base // 'tls');
	my $key = ($type // 'ec') eq 'ec' ?
	    'ec -pkeyopt ec_paramgen_curve:P-256' : 'rsa:2048';
	$name //= 'localhost';
	system(qq(openssl req -x509 -newkey $key -nodes -days 2 )
	    . qq(-subj /CN=$name )
	    . qq(-addext 'subjectAltName=DNS:$name,IP:127.0.0.1' )
	    . qq(-keyout $file.key -out $file.crt 2>/dev/null)) == 0
	    or die "openssl req";
	chown scalar(getpwnam($self->{as})), -1, "$file.key" if $self->{as};
}

# Start the daemon and wait until it says that it is ready.
sub launch {
	my ($self) = @_;
	my $dir = $self->{dir};
	my $log = "$dir/log." . (++$self->{launches});

	$self->{logfile} = $log;
	write_file($log, '');
	my $pid = fork();
	die "fork: $!" unless defined $pid;
	if ($pid == 0) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', $log;
		open STDERR, '>&', \*STDOUT;
		my @cmd = ("$self->{bin}/jwtd", $self->{quiet} ? '-d' :
		    '-dv', '-f', "$dir/jwtd.conf");
		if ($self->{by_name}) {
			$ENV{PATH} = "$self->{bin}:$ENV{PATH}";
			$cmd[0] = 'jwtd';
		}
		unshift @cmd, 'setpriv', "--reuid=$self->{as}",
		    "--regid=" . (getgrgid((getpwnam($self->{as}))[3]))[0],
		    '--clear-groups' if $self->{as};
		unshift @cmd, @{ $self->{with} };
		{ no warnings "exec"; exec @cmd }
		POSIX::_exit(127);
	}
	$self->{pid} = $pid;
	return if $self->wait_log(qr/: ready$/m);
	my $text = $self->log;
	$self->stop;
	die "jwtd did not start:\n$text";
}

# Wait until the log matches; false when the daemon ended or it took too long.
sub wait_log {
	my ($self, $pattern, $seconds) = @_;
	return wait_until(sub {
		return 1 if $self->log =~ $pattern;
		return if !$self->{pid} || !$self->running;
		return 0;
	}, $seconds);
}

# Ask until the answer is true (returned), undef (given up), or time is over.
sub wait_until {
	my ($check, $seconds) = @_;
	my $end = time + ($seconds || $patience);
	for (;;) {
		my $r = $check->();
		return $r if $r || !defined $r;
		return 0 if time > $end;
		sleep 0.01;
	}
}

sub running {
	my ($self) = @_;
	return 0 unless $self->{pid};
	my $r = waitpid($self->{pid}, WNOHANG);
	return 1 if $r == 0;
	$self->{status} = $? if $r == $self->{pid};
	delete $self->{pid};
	return 0;
}

# Returns the exit status as of wait(2), or undef if it had to be killed.
sub stop {
	my ($self) = @_;
	return $self->{status} unless $self->running;
	kill 'TERM', $self->{pid};
	my $gone = wait_until(sub { !$self->running }, $patience);
	return $self->{status} if $gone;
	my $pid = delete $self->{pid};
	kill 'KILL', $pid;
	waitpid $pid, 0;
	return undef;
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $!, $@);
	return if $$ != $self->{owner};
	$self->stop;
}

sub dir { $_[0]{dir} }
sub pid { $_[0]{pid} }
sub log { my ($self) = @_; return read_file($self->{logfile}) }

# the ports in the order of the configuration
sub ports {
	my ($self) = @_;
	return $self->log =~ /listening on \S+ port (\d+)/g;
}
sub port { ($_[0]->ports)[0] }

sub user {
	my ($self, $name, $password, $grants) = @_;
	$self->ctl([ 'user', 'add', $name, defined $grants ? $grants : () ],
	    "$password\n");
}

# Run jwtctl; returns what it printed.  Dies if it fails.
sub ctl {
	my ($self, $args, $input) = @_;
	my ($status, $out) = $self->try_ctl($args, $input);
	die "jwtctl @$args: $out" if $status != 0;
	return $out;
}

sub try_ctl {
	my ($self, $args, $input) = @_;
	my @cmd = ("$self->{bin}/jwtctl", '-f', "$self->{dir}/jwtd.conf",
	    @$args);
	return run(\@cmd, $input);
}

# Run a command with that input; returns (exit status, stdout and stderr).
sub run {
	my ($cmd, $input) = @_;
	my $in = File::Temp->new;
	print $in $input // '';
	close $in;
	my $out = File::Temp->new;
	my $pid = fork();
	die "fork: $!" unless defined $pid;
	if ($pid == 0) {
		open STDIN, '<', $in->filename;
		open STDOUT, '>', $out->filename;
		open STDERR, '>&', \*STDOUT;
		{ no warnings "exec"; exec @$cmd }
		POSIX::_exit(127);
	}
	waitpid $pid, 0;
	my $status = $?;
	return ($status >> 8 || $status, read_file($out->filename));
}

# the pids of the children of a process
sub children {
	my ($pid) = @_;
	my @found;
	for my $stat (glob '/proc/[0-9]*/stat') {
		my $text = eval { read_file($stat) } // next;
		push @found, $1 if $text =~ /^(\d+) \(.*\) \S (\d+) /s
		    && $2 == $pid;
	}
	return @found;
}

# the pids of all that descend from a process
sub family {
	my @all = children($_[0]);
	return (@all, map { family($_) } @all);
}

# those of the pids that run; a zombie does not
sub alive {
	return grep {
		(eval { read_file("/proc/$_/stat") } // ') Z')
		    !~ /\) [ZX][^)]*\z/s;
	} @_;
}

# pids by what the process calls itself: "jwtd: worker 0", "jwtd-signer: master"
sub pids {
	my ($self, $title) = @_;
	return grep { (title($_) // '') =~ /^\Q$title\E/ }
	    family($self->{pid});
}

# a field of /proc/PID/status, its values separated by single spaces
sub status {
	my ($pid, $field) = @_;
	my $text = read_file("/proc/$pid/status");
	my ($value) = $text =~ /^\Q$field\E:[ \t]*(.*?)[ \t]*$/m;
	$value =~ s/\s+/ /g if defined $value;
	return $value;
}

sub title {
	my ($pid) = @_;
	my $text = eval { read_file("/proc/$pid/cmdline") } // return undef;
	$text =~ s/\0.*//s;
	return $text;
}

sub connect {
	my ($self, $port) = @_;
	return IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $port || $self->port, Proto => 'tcp')
	    || die "connect: $!";
}

# TLS, as IO::Socket::SSL has it, with more of its arguments.
sub connect_tls {
	my ($self, $port, %arg) = @_;
	require IO::Socket::SSL;
	return IO::Socket::SSL->new(PeerAddr => '127.0.0.1',
	    PeerPort => $port, SSL_verify_mode => 0, SSL_hostname => 'localhost',
	    SSL_alpn_protocols => [ 'http/1.1' ], %arg)
	    || die "TLS: $IO::Socket::SSL::SSL_ERROR";
}

sub connect_unix {
	my ($self, $path) = @_;
	return IO::Socket::UNIX->new(Peer => $path) || die "connect: $!";
}

# Write, then read until the end or for so many seconds.
sub talk {
	my ($s, $bytes, $seconds) = @_;
	send_all($s, $bytes);
	my ($all, $end) = ('', time + ($seconds // 5));
	my $select = IO::Select->new($s);
	while ((my $left = $end - time) > 0) {
		next unless $select->can_read($left);
		my $n = sysread $s, $all, 65536, length $all;
		last unless $n;
	}
	return $all;
}

# One request on a connection of its own: { status, head, body, json }
#	path, method, user, password, bearer, headers => { }, body, socket
sub request {
	my ($self, %arg) = @_;
	my $text = text(%arg, headers => { Connection => 'close',
	    %{ $arg{headers} || {} } });
	my $s = $arg{socket} || $self->connect;
	return parse(talk($s, $text, $arg{seconds} || $patience));
}

sub basic {
	my ($user, $password) = @_;
	return 'Basic ' . encode_base64("$user:$password", '');
}

sub parse {
	my ($text) = @_;
	my ($head, $body) = split /\r\n\r\n/, $text, 2;
	my %r = (text => $text, head => $head // '', body => $body // '');
	($r{status}) = $r{head} =~ m{^HTTP/1\.1 (\d{3}) };
	$r{status} //= 0;
	$r{json} = eval { JSON::PP::decode_json($r{body}) };
	return \%r;
}

# a field of the head, or undef
sub field {
	my ($r, $name) = @_;
	return $r->{head} =~ /^\Q$name\E: *(.*?) *\r?$/mi ? $1 : undef;
}

# Get a token or die.
sub token {
	my ($self, $user, $password) = @_;
	my $r = $self->request(path => '/token', user => $user,
	    password => $password);
	die "no token: $r->{text}" if $r->{status} != 200;
	return $r->{json}{access_token};
}

# The header and the claims of a token, unverified.
sub decode_token {
	my ($token) = @_;
	my @part = split /\./, $token, -1;
	return map { JSON::PP::decode_json(decode_base64url($_)) } @part[0, 1];
}

# its claims as they are written
sub payload { return decode_base64url((split /\./, $_[0])[1]) }

# Does the token verify with that public key in PEM?  openssl(1) is asked.
sub token_verifies {
	my ($token, $pem) = @_;
	my ($signed, $signature) = $token =~ /^(.*)\.([^.]*)$/;
	my $dir = tempdir(CLEANUP => 1);
	write_file("$dir/signed", $signed);
	write_file("$dir/signature", decode_base64url($signature));
	my ($status) = run([ 'openssl', 'dgst', '-sha256', '-verify', $pem,
	    '-signature', "$dir/signature", "$dir/signed" ]);
	return $status == 0;
}

# A line of the users file whose password costs little to check.
sub line {
	my ($name, $password, $grants) = @_;
	return "$name:" . bcrypt($password)
	    . (defined $grants ? ":$grants" : '') . "\n";
}

sub bcrypt {
	my ($password, $cost) = @_;
	my @digits = ('.', '/', 'A' .. 'Z', 'a' .. 'z', 0 .. 9);
	my $salt = join '', map { $digits[rand @digits] } 1 .. 21;
	return crypt $password, sprintf '$2b$%02d$%se', $cost // 4, $salt;
}

# The lines of the users file, and a new content for it: in place, or by rename.
sub users_lines {
	my ($self) = @_;
	return split /^/, read_file("$self->{dir}/users.d/users");
}

sub write_users {
	my ($self, @lines) = @_;
	my $file = "$self->{dir}/users.d/users";
	write_file("$file.new", join('', @lines), 0600);
	$self->own("$file.new");
	rename "$file.new", $file or die "rename: $!";
}

sub write_users_in_place {
	my ($self, @lines) = @_;
	open my $f, '+<', "$self->{dir}/users.d/users" or die "users: $!";
	my $text = join '', @lines;
	truncate $f, 0 or die "truncate: $!";
	syswrite($f, $text) == length $text or die "write: $!";
	close $f or die "close: $!";
}

# Read exactly so many answers from a connection that stays open: a list as of
# parse(), shorter if it ended or took too long.
#	seconds, head (they are answers to HEAD, without a body)
sub answers {
	my ($s, $n, %arg) = @_;
	my ($text, @found) = ('');
	my $end = time + ($arg{seconds} || $patience);
	while (@found < $n) {
		if ($text =~ /\A(.*?\r\n\r\n)/s) {
			my $head = $1;
			my ($len) = $head =~ /^Content-Length: (\d+)\r$/mi;
			$len = 0 if !$len || $arg{head}
			    || $head =~ m{^HTTP/1.1 1};
			if (length($text) >= length($head) + $len) {
				push @found, parse(substr $text, 0,
				    length($head) + $len, '');
				next;
			}
		}
		last unless readable($s, $end - time);
		my $got = sysread $s, $text, 65536, length $text;
		next if !defined $got && $!{EAGAIN};
		last unless $got;
	}
	return @found;
}

# Write a request, and read its answer (answers()) from a connection that stays.
sub ask {
	my ($s, $text, %arg) = @_;
	send_all($s, $text);
	return (answers($s, 1, %arg))[0] // parse('');
}

sub send_all {
	my ($s, $bytes) = @_;
	local $SIG{PIPE} = 'IGNORE';
	my $off = 0;
	while ($off < length $bytes) {
		my $n = syswrite $s, $bytes, length($bytes) - $off, $off;
		return 0 unless defined $n;
		$off += $n;
	}
	return 1;
}

# Is there something to read, at the latest after so many seconds?  0 looks once;
# a negative one is a time that is over.
sub readable {
	my ($s, $seconds) = @_;
	my $left = $seconds;
	my $end = time + $seconds;
	return 1 if $s->can('pending') && $s->pending;
	while ($left >= 0) {
		vec(my $bits = '', fileno $s, 1) = 1;
		my $n = select $bits, undef, undef, $left;
		return $n > 0 if $n != -1 || !$!{EINTR};
		$left = $end - time;
	}
	return 0;
}

# Does the other end close within so many seconds?  What it sends is dropped.
sub closes {
	my ($s, $seconds) = @_;
	my $end = time + ($seconds || $patience);
	while (readable($s, $end - time)) {
		my $n = sysread $s, my $bytes, 65536;
		next if !defined $n && $!{EAGAIN};
		return 1 unless $n;
	}
	return 0;
}

# the text of a request; a header that is undef is left out
sub text {
	my (%arg) = @_;
	my $method = $arg{method} || (defined $arg{body} ? 'POST' : 'GET');
	my %h = (Host => 'localhost', %{ $arg{headers} || {} });
	$h{Authorization} = basic($arg{user}, $arg{password})
	    if defined $arg{user};
	$h{Authorization} = "Bearer $arg{bearer}" if defined $arg{bearer};
	if (defined $arg{body}) {
		$h{'Content-Length'} = length $arg{body}
		    unless exists $h{'Content-Length'};
		$h{'Content-Type'} = 'application/x-www-form-urlencoded'
		    unless exists $h{'Content-Type'};
	}
	return "$method $arg{path} HTTP/1.1\r\n"
	    . join('', map { defined $h{$_} ? "$_: $h{$_}\r\n" : () }
	    sort keys %h) . "\r\n" . ($arg{body} // '');
}

sub read_file {
	my ($file) = @_;
	open my $f, '<', $file or die "$file: $!";
	local $/;
	my $text = <$f>;
	return $text // '';
}

sub write_file {
	my ($file, $text, $mode) = @_;
	open my $f, '>', $file or die "$file: $!";
	print $f $text;
	close $f or die "$file: $!";
	chmod $mode, $file if defined $mode;
}

1;
