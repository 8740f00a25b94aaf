package targets

import (
	"errors"
	"slices"
	"testing"
)

func TestFind(t *testing.T) {
	tests := map[string]struct {
		name   string
		locked []string
		want   string
	}{
		"exact":                       {"debian-bookworm", nil, "debian-bookworm"},
		"alias":                       {"debian-oldstable", nil, "debian-bookworm"},
		"older alias":                 {"debian-oldoldstable", nil, "debian-bullseye"},
		"newest Alpine":               {"alpine", nil, "alpine-3.23"},
		"newest locked Alpine":        {"alpine", []string{"debian-bookworm", "alpine-3.21", "alpine-3.20"}, "alpine-3.21"},
		"no Alpine locked":            {"alpine", []string{"debian-bookworm"}, "alpine-3.23"},
		"locks don't hold exact ones": {"alpine-3.20", []string{"alpine-3.21"}, "alpine-3.20"},
		"Debian's aliases don't stay": {"debian-stable", []string{"debian-bookworm"}, "debian-trixie"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := Find(tt.name, tt.locked)
			if err != nil || r.Name != tt.want {
				t.Errorf("got %q, %v, want %q", r.Name, err, tt.want)
			}
		})
	}
	var unknown *UnknownError
	if _, err := Find("alpin", nil); !errors.As(err, &unknown) || unknown.Name != "alpin" || !slices.Contains(unknown.Known, "alpine") {
		t.Errorf("got %v", err)
	}
}

// TestReleases holds what other packages take for granted of every release.
func TestReleases(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Releases() {
		if seen[r.Name] || r.Name != string(r.Distro)+"-"+r.Codename {
			t.Errorf("name %q", r.Name)
		}
		seen[r.Name] = true
		if len(r.Toolchain) == 0 || len(r.Archives) == 0 || len(r.Platforms) == 0 || r.LibcVersion == "" || r.OSVersion == "" {
			t.Errorf("%s: something is empty: %+v", r.Name, r)
		}
		if !slices.IsSorted(r.Toolchain) && r.Distro == Alpine {
			t.Errorf("%s: its toolchain is not sorted", r.Name)
		}
		if (r.Libc == Musl) != (r.Link == Static) {
			t.Errorf("%s: links %s with %s", r.Name, r.Link, r.Libc)
		}
		for _, a := range r.Archives {
			if a.Name == "" || a.Suite == "" || len(a.Components) == 0 {
				t.Errorf("%s: archive %+v", r.Name, a)
			}
		}
	}
	for _, a := range Aliases() {
		if !seen[a.Release] || seen[a.Name] {
			t.Errorf("alias %s of %s", a.Name, a.Release)
		}
	}
}

func TestPlatforms(t *testing.T) {
	for _, p := range []Platform{LinuxAMD64, LinuxARM64} {
		got, err := ParsePlatform(string(p))
		if err != nil || got != p {
			t.Errorf("%s: %q, %v", p, got, err)
		}
		if p.DistroArch(Debian) == "" || p.DistroArch(Alpine) == "" || Releases()[0].OpamVariables(p)["arch"] == "" {
			t.Errorf("%s has no name somewhere", p)
		}
	}
	var unknown *UnknownPlatformError
	if _, err := ParsePlatform("linux/vax"); !errors.As(err, &unknown) {
		t.Errorf("got %v", err)
	}
}

func TestOpamVariables(t *testing.T) {
	r, err := Find("alpine-3.20", nil)
	if err != nil {
		t.Fatal(err)
	}
	got := r.OpamVariables(LinuxARM64)
	for name, want := range map[string]string{
		"os": "linux", "os-distribution": "alpine", "os-family": "alpine", "os-version": "3.20", "arch": "arm64",
	} {
		if got[name] != want {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
}

func TestFolder(t *testing.T) {
	if got := Folder("alpine-3.20", LinuxAMD64); got != "alpine-3.20" {
		t.Error(got)
	}
	if got := Folder("alpine-3.20", LinuxARM64); got != "alpine-3.20-arm64" {
		t.Error(got)
	}
}

// TestReleasesAreCopies changes what was returned.
func TestReleasesAreCopies(t *testing.T) {
	Releases()[0].Name = "changed"
	Aliases()[0].Name = "changed"
	if Releases()[0].Name == "changed" || Aliases()[0].Name == "changed" {
		t.Error("a caller can change the list")
	}
}
