# Every kind of process is killed in turn, under load, again and again: no
# answer is wrong, and what is lost is what the dead one had in its hands.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Fault qw(daemon load long calm settled lines descriptors);
use Issuer;
use Jwtd;

my $d = daemon(files => { 'other.json' => Issuer::set(k => Issuer::key()) },
    globals => qq(trust "https://other.example" { jwks "DIR/other.json" }\n));

my @titles = ('jwtd: tlskey', 'jwtd: trust', 'jwtd: worker 0',
    'jwtd: worker 1', 'jwtd-signer: master', 'jwtd-signer: signer 0',
    'jwtd-signer: signer 1');
my %first = settled($d, @titles);
is(scalar keys %first, 7, 'the processes') or BAIL_OUT $d->log;

my $connections = 30;
my $load = load($d, '-c', $connections, '-r', 300, '-e', 50);
calm($load, 'before');
# when all have had connections
my %fds = map { $_ => descriptors($first{$_}) } @titles;
$fds{parent} = descriptors($d->pid);

# who is killed, and what its log line says
my @victims = (
	[ 'jwtd: worker 0', qr/^jwtd: worker 0 was ended by signal 9$/m ],
	[ 'jwtd: tlskey', qr/^jwtd: tlskey 0 was ended by signal 9$/m ],
	[ 'jwtd: trust', qr/^jwtd: trust 0 was ended by signal 9$/m ],
	[ 'jwtd-signer: signer 0',
	    qr/^jwtd-signer: signer 0 was ended by signal 9$/m ],
	[ 'jwtd-signer: signer 1',
	    qr/^jwtd-signer: signer 1 was ended by signal 9$/m ],
	[ 'jwtd-signer: master',
	    qr/^jwtd: jwtd-signer 0 was ended by signal 9$/m ],
	[ 'jwtd: worker 1', qr/^jwtd: worker 1 was ended by signal 9$/m ],
);

for my $round (1 .. 2 * long()) {
	for (@victims) {
		my ($title, $line) = @$_;
		my $what = "$title, $round";
		my %now = settled($d, @titles);
		my $before = lines($d, $line);
		kill 'KILL', $now{$title};
		my $begin = time;
		my ($count, $back) = $load->during(0.1, sub {
			my %new = settled($d, @titles);
			return ($new{$title} // $now{$title}) != $now{$title};
		});
		ok($back, "$what: is replaced");
		# a handshake waits a quarter of a second for tlskey
		my @never = qw(wrong cut lost stuck refused stale);
		push @never, 'handshake' if $title !~ /tlskey|worker/;
		push @never, 'closed' if $title !~ /worker/;
		push @never, 'busy' if $title =~ /tlskey|trust/;
		is(Load::failures($count, @never), '',
		    "$what: no answer is wrong, and none is lost")
		    or diag $load->{last}, $load->complaints;
		cmp_ok($count->{closed}, '<=', $connections,
		    "$what: what the dead one had comes again");
		# what a signer has, and what is put off in it
		cmp_ok($count->{busy}, '<=', $connections,
		    "$what: 503 for what was in its hands");
		cmp_ok($count->{resource_slowest}, '<', 5000,
		    "$what: the resource service goes on");
		cmp_ok($count->{grant_slowest}, '<', 8000,
		    "$what: grants go on") if $count->{grants};
		note sprintf '%s: %.1f s, %s', $what, time - $begin,
		    $load->{last};
		calm($load, "$what: afterwards", 0.2);
		is(lines($d, $line), $before + 1, "$what: one line in the log");
	}
}

my $count = $load->stop;
is(Load::failures($count, qw(wrong lost)), '', 'the end of the load');
my %last = settled($d, @titles);
is(scalar keys %last, 7, 'as many processes as before');
SKIP: {
	skip 'descriptors can be seen by root', 8 if !defined $fds{parent} || $>;
	# those of connections are closed by now or soon
	ok(Jwtd::wait_until(sub {
		descriptors($last{$_}) <= $fds{$_}
	}), "$_: no more descriptors than before") for @titles;
	cmp_ok(descriptors($d->pid), '<=', $fds{parent},
	    'the parent: no more descriptors than before');
}
my @deaths = $d->log =~ /^.*(?:was ended by|ended with).*$/mg;
is(scalar @deaths, 2 * long() * @victims, 'a line for each death')
    or diag explain \@deaths;

# The parent
$load = load($d, '-c', $connections, '-r', 300);
my @family = ($d->pid, Jwtd::family($d->pid));
kill 'KILL', $d->pid;
Jwtd::wait_until(sub { !$d->running });
ok(Jwtd::wait_until(sub { !Jwtd::alive(@family) }, 10),
    'the parent: nobody is left');
$count = $load->counts;
is(Load::failures($count, qw(wrong stale)), '',
    'the parent: until then every answer is right');
undef $load;
$d->launch;
$load = load($d, '-r', 300);
calm($load, 'the parent: started again, over what was left');
$load->stop;
is($d->stop, 0, 'the end');

done_testing();
