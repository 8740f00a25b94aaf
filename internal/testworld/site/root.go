package site

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/ofarm/ofarm/internal/deb"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
)

// libcPackages are what a bare root of a Debian release has: libc and what it
// depends on, by the start of the names.
var libcPackages = []string{"libc6", "libgcc-s1", "libcrypt1"}

// BareRoot makes a folder with nothing but libc's own packages of a locked
// Debian target, in the folder dir, which must be empty. The package files must
// be in the store.
func BareRoot(dir string, store *input.Store, t lock.Target) error {
	if err := mergeUsr(dir); err != nil {
		return err
	}
	for _, p := range t.Base {
		if !slices.Contains(libcPackages, p.Name) {
			continue
		}
		if err := unpackDeb(dir, store, p); err != nil {
			return fmt.Errorf("unpacking %s: %w", p.Name, err)
		}
	}
	return nil
}

func unpackDeb(dir string, store *input.Store, p lock.DistroPackage) error {
	sum, err := input.ParseDigest("sha256:" + p.SHA256)
	if err != nil {
		return err
	}
	f, err := store.OpenFile(sum)
	if err != nil {
		return err
	}
	defer f.Close()
	archive, err := deb.Open(f)
	if err != nil {
		return err
	}
	defer archive.Close()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for {
		h, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := unpackEntry(root, h, archive); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}

// unpackEntry writes a file, a folder or a link. Debian's merged /usr is kept:
// a folder that is there already as a link stays one.
func unpackEntry(root *os.Root, h *tar.Header, r io.Reader) error {
	name := strings.Trim(filepath.Clean(h.Name), "/")
	if name == "." || name == "" {
		return nil
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case tar.TypeSymlink:
		return ignoreExists(root.Symlink(h.Linkname, name))
	case tar.TypeLink:
		return ignoreExists(root.Link(strings.Trim(filepath.Clean(h.Linkname), "/"), name))
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, h.FileInfo().Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}

func ignoreExists(err error) error {
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// mergeUsr makes the links of a merged /usr, which every release of Debian can
// have.
func mergeUsr(dir string) error {
	for _, d := range []string{"bin", "lib", "lib64", "sbin"} {
		if err := os.MkdirAll(filepath.Join(dir, "usr", d), 0o755); err != nil {
			return err
		}
		if err := ignoreExists(os.Symlink("usr/"+d, filepath.Join(dir, d))); err != nil {
			return err
		}
	}
	return nil
}

// CopyInto copies an executable into a root as /NAME.
func CopyInto(dir, executable string) error {
	data, err := os.ReadFile(executable)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, filepath.Base(executable)), data, 0o755)
}

// Command is a run of a program inside a root, as root, without network and
// with an empty environment.
func Command(ctx context.Context, dir string, argv ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = "/"
	cmd.Env = []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: dir, Cloneflags: syscall.CLONE_NEWNET}
	return cmd
}

// RunIn runs a program inside a root and returns what it wrote.
func RunIn(ctx context.Context, dir string, argv ...string) (string, error) {
	var out bytes.Buffer
	cmd := Command(ctx, dir, argv...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("running %s in %s: %w: %s", argv[0], dir, err, strings.TrimSpace(out.String()))
	}
	return strings.TrimSpace(out.String()), nil
}
