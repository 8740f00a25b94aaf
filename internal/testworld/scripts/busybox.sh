#!/bin/sh
# Builds a static busybox whose shell runs the programs on PATH and not its own
# applets, as Alpine's does. It lists its applets in /etc/busybox-paths.d.
set -eu

make defconfig
set_option() {
	sed -i -e "/^$1=/d" -e "/^# $1 is not set/d" .config
	echo "$1=$2" >>.config
}
set_option CONFIG_STATIC y
for applet in TC AR DPKG DPKG_DEB RPM RPM2CPIO; do
	set_option "CONFIG_$applet" n
done
set_option CONFIG_PIE n
set_option CONFIG_FEATURE_PREFER_APPLETS n
set_option CONFIG_FEATURE_SH_STANDALONE n
set_option CONFIG_FEATURE_SH_NOFORK n
yes '' | make oldconfig >oldconfig.log
make -j"$JOBS" busybox busybox.links

install -D -m 755 busybox "$DESTDIR/bin/busybox"
mkdir -p "$DESTDIR/etc/busybox-paths.d"
sed 's|^/||' busybox.links | sort >"$DESTDIR/etc/busybox-paths.d/busybox"
ln -s /bin/busybox "$DESTDIR/bin/sh"
