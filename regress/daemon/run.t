# make run: what it prints is copied into a shell, as a newcomer would.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Jwtd;
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');

{
	my ($status, $said) = Jwtd::run([ 'sh', "$top/etc/deps.sh" ]);
	is($status, 0, 'make deps works');
	is($said, '', '... and says nothing when nothing is missing');
}

my $pid = open(my $out, '-|') // die "fork: $!";
if ($pid == 0) {
	setpgrp;
	open STDERR, '>&', \*STDOUT;
	{ no warnings 'exec'; exec 'sh', "$top/etc/run.sh", $Jwtd::build }
	POSIX::_exit(127);
}
END {
	if ($pid && kill 0, $pid) {
		my $status = $?;
		kill 'TERM', $pid;
		close $out;
		$? = $status;
	}
}

my $text = '';
$SIG{ALRM} = sub { die "run.sh said:\n$text" };
alarm $Jwtd::patience;
while (my $line = <$out>) {
	$text .= $line;
	last if $line =~ /Ctrl-C/;
}
alarm 0;
my @lines = $text =~ /^(\S*(?:curl|jwtctl) .*)$/mg;
is(scalar @lines, 4, 'it prints the lines to try') or diag $text;
my ($dir) = $text =~ /--cacert (\S+)\/tls\.crt/;
ok(-d $dir, 'its directory is there');

my ($status, $got) = Jwtd::run([ 'sh', '-c', $lines[0] ]);
is($status, 0, 'the first line works');
like($got, qr/^\{"access_token":"[\w-]+\.[\w-]+\.[\w-]+",/,
    '... and prints a token');
($status, $got) = Jwtd::run([ 'sh', '-c', $lines[1] ]);
like($got, qr{^HTTP/1\.1 202 Accepted\r\n}, 'the second gets 202');
like($got, qr{^X-Auth-Subject: alice\r$}m, '... as alice');
($status, $got) = Jwtd::run([ 'sh', '-c', $lines[2] ]);
like($got, qr/"email": *"alice\@example\.com"/,
    'the third shows what is in it');
($status, $got) = Jwtd::run([ 'sh', '-c', $lines[3] ], "looking-glass\n");
is($status, 0, 'the fourth adds a user') or diag $got;
(my $bob = $lines[0]) =~ s/alice:wonderland/bob:looking-glass/;
($status, $got) = Jwtd::run([ 'sh', '-c', $bob ]);
like($got, qr/"scope":"read"/, '... who can log in at once');

# Ctrl-C
kill 'INT', -$pid;
local $/;
$text = <$out>;
close $out;
is($? >> 8, 0, 'Ctrl-C ends it') or diag $text;
ok(!-e $dir, '... and its directory is gone');
undef $pid;

done_testing;
