// Package registrytest runs a real container registry for tests: the program
// docker-registry of Debian's package of that name, on a port of this machine
// that the system chooses, with its blobs in a folder of the test's.
//
// A [Proxy] stands before a registry where a test wants to count requests, or
// to spoil answers.
package registrytest
