# etc/fail2ban: the filter finds the address of whoever failed to log in, and
# nothing that a client says can make it find another one.  fail2ban-regex(1)
# reads what a real daemon has logged, as syslogd(8) writes it.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use POSIX qw(strftime);
use Test::More;

use Jwtd;

my $etc = abs_path(dirname(__FILE__) . '/../../etc/fail2ban');
my $dir = tempdir(CLEANUP => 1);
system('cp', '-r', '/etc/fail2ban', "$dir/etc") == 0 or die 'cp';
for my $file (qw(filter.d/jwtd.conf jail.d/jwtd.conf)) {
	Jwtd::write_file("$dir/etc/$file", Jwtd::read_file("$etc/$file"));
}

my $d = Jwtd->prepare(quiet => 1, servers => <<'EOT');
server "localhost" {
	listen on 127.0.0.1 port 0
	listen on "DIR/sock"
	trusted proxy { 127.0.0.1 }
	location "/token" {
		grant
		audience "api"
	}
	location "/verify" {
		resource
		audience "api"
	}
}
EOT
$d->write_users(Jwtd::line('alice', 'one', '{"scope":"read"}'),
    Jwtd::line('off', 'one') =~ s/:/:!/r);
# cheap hashes stay, since the signer may not replace them
chmod 0500, $d->dir . '/users.d';
END { chmod 0700, $d->dir . '/users.d' if $d }
$d->launch;

# the address that a client has: the proxy, which this test is, says it
sub grant {
	my ($client, %arg) = @_;
	my $headers = delete $arg{headers};
	return $d->request(path => '/token', headers => {
	    'X-Forwarded-For' => $client, %{ $headers || {} } }, %arg);
}

