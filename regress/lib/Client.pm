# A client that counts every answer of a daemon whose store comes and goes, and
# reads in its log how often it went.  Its methods are tests; $what names them.
package Client;

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Jwtd;

# what the configuration's default gives a request
our $deadline = 10;

sub new {
	my ($class, $daemon) = @_;
	return bless { d => $daemon, down => 0, up => 0 }, $class;
}

sub daemon { $_[0]{d} }

sub ask {
	my ($self, $user, $password) = @_;
	return $self->{d}->request(path => '/token', user => $user // 'alice',
	    password => $password // 'one');
}

# Ask so many times: "200: 5", or "200: 3, 503: 2"; and what is wrong with any.
sub counts {
	my ($self, $n, @who) = @_;
	my (%count, @slow);
	for (1 .. $n) {
		my $begin = time;
		my $r = $self->ask(@who);
		push @slow, sprintf('%.1f s', time - $begin)
		    if time - $begin > $deadline;
		$count{$r->{status}}++;
		$count{'503 without Retry-After'}++ if $r->{status} == 503
		    && !(Jwtd::field($r, 'Retry-After') // 0);
	}
	return join ', ', (map { "$_: $count{$_}" } sort keys %count), @slow;
}

# Ask until the answer is 200: nothing but 503 may come before.
sub recovers {
	my ($self, $what) = @_;
	my %count;
	my $good = Jwtd::wait_until(sub {
		my $status = $self->ask->{status};
		$count{$status}++;
		return $status == 200 ? 1 : $status == 503 ? 0 : undef;
	});
	ok($good, "$what: recovers")
	    or diag(explain(\%count), $self->{d}->log);
	is($self->counts(5), '200: 5', "$what: and stays");
}

# How many lines of the log match?
sub count {
	my ($self, $pattern) = @_;
	my $n = () = $self->{d}->log =~ /$pattern/g;
	return $n;
}

# So many more times it went, and came back.
sub logged {
	my ($self, $what, $down, $up) = @_;
	$self->{down} += $down;
	$self->{up} += $up;
	is($self->count(qr/store postgres: .*: no user can log in$/m),
	    $self->{down}, "$what: the log says that it is down");
	is($self->count(qr/store postgres: available again$/m),
	    $self->{up}, "$what: the log says that it is up");
}

# What needs no store is there at once, while requests hang that do.
sub others_answer {
	my ($self, $what, $token) = @_;
	my (@times, @statuses);
	for (1 .. 6) {
		for my $arg ([ path => '/verify/x', bearer => $token ],
		    [ path => '/.well-known/jwks.json' ]) {
			my $begin = time;
			push @statuses, $self->{d}->request(@$arg)->{status};
			push @times, time - $begin;
		}
	}
	is("@statuses", join(' ', (202, 200) x 6), "$what: the rest works");
	# the machine may be busy, so not each of them
	my $median = (sort { $a <=> $b } @times)[6];
	cmp_ok($median, '<', 0.1, "$what: and fast");
}

# Requests that are sent and not yet answered: as many as there are signers.
sub pending {
	my ($self) = @_;
	return map {
		my $s = $self->{d}->connect;
		Jwtd::send_all($s, Jwtd::text(path => '/token',
		    user => 'alice', password => 'one'));
		$s;
	} 1 .. 2;
}

sub answers_of {
	my ($self, @sockets) = @_;
	return join ' ', map { (Jwtd::answers($_, 1))[0]{status} // 0 }
	    @sockets;
}

1;
