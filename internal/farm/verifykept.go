package farm

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/oci"
	"github.com/ofarm/ofarm/internal/scratch"
)

// VerifyDir has what differed when something was verified last.
func (f *Farm) VerifyDir() string { return filepath.Join(f.CacheDir, "verify") }

// NotEmptyError says that a folder for what differs has files.
type NotEmptyError struct{ Dir string }

func (e *NotEmptyError) Error() string { return fmt.Sprintf("the folder %q is not empty", e.Dir) }

// PlaceError says that nothing can be put into a folder.
type PlaceError struct {
	// Keep says that it was to get what differs; otherwise the second build was to
	// work in it.
	Keep bool
	Dir  string
	Err  error
}

func (e *PlaceError) Error() string {
	if e.Keep {
		return fmt.Sprintf("keeping what differs in %q: %v", e.Dir, e.Err)
	}
	return fmt.Sprintf("building again in %q: %v", e.Dir, e.Err)
}

func (e *PlaceError) Unwrap() error { return e.Err }

// kept is the folder of what differs. What is kept is in another folder until the
// end, which is made at the start: whether it can be made is known before anything
// is built.
type kept struct {
	dest string
	dir  string // until the end; empty after it
	some bool   // something is kept
	// asked says that dest was asked for: dir is below it then, else beside it.
	asked bool
	// held is dir while it is held; nil if it wasn't made.
	held *scratch.Folder
	// made are the folders that were made for dest, dest first.
	made []string
}

// newKept makes the folder that was asked for, or ofarm's own. What was made
// before an error is to be discarded.
//
// Errors: [*NotEmptyError], [*PlaceError].
func newKept(asked, own string) (k *kept, err error) {
	k = &kept{dest: own}
	if asked != "" {
		return k, k.ask(asked)
	}
	if err := k.hold(filepath.Dir(own), "."+filepath.Base(own)+"."); err != nil {
		return k, &PlaceError{Keep: true, Dir: own, Err: err}
	}
	return k, nil
}

// hold makes the folder, and removes those that a killed verification left.
func (k *kept) hold(parent, prefix string) (err error) {
	if k.held, err = scratch.Make(parent, prefix, nil); err != nil {
		return err
	}
	k.dir = k.held.Dir
	return os.Chmod(k.dir, 0o755)
}

var errLocked = errors.New("somebody else holds a lock on it (flock)")

// askedPrefix begins the names of folders that are made below those that were
// asked for.
const askedPrefix = ".ofarm-differs-"

// ask takes a folder that is empty or not there, or has only what a killed
// verification left. Below it, and nowhere else, ofarm makes files: it may be a
// mount point, or all that the user may write to.
func (k *kept) ask(dir string) (err error) {
	k.asked = true
	if k.dest, err = filepath.Abs(dir); err != nil {
		return err
	}
	if hasOthers(k.dest, askedPrefix) {
		return &NotEmptyError{Dir: dir}
	}
	k.made = notThere(k.dest)
	if len(k.made) == 0 && scratch.Locked(k.dest) { // flock(1) on it would wait for us, and we for it
		return &PlaceError{Keep: true, Dir: dir, Err: errLocked}
	}
	if err := k.hold(k.dest, askedPrefix); err != nil {
		return &PlaceError{Keep: true, Dir: dir, Err: err}
	}
	if hasOthers(k.dest, filepath.Base(k.dir)) { // another verification's
		return &NotEmptyError{Dir: dir}
	}
	return nil
}

// hasOthers tells whether a folder has anything whose name doesn't begin so.
func hasOthers(dir, prefix string) bool {
	entries, _ := os.ReadDir(dir)
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !strings.HasPrefix(e.Name(), prefix) })
}

// notThere lists a folder and those above it, as far as they aren't there.
func notThere(dir string) []string {
	var out []string
	for {
		if _, err := os.Lstat(dir); err == nil || dir == filepath.Dir(dir) {
			return out
		}
		out = append(out, dir)
		dir = filepath.Dir(dir)
	}
}

// folder makes a folder for something.
func (k *kept) folder(path ...string) (string, error) {
	k.some = true
	dir := filepath.Join(append([]string{k.dir}, path...)...)
	return dir, os.MkdirAll(dir, 0o755)
}

// final is where a file of the folder will be.
func (k *kept) final(file string) string {
	return filepath.Join(k.dest, strings.TrimPrefix(file, k.dir))
}

// settle puts what is kept in its place, and returns that; empty if nothing is
// kept. What ofarm kept before goes. What can't be put there stays where it is.
func (k *kept) settle() (string, error) {
	var err error
	switch {
	case !k.asked:
		err = k.replace()
	case k.some:
		err = k.moveUp()
	}
	if !k.some {
		return "", err
	}
	dir := k.dir
	if k.dir, k.made = "", nil; err != nil {
		return dir, &PlaceError{Keep: true, Dir: k.dest, Err: fmt.Errorf("%w; it is in %q until something is verified again", err, dir)}
	}
	return k.dest, nil
}

// replace puts ofarm's own folder in the place of what was kept before, which goes
// as a folder that the next verification removes if this one is killed.
func (k *kept) replace() error {
	old := k.dir + ".old"
	if err := os.Rename(k.dest, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if k.some {
		if err := os.Rename(k.dir, k.dest); err != nil {
			return errors.Join(err, os.Rename(old, k.dest))
		}
	}
	_ = os.RemoveAll(old)
	return nil
}

// moveUp moves what is kept into the folder that was asked for.
func (k *kept) moveUp() error {
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.Rename(filepath.Join(k.dir, e.Name()), filepath.Join(k.dest, e.Name())); err != nil {
			return err
		}
	}
	return os.Remove(k.dir)
}

// discard removes what has not taken its place.
func (k *kept) discard() error {
	var err error
	if k.dir != "" {
		err = k.held.Remove()
	}
	for _, dir := range k.made {
		_ = os.Remove(dir) // unless somebody else has put something there
	}
	return err
}

// moveFolder moves a folder, if it is there, also to another file system.
func moveFolder(from, to string) error {
	err := os.Rename(from, to)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		open := func() (io.ReadCloser, error) { return os.Open(path) }
		return copyEntry(filepath.Join(to, rel), oci.Entry{Path: rel, Mode: int64(info.Mode().Perm()), Open: open})
	})
}
