#!/bin/sh
# elsewhere.sh ROOT COMMAND [ARG...]
#
# Runs COMMAND with ROOT as the whole file system, as on a machine whose image
# ROOT is. It is started in mount, process and network namespaces of its own, so
# that whatever it mounts and starts ends with it.
set -eu

root=$1
shift

# The runtime of containers wants a root that is a mount.
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
exec chroot "$root" "$@"
