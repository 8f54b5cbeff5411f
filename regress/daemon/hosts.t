# Several hosts as jwtd(8) has them: two daemons behind HAProxy, on a database
# with a standby.  A host is lost, then the database; keys and daemons are
# replaced.  Who asks all the time sees no more of it than is said there.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;
use Time::HiRes qw(sleep time);

use Fault qw(calm);
use Jwtd;
use Load;
use Pg;
use Proxy;
use Store qw(set_user);

my $haproxy = Proxy::program('haproxy') or plan skip_all => 'no haproxy';
plan skip_all => 'no rsync' unless Proxy::program('rsync');
plan skip_all => 'no IO::Socket::SSL'
    unless eval { require IO::Socket::SSL };
$SIG{PIPE} = 'IGNORE';

my $top = abs_path(dirname(__FILE__) . '/../..');
# what HAProxy needs to have a host back, and more
my $LONG = $ENV{SAN} ? 60 : 30;
# of Load's counts, what is not to happen
my @NEVER = qw(stale wrong closed cut lost stuck refused handshake);

# the literal displays of a section
sub literals {
	my ($page, $section, $end) = @_;
	my ($text) = Jwtd::read_file("$top/man/$page")
	    =~ /^\.S[hs] \Q$section\E\n(.*?)^\.$end /ms;
	my @found = $text =~ /^\.Bd -literal[^\n]*\n(.*?)^\.Ed/msg;
	s/\\e/\\/g for @found;
	return @found;
}

# The text with each of these, which must be there, replaced.
sub changed {
	my ($text, @pairs) = @_;
	while (my ($from, $to) = splice @pairs, 0, 2) {
		$text =~ s/\Q$from\E/$to/g or die "no \"$from\" in $text";
	}
	return $text;
}

my ($conf, $copy, $schema) = literals('jwtd.8', 'SEVERAL HOSTS', 'Sh');
my (undef, undef, $service, $passfile) =
    literals('jwtd-signer.8', 'The database', 'S[hs]');

# The database
my $primary = Pg->start;
$primary->schema;
set_user($primary, $_, password => $_) for @Fault::users;
my $standby = $primary->standby;

my $shared = File::Temp->newdir('hosts-XXXXXXXX', TMPDIR => 1);
Jwtd::write_file("$shared/pgpass", changed($passfile,
    PASSWORD => $primary->password('jwtd_signer')), 0600);
$service = changed($service,
    'host=db1.example.com,db2.example.com' => 'host=localhost,localhost'
    . "\nhostaddr=127.0.0.1,127.0.0.1\nport=" . join(',', $primary->port,
    $standby->port), '/etc/jwtd/db-ca.crt' => $primary->ca_file,
    '/etc/jwtd/pgpass' => "$shared/pgpass");
Jwtd::write_file("$shared/services", $service
    . changed($service, '[jwtd]' => '[strict]')
    . "target_session_attrs=primary\n");
$ENV{PGSERVICEFILE} = "$shared/services";

