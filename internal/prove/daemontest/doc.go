// Package daemontest has the tests of package prove that need a daemon: real
// executables, made with this machine's gcc, run in bare roots under a private
// buildkitd with runc. There are some that run anywhere, some that lack a
// library, a symbol version or a loader, and some that fail by themselves; what
// is held against the table is which does what where, and what is missing.
//
// Executables of linux/arm64 run in real roots of that platform, which are locked
// from the machine's Debian mirror (OFARM_TEST_NETWORK=1). That takes a machine of
// that platform, or an emulator that the kernel knows of (Debian:
// qemu-user-static), and a compiler (gcc-aarch64-linux-gnu,
// libc6-dev-arm64-cross).
//
// The root with glibc has the files of this machine's; the roots of package
// files are shellworld's, with busybox, and with Alpine's musl where the test
// bed is there (OFARM_TESTBED). The tests run if OFARM_TEST_DAEMON is set. They
// need Linux's root, runc, gcc with a static libc and busybox on PATH (Debian:
// busybox-static); where these are missing they are skipped, or fail if
// OFARM_TEST_DAEMON is "require". The daemon is $OFARM_BUILDKITD, else
// bin/buildkitd of the repository, else one that is built for them.
package daemontest
