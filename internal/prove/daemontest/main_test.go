package daemontest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/oci"
	"github.com/ofarm/ofarm/internal/prove"
	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/internal/testworld/shellworld"
	"github.com/ofarm/ofarm/targets"
)

const target = "debian-bookworm"

// needs skips a test where it isn't asked for, or can't run.
func needs(t *testing.T) {
	t.Helper()
	asked := os.Getenv("OFARM_TEST_DAEMON")
	if asked == "" {
		t.Skip("OFARM_TEST_DAEMON isn't set")
	}
	err := lacks()
	if err != nil && asked == "require" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(err)
	}
}

func lacks() error {
	if os.Geteuid() != 0 {
		return errors.New("the private daemon needs root")
	}
	for _, p := range []struct{ program, pkg string }{{"runc", "runc"}, {"gcc", "gcc"}, {"busybox", "busybox-static"}} {
		if _, err := exec.LookPath(p.program); err != nil {
			return fmt.Errorf("apt-get install %s: %w", p.pkg, err)
		}
	}
	if _, err := os.Stat(loader); err != nil {
		return fmt.Errorf("this machine has another loader: %w", err)
	}
	return nil
}

// bench has executables in a folder of artifacts, and a farm with a private
// daemon of its own.
type bench struct {
	t    *testing.T
	dir  string
	farm *farm.Farm
	dist string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	needs(t)
	b := &bench{t: t, dir: t.TempDir()}
	bin := filepath.Join(b.dir, "bin")
	if err := shellworld.Programs(t.Context(), bin, os.Getenv("OFARM_BUILDKITD")); err != nil {
		t.Fatal(err)
	}
	f, err := farm.Open(filepath.Join(b.dir, "cache"), bin, input.Fetcher{Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	b.farm, b.dist = f, filepath.Join(b.dir, "dist")
	return b
}

// put makes dist/TARGET/bin of this machine's executables in a folder, and
// describes them.
func (b *bench) put(from string) []farm.Artifact {
	b.t.Helper()
	return b.putFor(targets.LinuxAMD64, from)
}

func (b *bench) putFor(platform targets.Platform, from string) []farm.Artifact {
	b.t.Helper()
	folder := targets.Folder(target, platform)
	if err := os.CopyFS(filepath.Join(b.dist, folder, "bin"), os.DirFS(from)); err != nil {
		b.t.Fatal(err)
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		b.t.Fatal(err)
	}
	var list []farm.Artifact
	for _, e := range entries {
		path := filepath.Join(folder, "bin", e.Name())
		r, err := audit.File(filepath.Join(b.dist, path), audit.Options{})
		if err != nil {
			b.t.Fatal(err)
		}
		list = append(list, farm.Artifact{
			Target: target, Platform: string(platform), Path: path,
			Size: r.Size, SHA256: r.SHA256, Kind: r.Kind, Linkage: r.Linkage, Needed: r.Needed,
		})
	}
	data, err := json.Marshal(map[string]any{"version": 1, "artifacts": list})
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.dist, farm.ArtifactsName), data, 0o644); err != nil {
		b.t.Fatal(err)
	}
	return list
}

const (
	loader = "/lib64/ld-linux-x86-64.so.2"
	libDir = "/lib/x86_64-linux-gnu/"
)

// glibcRoot has this machine's glibc and nothing else.
func (b *bench) glibcRoot() farm.ProveRoot {
	b.t.Helper()
	var entries []oci.Entry
	for _, file := range []string{loader, libDir + "libc.so.6", libDir + "libm.so.6"} {
		info, err := os.Stat(file)
		if err != nil {
			b.t.Fatal(err)
		}
		entries = append(entries, oci.Entry{
			Path: file[1:], Mode: 0o755, Size: info.Size(),
			Open: func() (io.ReadCloser, error) { return os.Open(file) },
		})
	}
	r := farm.ProveRoot{}
	r.Name, r.Platform, r.Libc = "glibc", targets.LinuxAMD64, targets.GLIBC
	r.Image = b.image(entries)
	return r
}

func (b *bench) image(entries []oci.Entry) digest.Digest {
	b.t.Helper()
	layer, err := b.farm.Layout.WriteLayer(func(w io.Writer) error { return oci.WriteTree(w, entries) })
	if err != nil {
		b.t.Fatal(err)
	}
	d, err := b.farm.Layout.WriteImage(oci.Image{
		Platform: ocispec.Platform{OS: "linux", Architecture: "amd64"}, Layers: []oci.Descriptor{layer},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return d
}

// packageRoot is a root of locked package files.
func (b *bench) packageRoot(name string, libc targets.Libc, root shellworld.Root) farm.ProveRoot {
	b.t.Helper()
	dir := filepath.Join(b.dir, "world of "+name)
	w := shellworld.New(dir, root)
	project := filepath.Join(dir, "project")
	if err := w.Project(project, shellworld.Package{Name: "app"}, "", "alpine-3.20"); err != nil {
		b.t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(project, farm.LockName))
	if err != nil {
		b.t.Fatal(err)
	}
	l, err := lock.Parse(farm.LockName, data)
	if err != nil {
		b.t.Fatal(err)
	}
	r := farm.ProveRoot{
		Distro: targets.Alpine, Archives: l.Targets[0].Archives, Packages: l.Targets[0].Base, Epoch: l.Epoch,
	}
	r.Name, r.Platform, r.Libc = name, targets.LinuxAMD64, libc
	b.farm.Fetcher.Mirrors = w.Mirrors().For(l.Targets)
	b.fetch(r)
	return r
}

// fetch brings a root's packages into the store: each world has mirrors of its
// own.
func (b *bench) fetch(r farm.ProveRoot) {
	b.t.Helper()
	for _, p := range r.Packages {
		sum, err := input.ParseDigest("sha256:" + p.SHA256)
		if err != nil {
			b.t.Fatal(err)
		}
		req := input.Request{Name: p.Name, Sum: sum, Size: p.Size, Archive: farm.ArchiveAt(p.Archive, r.Archives[0].Timestamp), Path: p.Path}
		if _, err := b.farm.Fetcher.Fetch(b.t.Context(), []input.Request{req}); err != nil {
			b.t.Fatal(err)
		}
	}
}

// engine finds only a private daemon.
func engine() solve.Options {
	return solve.Options{Sockets: []string{}, Path: os.Getenv("PATH")}
}

// table is a line for each result.
func table(results []prove.Result) []string {
	var out []string
	for _, r := range results {
		line := fmt.Sprintf("%s %s %s", filepath.Base(r.Artifact), r.Root, r.Verdict)
		if r.Reason != nil {
			line += ": " + r.Reason.Text
		}
		out = append(out, line)
	}
	return out
}