# A host, with a location more that the load asks for.
sub host {
	my (@pairs) = @_;
	my $d = Jwtd->prepare;
	my $dir = $d->dir;
	mkdir "$dir/keys", 0700 or die "mkdir: $!";
	$d->make_certificate('tls', 'auth.example.com');
	Jwtd::write_file("$dir/jwtd.conf", qq(status "$dir/status"\n)
	    . changed($conf,
	    '192.0.2.11 tls port 8443' => '127.0.0.1 tls port '
	    . Proxy::free_port(),
	    '192.0.2.10' => '127.0.0.1',
	    '127.0.0.1 port 9643' => '127.0.0.1 port ' . Proxy::free_port(),
	    '"/etc/jwtd/' => qq("$dir/),
	    'location "/revoke"' => qq(location "/scope" {\n\t\tresource\n)
	    . qq(\t\taudience "api"\n\t\tscope "none"\n\t}\n)
	    . qq(\tlocation "/revoke"), @pairs));
	return $d;
}
my ($one, $two) = (host(), host());
my $strict = host('service=jwtd' => 'service=strict');

# A key, and copies of it, by the lines of the manual; returns its kid.
sub rotate {
	my (@options) = @_;
	my ($rotate, $rsync) = $copy =~ /^# (.*)$/mg;
	my ($status, $out) = Jwtd::run([ 'sh', '-c', changed($rotate,
	    'jwtctl' => "$Jwtd::build/jwtctl -f " . $one->dir . '/jwtd.conf')
	    . " @options" ]);
	is($status, 0, "\"$rotate @options\" works") or diag $out;
	for my $d ($two, $strict) {
		my ($s, $why) = Jwtd::run([ 'sh', '-c', changed($rsync,
		    'host2.example.com:/etc/jwtd/' => $d->dir . '/',
		    ' /etc/jwtd/' => ' ' . $one->dir . '/') ]);
		is($s, 0, "\"$rsync\" works") or diag $why;
	}
	return ($out =~ /kid (\S+),/)[0];
}
my $first = rotate();
my $began = time;
$one->launch;
my $takes = time - $began;
$_->launch for $two, $strict;

# The proxy
my $front = Proxy::free_port();
Jwtd::write_file("$shared/ca.pem",
    join '', map { Jwtd::read_file($_->dir . '/tls.crt') } $one, $two);
Jwtd::write_file("$shared/front.pem", join('',
    map { Jwtd::read_file($one->dir . "/tls.$_") } qw(crt key)), 0600);
Jwtd::write_file("$shared/haproxy.cfg",
    Proxy::example('haproxy/several-hosts.cfg',
    'bind :443' => "bind 127.0.0.1:$front",
    '/etc/haproxy/auth.example.com.pem' => "$shared/front.pem",
    '/etc/haproxy/jwtd-ca.pem' => "$shared/ca.pem",
    '192.0.2.11:8443' => '127.0.0.1:' . $one->port,
    '192.0.2.12:8443' => '127.0.0.1:' . $two->port));
my $proxy = Proxy->start("$shared/haproxy.log", $front, $haproxy, '-db', '-f',
    "$shared/haproxy.cfg");

# Ask a daemon, or the proxy at its port.
my %port = map { ($_ => $_->port) } $one, $two, $strict;
# one for all: to make it takes longer than a connection
my $context = IO::Socket::SSL::SSL_Context->new(SSL_verify_mode => 0,
    SSL_alpn_protocols => [ 'http/1.1' ]) or die 'TLS';
sub ask {
	my ($whom, %arg) = @_;
	my $s = $one->connect_tls($port{$whom} // $whom,
	    LocalAddr => delete $arg{from} // '127.0.0.1',
	    SSL_reuse_ctx => $context);
	return $one->request(socket => $s, %arg);
}

sub token {
	my ($whom, $user) = @_;
	my $r = ask($whom, path => '/token', user => $user // 'alice',
	    password => $user // 'alice');
	return $r->{json}{access_token} // "no token: $r->{status}";
}

sub verify {
	my ($whom, $token) = @_;
	return ask($whom, path => '/verify', bearer => $token)->{status};
}

sub revoke {
	my ($whom, $token) = @_;
	return ask($whom, path => '/revoke', user => 'alice',
	    password => 'alice', body => "token=$token");
}

# What is revoked at one is refused by the other within a second.
sub revocation {
	my ($what) = @_;
	my $token = token($two);
	is(verify($_, $token), 202, "$what: a token") for $one, $two;
	is(revoke($one, $token)->{status}, 200, "$what: is revoked at one");
	my $begin = time;
	ok(Jwtd::wait_until(sub { verify($two, $token) == 401 }),
	    "$what: ... and refused by the other");
	my $took = time - $begin;
	cmp_ok($took, '<', $ENV{SAN} ? 5 : 1, "$what: ... within a second");
	note sprintf '%s: %.2f s', $what, $took;
}

# how many grants and resource requests it has answered since it was started
sub served {
	my ($d) = @_;
	my $text = $d->request(path => '/metrics',
	    socket => $d->connect(($d->ports)[1]))->{body};
	my %n = $text =~ /^jwtd_requests_total\{service="(grant|resource)",
	    code="20[02]"\}\ (\d+)$/mgx;
	return ($n{grant} // 0, $n{resource} // 0);
}

# The proxy has a host back.
sub comes_back {
	my ($d, $what) = @_;
	my @before = served($d);
	ok(Jwtd::wait_until(sub {
		my @now = served($d);
		return $now[0] > $before[0] + 2 && $now[1] > $before[1] + 10;
	}, $LONG), "$what: it is asked again");
}

for my $d ($one, $two, $strict) {
	# now, so that no hash has to be replaced later
	token($d, $_) for @Fault::users;
}
my $load = Load->start("$shared/load.log", [ "tls:127.0.0.1:$front" ],
    (map { ('-u', "$_:$_") } @Fault::users), '-c', 16, '-r', 150, '-g', 250,
    '-w', 0, '-e', 20);
comes_back($_, 'at first') for $one, $two;
calm($load, 'at first');

# Tokens of one
for ([ $one, $two ], [ $two, $one ], [ $one, $front ], [ $front, $two ]) {
	my ($from, $to) = @$_;
	is(verify($to, token($from)), 202, 'a token of one, at another');
}
ask($front, from => '127.0.0.77', path => '/token', user => 'bob',
    password => 'bob', headers => { 'X-Forwarded-For' => '6.6.6.6' });
like($one->log . $two->log, qr/^.*grant user="bob" client=127\.0\.0\.77 /m,
    'the address of a client is known');
unlike($one->log . $two->log, qr/client=6\.6\.6\.6/,
    '... as the proxy says it');
revocation('at first');

# A host is lost
my @family = ($one->pid, Jwtd::family($one->pid));
$load->counts;
kill 'KILL', $one->pid;
my ($count, $gone) = $load->during(1, sub {
	!$one->running && !Jwtd::alive(@family)
});
ok($gone, 'a host is lost');
is(Load::failures($count, 'busy', @NEVER), '', '... and nobody notices')
    or diag $load->{last}, $load->complaints;
cmp_ok($count->{grants}, '>', 5, '... tokens are granted');
cmp_ok($count->{resources}, '>', 30, '... and accepted');
note $load->{last};
calm($load, 'without a host', 1);
$one->launch;
comes_back($one, 'started again');
calm($load, 'started again');

# The next key, while tokens of each are asked for and shown to both
# An old worker keeps the connections of the proxy for five seconds, and does
# not know the key.
my $wait = 9 + int 4 * $takes;
my ($both, $last) = (0, time + $LONG + $wait);
my $second = rotate('-w', $wait);
my (%status, %signed);
while (time < $last) {
	for my $d ($one, $two) {
		my $token = token($d);
		my ($header) = $token =~ /^no/ ? {} :
		    Jwtd::decode_token($token);
		$signed{$header->{kid} // 'none'}{$port{$d}}++;
		$status{verify($_, $token)}++ for $one, $two;
	}
	if (!$both && keys %{ $signed{$second} || {} } == 2) {
		$both = 1;
		$last = time + 1;
	}
	sleep 0.05;
}
is(join(' ', sort keys %signed), join(' ', sort $first, $second),
    'another key: both sign with it when its time has come');
is(join(' ', map { scalar keys %$_ } values %signed), '2 2',
    '... and both have signed with the one before');
is(join(' ', keys %status), '202', '... both accept all tokens all the time');
cmp_ok($status{202}, '>', 30, "... which are $status{202}");
calm($load, 'another key');

# The primary is lost
my $old = token($strict);
is(verify($strict, $old), 202, 'who wants a primary is there');
$standby->catch_up($primary);
$load->counts;
$primary->stop('immediate');
($count) = $load->during(1);
is(Load::failures($count, 'busy', @NEVER), '',
    'the primary is lost: nobody notices')
    or diag $load->{last}, $load->complaints,
    map { $_->log =~ /^.*store postgres: .*\n/mg } $one, $two;
cmp_ok($count->{grants}, '>', 5, '... tokens are granted');
note $load->{last};
my $kept = token($one);
my $r = revoke($one, $kept);
is($r->{status}, 503, 'only a standby: revocations get 503');
like(Jwtd::field($r, 'Retry-After'), qr/^[1-9]\d*$/, '... with Retry-After');
is(verify($two, $kept), 202, '... and the token is good');
is(token($strict), 'no token: 503', '... 503 for who wants a primary');
is(verify($strict, $old), 202, '... where tokens are accepted');
calm($load, 'only a standby');
$standby->promote;
revocation('promoted');
ok(Jwtd::wait_until(sub { token($strict) !~ /^no/ }),
    'promoted: who wants a primary has one');
calm($load, 'promoted');

# No database at all
$standby->stop('fast');
($count) = $load->during(2);
is(Load::failures($count, @NEVER), '', 'no database: every answer is right')
    or diag $load->{last}, $load->complaints;
cmp_ok($count->{busy}, '>', 5, '... grants get 503');
cmp_ok($count->{resources}, '>', 50, '... tokens are accepted');
note $load->{last};
$standby->start_again;
ok(Jwtd::wait_until(sub {
	sleep 0.1;
	my $now = $load->counts;
	return $now->{grants} > 2 && !$now->{busy};
}), 'there is one: grants go on');
calm($load, 'there is one');

# An upgrade
my ($psql) = $schema =~ /^\$ (.*)$/m;
{
	local %ENV = (%ENV, PGHOST => $standby->socket_dir,
	    PGPORT => $standby->port, PGUSER => 'postgres',
	    PGPASSWORD => $standby->password('postgres'));
	my ($status, $out) = Jwtd::run([ 'sh', '-c', changed($psql,
	    '/usr/local/share/jwtd' => "$top/sql") . ' -q' ]);
	is($status, 0, "\"$psql\" works") or diag $out;
}
calm($load, 'the schema again');
for my $d ($one, $two) {
	is($d->stop, 0, 'a host is stopped');
	calm($load, '... meanwhile', 1);
	$d->launch;
	comes_back($d, '... started');
	calm($load, '... afterwards');
}

$count = $load->stop;
is(Load::failures($count, 'busy', @NEVER), '', 'the end of the load');
note join ' ', map { "$_=" . $load->sum->{$_} } sort keys %{ $load->sum };
$proxy->stop;
for my $d ($one, $two, $strict) {
	unlike($d->log, qr/ended by signal|ended with/, 'no process has died');
	is($d->stop, 0, 'the end');
}
done_testing();
