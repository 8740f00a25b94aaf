#!/bin/sh
# Builds musl's dynamic library, the C library of Alpine's own programs. The
# toolchain's static one comes from Debian's musl-dev.
set -eu

LDFLAGS='-Wl,-soname,libc.musl-x86_64.so.1' ./configure \
	--prefix=/usr --syslibdir=/lib --disable-static
make -j"$JOBS" lib/libc.so
mkdir -p "$DESTDIR/lib"
cp lib/libc.so "$DESTDIR/lib/ld-musl-x86_64.so.1"
chmod 755 "$DESTDIR/lib/ld-musl-x86_64.so.1"
ln -s ld-musl-x86_64.so.1 "$DESTDIR/lib/libc.musl-x86_64.so.1"
