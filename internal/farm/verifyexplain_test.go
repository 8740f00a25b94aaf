package farm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/internal/verify"
)

func TestPartners(t *testing.T) {
	change := func(kind verify.Kind, typ verify.Type, path, sum string) verify.Change {
		e := verify.Entry{Path: path, Type: typ, SHA256: sum, Size: int64(len(sum))}
		if kind == verify.OnlyFirst {
			return verify.Change{Kind: kind, Path: path, First: e}
		}
		return verify.Change{Kind: kind, Path: path, Again: e}
	}
	first, again := verify.OnlyFirst, verify.OnlyAgain
	got := partners([]verify.Change{
		0: change(first, verify.File, "d/tmp.aB3dE6", "1"), 1: change(again, verify.File, "d/tmp.Zy9xW8", "2"),
		2: change(first, verify.File, "d/lib.a", "3"), 3: change(again, verify.File, "d/readme", "4"),
		4: change(first, verify.File, "e/one", "5"), 5: change(again, verify.File, "e/other", "6"), 6: change(again, verify.File, "e/two", "5"),
		7: change(first, verify.Dir, "f/tmp.aB3dE6", ""), 8: change(again, verify.File, "f/tmp.Zy9xW8", ""),
		9: change(first, verify.File, "g/empty", ""), 10: change(again, verify.File, "g/nothing", ""),
	}, verify.Hints{})
	if diff := cmp.Diff(map[int]int{0: 1, 1: -1, 4: 6, 6: -1}, got); diff != "" {
		t.Error(diff)
	}
}

func TestPick(t *testing.T) {
	var changes []verify.Change
	add := func(path string, size int64, typ verify.Type, kind verify.Kind) {
		e := verify.Entry{Path: path, Size: size, Type: typ}
		c := verify.Change{Path: path, Kind: kind, First: e, Again: e}
		switch kind {
		case verify.OnlyFirst:
			c.Again = verify.Entry{}
		case verify.OnlyAgain:
			c.First = verify.Entry{}
		}
		changes = append(changes, c)
	}
	add("big", mostBytes, verify.File, verify.OtherContent)
	add("link", 0, verify.Symlink, verify.OtherLink)
	add("lost", 1, verify.File, verify.OnlyFirst)
	add("folder", 0, verify.Dir, verify.OnlyFirst)
	add("mode", 1, verify.File, verify.OtherMode)
	got := pick(changes)
	if !slices.Equal(got.both, []string{"big"}) || !slices.Equal(got.first, []string{"big"}) || !slices.Equal(got.again, []string{"big"}) {
		t.Errorf("%q: the first one may be long, and no other beside it", got)
	}
	changes = changes[1:]
	add("added", 2, verify.File, verify.OnlyAgain)
	add("small", 1, verify.File, verify.OtherContent)
	got = pick(changes)
	if !slices.Equal(got.both, []string{"small"}) || !slices.Equal(got.first, []string{"small", "lost"}) || !slices.Equal(got.again, []string{"small", "added"}) {
		t.Errorf("%q", got)
	}
	for range 2 * mostPicked {
		add("more", 2, verify.File, verify.OtherContent)
		add("gone", 2, verify.File, verify.OnlyFirst)
	}
	got = pick(changes)
	if len(got.both) != mostPicked || len(got.first)+len(got.again) != 2*mostPicked+mostLonely {
		t.Errorf("%d files, %d and %d", len(got.both), len(got.first), len(got.again))
	}
}

// Files are opened until one has a known cause; what wasn't opened is told last.
func TestExplain(t *testing.T) {
	dirs := [2]string{t.TempDir(), t.TempDir()}
	s := &side{farm: &Farm{CacheDir: dirs[0]}, opt: BuildOptions{Project: &Project{Dir: dirs[0]}, Lock: &lock.File{}, Output: dirs[0]}}
	r := &verification{one: s, two: s}
	changes := []verify.Change{{Path: "lonely", Kind: verify.OnlyFirst, First: verify.Entry{Type: verify.File}}}
	var open []string
	for i := range 2 * mostOpened {
		name, texts := fmt.Sprint("f", i), [2]string{"blue\n", "green\n"}
		if i == mostOpened {
			texts = [2]string{"built on 2026-01-02\n", "built on 2026-01-03\n"}
		}
		for k, dir := range dirs {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(texts[k]), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		open = append(open, name)
		e := verify.Entry{Path: name, Type: verify.File}
		changes = append(changes, verify.Change{Path: name, Kind: verify.OtherContent, First: e, Again: e})
	}
	got, err := r.explain(t.Context(), changes, open, dirs[0], dirs[1])
	if err != nil || len(got) != len(changes) {
		t.Fatalf("%d, %v", len(got), err)
	}
	if got[0].File != open[mostOpened] || got[0].Cause != verify.Timestamp || got[1].File != "f0" {
		t.Errorf("%+v", got[:2])
	}
	if last := got[mostOpened+1:]; last[0].File != "lonely" || last[1].File != open[mostOpened+1] || last[1].Where != "" {
		t.Errorf("%+v", last)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.explain(ctx, changes, open, dirs[0], dirs[1]); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// Steps of a cache may be as old as the lock; those of the second build aren't.
func TestWindow(t *testing.T) {
	at := func(sec int64) time.Time { return time.Unix(sec, 0) }
	s := &side{opt: BuildOptions{Lock: &lock.File{Epoch: 1000}, Output: t.TempDir()}}
	check := func(from, to int64) {
		t.Helper()
		if start, end := s.window(); !start.Equal(at(from)) || !end.Equal(at(to)) {
			t.Errorf("%d to %d, want %d to %d", start.Unix(), end.Unix(), from, to)
		}
	}
	if start, _ := s.window(); !start.IsZero() {
		t.Errorf("%v", start)
	}
	file := filepath.Join(s.opt.Output, ArtifactsName)
	if err := errors.Join(os.WriteFile(file, nil, 0o644), os.Chtimes(file, at(3000), at(3000))); err != nil {
		t.Fatal(err)
	}
	check(1000, 3000)
	result := func(from, to int64) []solve.Result {
		return []solve.Result{{Steps: []solve.Step{{}, {Started: at(from), Completed: at(to)}}}}
	}
	s.caught = result(5000, 6000)
	check(1000, 6000)
	s.opt.Lock.Epoch = 4000 // of SOURCE_DATE_EPOCH
	check(3000, 6000)
	s.fresh, s.results = true, result(5000, 7000)
	check(5000, 7000)
}
