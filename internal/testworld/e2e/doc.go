// Package e2e has the tests of whole builds: real compilers on real bases,
// through the ofarm binary, and what comes out run where nothing of this
// machine's libraries is at hand.
//
// The tests named TestBuild… are part of "make test" on a machine that is
// declared able to run them (OFARM_TEST_DAEMON=require): they build fserv for
// Alpine and for Debian bullseye, some 20 minutes. Those named TestE2E… run in
// "make e2e" only: both examples for all targets, each twice from nothing, and
// every shape of executable in every link mode (testdata/shapes…). To work on
// the shapes, OFARM_TEST_CACHE names a cache folder that has the compiler.
package e2e
