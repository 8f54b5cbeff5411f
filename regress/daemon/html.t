# "make html": every page of the manual is there, and no link leads to nowhere.
use strict;
use warnings;

use File::Basename qw(basename);
use File::Temp qw(tempdir);
use Jwtd;
use Test::More;

my $dir = tempdir('jwtd-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
# what the make that runs this was told is not for that one
delete @ENV{qw(MAKEFLAGS MAKEOVERRIDES MFLAGS)};
my ($status, $out) = Jwtd::run([ 'make', "B=$dir", 'html' ]);
is($status, 0, 'make html') or diag $out;
like($out, qr{^\Q$dir\E/html/index\.html$}m, '... says where they are');

my (%page, %ids);
for my $file (glob "$dir/html/*.html") {
	my $name = basename($file);
	$page{$name} = Jwtd::read_file($file);
	my @ids = $page{$name} =~ /\bid="([^"]+)"/g;
	$ids{$name} = { map { $_ => 1 } @ids };
	is(keys %{ $ids{$name} }, @ids, "$name: no id is twice");
}
is_deeply([ sort keys %page ], [ sort 'index.html',
    map { basename($_) . '.html' } glob 'man/*.[1-9]' ],
    'there is a page for each of the manual, and where to begin');
for my $name (sort keys %page) {
	my @broken;
	for my $link ($page{$name} =~ /\bhref="([^"]*)"/g) {
		my ($to, $id) = $link =~ /^([^#]*)(?:#(.+))?$/;
		push @broken, $link unless $to eq '' || -e "$dir/html/$to";
		push @broken, $link
		    if defined $id && !$ids{ $to || $name }{$id};
	}
	is("@broken", '', "$name: its links lead somewhere");
}
like($page{'jwtd.8.html'}, qr{href="jwtd\.conf\.5\.html">jwtd\.conf\(5\)},
    'one page leads to another');
like($page{'jwtd.8.html'}, qr{[^>]pledge\(2\)},
    '... and what has no page here is not a link');

done_testing;
