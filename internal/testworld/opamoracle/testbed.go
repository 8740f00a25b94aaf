package opamoracle

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ofarm/ofarm/internal/opam"
)

// Testbed is the folder of the test bed, $OFARM_TESTBED. Without it the test is
// skipped.
func Testbed(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("OFARM_TESTBED")
	if dir == "" {
		t.Skip("OFARM_TESTBED names no test bed")
	}
	return dir
}

// Whole reads the test bed's copy of the real opam repository; without a test
// bed the test is skipped.
func Whole(t testing.TB) Repository {
	t.Helper()
	repo, err := Read(Testbed(t))
	if err != nil {
		t.Fatal(err)
	}
	return repo
}

// Read reads the copy of the real opam repository that a test bed's folder has,
// into memory.
func Read(testbed string) (Repository, error) {
	found, err := filepath.Glob(filepath.Join(testbed, "opam-repository-*.tar.xz"))
	if err != nil || len(found) != 1 {
		return nil, fmt.Errorf("finding the opam repository of the test bed %q: %q, %w", testbed, found, cmp.Or(err, fs.ErrNotExist))
	}
	return readPacked(found[0])
}

// standIns are packages that resolved.tsv was made with although the test bed
// lacks a file of theirs: their content is empty or two lines long.
var standIns = map[string][]string{"stdlib-shims": {"0.3.0"}, "seq": {"base"}}

// Obtainable makes an opam repository in the folder dst with the packages that
// can be had from a test bed, which are those that resolved.tsv was made over:
//
//   - the rows of sources.tsv: of kind "identical" from the whole repository, the
//     others from the test bed's overlay;
//   - the packages without a source whose extra sources, if they have any, are
//     all among the test bed's extra-sources;
//   - stdlib-shims.0.3.0 and seq.base.
//
// Whole is the whole real repository, testbed the folder of the test bed.
func Obtainable(dst string, whole Repository, testbed string) error {
	identical, others, err := readSources(filepath.Join(testbed, "sources.tsv"))
	if err != nil {
		return err
	}
	sourceless, err := findSourceless(whole, filepath.Join(testbed, "extra-sources"))
	if err != nil {
		return err
	}
	for _, part := range []struct {
		packages map[string][]string
		repo     Repository
	}{
		{sourceless, whole},
		{identical, whole},
		{standIns, whole},
		{others, Folder(filepath.Join(testbed, "overlay"))},
	} {
		if err := Trim(dst, part.packages, part.repo); err != nil {
			return fmt.Errorf("taking what can be had: %w", err)
		}
	}
	return nil
}

// readSources reads the packages of sources.tsv: those of kind "identical", and
// the others.
func readSources(path string) (identical, others map[string][]string, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	identical, others = map[string][]string{}, map[string][]string{}
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		columns := strings.Split(line, "\t")
		name, version, ok := strings.Cut(columns[0], ".")
		switch {
		case i == 0: // the names of the columns
		case !ok || len(columns) < 2:
			return nil, nil, fmt.Errorf("%s:%d: no package and kind", path, i+1)
		case columns[1] == "identical":
			identical[name] = append(identical[name], version)
		default:
			others[name] = append(others[name], version)
		}
	}
	return identical, others, nil
}

// findSourceless lists the packages of a repository that have no source, and
// whose extra sources are all in a folder, each under its sha256.
func findSourceless(repo Repository, extra string) (map[string][]string, error) {
	all, err := All(repo)
	if err != nil {
		return nil, err
	}
	found := map[string][]string{}
	for name, versions := range all {
		for _, version := range versions {
			data, err := repo.OpamFile(name, version)
			if err != nil {
				return nil, err
			}
			ok, err := isSourceless(name+"."+version, data, extra)
			if err != nil {
				return nil, err
			}
			if ok {
				found[name] = append(found[name], version)
			}
		}
	}
	return found, nil
}

func isSourceless(path string, data []byte, extra string) (bool, error) {
	if bytes.Contains(data, []byte("\nurl {")) {
		return false, nil // the parser says the same, but takes seconds for all
	}
	f, err := opam.Parse(path, data)
	if err != nil || f.URL != nil {
		return false, err
	}
	for _, s := range f.ExtraSources {
		if !holds(extra, s) {
			return false, nil
		}
	}
	return true, nil
}

// holds tells whether a folder has a source under its sha256.
func holds(dir string, s opam.Source) bool {
	for _, c := range s.Checksums {
		if sum, ok := strings.CutPrefix(c.String(), "sha256="); ok {
			_, err := os.Stat(filepath.Join(dir, sum))
			return !errors.Is(err, fs.ErrNotExist)
		}
	}
	return false
}
