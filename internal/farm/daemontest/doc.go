// Package daemontest has the tests of whole builds that need no compiler: the
// packages are plain shell (see shellworld), everything else is real, from the
// lock on disk to a private buildkitd with runc. What ran is counted by the
// exec vertices that BuildKit says it executed.
//
// The tests need Linux's root and runc; where these are missing they are
// skipped, or fail if OFARM_TEST_DAEMON is "require". The root of their steps
// is a static busybox on PATH (Debian: busybox-static), or the Alpine
// minirootfs of the test bed (OFARM_TESTBED), which has no patch. The daemon is $OFARM_BUILDKITD,
// else bin/buildkitd of the repository, else one that is built for them.
package daemontest
