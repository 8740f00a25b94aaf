#!/bin/sh
# Builds zlib's static library. Every script here runs in the unpacked source,
# in a root without network, and installs below $DESTDIR with $JOBS jobs.
set -eu

CFLAGS='-O2 -fPIC' ./configure --prefix=/usr --static
make -j"$JOBS" libz.a
make install DESTDIR="$DESTDIR"
