# Completion of jwtctl(8) for the ksh(1) of OpenBSD: have ~/.kshrc read this file.
# The commands are those that jwtctl says it has, when it is read.

_jwtctl_commands=$(jwtctl 2>&1 | sed -n -e 's/^usage:/      /' \
    -e 's/^ *jwtctl \[-f file\] //' -e 's/^\[-d conninfo\] //' \
    -e 's/^\([a-z]* *[a-z]*\).*/\1/p')
set -A complete_jwtctl_1 -- \
    $(echo "$_jwtctl_commands" | sed 's/ .*//' | sort -u) -f -d
set -A complete_jwtctl_2 -- \
    $(echo "$_jwtctl_commands" | sed -n 's/^[a-z]* //p' | sort -u)
unset _jwtctl_commands