# The addresses that fail2ban finds in lines: each its own line, as it is logged.
sub found {
	my ($text, $name) = @_;
	my $file = "$dir/log";
	Jwtd::write_file($file, $text);
	my ($status, $out) = Jwtd::run([ 'fail2ban-regex', '-c', "$dir/etc",
	    '-o', 'ip', $file, $name // 'jwtd' ]);
	is($status, 0, 'fail2ban-regex') if $status != 0 && $out ne '';
	return grep { /\S/ } split /\n/, $out;
}

my $seen = 0;
sub new_lines {
	my ($n, $pattern) = @_;
	my @lines;
	Jwtd::wait_until(sub {
		@lines = $d->log =~ /^(jwtd: worker \d+: $pattern.*)\n/mg;
		return @lines >= $seen + $n ? 1 : 0;
	});
	my @new = @lines[$seen .. $#lines];
	$seen = @lines;
	return @new;
}

# the traditional format, and that of RFC 3339
sub as_syslog {
	my (@lines) = @_;
	my $t = strftime('%b %e %H:%M:%S', localtime);
	return join '', map { s/^jwtd:/jwtd[4711]:/r =~ s/^/$t host /r . "\n" }
	    @lines;
}
sub as_rfc3339 {
	my (@lines) = @_;
	my $t = strftime('%Y-%m-%dT%H:%M:%S.123456+00:00', gmtime);
	return join '', map { s/^jwtd:/jwtd[4711]:/r =~ s/^/$t host /r . "\n" }
	    @lines;
}

# Failed logins
my @clients = qw(192.0.2.1 198.51.100.77 2001:db8::1);
is(grant($clients[0], user => 'alice', password => 'no')->{status}, 401,
    'wrong password');
is(grant($clients[1], user => 'nobody', password => 'x')->{status}, 401,
    'unknown user');
is(grant($clients[2], user => 'off', password => 'one')->{status}, 401,
    'disabled user');
my @lines = new_lines(3, 'grant');
is_deeply([ found(as_syslog(@lines)) ], \@clients, 'their addresses')
    or diag(@lines);
is_deeply([ found(as_rfc3339(@lines)) ], \@clients,
    'with the time as RFC 3339 has it');

# What is none
is(grant('192.0.2.9', user => 'alice', password => 'one')->{status}, 200,
    'a login');
is(grant('192.0.2.9')->{status}, 401, 'no credentials');
is(grant('192.0.2.9', headers => { Authorization => 'Basic %' })->{status},
    401, 'malformed');
is(grant('192.0.2.9', path => '/token?scope=write', user => 'alice',
    password => 'one')->{status}, 400, 'a scope');
is(grant('192.0.2.9', path => '/token?audience=x', user => 'alice',
    password => 'one')->{status}, 400, 'an audience');
is($d->request(path => '/verify', bearer => 'a.b.c')->{status}, 401,
    'no token');
is($d->request(path => '/token', user => 'alice', password => 'no',
    socket => $d->connect_unix($d->dir . '/sock'))->{status}, 401,
    'over a Unix socket');
@lines = new_lines(6, 'grant');
is(scalar(@lines), 6, 'all are logged');
is_deeply([ found(as_syslog(@lines, $d->log =~ /^(jwtd: .*)$/mg)) ],
    [ @clients ], 'none of them counts') or diag(@lines);

# Wherever a password is tried
for my $service (qw(grant revoke introspection)) {
	is_deeply([ found(as_syslog('jwtd: worker 1: ' . $service
	    . ' user="x" client=192.0.2.77 audience="" scope="" status=401 '
	    . 'reason=bad_credentials ms=0.1 id=0123456789abcdef')) ],
	    [ '192.0.2.77' ], "at $service");
}

# Names and audiences that want to be an address
my $tail = 'audience="api" scope="" status=401 reason=bad_credentials '
    . 'ms=0.1 id=0123456789abcdef';
my $line = qq(grant user="x" client=10.0.0.1 $tail);
my @names = (
    'x" client=10.0.0.1 status=401',
    qq(x" client=10.0.0.1 $tail),
    qq(x\\" client=10.0.0.1 $tail),
    qq(x\\\\" client=10.0.0.1 $tail),
    qq(" client=10.0.0.1 $tail"),
    ' client=10.0.0.1 ',
    $line,
    qq(jwtd[1]: worker 0: $line),
    strftime('%b %e %H:%M:%S', localtime) . qq( h jwtd[1]: worker 0: $line),
    qq(\xc2\x85jwtd: worker 0: $line),
    qq(\xe2\x80\xa8jwtd: worker 0: $line),
    '\\', '"', '\\"', '"' x 200, '\\' x 255, "\xc3\xbc" x 120,
    ('a' x 240) . '" client=',
    ('\\' x 147) . '" client=10.0.0.1',
    ('\\' x 146) . '" client=10.0.0.1',
);
for my $name (@names) {
	my $encoded = $name =~ s/[^\x20-\x7e]/?/gr;
	is(grant('203.0.113.5', user => $name, password => 'x')->{status}, 401,
	    "refused: $encoded");
}
@lines = new_lines(scalar(@names), 'grant');
is(scalar(@lines), @names, 'a line for each');
is_deeply([ found(as_syslog(@lines)) ], [ ('203.0.113.5') x @names ],
    'each with the one address') or diag(explain(\@lines));
# a good user with a bad audience or scope is no failed login, whatever it says
for my $value (@names) {
	my $form = $value =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger;
	grant('203.0.113.6', path => "/token?audience=$form", user => 'alice',
	    password => 'one');
	grant('203.0.113.6', path => "/token?scope=$form", user => 'alice',
	    password => 'one');
	# and one with a bad password has one address
	grant('203.0.113.7', path => "/token?audience=$form", user => 'alice',
	    password => 'no');
}
@lines = new_lines(3 * @names, 'grant');
is(scalar(@lines), 3 * @names, 'all are logged');
my %count;
$count{$_}++ for found(as_syslog(@lines));
is_deeply([ keys %count ], [ '203.0.113.7' ], 'no other address')
    or diag(explain(\%count));
# line feeds and the like cannot be sent in a name
for my $bad ("a\nb", "a\rb", "a\0b", "a\x7f") {
	is(grant('203.0.113.8', user => $bad, password => 'x')->{status}, 401,
	    'controls are refused');
}
@lines = new_lines(4, 'grant');
is_deeply([ found(as_syslog(@lines)) ], [], 'and are no login');

# X-Forwarded-For holds addresses or nothing
grant("10.0.0.1 $tail", user => 'alice', password => 'no');
grant('10.0.0.1" x', user => 'alice', password => 'no');
@lines = new_lines(2, 'grant');
is_deeply([ found(as_syslog(@lines)) ], [ ('127.0.0.1') x 2 ],
    'an address that is none');

# other programs' lines are not ours
is_deeply([ found(as_syslog("sshd: worker 0: $line",
    "jwtd-signer: signer 0: user \"worker 0: $line\": x",
    "jwtd: worker 0: user=\"$line\"")) ], [], "another program's");
is_deeply([ found(as_syslog("jwtd: worker 0: $line")) ], [ '10.0.0.1' ],
    'and that line was one');

# the jail, as fail2ban-client(1) understands it without a server
my ($status, $out) = Jwtd::run([ 'fail2ban-client', '-c', "$dir/etc", '-s',
    "$dir/sock", '-p', "$dir/pid", '-d', '--logtarget', 'STDERR' ]);
is($status, 0, 'the jail') or diag($out);
like($out, qr/\['add', 'jwtd', /, 'is there');
like($out, qr/\['set', 'jwtd', 'maxretry', 10\]/, 'with its numbers');
like($out, qr/'jwtd', '?(?:add|multi-set).*grant\|revoke\|introspection\) user=/,
    'and the filter') or diag($out);

done_testing();
