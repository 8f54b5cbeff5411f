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
	/usr/share/examples/jwtd/jwtd.conf
	/usr/share/jwtd/schema.sql
	/usr/share/jwtd/test-data.sql
	/usr/share/jwtd/upgrade-basic-jwt-wsgi.sql
	/usr/share/man/man5/jwtd.conf.5
	/usr/share/man/man8/jwtctl.8
	/usr/share/man/man8/jwtd-signer.8
	/usr/share/man/man8/jwtd.8
);
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

done_testing;
