#!/bin/sh
# Lets dpkg configure a root that was unpacked without it. Runs as root inside
# that root, without network. A failing step fails the script.
set -eu
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C HOME=/root
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true
umask 022

# preinst runs a package's script that should have run before it was unpacked,
# from the folder where dpkg has it then and debconf looks for its package.
preinst() {
	name=${1##*/}
	name=${name%.preinst}
	mkdir "$work"
	cp "$1" "$work/preinst"
	if [ -e "$info/$name.templates" ]; then
		cp "$info/$name.templates" "$work/templates"
	fi
	name=${name%:*}
	echo "Package: $name" >"$work/control"
	if ! DPKG_MAINTSCRIPT_PACKAGE=$name DPKG_MAINTSCRIPT_ARCH=$arch \
		DPKG_MAINTSCRIPT_NAME=preinst DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1 \
		DPKG_ADMINDIR=/var/lib/dpkg DPKG_ROOT='' \
		DPKG_RUNNING_VERSION=$version "$work/preinst" install </dev/null; then
		echo "the script preinst of $name failed" >&2
		exit 1
	fi
	rm -r "$work"
}

info=/var/lib/dpkg/info
work=/var/lib/dpkg/tmp.ci
arch=$(dpkg --print-architecture)
version=$(dpkg-query -W -f '${Version}' dpkg)

# Users and groups come first: nearly every script may need them.
first=$info/base-passwd.preinst
if [ -e "$first" ]; then
	preinst "$first"
fi
if [ -e "$info/base-passwd.list" ]; then
	dpkg --force-depends --configure base-passwd </dev/null
fi
for script in "$info"/*.preinst; do
	if [ -e "$script" ] && [ "$script" != "$first" ]; then
		preinst "$script"
	fi
done
dpkg --configure -a </dev/null
