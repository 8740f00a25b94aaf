package shellworld

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/targets"
)

// Project writes a project's files into a folder, its ofarm.toml with the
// given text and "strip = false" (a shell's world has no strip) before it, and
// its lock for the targets, which are Alpine's.
func (w *World) Project(dir string, p Package, config string, names ...string) error {
	files := p.files()
	files[p.Name+".opam"] = p.opam()
	files["ofarm.toml"] = "strip = false\n" + config
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := writeProjectFile(filepath.Join(dir, name), files[name]); err != nil {
			return err
		}
	}
	return w.Lock(dir, p.Depends, names...)
}

func writeProjectFile(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return err
	}
	return os.Chmod(file, fileMode(text))
}

func fileMode(text string) os.FileMode {
	if strings.HasPrefix(text, "#!") || strings.HasPrefix(text, "\x7fELF") {
		return 0o755
	}
	return 0o644
}

// Lock locks a project that is on disk: the packages it depends on, all that
// they depend on, and the targets.
func (w *World) Lock(dir string, depends []string, names ...string) error {
	project, err := farm.OpenProject(dir)
	if err != nil {
		return err
	}
	repository, err := filepath.Rel(dir, filepath.Join(w.Dir, "repository"))
	if err != nil {
		return err
	}
	l := &lock.File{
		Epoch:        w.epoch(),
		Repositories: []lock.Repository{{Name: repositoryName, URL: filepath.ToSlash(repository)}},
		Projects:     project.Locked(),
		Packages:     w.closure(depends),
	}
	for _, name := range names {
		t, err := w.target(name)
		if err != nil {
			return err
		}
		l.Targets = append(l.Targets, t)
	}
	slices.SortFunc(l.Targets, lock.CompareTargets)
	return os.WriteFile(project.LockPath(), l.Append(nil), 0o644)
}

func (w *World) epoch() int64 {
	if w.Epoch == 0 {
		return epoch2024
	}
	return w.Epoch
}

func (w *World) closure(names []string) []lock.Package {
	seen := map[string]bool{}
	var out []lock.Package
	for todo := slices.Clone(names); len(todo) > 0; todo = todo[1:] {
		if name := todo[0]; !seen[name] {
			seen[name] = true
			out = append(out, w.packages[name])
			todo = append(todo, w.depends[name]...)
		}
	}
	slices.SortFunc(out, lock.ComparePackages)
	return out
}

// target writes the package files of a target's base and locks them.
func (w *World) target(name string) (lock.Target, error) {
	r, err := targets.Find(name, nil)
	if err != nil {
		return lock.Target{}, err
	}
	t := lock.Target{
		TargetID: lock.TargetID{Name: r.Name, Platform: string(targets.LinuxAMD64)},
		Archives: []lock.Archive{{
			Name: "alpine", Suite: r.Archives[0].Suite, Component: "main", Timestamp: "-", SHA256: strings.Repeat("0", 64),
		}},
	}
	mark, err := w.root.mark(r.Name)
	if err != nil {
		return t, err
	}
	programs, err := w.root.packageFile("programs", bytes.NewReader(w.root.files))
	if err != nil {
		return t, err
	}
	for _, p := range []struct {
		name string
		data []byte
	}{{"mark", mark}, {"programs", programs}} {
		file := path.Join(r.Archives[0].Suite, "main/x86_64", p.name+"-"+rootVersion+".apk")
		in, err := write(filepath.Join(w.Dir, "alpine", file), p.data)
		if err != nil {
			return t, err
		}
		t.Base = append(t.Base, lock.DistroPackage{
			Name: p.name, Version: rootVersion, Arch: "x86_64", Input: in, Archive: "alpine", Path: file,
		})
	}
	return t, nil
}

// archive is a tar.gz of files in one folder.
func archive(folder string, files map[string]string) []byte {
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	w := tar.NewWriter(zip)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: folder + "/" + name, Mode: int64(fileMode(files[name])), Size: int64(len(files[name]))}
		_ = w.WriteHeader(h) // writing to memory doesn't fail
		_, _ = io.WriteString(w, files[name])
	}
	_ = w.Close()
	_ = zip.Close()
	return out.Bytes()
}
