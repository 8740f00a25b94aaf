#!/bin/sh
# Builds OpenSSL's static libraries, without the program, its documents and
# loadable modules.
set -eu

perl ./Configure linux-x86_64 --prefix=/usr --libdir=lib --openssldir=/etc/ssl \
	no-shared no-tests no-docs no-apps no-dso no-module no-zlib no-async -fPIC
make -j"$JOBS" build_libs
make install_dev DESTDIR="$DESTDIR"
