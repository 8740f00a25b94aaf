//go:build !linux

package opamrepo

import "golang.org/x/sys/unix"

// syncFiles brings what was written below a folder onto the disk.
func syncFiles(string) error { return unix.Sync() }
