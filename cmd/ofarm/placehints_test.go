package main

import (
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/ofarm/ofarm/internal/farm"
)

func TestPlaceHints(t *testing.T) {
	const write = `may you write to the folder "/a"?`
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"a lock":         {&farm.WriteError{Path: "/a/ofarm.lock", Err: syscall.EACCES}, write},
		"a folder":       {fmt.Errorf("building: %w", &fs.PathError{Op: "mkdir", Path: "/a/dist", Err: syscall.EROFS}), write},
		"a file's place": {&fs.PathError{Op: "mkdir", Path: "/a/dist", Err: syscall.ENOTDIR}, ""},
		"reading":        {&fs.PathError{Op: "open", Path: "/a/x.opam", Err: syscall.EACCES}, ""},
		"cache":          {&farm.CacheError{Dir: "/a", Err: &fs.PathError{Op: "mkdir", Path: "/a", Err: syscall.EROFS}}, hintCache},
	} {
		got := hint(tt.err)
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}
