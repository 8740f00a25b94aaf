package farm

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/config"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/targets"
)

const head = "opam-version: \"2.0\"\n"

// folder makes a folder with these files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestOpenProject(t *testing.T) {
	two := map[string]string{"b.opam": head + `version: "2"`, "a.opam": head, "sub/c.opam": head}
	tests := map[string]struct {
		files map[string]string
		want  string // NAME.VERSION of each package
		err   string
		as    any
	}{
		"one":          {map[string]string{"a.opam": head + `version: "1.0"`}, "a.1.0", "", nil},
		"two":          {two, "a.dev b.2", "", nil},
		"chosen":       {with(two, config.Name, `packages = ["b", "b"]`), "b.2", "", nil},
		"none":         {map[string]string{"opam": head}, "", "has no *.opam file", new(*NoProjectError)},
		"unknown":      {with(two, config.Name, `packages = ["c"]`), "", "ofarm.toml: packages: the project has no c.opam", new(*UnknownPackageError)},
		"bad name":     {map[string]string{"my project.opam": head}, "", `"my project" can't be the name of an opam package`, nil},
		"no name":      {map[string]string{".opam": head}, "", `"" can't be the name of an opam package`, nil},
		"mistakes":     {map[string]string{"a.opam": head + "depends: 1\n", "b.opam": head + "build: 1\n"}, "", "a.opam:2:10: ", new(*opam.Error)},
		"bad settings": {with(two, config.Name, "targetz = []\n"), "", "ofarm.toml:1:1: ", new(*config.Mistake)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := OpenProject(folder(t, tt.files))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) || tt.as != nil && !errors.As(err, tt.as) {
					t.Fatalf("got %v, want %q of %T", err, tt.err, tt.as)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, pkg := range p.Packages {
				got = append(got, pkg.Name+"."+pkg.Version)
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func with(files map[string]string, name, text string) map[string]string {
	out := map[string]string{name: text}
	for n, t := range files {
		out[n] = t
	}
	return out
}

func TestOpenProjectReportsAllMistakes(t *testing.T) {
	_, err := OpenProject(folder(t, map[string]string{"a.opam": head + "depends: 1\n", "b.opam": head + "build: 1\n"}))
	if len(opam.Mistakes(err)) < 2 && !(strings.Contains(err.Error(), "a.opam:2:") && strings.Contains(err.Error(), "b.opam:2:")) {
		t.Errorf("got %v", err)
	}
}

func TestOpenProjectInAStrangePlace(t *testing.T) {
	dir := filepath.Join(folder(t, nil), `a[b]*\?`)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.opam"), []byte(head), 0o644); err != nil {
		t.Fatal(err)
	}
	if p, err := OpenProject(dir); err != nil || len(p.Packages) != 1 {
		t.Errorf("got %v, %v", p, err)
	}
	if _, err := OpenProject(filepath.Join(dir, "a.opam")); err == nil || !strings.Contains(err.Error(), "is not a folder") {
		t.Errorf("a file is a project: %v", err)
	}
	if _, err := OpenProject(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// TestReadLock locks a project, changes it, and asks what is stale.
func TestReadLock(t *testing.T) {
	tests := map[string]struct {
		change map[string]string // files after locking; empty text removes
		want   string
	}{
		"nothing":          {nil, ""},
		"other fields":     {map[string]string{"a.opam": head + "synopsis: \"new\"\n# comment\ndepends: [\n  \"x\" {>= \"1\"}\n]\nbuild: [\"make\"]\n"}, ""},
		"depends":          {map[string]string{"a.opam": head + `depends: ["x" {>= "2"}]`}, "a.opam asks for other versions or conditions than were locked"},
		"depexts":          {map[string]string{"a.opam": head + `depends: ["x" {>= "1"}] depexts: ["libx"]`}, "a.opam asks for other versions or conditions than were locked"},
		"new package":      {map[string]string{"c.opam": head}, "c.opam is not locked"},
		"package gone":     {map[string]string{"b.opam": ""}, "b.opam was locked and is not there"},
		"several at once":  {map[string]string{"b.opam": "", "c.opam": head}, "b.opam was locked and is not there; c.opam is not locked"},
		"another selected": {map[string]string{config.Name: `packages = ["a"]`}, "b.opam was locked and is not there"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"a.opam": head + `depends: ["x" {>= "1"}]`, "b.opam": head})
			writeLock(t, dir)
			for name, text := range tt.change {
				path := filepath.Join(dir, name)
				if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
				if text != "" {
					if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			p, err := OpenProject(dir)
			if err != nil {
				t.Fatal(err)
			}
			l, sum, err := p.ReadLock()
			if tt.want == "" && (err != nil || l.Epoch != 7 || len(sum) != 64) {
				t.Errorf("got %v, %q, %v", l, sum, err)
			}
			var stale *StaleError
			if tt.want != "" && (!errors.As(err, &stale) || strings.Join(stale.Differences, "; ") != tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// writeLock locks the project in a folder, for no target.
func writeLock(t *testing.T, dir string) {
	t.Helper()
	p, err := OpenProject(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := lock.File{Epoch: 7, Projects: p.Locked()}
	if err := WriteFile(p.LockPath(), l.Append(nil)); err != nil {
		t.Fatal(err)
	}
}

func TestReadLockErrors(t *testing.T) {
	p, err := OpenProject(folder(t, map[string]string{"a.opam": head}))
	if err != nil {
		t.Fatal(err)
	}
	var missing *NoLockError
	if _, _, err := p.ReadLock(); !errors.As(err, &missing) || missing.Path != p.LockPath() {
		t.Errorf("got %v", err)
	}
	if err := WriteFile(p.LockPath(), []byte("ofarm.lock 1\nepoch 1\nnonsense\n")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.ReadLock(); err == nil || !strings.Contains(err.Error(), "ofarm.lock:3: ") {
		t.Errorf("got %v", err)
	}
}

func TestTargetIDs(t *testing.T) {
	l := &lock.File{}
	for _, id := range []string{"alpine-3.21 linux/amd64", "alpine-3.22 linux/arm64", "debian-bookworm linux/amd64", "debian-bullseye linux/amd64"} {
		name, platform, _ := strings.Cut(id, " ")
		l.Targets = append(l.Targets, lock.Target{TargetID: lock.TargetID{Name: name, Platform: platform}})
	}
	tests := map[string]struct {
		names    []string
		platform targets.Platform
		want     string
		err      any
	}{
		"all":           {nil, targets.LinuxAMD64, "alpine-3.21 debian-bookworm debian-bullseye", nil},
		"all of arm64":  {nil, targets.LinuxARM64, "alpine-3.22", nil},
		"order":         {[]string{"debian-bullseye", "debian-bookworm"}, targets.LinuxAMD64, "debian-bullseye debian-bookworm", nil},
		"all there is":  {nil, "", "alpine-3.21 alpine-3.22 debian-bookworm debian-bullseye", nil},
		"any platform":  {[]string{"alpine-3.22", "alpine-3.21"}, "", "alpine-3.22 alpine-3.21", nil},
		"nowhere":       {[]string{"debian-trixie"}, "", "", new(*plan.NotLockedError)},
		"alias":         {[]string{"debian-oldstable"}, targets.LinuxAMD64, "debian-bookworm", nil},
		"alias twice":   {[]string{"debian-oldstable", "debian-bookworm"}, targets.LinuxAMD64, "debian-bookworm", nil},
		"not locked":    {[]string{"debian-trixie"}, targets.LinuxAMD64, "", new(*plan.NotLockedError)},
		"wrong machine": {[]string{"debian-bookworm"}, targets.LinuxARM64, "", new(*plan.NotLockedError)},
		"unknown":       {[]string{"alpin"}, targets.LinuxAMD64, "", new(*targets.UnknownError)},
		"no platform":   {nil, "linux/riscv64", "", new(*NoTargetError)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ids, err := TargetIDs(l, tt.names, tt.platform)
			if tt.err != nil {
				if !errors.As(err, tt.err) {
					t.Errorf("got %v, want a %T", err, tt.err)
				}
				return
			}
			var got []string
			for _, id := range ids {
				got = append(got, id.Name)
				if tt.platform != "" && id.Platform != string(tt.platform) {
					t.Errorf("%s for %s", id.Name, id.Platform)
				}
			}
			if err != nil || strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestExcludes(t *testing.T) {
	dir := t.TempDir()
	tests := map[string]struct {
		output string
		want   []string
	}{
		"default":        {"", []string{"ofarm.lock", "ofarm.toml", "dist"}},
		"inside":         {filepath.Join(dir, "out", "x"), []string{"ofarm.lock", "ofarm.toml", "dist", "out/x"}},
		"outside":        {filepath.Join(dir, "..", "x"), []string{"ofarm.lock", "ofarm.toml", "dist"}},
		"project itself": {dir, []string{"ofarm.lock", "ofarm.toml", "dist"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := &Project{Dir: dir, output: tt.output}
			if diff := cmp.Diff(tt.want, p.excludes()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
