#!/bin/sh
# Has systemd run as the first process of new namespaces, in a root of its own.
# Started by Root.pm, in those of mounts, processes, networks and names.
# Usage: boot.sh ROOT CGROUP
set -e

root=$1
cgroup=$2

mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
for d in run tmp dev; do
	mount -t tmpfs -o mode=755 tmpfs "$root/$d"
done
chmod 1777 "$root/tmp"
for n in null zero full random urandom tty; do
	: > "$root/dev/$n"
	mount --bind "/dev/$n" "$root/dev/$n"
done
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"

# into a group of its own, which is then the top of all that it sees
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mkdir "$root/sys/fs/cgroup/$cgroup"
echo $$ > "$root/sys/fs/cgroup/$cgroup/cgroup.procs"
umount "$root/sys/fs/cgroup"

exec unshare --cgroup sh -ec '
mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup"
cd "$1"
mkdir -p old
pivot_root . old
umount -l /old
rmdir /old
# what one process of systemd mounts, as credentials are, others see
mount --make-rshared /
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --show-status=no' sh "$root"
