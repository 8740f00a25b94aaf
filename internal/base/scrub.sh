#!/bin/sh
# The end of configure.sh and extra.sh: checks that dpkg has nothing left to do,
# then removes what differs between runs or is of no use in a build. With
# SOURCE_DATE_EPOCH, no file stays newer than that.
set -eu

left=$(dpkg --audit)
if [ -n "$left" ]; then
	printf '%s\n' "$left" >&2
	exit 1
fi

# Logs: the empty files that login and its like expect stay.
find /var/log -xdev -type f \( -name wtmp -o -name btmp -o -name lastlog -o -name faillog \) \
	-exec sh -c 'for f; do : >"$f"; done' sh {} +
find /var/log -xdev -type f ! -size 0 -delete

# Caches, locks, copies from before the last change.
rm -rf /var/cache/ldconfig/* /var/cache/apt/* /var/cache/man/* /var/lib/apt/lists/*
rm -f /var/cache/debconf/*-old /var/lib/dpkg/*-old /var/lib/dpkg/lock /var/lib/dpkg/lock-frontend \
	/var/lib/dpkg/triggers/Lock /var/lib/dpkg/info/*.dpkg-tmp /etc/.pwd.lock \
	/etc/passwd- /etc/group- /etc/shadow- /etc/gshadow- /etc/subuid- /etc/subgid- \
	/var/lib/systemd/random-seed /var/lib/urandom/random-seed /var/lib/dbus/machine-id
find / -xdev -type d -name __pycache__ -prune -exec rm -rf {} +
# Fontconfig makes its cache anew where it is needed; Debian 11's names it after
# random ids in the folders of fonts.
rm -rf /var/cache/fontconfig/*
find / -xdev -type f -path '*/fonts/*' -name .uuid -delete
# What is mounted there stays.
find /tmp /var/tmp -xdev -mindepth 1 -delete 2>/dev/null || :
find /run -xdev -type f -delete 2>/dev/null || :

# Identity and dates.
if [ -e /etc/machine-id ]; then
	: >/etc/machine-id
fi
if [ -e /etc/shadow ]; then
	sed -i 's/^\([^:]*:[^:]*\):[0-9]*:/\1::/' /etc/shadow
fi
if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
	# What is mounted read-only can't be touched, and isn't the root's.
	find / -xdev \( -path /proc -o -path /sys -o -path /dev \) -prune -o \
		-newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} + 2>/dev/null || :
fi
