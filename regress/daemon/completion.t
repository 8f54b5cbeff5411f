# Completion of jwtctl in bash and ksh, asked as the shells ask, and against the
# commands that jwtctl.c has; and the usage of each of these.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Jwtd;
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
local $ENV{PATH} = "$Jwtd::build:$ENV{PATH}";

# group => [ names ], and "group name" => its usage
my (%names, %usage);
my ($table) = Jwtd::read_file("$top/jwtd-signer/jwtctl.c") =~
    /\bcommands\[\] = \{\n(.*?)^\};/ms;
while ($table =~ /\{ "(\w+)", "(\w*)",\s*((?:"[^"]*"\s*)+),/g) {
	my ($group, $name, $strings) = ($1, $2, $3);
	my $text = join '', $strings =~ /"([^"]*)"/g;
	push @{ $names{$group} }, $name if $name ne '';
	$names{$group} //= [];
	$usage{$name eq '' ? $group : "$group $name"} = $text;
}
cmp_ok(scalar keys %usage, '>=', 19, 'the commands of jwtctl.c');
is(scalar keys %usage, scalar(() = $table =~ /^\t\{/mg), '... all of them');

# what bash(1) offers for the last of these words
sub bash {
	my (@words) = @_;
	my ($status, $out) = Jwtd::run([ 'bash', '-c', <<'EOT', @words ]);
. "$0"
function=$(complete -p jwtctl | sed -n 's/^complete -F \([^ ]*\) jwtctl$/\1/p')
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
$function jwtctl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
EOT
	return join ' ', sort grep { length } split /\n/, $out;
}

sub offers {
	my ($words, @expect) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(bash("$top/etc/completion/jwtctl.bash", 'jwtctl', @$words),
	    join(' ', sort @expect), join ' ', 'bash: jwtctl', @$words);
}

offers([ '' ], keys %names);
offers([ '-f', 'x', '' ], keys %names);
offers([ '-d', 'service=x', '-f', 'x', 'us' ], 'user');
offers([ '-' ], '-d', '-f');
for my $group (sort keys %names) {
	offers([ $group, '' ], @{ $names{$group} });
	offers([ '-f', 'key', $group, '' ], @{ $names{$group} });
	for my $name (@{ $names{$group} }) {
		offers([ $group, $name, '-' ], map { "-$_" }
		    map { split // } $usage{"$group $name"} =~ /-(\w+)/g);
	}
}
offers([ 'key', 'new', '-t', 'e' ], 'ec', 'ed25519');
{
	my $dir = File::Temp::tempdir('jwtd-XXXXXXXX', TMPDIR => 1,
	    CLEANUP => 1);
	Jwtd::write_file("$dir/users.csv", '');
	offers([ 'user', 'import', "$dir/u" ], "$dir/users.csv");
	offers([ '-f', "$dir/u" ], "$dir/users.csv");
}

# ksh(1): OpenBSD's has the words of each place in an array; these two are its
# relative and the other one
for my $ksh (grep { -x "/usr/bin/$_" } qw(mksh ksh)) {
	my ($status, $out) = Jwtd::run([ $ksh, '-c',
	    ". $top/etc/completion/jwtctl.ksh; "
	    . 'echo "${complete_jwtctl_1[*]}"; echo "${complete_jwtctl_2[*]}"' ]);
	my ($first, $second) = map { join ' ', sort split } split /\n/, $out;
	my %second = map { $_ => 1 } map { @$_ } values %names;
	is($first, join(' ', sort('-d', '-f', keys %names)),
	    "$ksh: the first word");
	is($second, join(' ', sort keys %second), "$ksh: the second one");
}

# usage: all of it, a group's and a command's
sub usage {
	my ($args, @expect) = @_;
	my ($status, $out) = Jwtd::run([ "$Jwtd::build/jwtctl", @$args ]);
	my @said = map { /jwtctl \[-f file\] (?:\[-d conninfo\] )?(.*)/ }
	    split /\n/, $out;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($status, 2, join ' ', 'jwtctl', @$args, 'is called wrongly');
	is_deeply([ sort @said ], [ sort map { my $text = $_;
	    $text . ($usage{$_} ne '' ? " $usage{$_}" : '') } @expect ],
	    '... and prints the usage of ' . (@$args ? "@$args" : 'all'));
}

usage([], keys %usage);
usage([ 'nonsense' ], keys %usage);
for my $group (sort keys %names) {
	usage([ $group ], map { "$group $_" } @{ $names{$group} })
	    unless exists $usage{$group};
	usage([ $group, 'nonsense' ], grep { /^\Q$group\E\b/ } keys %usage);
	usage([ $group, $_, '-?' ], "$group $_") for @{ $names{$group} };
}

# no escape sequence goes where no terminal is
my $d = Jwtd->prepare;
for my $args ([ 'doctor' ], [ 'key', 'list' ], [ 'nonsense' ]) {
	my ($status, $out) = $d->try_ctl($args);
	isnt($out, '', "jwtctl @$args says something");
	unlike($out, qr/\e/, '... in black and white');
}

done_testing;
