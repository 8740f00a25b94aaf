package testworld

import (
	"archive/tar"
	"compress/bzip2"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/ofarm/ofarm/internal/deb"
)

// workshop is a root folder with the stand-in's toolchain and the programs of
// Debian that configure scripts call, in which libraries are compiled.
type workshop struct {
	dir  string
	jobs int
}

// openWorkshop lays out a root in a new folder, to be removed by close.
func openWorkshop(ctx context.Context, dir string, t toolchain, jobs int) (*workshop, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("it needs root, for a chroot")
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	w := &workshop{dir: dir, jobs: jobs}
	if err := w.layOut(ctx, t); err != nil {
		return nil, errors.Join(fmt.Errorf("laying out %s: %w", dir, err), w.close())
	}
	return w, nil
}

func (w *workshop) close() error { return os.RemoveAll(w.dir) }

func (w *workshop) layOut(ctx context.Context, t toolchain) error {
	for _, dir := range []string{"usr/bin", "tmp"} {
		if err := os.MkdirAll(filepath.Join(w.dir, dir), 0o755); err != nil {
			return err
		}
	}
	if err := os.Symlink("usr/bin", filepath.Join(w.dir, "bin")); err != nil {
		return err
	}
	for _, r := range t.rows {
		files, err := t.tree(ctx, r)
		if err != nil {
			return err
		}
		if err := files.writeTo(w.dir); err != nil {
			return err
		}
	}
	links := tree{}
	links.symlink("usr/bin/sh", "dash")
	links.symlink("usr/bin/awk", "mawk")
	if err := links.writeTo(w.dir); err != nil {
		return err
	}
	return makeNull(w.dir)
}

// makeNull makes a root's dev/null, see null(4).
func makeNull(root string) error {
	const device = 1<<8 | 3
	name := filepath.Join(root, "dev/null")
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return errors.Join(syscall.Mknod(name, syscall.S_IFCHR|0o666, device), os.Chmod(name, 0o666))
}

// compile unpacks a source, runs a script in it, and returns what the script
// installed. It has no network and no process of the machine to see.
func (w *workshop) compile(ctx context.Context, s source, archive io.Reader, script []byte, log string) (tree, error) {
	build := filepath.Join(w.dir, "build")
	defer os.RemoveAll(build)
	if err := unpackSource(filepath.Join(build, "source"), s.path, archive); err != nil {
		return nil, fmt.Errorf("unpacking %s: %w", s.path, err)
	}
	if err := os.WriteFile(filepath.Join(build, "script"), script, 0o755); err != nil {
		return nil, err
	}
	if err := os.Mkdir(filepath.Join(build, "out"), 0o755); err != nil {
		return nil, err
	}
	if err := w.run(ctx, s, log); err != nil {
		return nil, fmt.Errorf("compiling %s %s: %w\n%s\nthe whole log is %s", s.name, s.version, err, tail(log, 20), log)
	}
	return readTree(filepath.Join(build, "out"))
}

func (w *workshop) run(ctx context.Context, s source, log string) error {
	out, err := os.Create(log)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.CommandContext(ctx, "/bin/nice", "/bin/sh", "/build/script")
	cmd.Dir = "/build/source"
	cmd.Env = []string{
		"PATH=/usr/bin:/bin", "LC_ALL=C", "HOME=/tmp", "DESTDIR=/build/out", "VERSION=" + s.version,
		fmt.Sprintf("JOBS=%d", w.jobs), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", epoch.Unix()),
	}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot: w.dir,
		// The shell is its namespace's first process: all end with it.
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
	}
	return cmd.Run()
}

// unpackSource unpacks a tar of any usual compression without its top folder.
func unpackSource(dir, name string, archive io.Reader) error {
	plain, err := decompressSource(name, archive)
	if err != nil {
		return err
	}
	files := tree{}
	err = files.addTar(tar.NewReader(plain), func(name string) string {
		_, rest, _ := strings.Cut(name, "/")
		return rest
	})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return files.writeTo(dir)
}

func decompressSource(name string, archive io.Reader) (io.Reader, error) {
	if strings.HasSuffix(name, ".bz2") {
		return bzip2.NewReader(archive), nil
	}
	return deb.Decompress(name, archive)
}
