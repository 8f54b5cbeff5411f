# The signers hold a worker for hostile: programs in the place of workers send
# the real jwtd-signer whatever they can think of.  SEED=n repeats a run.
use strict;
use warnings;

use Test::More;

use Jwtd;
use Revoke qw($servers);

plan skip_all => 'no /proc' unless -r "/proc/$$/status";

my $d = Jwtd->prepare(globals => "prefork 64\n", servers => $servers,
    signer => qq(\trevocations file "DIR/users.d/revoked" limit 16\n));
my $large = '"' . ('x' x 6000) . '"';
$d->write_users(
    Jwtd::line('alice', 'secret', '{"scope":"read write"}'),
    Jwtd::line('bob', 'secret', '{}'),
    Jwtd::line('admin', 'secret', '{"scope":"revoke introspect"}'),
    Jwtd::line('large', 'secret', qq({"large":$large})),
    map { s/:/:!/r } Jwtd::line('disabled', 'secret', '{}'));
# hashes stay cheap where they cannot be replaced
chmod 0500, $d->dir . '/users.d' or die "chmod: $!";

my $seed = $ENV{SEED} // int rand 2**31;

# Its lines of TAP become ours; the rest is what the signers logged.
sub program {
	my ($name) = @_;
	my ($status, $out) = Jwtd::run([
	    "$Jwtd::build/regress/hostile/$name", "$Jwtd::build/jwtd-signer",
	    $d->dir . '/jwtd.conf', $seed ]);
	my ($plan, $count, $log) = (0, 0, '');
	for (split /\n/, $out) {
		if (/^ok \d+ - .* # skip (.*)$/) {
			SKIP: { skip $1, 1 }
			$count++;
		} elsif (/^(not )?ok \d+ - (.*)$/) {
			ok(!$1, $2);
			$count++;
		} elsif (/^1\.\.(\d+)$/) {
			$plan = $1;
		} elsif (/^#/) {
			diag($_);
		} else {
			$log .= "$_\n";
		}
	}
	is($plan, $count, "$name: all of it ran");
	is($status, 0, '... and it says that all is well') or diag($log);
	return $log;
}

my $log = program('worker');
my @malformed = $log =~ /^jwtd-signer: .*: worker \d+ sent a malformed /mg;
cmp_ok(scalar @malformed, '>=', 30, 'malformed packets are logged');
$log .= program('worker_load');
unlike($log, qr/secret/, 'no password is in the log');
chmod 0700, $d->dir . '/users.d';
done_testing();
