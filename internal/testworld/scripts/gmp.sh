#!/bin/sh
# Builds GMP's static library, without C++. Debian's archive lacks doc/ for its
# license; an empty Makefile.in stands in for it.
set -eu

mkdir -p doc
: >doc/Makefile.in
./configure --build=x86_64-alpine-linux-musl --prefix=/usr \
	--disable-shared --enable-static --with-pic --disable-cxx
make -j"$JOBS" SUBDIRS='mpn mpz mpq mpf printf scanf rand'
make install SUBDIRS='mpn mpz mpq mpf printf scanf rand' DESTDIR="$DESTDIR"
