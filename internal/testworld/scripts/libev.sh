#!/bin/sh
# Builds libev's static library. Like Alpine's package it leaves out event.h,
# which is libevent's, and has a pkg-config file that upstream lacks.
set -eu

./configure --build=x86_64-alpine-linux-musl --prefix=/usr \
	--disable-shared --enable-static --with-pic
make -j"$JOBS"
make install DESTDIR="$DESTDIR"
rm "$DESTDIR/usr/include/event.h"

mkdir -p "$DESTDIR/usr/lib/pkgconfig"
cat >"$DESTDIR/usr/lib/pkgconfig/libev.pc" <<PC
prefix=/usr
libdir=\${prefix}/lib
includedir=\${prefix}/include

Name: libev
Description: High-performance event loop
Version: $VERSION
Libs: -L\${libdir} -lev
Libs.private: -lm
Cflags: -I\${includedir}
PC
