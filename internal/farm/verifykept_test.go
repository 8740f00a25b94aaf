package farm

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/ofarm/ofarm/internal/solve"
)

// What a killed verification left is removed by the next, and what another one
// uses isn't.
func TestAgainFolder(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "again")
	used, err := newAgainFolder(parent, solve.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// Of a folder that was asked for only the one of ofarm's own is looked at.
	stranger := filepath.Join(t.TempDir(), "verify-x")
	if err := os.Mkdir(stranger, 0o755); err != nil {
		t.Fatal(err)
	}
	state := VerifyOptions{StateDir: filepath.Dir(stranger)}
	if f, err := newAgainFolder(state.againParent(nil), solve.Options{}); err != nil || endAgain(f) != nil {
		t.Errorf("%v", err)
	}
	if list, _ := os.ReadDir(filepath.Dir(stranger)); len(list) != 1 {
		t.Errorf("%v are there", list)
	}
	left := filepath.Join(parent, "verify-left")
	other := filepath.Join(parent, "of somebody")
	for _, dir := range []string{left, other} {
		if err := os.MkdirAll(filepath.Join(dir, "buildkit", "root"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	second, err := newAgainFolder(parent, solve.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]bool{used.Dir: true, second.Dir: true, left: false, other: true} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s: %v", dir, err)
		}
	}
	if err := errors.Join(endAgain(used), endAgain(second), os.RemoveAll(other)); err != nil {
		t.Error(err)
	}
	if err := os.MkdirAll(left, 0o755); err != nil {
		t.Fatal(err)
	}
	last, err := newAgainFolder(parent, solve.Options{}) // what was left is all that there is
	if err != nil {
		t.Fatal(err)
	}
	if err := endAgain(last); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(parent); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: %v", parent, err)
	}
}

func TestKept(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "own")
	for _, text := range []string{"one", "two", ""} {
		k, err := newKept("", own)
		if err != nil {
			t.Fatal(err)
		}
		file := ""
		if text != "" {
			sub, err := k.folder("a", "b c")
			if err != nil {
				t.Fatal(err)
			}
			file = filepath.Join(sub, "file")
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			file = k.final(file)
		}
		place, err := k.settle()
		if err := errors.Join(err, k.discard()); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(file)
		if string(data) != text || (err == nil) != (text != "") || place != map[bool]string{true: own}[text != ""] {
			t.Errorf("%q: %q in %q: %v", text, data, place, err)
		}
	}
	k, err := newKept(filepath.Join(dir, "asked"), own)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.folder("x"); err != nil {
		t.Fatal(err)
	}
	if err := k.discard(); err != nil {
		t.Error(err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 0 {
		t.Errorf("left: %v %v", list, err)
	}
}

// A folder that is there, such as a mount point, gets what differs, and so does one
// that isn't; what can't get it is told at once.
func TestKeptAsked(t *testing.T) {
	top := t.TempDir()
	there := filepath.Join(top, "there")
	if err := errors.Join(os.Mkdir(there, 0o755), os.WriteFile(filepath.Join(top, "file"), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	inode := func(dir string) uint64 {
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		return info.Sys().(*syscall.Stat_t).Ino
	}
	before := inode(there)
	for _, dir := range []string{there, filepath.Join(top, "a", "b")} {
		k, err := newKept(dir, filepath.Join(top, "own"))
		if err != nil {
			t.Fatal(err)
		}
		var notEmpty *NotEmptyError
		second, err := newKept(dir, "")
		if !errors.As(err, &notEmpty) || second.discard() != nil {
			t.Errorf("%s is used twice: %v", dir, err)
		}
		if _, err := k.folder("x", "y"); err != nil {
			t.Fatal(err)
		}
		if place, err := k.settle(); place != dir || err != nil {
			t.Errorf("%q, %v", place, err)
		}
		list, err := filepath.Glob(filepath.Join(dir, "*"))
		if err := errors.Join(err, k.discard()); err != nil || !slices.Equal(list, []string{filepath.Join(dir, "x")}) {
			t.Errorf("%q, %v", list, err)
		}
	}
	if inode(there) != before {
		t.Error("the folder was replaced")
	}
	var place *PlaceError
	k, err := newKept(filepath.Join(top, "file"), "")
	if !errors.As(err, &place) || !place.Keep || k.discard() != nil {
		t.Errorf("%v", err)
	}
	// Somebody may have locked it for as long as this runs.
	locked := filepath.Join(top, "locked")
	if err := os.Mkdir(locked, 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(locked)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if k, err := newKept(locked, ""); !errors.As(err, &place) || place.Dir != locked || k.discard() != nil {
		t.Errorf("%v", err)
	}
}

// What a killed verification left beside ofarm's own place, or in the folder that
// was asked for, goes with the next one.
func TestKeptLeft(t *testing.T) {
	for name, place := range map[string]struct{ asked, own, left string }{
		"own":   {"", "verify", ".verify.left"},
		"asked": {"asked", "verify", "asked/.ofarm-differs-left"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.MkdirAll(filepath.Join(place.left, "package"), 0o755); err != nil {
				t.Fatal(err)
			}
			k, err := newKept(place.asked, place.own)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(place.left); err == nil {
				t.Error("it is still there")
			}
			if err := k.discard(); err != nil {
				t.Error(err)
			}
		})
	}
}
