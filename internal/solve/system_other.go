//go:build !linux

package solve

import "syscall"

// ownNamespaces does nothing where there are none. No private daemon runs
// there: the daemon's own requirements say so.
func ownNamespaces(*syscall.SysProcAttr) {}

// exchange can't be had in one step.
func exchange(string, string) error { return syscall.ENOSYS }

// withCPUs knows no processors to choose from.
func withCPUs(_ int, start func() error) error { return start() }
