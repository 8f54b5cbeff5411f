# No more signers hash at a time than there are processors, and never all: who
# needs no hash does not wait for those who do, and memory has a bound.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Cost;
use Jwtd;

my $SIGNERS = 4;
my $processors = () = Jwtd::read_file('/proc/cpuinfo') =~ /^processor\s*:/mg;
my $places = $processors < $SIGNERS ? $processors : $SIGNERS - 1;
my $LOGINS = 24;

my $d = Jwtd->prepare(globals => "timeout request 60s\n");
my $file = $d->dir . '/jwtd.conf';
Jwtd::write_file($file,
    Jwtd::read_file($file) =~ s/^\tprefork 2$/\tprefork $SIGNERS/mr);
$d->launch;
$d->user(alice => 'right');
my ($hash) = ($d->users_lines)[0] =~ /^alice:([^:\n]+)/;
my $round = 0;

# Users whom nobody has seen before, all with one password.
sub strangers {
	my ($n) = @_;
	$round++;
	my @names = map { "r${round}u$_" } 1 .. $n;
	$d->write_users(map { "$_:$hash\n" } 'alice', @names);
	return @names;
}

# Their logins, begun and not ended.
sub begin {
	return map {
		my $s = $d->connect;
		Jwtd::send_all($s, Jwtd::text(path => '/token', user => $_,
		    password => 'right'));
		$s;
	} @_;
}

# How they end: "200: 40"
sub ends {
	my %count;
	$count{(Jwtd::answers($_, 1, seconds => 90))[0]{status} // 0}++ for @_;
	return join ', ', map { "$_: $count{$_}" } sort keys %count;
}

sub signers { return $d->pids('jwtd-signer: signer') }

sub quantile {
	my ($q, @values) = @_;
	return (sort { $a <=> $b } @values)[ $q * $#values ];
}

subtest 'a short request between long ones' => sub {
	my @names = strangers($LOGINS);
	is($d->request(path => '/token', user => 'alice',
	    password => 'right')->{status}, 200, 'one is remembered');
	my @pids = signers();
	is(scalar @pids, $SIGNERS, 'signers');
	my $began = time;
	my @sockets = begin(@names);
	my (@took, @hashing, $bad);
	# as long as the last is not answered
	while (time - $began < 90 && !Jwtd::readable($sockets[-1], 0.005)) {
		my $start = time;
		$bad++ if $d->request(path => '/token', user => 'alice',
		    password => 'right')->{status} != 200;
		push @took, time - $start;
		my $now = Cost::hashing(@pids);
		push @hashing, scalar @$now if $now;
	}
	my $all = time - $began;
	is(ends(@sockets), "200: $LOGINS", 'each login works');
	is($bad, undef, 'and so does each short request');
	note(sprintf '%d logins in %.2f s; %d short ones: median %.4f s, 99 of'
	    . ' 100 %.4f s; %d looks', $LOGINS, $all, scalar @took,
	    quantile(0.5, @took), quantile(0.99, @took), scalar @hashing);
	cmp_ok(scalar @took, '>', 20, 'there were many of these');
	cmp_ok(quantile(0.5, @took), '<', $all / $LOGINS,
	    'most took less than a hash does');
	cmp_ok(quantile(0.99, @took), '<', $all / 8,
	    'and hardly any waited for others');
	cmp_ok(quantile(1, @hashing), '<=', $places, "at most $places hash");
	cmp_ok(quantile(1, @hashing), '>=', 1, 'some do');
} if !$ENV{SAN};

subtest 'one user, many times' => sub {
	my ($name) = strangers(1);
	my @sockets;
	my $cost = Cost::of($d, sub {
		@sockets = begin(($name) x $LOGINS);
		is(ends(@sockets), "200: $LOGINS", 'each login works');
	});
	my $one = Cost::of($d, sub { ends(begin('nobody')) });
	cmp_ok($cost, '<', $one * ($places + 3), 'and few are hashed');
} if Cost::available();

subtest 'signers that die' => sub {
	for my $i (1 .. 6) {
		my @sockets = begin(strangers(12));
		sleep 0.1;
		my @pids = signers();
		kill 'KILL', $pids[ $i % @pids ];
		my $began = time;
		my $ends = ends(@sockets);
		like($ends, qr/^200: \d+(?:, 503: \d+)?$/, "all are answered")
		    or diag($ends);
		cmp_ok(time - $began, '<', 30, 'and soon');
	}
	# whoever has those that wait
	my @sockets = begin(strangers(12));
	sleep 0.1;
	kill 'KILL', signers();
	my $began = time;
	like(ends(@sockets), qr/^(?:200: \d+, )?503: \d+$/,
	    'all die: all are answered');
	cmp_ok(time - $began, '<', 30, 'and soon');
	ok(Jwtd::wait_until(sub { (() = signers()) == $SIGNERS }),
	    'there are as many as before');
	is(ends(begin(strangers(12))), '200: 12', 'and they all hash');
};

subtest 'a master that dies' => sub {
	my ($master) = $d->pids('jwtd-signer: master');
	my @sockets = begin(strangers($LOGINS));
	sleep 0.1;
	kill 'KILL', $master;
	my $began = time;
	like(ends(@sockets), qr/^(?:200: \d+, )?503: \d+$/,
	    'its signers answer those that they have put off');
	cmp_ok(time - $began, '<', 30, 'and soon');
	ok(Jwtd::wait_until(sub {
		my ($new) = $d->pids('jwtd-signer: master');
		return ($new // $master) != $master
		    && (() = signers()) == $SIGNERS;
	}), 'there is another');
};

subtest 'the end' => sub {
	my @sockets = begin(strangers(12));
	sleep 0.1;
	kill 'TERM', $d->pid;
	is(ends(@sockets), '200: 12', 'who waits is answered');
	is($d->stop, 0, 'before it ends');
};

subtest 'one signer' => sub {
	Jwtd::write_file($file, Jwtd::read_file($file)
	    =~ s/^\tprefork $SIGNERS$/\tprefork 1/mr);
	$d->launch;
	is(ends(begin(strangers(5), 'nobody')), '200: 5, 401: 1',
	    'does it all');
};

done_testing;
