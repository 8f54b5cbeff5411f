# Private keys are in the memory of the processes that need them, and in no
# other's: each process is searched for their numbers.
use strict;
use warnings;

use Test::More;

use Jwtd;
use Memory;

plan skip_all => 'needs root, and memory without sanitizers'
    unless Memory::available();
plan skip_all => 'no IO::Socket::SSL'
    unless eval { require IO::Socket::SSL; require Net::SSLeay };

my $servers = <<'EOT';
server "one.example" {
	listen on 127.0.0.1 tls port 0
	listen on "DIR/sock"
	tls {
		certificate "DIR/one.crt"
		key "DIR/one.key"
	}
	location "/token" {
		grant
		audience "api"
	}
	location "/verify" {
		resource
		audience "api"
	}
	location "/.well-known/jwks.json" { jwks }
}
server "two.example" {
	listen on 127.0.0.1 tls port 0
	tls {
		certificate "DIR/two.crt"
		key "DIR/two.key"
	}
	location "/health" { health }
}
EOT

# Use every key, many times and in every process.
sub use_all {
	my ($d, $what) = @_;
	my $sock = $d->dir . '/sock';
	my %count;
	for my $round (1 .. 8) {
		for my $name ('one.example', 'two.example') {
			for my $version ('TLSv1_2', 'TLSv1_3') {
				my $s = $d->connect_tls($d->port,
				    SSL_version => $version,
				    SSL_hostname => $name);
				$count{tls}++;
				close $s;
			}
		}
		my $r = $d->request(path => '/token', user => 'alice',
		    password => 'x', socket => $d->connect_unix($sock));
		$count{token}++ if $r->{status} == 200;
		$r = $d->request(path => '/verify',
		    bearer => $r->{json}{access_token},
		    socket => $d->connect_unix($sock));
		$count{verify}++ if $r->{status} == 202;
	}
	is_deeply(\%count, { tls => 32, token => 8, verify => 8 },
	    "$what: all keys are in use");
}

# In which processes is it?  Those that are just being replaced are looked for
# again.
sub holders {
	my ($d, @secrets) = @_;
	my %found;
	for (1 .. 20) {
		%found = ();
		for my $pid ($d->pid, Jwtd::family($d->pid)) {
			my $title = Jwtd::title($pid);
			my $n = eval { Memory::count($pid, @secrets) };
			$found{$title} = $n ? 1 : 0 if defined $n;
			die $@ if !defined $n && Jwtd::alive($pid);
		}
		last if keys %found == 7;
		select undef, undef, undef, 0.1;
	}
	return \%found;
}

# Each of these processes has it, and no other.
sub held_by {
	my ($d, $what, $titles, @secrets) = @_;
	my $found = holders($d, @secrets);
	is(join(', ', grep { $found->{$_} } sort keys %$found),
	    join(', ', @$titles), $what);
	is(scalar keys %$found, 7, "$what: all processes were looked at");
}

my @signers = ('jwtd-signer: master', 'jwtd-signer: signer 0',
    'jwtd-signer: signer 1');
# the keys of one.example and of the tokens
for ([ 'rsa', 'rsa', 'ec' ], [ 'ec', 'ec', 'rsa' ],
    [ 'ed25519', 'ec', 'rsa' ]) {
	my ($signing, $one, $two) = @$_;
	my $d = Jwtd->prepare(servers => $servers);
	my $dir = $d->dir;
	$d->make_certificate('one', 'one.example', $one);
	$d->make_certificate('two', 'two.example', $two);
	# a certificate's file may hold the key as well
	Jwtd::write_file("$dir/two.crt", Jwtd::read_file("$dir/two.key")
	    . Jwtd::read_file("$dir/two.crt"), 0600);
	unlink "$dir/key.pem";
	$d->ctl([ 'key', 'new', '-t', $signing, "$dir/key.pem" ]);
	my %secret = map { $_ => [ Memory::secrets("$dir/$_") ] }
	    qw(key.pem one.key two.key);
	$d->write_users(Jwtd::line('alice', 'x'));
	$d->launch;

	# the processes with keys, and only they, keep their memory from swap
	my $locks = $d->log !~ /not available here: .*locked memory/;
	for my $pid (Jwtd::family($d->pid)) {
		my $title = Jwtd::title($pid);
		my $locked = $locks && $title !~ /worker/;
		# a signer may just have been replaced
		my ($kb) = (eval { Jwtd::status($pid, 'VmLck') } // next)
		    =~ /(\d+)/;
		ok($locked ? $kb > 1000 : $kb < 1000,
		    "$signing: $title: $kb kB are locked");
	}
	held_by($d, "$signing, $one, $two: at the start, key of the tokens",
	    \@signers, @{ $secret{'key.pem'} });
	use_all($d, $signing);
	my $what = "$signing, $one, $two";
	held_by($d, "$what: the key of the tokens", \@signers,
	    @{ $secret{'key.pem'} });
	held_by($d, "$what: the first TLS key", [ 'jwtd: tlskey' ],
	    @{ $secret{'one.key'} });
	held_by($d, "$what: the second TLS key", [ 'jwtd: tlskey' ],
	    @{ $secret{'two.key'} });
	is($d->stop, 0, "$what: the end");
}

# The keys of a directory, of which one is to sign later
{
	my $d = Jwtd->prepare(servers => $servers);
	my $dir = $d->dir;
	$d->make_certificate($_, "$_.example", 'ec') for 'one', 'two';
	mkdir "$dir/keys", 0700 or die "mkdir: $!";
	my $conf = Jwtd::read_file("$dir/jwtd.conf");
	$conf =~ s/key "[^"]*key\.pem"/keys "$dir\/keys"/;
	Jwtd::write_file("$dir/jwtd.conf", $conf);
	$d->ctl([ 'key', 'rotate' ]) for 1, 2;
	my ($now, $later) = sort glob "$dir/keys/*.pem";
	$d->write_users(Jwtd::line('alice', 'x'));
	$d->launch;
	use_all($d, 'a directory');
	held_by($d, 'a directory: the key that signs', \@signers,
	    Memory::secrets($now));
	held_by($d, 'a directory: the next one', \@signers,
	    Memory::secrets($later));
	is($d->stop, 0, 'a directory: the end');
}

# The search itself: this process has what it asks for
my $d = Jwtd->prepare(servers => $servers);
$d->make_certificate('own', 'own.example', 'rsa');
my @secrets = Memory::secrets($d->dir . '/own.key');
cmp_ok(scalar @secrets, '>', 100, 'an RSA key has many numbers to look for');
cmp_ok(Memory::count($$, @secrets), '>', 100,
    'and all are found where they are');
$d->make_certificate('own', 'own.example', 'ec');
@secrets = Memory::secrets($d->dir . '/own.key');
cmp_ok(scalar @secrets, '>=', 4, 'an EC key has its number, in both orders');
cmp_ok(scalar(grep { /\A[A-Za-z0-9+\/]+\z/ } @secrets), '>=', 1,
    'and as it is in the file');

done_testing();
