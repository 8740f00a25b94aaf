package solve

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// tree makes files in dir: "NAME" → text, "NAME@" → a symlink to the text,
// "NAME/" → a folder.
func tree(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, strings.TrimRight(name, "@/"))
		err := os.MkdirAll(filepath.Dir(file), 0o755)
		switch {
		case strings.HasSuffix(name, "/"):
			err = errors.Join(err, os.MkdirAll(file, 0o755))
		case strings.HasSuffix(name, "@"):
			err = errors.Join(err, os.Symlink(text, file))
		default:
			err = errors.Join(err, os.WriteFile(file, []byte(text), 0o644))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// read is tree's opposite; empty folders are in it.
func read(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || file == dir {
			return err
		}
		name, _ := filepath.Rel(dir, file)
		switch {
		case e.Type()&fs.ModeSymlink != 0:
			out[name+"@"], err = os.Readlink(file)
		case e.IsDir():
			list, e := os.ReadDir(file)
			if err = e; len(list) == 0 {
				out[name+"/"] = ""
			}
		default:
			data, e := os.ReadFile(file)
			out[name], err = string(data), e
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDereference(t *testing.T) {
	for name, c := range map[string]struct {
		in, want map[string]string
		errs     []string
	}{
		"none": {in: map[string]string{"a": "1"}, want: map[string]string{"a": "1"}},
		"file, chain, folder": {
			in:   map[string]string{"bin/a": "1", "bin/b@": "a", "c@": "bin/b", "d@": "bin", "e/f@": "../d/b", "e/g@": ".././bin"},
			want: map[string]string{"bin/a": "1", "bin/b": "1", "c": "1", "d/a": "1", "d/b": "1", "e/f": "1", "e/g/a": "1", "e/g/b": "1"},
		},
		"empty folder": {in: map[string]string{"a/": "", "b@": "a"}, want: map[string]string{"a/": "", "b/": ""}},
		"out": {
			in: map[string]string{"a@": "/etc/passwd", "b/c@": "../../x", "d@": "nothing", "ok": ""},
			errs: []string{
				`exporting "a": it is a link to "/etc/passwd", out of the export`,
				`exporting "b/c": it is a link to "../../x", out of the export`,
				`exporting "d": it is a link to "nothing", which is not there`,
			},
		},
		"out by way of another": {in: map[string]string{"a@": "b/x", "b@": "../.."}, errs: []string{`exporting "a"`, `exporting "b": it is a link to "../..", out`}},
		"itself":                {in: map[string]string{"a@": "a"}, errs: []string{`exporting "a", a link to "a": `}},
		"its folder":            {in: map[string]string{"x/a@": ".", "x/b@": "..", "f": ""}, errs: []string{`exporting "x/a", a link to ".": it leads into itself`, `exporting "x/b", a link to "..": it leads`}},
		"each other":            {in: map[string]string{"x/a@": "../y", "y/b@": "../x"}, errs: []string{`exporting "x/a"`, `exporting "y/b"`, "it leads into itself"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "p", "export")
			tree(t, dir, c.in)
			err := dereference(dir)
			if len(c.errs) > 0 {
				if err == nil {
					t.Fatal("no error")
				}
				contains(t, err.Error(), c.errs...)
				if diff := cmp.Diff(c.in, read(t, dir)); diff != "" {
					t.Errorf("changed all the same:\n%s", diff)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, read(t, dir)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDereferenceKeepsModesAndRefusesSpecial(t *testing.T) {
	dir := t.TempDir()
	tree(t, dir, map[string]string{"a": "1", "b@": "a"})
	when := time.Unix(1000, 0)
	if err := errors.Join(os.Chmod(filepath.Join(dir, "a"), 0o751|fs.ModeSetuid), os.Chtimes(filepath.Join(dir, "a"), when, when)); err != nil {
		t.Fatal(err)
	}
	if err := dereference(dir); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(filepath.Join(dir, "b"))
	if err != nil || info.Mode() != 0o751|fs.ModeSetuid || !info.ModTime().Equal(when) {
		t.Errorf("%v %v", err, info)
	}
	stale(t, filepath.Join(dir, "socket"))
	if err := dereference(dir); err == nil || !strings.Contains(err.Error(), `exporting "socket": it is neither a file nor a folder`) {
		t.Errorf("%v", err)
	}
}

// Whatever the links: dereference either leaves all as it is, or leaves no
// link, and every name that led to a file still has that file's text.
func TestDereferenceProperty(t *testing.T) {
	names := []string{"a", "b", "d/a", "d/b", "d/e/a"}
	targets := []string{"a", "b", "d", "d/a", "..", "../a", "../b", "../d/b", "e", "e/a", ".", "d/e", "/a"}
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp("", "deref")
		if err != nil {
			r.Fatal(err)
		}
		defer os.RemoveAll(dir)
		dir = filepath.Join(dir, "x")
		files := map[string]string{}
		for i, name := range names {
			if rapid.Bool().Draw(r, "link") {
				files[name+"@"] = rapid.SampledFrom(targets).Draw(r, "target")
			} else {
				files[name] = names[i]
			}
		}
		tree(t, dir, files)
		before := map[string]string{}
		for _, name := range names {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err == nil {
				before[name] = string(data)
			}
		}
		was := read(t, dir)
		if err := dereference(dir); err != nil {
			if diff := cmp.Diff(was, read(t, dir)); diff != "" {
				r.Fatalf("%v, but changed:\n%s", err, diff)
			}
			return
		}
		after := read(t, dir)
		for name := range after {
			if strings.HasSuffix(name, "@") || strings.Contains(name, ".links") {
				r.Fatalf("left: %s", name)
			}
		}
		for name, text := range before {
			if after[name] != text {
				r.Fatalf("%s was %q, is %q", name, text, after[name])
			}
		}
	})
}

// fill makes a stage with one file.
func fill(t *testing.T, dest, text string) *stage {
	t.Helper()
	s, err := newStage(dest)
	if err != nil {
		t.Fatal(err)
	}
	tree(t, s.dir, map[string]string{"bin/x": text})
	return s
}

func TestStage(t *testing.T) {
	parent := t.TempDir()
	dest := filepath.Join(parent, "dist", "one")
	for _, text := range []string{"1", "2"} {
		s := fill(t, dest, text)
		files, err := s.finish(t.Context(), nil, time.Time{})
		s.discard()
		if err != nil || !slices.Equal(files, []string{"bin/x"}) {
			t.Fatalf("%v %v", err, files)
		}
		if diff := cmp.Diff(map[string]string{"dist/one/bin/x": text}, read(t, parent)); diff != "" {
			t.Error(diff)
		}
	}

	// Interrupted: the export before stays.
	ctx, cancel := context.WithCancel(t.Context())
	s := fill(t, dest, "3")
	_, err := s.finish(ctx, func(context.Context, string) error { cancel(); return nil }, time.Time{})
	s.discard()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff(map[string]string{"dist/one/bin/x": "2"}, read(t, parent)); diff != "" {
		t.Error(diff)
	}
}

// What a killed process left is removed by the next export to the same place,
// but not what a living one is at.
func TestStageLeft(t *testing.T) {
	parent := t.TempDir()
	dest := filepath.Join(parent, "one")
	living := fill(t, dest, "living")
	dead, other := filepath.Join(parent, ".one.export-dead"), filepath.Join(parent, ".other.export-dead")
	for _, dir := range []string{dead, other} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	next := fill(t, dest, "next")
	for dir, want := range map[string]bool{living.dir: true, dead: false, other: true, next.dir: true} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s: %v", dir, err)
		}
	}
	living.discard()
	next.discard()
}

func TestStageThroughLink(t *testing.T) {
	parent := t.TempDir()
	tree(t, parent, map[string]string{"disk/one/bin/x": "old", "one@": "disk/one"})
	s := fill(t, filepath.Join(parent, "one"), "new")
	if _, err := s.finish(t.Context(), nil, time.Time{}); err != nil {
		t.Fatal(err)
	}
	s.discard()
	if diff := cmp.Diff(map[string]string{"disk/one/bin/x": "new", "one@": "disk/one"}, read(t, parent)); diff != "" {
		t.Error(diff)
	}
}

func TestSwapInSteps(t *testing.T) {
	parent := t.TempDir()
	tree(t, parent, map[string]string{"new/a": "1", "dest/b": "2"})
	if err := swapInSteps(filepath.Join(parent, "new"), filepath.Join(parent, "dest")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"dest/a": "1", "new/b": "2"}, read(t, parent)); diff != "" {
		t.Error(diff)
	}
	if err := swapInSteps(filepath.Join(parent, "nothing"), filepath.Join(parent, "dest")); err == nil {
		t.Error("no error")
	}
	if diff := cmp.Diff(map[string]string{"dest/a": "1", "new/b": "2"}, read(t, parent)); diff != "" {
		t.Errorf("not put back:\n%s", diff)
	}
}
