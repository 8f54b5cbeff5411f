# make install and uninstall: what lands where, that it runs from there, and that
# a configuration which is there already is left alone.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Find;
use File::Temp qw(tempdir);
use Jwtd;
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $stage = tempdir('jwtd-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0755, $stage;

# With objects of its own, copied to save time, so that it works from a tree
# that somebody else built.
mkdir "$stage/build";
system('cp', '-Rp', "$Jwtd::build/obj", "$stage/build") == 0
    or die 'cp';

sub make {
	my @san = $ENV{SAN} ? ("SAN=$ENV{SAN}") : ();
	delete local @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL SAN)};
	my ($status, $out) = Jwtd::run([ 'make', '-s', '-C', $top,
	    "B=$stage/build", @san, @_ ]);
	is($status, 0, "make @_") or diag $out;
}

sub found {
	my ($dir) = @_;
	my @found;
	find(sub {
		push @found, substr($File::Find::name, length $dir)
		    if -f $_;
	}, $dir);
	return [ sort @found ];
}

my @files = sort qw(
	/etc/jwtd.conf
	/usr/libexec/jwtd-signer
	/usr/sbin/jwtctl
	/usr/sbin/jwtd
	/usr/share/bash-completion/completions/jwtctl
	/usr/share/examples/jwtd/jwtctl.ksh
	/usr/share/examples/jwtd/jwtd.conf
	/usr/share/jwtd/schema.sql
	/usr/share/jwtd/test-data.sql
	/usr/share/jwtd/upgrade-basic-jwt-wsgi.sql
	/usr/share/man/man5/jwtd.conf.5
	/usr/share/man/man8/jwtctl.8
	/usr/share/man/man8/jwtd-signer.8
	/usr/share/man/man8/jwtd.8
);
@files = sort @files, qw(
	/usr/lib/systemd/system/jwtd.service
	/usr/lib/systemd/system/jwtd.socket
	/usr/lib/sysusers.d/jwtd.conf
	/usr/lib/tmpfiles.d/jwtd.conf
	/usr/share/examples/jwtd/network.conf
) if $^O eq 'linux';
make('install', 'PREFIX=/usr', "DESTDIR=$stage/root");
is_deeply(found("$stage/root"), \@files, 'what install puts there');
my $strings = Jwtd::read_file("$stage/root/usr/sbin/jwtd");
like($strings, qr{\0/usr/libexec/jwtd-signer\0},
    'jwtd knows where jwtd-signer is installed');
unlike($strings, qr{\Q$stage\E/root}, '... and nothing of DESTDIR');

Jwtd::write_file("$stage/root/etc/jwtd.conf", "# mine\n");
make('install', 'PREFIX=/usr', "DESTDIR=$stage/root");
is(Jwtd::read_file("$stage/root/etc/jwtd.conf"), "# mine\n",
    'a second install leaves the configuration alone');
make('uninstall', 'PREFIX=/usr', "DESTDIR=$stage/root");
is_deeply(found("$stage/root"), [ '/etc/jwtd.conf' ],
    'uninstall leaves the configuration and nothing else');

# for real, with another prefix: it relinks and runs from there
make('install', "PREFIX=$stage/opt", "SYSCONFDIR=$stage/etc");
my $d = Jwtd->prepare;
$d->{bin} = "$stage/opt/sbin";
$d->launch;
$d->user('alice', 'secret');
ok($d->token('alice', 'secret'), 'an installed jwtd gives tokens');
is($d->stop, 0, '... and ends');
$d->{by_name} = 1;
$d->launch;
ok($d->token('alice', 'secret'), 'one that is found in PATH does, too');
my ($status, $out) = Jwtd::run([ "$stage/opt/sbin/jwtd", '-n' ]);
is($status, 0, 'the installed example is the default configuration')
    or diag $out;

# What it says until it ends, or is ready and told to end.
sub until_ready {
	my $pid = open(my $said, '-|', 'exec jwtd -d 2>&1') // die "fork: $!";
	my $out = '';
	while (my $line = <$said>) {
		$out .= $line;
		kill 'TERM', $pid if $line =~ /: ready$/;
	}
	close $said;
	return $out;
}

# The first start: whatever is missing, it says what to type next.
{
	my $conf = "$stage/etc/jwtd.conf";
	make('install', "PREFIX=$stage/opt", "SYSCONFDIR=$stage/etc",
	    "USERSDIR=$stage/db/users");
	unlike(Jwtd::read_file("$stage/opt/share/man/man8/jwtd.8"),
	    qr{/usr/local}, 'the manual says where it is installed');
	# of those that another daemon may have, and who has no right to /run
	for my $file ($conf, "$stage/opt/share/examples/jwtd/jwtd.conf") {
		Jwtd::write_file($file, Jwtd::read_file($file)
		    =~ s/port 8443/port 0/r =~ s{/run/}{$stage/}r
		    =~ s{/var/db/jwtd}{$stage/db/users}r);
	}
	unlink $conf;
	local $ENV{PATH} = "$stage/opt/sbin:/usr/local/sbin:/usr/sbin:$ENV{PATH}";
	my ($status, $out, @typed);
	for (1 .. 9) {
		$out = until_ready();
		last if $out =~ /: ready$/m;
		my ($next) = $out =~ /type: (.*)$/m or last;
		push @typed, $next;
		($status, $out) = Jwtd::run([ 'sh', '-c', $next ]);
		is($status, 0, "\"$next\" works") or diag $out;
	}
	like($out, qr/: ready$/m, 'who types what it says has a daemon');
	is(scalar @typed, 5, '... after five commands') or diag "@typed";
	Jwtd::write_file("$stage/etc/jwtd/keys/2026.pem", 'nonsense', 0600);
	($status, $out) = Jwtd::run([ 'jwtd', '-d' ]);
	is($status, 1, 'what has no simple remedy');
	like($out, qr/type: jwtctl doctor$/m, '... is left to jwtctl doctor');
}
($status, $out) = Jwtd::run([ "$Jwtd::build/jwtd" ]);
like($out, qr/type: make run$/m, 'from a build tree, "make run" is next')
    unless -e '/etc/jwtd.conf';

done_testing;
