package opam_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ulikunitz/xz"
)

// eachOpamFile streams the opam files of the real repository.
func eachOpamFile(t testing.TB, visit func(path string, data []byte)) {
	t.Helper()
	file, err := os.Open(testbed(t, "opam-repository-2026-08-22.tar.xz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	x, err := xz.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(x); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || !strings.HasSuffix(h.Name, "/opam") {
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		visit(h.Name, data)
	}
}

// TestRepository reads the whole real repository: every file is understood, and
// what the printer writes means the same.
func TestRepository(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 18,793 files")
	}
	files := 0
	env := opam.Scope{Prefix: "/p", Globals: debian()}
	eachOpamFile(t, func(path string, data []byte) {
		files++
		f, err := opam.Parse(path, data)
		if err != nil {
			t.Error(err)
			return
		}
		if u := f.Unknown(); len(u) > 0 {
			t.Errorf("%s: unknown %s", path, u[0].Name)
		}
		text := f.Append(nil)
		again, err := opam.Parse(path+" printed", text)
		if err != nil {
			t.Error(err)
			return
		}
		if !bytes.Equal(text, again.Append(nil)) {
			t.Errorf("%s: printing twice gives another text", path)
		}
		if files%50 == 0 { // comparing trees is slow
			if diff := cmp.Diff(f.Items, again.Items, ignorePositions); diff != "" {
				t.Errorf("%s (-read +printed):\n%s", path, diff)
			}
		}
		evaluate(t, path, f, env)
	})
	if files != 18793 {
		t.Errorf("%d files, want 18793", files)
	}
}

// evaluate asks all that a plan asks; only what run-time variables decide may
// fail.
func evaluate(t *testing.T, path string, f *opam.File, env opam.Scope) {
	elems := strings.Split(path, "/")
	name, version, _ := strings.Cut(elems[len(elems)-2], ".")
	env.Name, env.Self = name, opam.Package{Version: version}
	for _, cmds := range [][]opam.Command{f.Build, f.Install, f.RunTest, f.Remove} {
		if _, err := opam.EvalCommands(cmds, env); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := f.Dependencies(env, nil); err != nil {
		t.Errorf("%s: %v", path, err)
	}
	if _, err := f.Available.True(env); err != nil {
		t.Errorf("%s: %v", path, err)
	}
	if _, err := opam.SystemPackages(f.Depexts, env); err != nil {
		t.Errorf("%s: %v", path, err)
	}
}

// BenchmarkParseRepository parses the repository's files from memory; a round is
// all of them. Beside the wall time it reports what a file takes of it, and the
// processor time of a round, in which the garbage collector's threads count.
func BenchmarkParseRepository(b *testing.B) {
	var files [][]byte
	size := 0
	eachOpamFile(b, func(_ string, data []byte) {
		files = append(files, data)
		size += len(data)
	})
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	before := processorTime(b)
	for range b.N {
		for _, data := range files {
			if _, err := opam.Parse("opam", data); err != nil {
				b.Fatal(err)
			}
		}
	}
	rounds := float64(b.N)
	b.ReportMetric((processorTime(b)-before).Seconds()/rounds, "cpu-s/op")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/rounds/float64(len(files)), "ns/file")
}

// processorTime is what this process has used of it.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

func BenchmarkCompareVersions(b *testing.B) {
	for range b.N {
		opam.CompareVersions("4.13.1+options-1", "4.13.1~rc1")
	}
}
