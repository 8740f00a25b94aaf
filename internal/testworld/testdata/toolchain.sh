#!/bin/sh
# Tries the stand-in's toolchain in a root that was installed from it.
set -eu

cd /tmp
cat >hello.c <<'C'
#include <linux/limits.h>
#include <math.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <zlib.h>
int main(int n, char **v) {
	(void)v;
	printf("zlib %s, %d, %.0f\n", zlibVersion(), PATH_MAX, cos(n - 1));
	return 0;
}
C
flags="$(pkg-config --static --cflags --libs zlib) -lm"
# shellcheck disable=SC2086 # words on purpose
for mode in '-static' '-static -no-pie' '' '-no-pie'; do
	gcc -O2 -Wall -Werror $mode hello.c -o hello $flags
	./hello
	case $mode in
	-static*) if readelf -lW hello | grep INTERP; then exit 1; fi ;;
	*) readelf -dW hello | grep NEEDED | grep -q 'libc.musl-x86_64.so.1' ;;
	esac
	if readelf -dnW hello | grep -E 'RPATH|RUNPATH|Build ID'; then
		exit 1
	fi
done

# What ocamlopt and ocamlmklib ask of a C compiler: a partial link, an archive,
# a library with symbols left open, and a last link that exports its symbols.
echo 'extern int open_symbol; int stub(void) { return open_symbol; }' >stub.c
echo 'int open_symbol = 0; int stub(void); int main(void) { return stub(); }' >start.c
gcc -c -fPIC stub.c start.c
gcc -shared -o dllstub.so stub.o
ar rcs libstub.a stub.o
ranlib libstub.a
gcc -r -o whole.o start.o -Wl,--whole-archive -L. -lstub -Wl,--no-whole-archive
gcc -O2 -fno-strict-aliasing -fwrapv -pthread -static -no-pie -Wl,-E \
	-Wl,-z,stack-size=8388608 -o program whole.o -lm -ldl -lpthread
./program
gcc -c -x assembler-with-cpp - -o asm.o <<'S'
	.text
	.globl f
f:	ret
S
echo '#define A 1
A' | cpp -P | grep -qx 1

for tool in bash make m4 patch diff tar xz perl file as ld nm objcopy strip pkg-config; do
	"$tool" --version >/dev/null
done
perl -e 'use FindBin; use POSIX; use List::Util; use IPC::Cmd; use Data::Dumper;'
unzip -v >/dev/null
bzip2 --help >/dev/null 2>&1
test -x /bin/bash && test -x /bin/tar && test "$(readlink /bin/sh)" = /bin/busybox
rm -f hello* stub* start* ./*.o ./*.so ./*.a program
echo 'toolchain works'
