#!/bin/sh
# make deb: a Debian package of this tree, by dpkg-buildpackage, in a copy that
# has debian/ where it has to be.  Usage: deb.sh BUILD-DIRECTORY
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1/deb"
work=$(cd "$1/deb" && pwd)
tree=$work/jwtd
rm -rf "$work"
mkdir -p "$tree"
cd "$top"
cp -Rp GNUmakefile LICENSE README.md common etc jwtd jwtd-signer man regress \
    sql "$tree"
cp -Rp etc/debian "$tree/debian"
cd "$tree"
# what a build of ours was told is not for that of the package
unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS LDFLAGS || :
dpkg-buildpackage -us -uc -b >"$work/log" 2>&1 || {
	tail -n 30 "$work/log" >&2
	exit 1
}
rm -f "$work"/../jwtd_*.deb
for deb in "$work"/jwtd_*.deb; do
	mv "$deb" "$work/.."
	echo "$(dirname "$work")/${deb##*/}"
done
