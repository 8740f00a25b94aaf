#!/bin/sh
# Installs the package files of a folder ($1) into a configured root. Runs as
# root inside that root, without network. A failing step fails the script.
set -eu
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C HOME=/root
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true
umask 022

# A package with a pre-dependency among the others can be unpacked only after
# that one was configured: go on as long as another round may help. Until all are
# unpacked some can't be configured either, and more than the fifty at which dpkg
# gives up.
round=1
until dpkg --abort-after=10000 --unpack --skip-same-version "$1"/*.deb </dev/null; do
	if [ "$round" -ge 5 ]; then
		echo "dpkg can't unpack the package files in $1" >&2
		exit 1
	fi
	round=$((round + 1))
	dpkg --abort-after=10000 --configure -a </dev/null || true
done
dpkg --configure -a </dev/null
