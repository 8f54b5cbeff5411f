# A PostgreSQL of a test's own: in a temporary directory, on a Unix socket and,
# with TLS, on a port of 127.0.0.1.  All its processes end with the object.
package Pg;

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use Jwtd;
use Pg::Session;
use POSIX qw(:sys_wait_h);
use Scalar::Util qw(weaken);

my $top = abs_path(dirname(__FILE__) . '/../..');
my %signal = (smart => 'TERM', fast => 'INT', immediate => 'QUIT');
my %all;		# those that END has to stop
my $shared;		# the CA, the server's certificate, a fresh data directory
my $owner = $$;

# the user that a server of root runs as, since PostgreSQL refuses to be root
my $user = $> != 0 ? undef : getpwnam('postgres') ? 'postgres' : 'nobody';

# Pg->start(conf => TEXT, hba => TEXT)
#	conf	lines of postgresql.conf
#	hba	lines of pg_hba.conf, before those that want SCRAM of everybody
sub start {
	my ($class, %arg) = @_;
	my $self = $class->new_object;
	my $data = "$self->{dir}/data";

	run_ok('cp', '-a', shared() . '/template', $data);
	append("$data/postgresql.conf", $arg{conf} // '');
	my $hba = "$data/pg_hba.conf";
	Jwtd::write_file($hba, ($arg{hba} // '') . <<'END', 0600);
local all all scram-sha-256
hostssl all all 127.0.0.1/32 scram-sha-256
local replication postgres scram-sha-256
END
	give($hba);
	$self->{password} = { postgres => $shared->{password} };
	$self->launch_on_free_port;
	return $self;
}

# Another one that streams from this one, with the same CA and passwords.
sub standby {
	my ($self) = @_;
	my $new = ref($self)->new_object;
	my $data = "$new->{dir}/data";

	$self->client('pg_basebackup', [ '-h', $self->socket_dir, '-p',
	    $self->port, '-U', 'postgres', '-D', $data, '-X', 'stream',
	    '-c', 'fast', '--no-sync' ]);
	append("$data/postgresql.conf", sprintf("primary_conninfo = "
	    . "'host=%s port=%d user=postgres password=%s'\n",
	    $self->socket_dir, $self->port, $shared->{password}));
	Jwtd::write_file("$data/standby.signal", '');
	run_ok('chown', '-R', "$user:", $data) if $user;
	$new->{password} = $self->{password};
	$new->{db} = $self->{db};
	$new->launch_on_free_port;
	$new->catch_up($self);
	return $new;
}

# Wait until a standby has what its primary has now.
sub catch_up {
	my ($self, $primary) = @_;
	my $lsn = $primary->sql('SELECT pg_current_wal_lsn()');
	Jwtd::wait_until(sub {
		return $self->sql("SELECT coalesce(pg_last_wal_replay_lsn() "
		    . ">= '$lsn', false)") eq 't';
	}) or die "the standby does not follow:\n" . $self->log;
}

sub promote {
	my ($self) = @_;
	$self->sql('SELECT pg_promote()') eq 't' or die "pg_promote";
}

sub new_object {
	my ($class) = @_;
	my $dir = tempdir('pg-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
	my $self = bless { dir => $dir, owner => $$, db => 'postgres',
	    bouncers => [] }, $class;

	shared();
	chmod 0755, $dir;
	mkdir "$dir/socket", 0755 or die "mkdir: $!";
	give("$dir/socket");
	weaken($all{$self} = $self);
	return $self;
}

# What all servers of a test share; it takes a second to make.
sub shared {
	return $shared->{dir} if $shared;
	my $dir = tempdir('pg-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
	$shared = { dir => $dir, password => random_password() };
	chmod 0755, $dir;
	make_certificates($dir);

	mkdir "$dir/template", 0700;
	Jwtd::write_file("$dir/password", $shared->{password}, 0600);
	give("$dir/template", "$dir/password", "$dir/server.key");
	run_ok(as_server(program('initdb'), '-D', "$dir/template", '-U',
	    'postgres', '--pwfile', "$dir/password", '-A', 'scram-sha-256',
	    '--no-sync', '-E', 'UTF8', '--locale', 'C'));
	append("$dir/template/postgresql.conf", <<"END");
fsync = off
shared_buffers = 16MB
max_connections = 60
jit = off
ssl = on
ssl_ca_file = '$dir/ca.crt'
ssl_cert_file = '$dir/server.crt'
ssl_key_file = '$dir/server.key'
END
	return $dir;
}

sub make_certificates {
	my ($dir) = @_;
	my $key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
	Jwtd::write_file("$dir/ext",
	    "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
	for ("req -x509 $key -days 2 -subj /CN=test-ca -keyout ca.key -out ca.crt",
	    "req $key -subj /CN=localhost -keyout server.key -out server.csr",
	    "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -set_serial 2 "
	    . "-days 2 -extfile ext -out server.crt") {
		run_ok('sh', '-c', "cd $dir && exec openssl $_");
	}
	chmod 0600, "$dir/server.key";
}

# Somebody else may take the port before the server does: then try another.
sub launch_on_free_port {
	my ($self) = @_;
	for (1 .. 5) {
		$self->{port} = free_port();
		return if $self->launch;
		last unless $self->log =~ /could not bind/;
	}
	die "PostgreSQL did not start:\n" . $self->log;
}

sub launch {
	my ($self) = @_;
	my $dir = $self->{dir};

	$self->{logfile} = "$dir/log." . (++$self->{launches});
	$self->{pid} = spawn($self->{logfile}, 'QUIT', program('postgres'),
	    '-D', "$dir/data", '-p', $self->{port}, '-k', "$dir/socket",
	    '-h', '127.0.0.1');
	return Jwtd::wait_until(sub {
		return undef unless $self->running;
		my ($status) = Jwtd::run([ program('pg_isready'), '-q', '-h',
		    "$dir/socket", '-p', $self->{port} ]);
		return $status == 0;
	});
}

sub start_again {
	my ($self) = @_;
	$self->launch or die "PostgreSQL did not start:\n" . $self->log;
}

sub running {
	my ($self) = @_;
	return 0 unless $self->{pid};
	return 1 if waitpid($self->{pid}, WNOHANG) == 0;
	delete $self->{pid};
	return 0;
}

# End it, in one of the modes of pg_ctl(1), and wait until no process is left.
sub stop {
	my ($self, $mode) = @_;
	$self->sigcont;
	return unless $self->running;
	my @pids = ($self->{pid}, Jwtd::family($self->{pid}));
	kill $signal{$mode // 'fast'} || die("no mode $mode"), $self->{pid};
	return if Jwtd::wait_until(sub {
		return !$self->running && !Jwtd::alive(@pids);
	});
	kill 'KILL', @pids;
	waitpid delete $self->{pid}, 0 if $self->{pid};
	die "PostgreSQL had to be killed:\n" . $self->log;
}

# Stop all its processes where they are, as a machine does that hangs.
sub sigstop {
	my ($self) = @_;
	my %stopped;
	while (my @new = grep { !$stopped{$_}++ }
	    $self->{pid}, Jwtd::family($self->{pid})) {
		kill 'STOP', @new;
	}
	$self->{stopped} = [ keys %stopped ];
}

sub sigcont {
	my ($self) = @_;
	kill 'CONT', @{ delete $self->{stopped} || [] };
}

# End the sessions of all clients, or of that role; returns how many there were.
sub terminate_backends {
	my ($self, $role) = @_;
	return $self->sql("SELECT count(pg_terminate_backend(pid, 10000)) "
	    . "FROM pg_stat_activity WHERE backend_type = 'client backend' "
	    . "AND pid <> pg_backend_pid()"
	    . (defined $role ? " AND usename = '$role'" : ''));
}

# Database jwtd with sql/schema.sql, and passwords for its roles.
sub schema {
	my ($self) = @_;
	$self->sql('CREATE DATABASE jwtd');
	$self->{db} = 'jwtd';
	$self->load("$top/sql/schema.sql");
	for my $role (qw(jwtd_signer jwtd_admin)) {
		my $password = $self->{password}{$role} = random_password();
		$self->sql("ALTER ROLE $role PASSWORD '$password'");
	}
	return $self;
}

# Run a file as psql(1) of the superuser does; returns what it printed.
#	args	more arguments of psql(1); db
sub load {
	my ($self, $file, %arg) = @_;
	return $self->client('psql', [ '-X', '-q', '-d',
	    $self->conninfo('postgres', %arg), @{ $arg{args} || [] }, '-f',
	    $file ]);
}

# The output of statements of the superuser, unaligned.  Dies if one fails.
#	db, user
sub sql {
	my ($self, $text, %arg) = @_;
	my ($status, $out) = $self->psql_as($arg{user} // 'postgres', $text,
	    %arg);
	die "$text\n$out" if $status != 0;
	return $out;
}

# The same of another role: (exit status, output and messages).
#	db, tcp, port
sub psql_as {
	my ($self, $role, $text, %arg) = @_;
	my ($status, $out) = $self->try_client('psql',
	    $self->psql_args($role, %arg), $text, $role);
	chomp $out;
	return ($status, $out);
}

sub psql_args {
	my ($self, $role, %arg) = @_;
	return [ '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d',
	    $self->conninfo($role, %arg), '-f', '-' ];
}

# Run a program of PostgreSQL's with the password of that role.
sub try_client {
	my ($self, $name, $args, $input, $role) = @_;
	local %ENV = clean_env($self->password($role // 'postgres'));
	return Jwtd::run([ program($name), @$args ], $input);
}

sub client {
	my ($self, $name, $args, $input, $role) = @_;
	my ($status, $out) = $self->try_client($name, $args, $input, $role);
	die "$name @$args: $out" if $status != 0;
	return $out;
}

# A psql(1) that goes on, for what needs two sessions: see Pg::Session.
sub session {
	my ($self, $role, %arg) = @_;
	local %ENV = clean_env($self->password($role));
	return Pg::Session->new(program('psql'),
	    @{ $self->psql_args($role, %arg) });
}

# What psql(1) of that role prints, or its error, in a session that is kept: much
# quicker than psql_as().
sub ask {
	my ($self, $role, $text) = @_;
	$self->{session}{$role} ||= $self->session($role);
	return $self->{session}{$role}->ask($text);
}

sub quote {
	my ($text) = @_;
	$text =~ s/'/''/g;
	utf8::encode($text);
	return "'$text'";
}

# A connection string.
#	tcp		over TLS, verified, instead of the Unix socket
#	port		another one, such as pgbouncer()'s
#	password	with the password
#	db
sub conninfo {
	my ($self, $role, %arg) = @_;
	my $host = $arg{tcp} ? 'localhost hostaddr=127.0.0.1 '
	    . 'sslmode=verify-full sslrootcert=' . $self->ca_file
	    : $self->socket_dir;
	return "host=$host port=" . ($arg{port} // $self->{port})
	    . " user=$role dbname=" . ($arg{db} // $self->{db})
	    . ($arg{password} ? ' password=' . $self->password($role) : '');
}

# pgbouncer(1) in front of it; returns its port on 127.0.0.1, with TLS or without.
sub pgbouncer {
	my ($self, $pool_mode) = @_;
	my $base = "$self->{dir}/pgbouncer." . @{ $self->{bouncers} };
	my $password = $self->{password};
	Jwtd::write_file("$base.users", join('',
	    map { qq("$_" "$password->{$_}"\n) } sort keys %$password), 0600);
	for (1 .. 5) {
		my $port = free_port();
		Jwtd::write_file("$base.ini", <<"END", 0644);
[databases]
* = host=$self->{dir}/socket port=$self->{port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $base.users
pool_mode = $pool_mode
client_tls_sslmode = allow
client_tls_cert_file = $shared->{dir}/server.crt
client_tls_key_file = $shared->{dir}/server.key
END
		give("$base.users", "$base.ini");
		my $pid = spawn("$base.log", 'KILL', program('pgbouncer'),
		    "$base.ini");
		my $up = Jwtd::wait_until(sub {
			return undef if waitpid($pid, WNOHANG) != 0;
			return Jwtd::read_file("$base.log") =~ /process up/;
		});
		if ($up) {
			push @{ $self->{bouncers} }, $pid;
			return $port;
		}
		die "pgbouncer: " . Jwtd::read_file("$base.log")
		    if defined $up;
	}
	die "pgbouncer did not start: " . Jwtd::read_file("$base.log");
}

sub end {
	my ($self) = @_;
	return if $$ != $self->{owner};
	delete $all{$self};
	delete $self->{session};
	for my $pid (splice @{ $self->{bouncers} }) {
		kill 'KILL', $pid;
		waitpid $pid, 0;
	}
	$self->stop('immediate');
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $!, $@);
	eval { $self->end; 1 } or warn $@;
}

END {
	local ($?, $!, $@);
	if ($$ == $owner) {
		$_ && (eval { $_->end; 1 } || warn $@) for values %all;
	}
}

sub dir { $_[0]{dir} }
sub pid { $_[0]{pid} }
sub port { $_[0]{port} }
sub socket_dir { "$_[0]{dir}/socket" }
sub ca_file { shared() . '/ca.crt' }
sub log { return Jwtd::read_file($_[0]{logfile}) }
sub password { $_[0]{password}{ $_[1] } // '' }

# The path of a program.  Debian keeps the server's out of PATH.
sub program {
	my ($name) = @_;
	for my $dir (bindirs(), split(/:/, $ENV{PATH}), '/usr/sbin',
	    '/usr/local/sbin') {
		return "$dir/$name" if -x "$dir/$name";
	}
	die "$name is missing: install PostgreSQL's server and pgbouncer";
}

my @bindirs;
sub bindirs {
	return @bindirs if @bindirs;
	my ($status, $out) = Jwtd::run([ 'pg_config', '--bindir' ]);
	chomp $out;
	push @bindirs, $out if $status == 0;
	push @bindirs, sort {
		($b =~ m{/(\d+)/bin})[0] <=> ($a =~ m{/(\d+)/bin})[0]
	} grep { m{/\d+/bin$} } glob '/usr/lib/postgresql/*/bin';
	return @bindirs;
}

# Start it in the background; it gets that signal if the test is killed.
sub spawn {
	my ($log, $signal, @cmd) = @_;
	Jwtd::write_file($log, '');
	@cmd = as_server(@cmd);
	splice @cmd, 1, 0, '--pdeathsig', $signal if $cmd[0] eq 'setpriv';
	my $pid = fork();
	die "fork: $!" unless defined $pid;
	return $pid if $pid;
	open STDIN, '<', '/dev/null';
	open STDOUT, '>>', $log;
	open STDERR, '>&', \*STDOUT;
	%ENV = clean_env();
	{ no warnings 'exec'; exec @cmd }
	POSIX::_exit(127);
}

# the command as the server's user
sub as_server {
	my (@cmd) = @_;
	return ('setpriv', "--reuid=$user", "--regid="
	    . (getgrgid((getpwnam($user))[3]))[0], '--clear-groups', @cmd)
	    if $user;
	return ('setpriv', @cmd) if grep { -x "$_/setpriv" }
	    split /:/, $ENV{PATH};
	return @cmd;
}

sub give {
	my (@files) = @_;
	return unless $user;
	my ($uid, $gid) = (getpwnam($user))[2, 3];
	chown($uid, $gid, @files) == @files or die "chown @files: $!";
}

# nothing of the caller's may lead a client elsewhere
sub clean_env {
	my ($password) = @_;
	my %env = map { $_ => $ENV{$_} } grep { !/^PG/ } keys %ENV;
	return (%env, LC_ALL => 'C', PGCLIENTENCODING => 'UTF8',
	    defined $password ? (PGPASSWORD => $password) : ());
}

sub run_ok {
	my (@cmd) = @_;
	my ($status, $out) = Jwtd::run(\@cmd);
	die "@cmd: $out" if $status != 0;
}

sub append {
	my ($file, $text) = @_;
	open my $f, '>>', $file or die "$file: $!";
	print $f $text;
	close $f or die "$file: $!";
}

sub free_port {
	my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1,
	    Proto => 'tcp') or die "listen: $!";
	return $s->sockport;
}

sub random_password {
	open my $f, '<', '/dev/urandom' or die "/dev/urandom: $!";
	read($f, my $bytes, 16) == 16 or die "/dev/urandom";
	return unpack 'H*', $bytes;
}

1;
