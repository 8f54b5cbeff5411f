# Passwords are wiped: when the requests that brought them are answered, however
# they ended, no process has one in its memory any more; nor does the log.
use strict;
use warnings;

use MIME::Base64 qw(encode_base64);
use Test::More;

use Jwtd;
use Memory;

plan skip_all => 'needs root, and memory without sanitizers'
    unless Memory::available();
plan skip_all => 'no IO::Socket::SSL'
    unless eval { require IO::Socket::SSL };

my $d = Jwtd->start(tls => 1, servers => <<'EOT');
server "localhost" {
	listen on 127.0.0.1 tls port 0
	listen on "DIR/sock"
	tls {
		certificate "DIR/tls.crt"
		key "DIR/tls.key"
	}
	location "/token" {
		grant
		audience "api"
	}
	location "/health" { health }
}
EOT

# unlike anything else, and not the same twice
sub secret {
	my ($long) = @_;
	return join '', map { ('a' .. 'z', 0 .. 9)[rand 36] } 1 .. $long // 40;
}

# what to look for: the password, and its base64 wherever in Basic it begins
sub forms {
	my ($password) = @_;
	return map { ($_, map { substr encode_base64("$_$password", ''), 4, -8 }
	    '', 'x', 'xx') } $password;
}

my %password = (alice => secret(), carol => secret());
$d->user('alice', $password{alice});
# the first login makes this one stronger, which hashes it again
$d->write_users($d->users_lines, Jwtd::line('carol', $password{carol}));

my $sock = $d->dir . '/sock';
my @open;			# connections live on, and their buffers
my @gone = values %password;

# Send text over both kinds of connection; the statuses of the answers.
sub both {
	my ($text) = @_;
	my @status;
	for my $s ($d->connect_unix($sock), $d->connect_tls($d->port)) {
		push @status, Jwtd::ask($s, $text)->{status};
		push @open, $s;
	}
	return join ' ', @status;
}

sub text {
	my ($user, $password, %arg) = @_;
	return Jwtd::text(path => '/token', user => $user,
	    password => $password, %arg);
}

my $form = 'grant_type=client_credentials';
is(both(text($_, $password{$_})), '200 200', "$_: GET") for sort keys %password;
is(both(text('alice', $password{alice}, body => $form)), '200 200', 'POST');
for ([ 'wrong' => 'alice', 401 ], [ 'unknown user' => 'nobody', 401 ],
    [ 'as Latin-1, too' => 'alice', 401, "\xe9" ],
    [ 'form-encoded, too' => 'alice', 401, '%41+' ],
    [ 'a control character' => 'alice', 401, "\n" ]) {
	my ($name, $user, $status, $more) = @$_;
	push @gone, secret();
	is(both(text($user, $gone[-1] . ($more // ''))), "$status $status",
	    $name);
}
push @gone, secret();
is(both(text('alice', $gone[-1], body => 'scope=x')), '400 400',
    'a bad request');
push @gone, secret();
is(both(text('alice', $gone[-1], path => '/nowhere')), '404 404',
    'nothing there');
push @gone, secret();
is(both(text('alice', $gone[-1], headers => { 'Content-Length' => 'x' })),
    '400 400', 'a malformed head');
push @gone, secret();
is(both(text('alice', $gone[-1], headers => { A => 'x' x 20000 })),
    '431 431', 'a head that is too large');
push @gone, secret(600);
is(both(text('alice', $gone[-1])), '401 401', 'longer than a password can be');
# one that is still pipelined when the connection ends, and a head cut short
push @gone, secret();
for my $s ($d->connect_unix($sock), $d->connect_tls($d->port)) {
	Jwtd::send_all($s, text('alice', $gone[-1],
	    headers => { Connection => 'close' }) . text('alice', $gone[-1]));
	ok(Jwtd::closes($s), 'closed with more behind it');
}
push @gone, secret();
for my $s ($d->connect_unix($sock), $d->connect_tls($d->port)) {
	my $text = text('alice', $gone[-1]);
	Jwtd::send_all($s, substr $text, 0, -2);
	select undef, undef, undef, 0.1;
	close $s;
}
# what was in flight is done with when this is answered
is(both(Jwtd::text(path => '/health')), '200 200', 'alive');

# where one is found, to show that this finds any
push @open, $d->connect_unix($sock);
my $waiting = secret();
Jwtd::send_all($open[-1], substr text('alice', $waiting), 0, -2);
my @family = Jwtd::family($d->pid);
ok(Jwtd::wait_until(sub {
	grep { Memory::count($_, forms($waiting)) } @family;
}), 'a password that is awaited is found');
close pop @open;

my $log = $d->log;
for my $i (0 .. $#gone) {
	my @found = map { Jwtd::title($_) }
	    grep { Memory::count($_, forms($gone[$i])) } $d->pid, @family;
	is(join(', ', @found), '', "password $i is nowhere");
	unlike($log, qr/\Q$gone[$i]\E/, "password $i is not logged");
}
is($d->stop, 0, 'the end');
done_testing;
