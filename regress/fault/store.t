# The users file goes away, or becomes something else, under load: nobody logs
# in who should not, who has a token never notices, and all is well at once.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Fault qw(daemon load long calm lines);
use Jwtd;

my $d = daemon();
my $dir = $d->dir . '/users.d';
my $users = "$dir/users";
my $good = Jwtd::read_file($users);
my @signers = sort $d->pids('jwtd-signer: signer');

# Change what is in the folder, which is closed to its owner meanwhile.
sub change {
	my ($code) = @_;
	chmod 0700, $dir or die "chmod: $!" if $>;
	$code->();
	chmod 0500, $dir or die "chmod: $!" if $>;
}

sub restore {
	change(sub {
		rmdir $users if -d $users;
		Jwtd::write_file("$users.new", $good, 0600);
		$d->own("$users.new");
		rename "$users.new", $users or die "rename: $!";
	});
}

sub down {
	return lines($d, qr/^jwtd-signer: .*users: .*: no user can log in$/m);
}
sub up { return lines($d, qr/^jwtd-signer: .*users: available again$/m) }

my $load = load($d, '-c', 20, '-r', 300, '-w', 0);
calm($load, 'before');

my @faults = (
	[ 'removed', sub { unlink $users or die "unlink: $!" } ],
	[ 'a folder', sub { unlink $users; mkdir $users or die "mkdir: $!" } ],
	[ 'a FIFO', sub { unlink $users;
	    system('mkfifo', $users) == 0 or die 'mkfifo' } ],
	[ 'a link to itself', sub { unlink $users;
	    symlink $users, $users or die "symlink: $!" } ],
	[ 'not readable', sub { chmod 0, $users or die "chmod: $!" } ],
	[ 'too large', sub { truncate $users, 1 << 33 or die "truncate: $!" } ],
);
for my $round (1 .. long()) {
	for (@faults) {
		my ($name, $fault) = @$_;
		my $what = "$name, $round";
		my ($down, $up) = (down(), up());
		change($fault);
		$load->counts;
		my ($count) = $load->during(0.5);
		is(Load::failures($count, qw(wrong stale closed cut lost stuck
		    refused handshake)), '',
		    "$what: every answer is right or a 503")
		    or diag $load->complaints;
		cmp_ok($count->{busy}, '>', 5, "$what: grants get 503");
		cmp_ok($count->{resources}, '>', 20,
		    "$what: the resource service goes on");
		unlink $users;
		restore();
		# what was asked before may be answered after
		$load->during(0.3);
		calm($load, "$what: afterwards, at once", 0.2);
		is(down() - $down, 1, "$what: a line that it is down")
		    or diag $d->log =~ /^jwtd-signer: (?!.*grant user).*$/mg;
		is(up() - $up, 1, "$what: and one that it is up");
	}
}

# Garbage is no user: nobody logs in, and those lines are logged, but not all
$load->stop;
$load = load($d, '-c', 8, '-r', 200, '-g', 0, '-w', 0);
# it logs in for its tokens first
ok(Jwtd::wait_until(sub {
	my ($count) = $load->during(0.5);
	return $count->{resources} > 0 && $count->{grants} == 0 ? 1 : 0;
}), 'a load without grants');
open my $random, '<', '/dev/urandom' or die "urandom: $!";
my @garbage = (
	[ 'random bytes', do { read $random, my $b, 200_000; $b } ],
	[ 'NULs', "\0" x 100_000 ],
	[ 'lines', "\n" x 100_000 ],
	[ 'colons', ':' x 100_000 ],
	[ 'names without a hash', join '', map { "$_:\n" } @Fault::users ],
	[ 'no hashes', join '', map { "$_:\$argon2id\$v=19\$m=65536,t=2,p=1\$"
	    . "\n" } @Fault::users ],
	[ 'half a file', substr $good, 0, 30 ],
	[ 'empty', '' ],
);
for (@garbage) {
	my ($name, $text) = @$_;
	my $before = length $d->log;
	change(sub {
		Jwtd::write_file("$users.new", $text, 0600);
		$d->own("$users.new");
		rename "$users.new", $users or die "rename: $!";
	});
	my @statuses = map { $d->request(path => '/token', user => $_,
	    password => $_)->{status} } qw(alice bob nobody);
	is("@statuses", '401 401 401', "$name: nobody is known");
	my @lines = substr($d->log, $before) =~ /^jwtd-signer: .*users:\d+: /mg;
	cmp_ok(scalar @lines, '<=', 100, "$name: not too many lines");
	# remembered or not, the rest works with the next file
	restore();
	is($d->request(path => '/token', user => 'bob', password => 'bob')
	    ->{status}, 200, "$name: afterwards, at once");
}
my ($count) = $load->during(0.1);
is(Load::failures($count, qw(busy wrong stale closed cut lost stuck refused
    handshake)), '', 'garbage: the resource service goes on')
    or diag $load->complaints;
cmp_ok($count->{resources}, '>', 100, 'garbage: all the time');
is(Load::failures($load->stop, qw(wrong lost)), '', 'the end of the load');
is(join(' ', sort $d->pids('jwtd-signer: signer')), "@signers",
    'no signer has ended in all that');
is($d->stop, 0, 'the end');

done_testing();
