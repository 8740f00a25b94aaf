package shellworld

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/rsa"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/apk"
)

// Root is what the roots of a world are made of: the files of one package.
type Root struct {
	files  []byte // a tar
	signer apk.Signer
}

// Minirootfs makes a root of Alpine's minirootfs, a tar.gz.
func Minirootfs(tarball string) (Root, error) {
	f, err := os.Open(tarball)
	if err != nil {
		return Root{}, err
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		return Root{}, fmt.Errorf("reading %s: %w", tarball, err)
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	if err := copyRoot(w, tar.NewReader(zip)); err != nil {
		return Root{}, fmt.Errorf("reading %s: %w", tarball, err)
	}
	return newRoot(w, &out)
}

// copyRoot leaves apk's database out: a root gets its own.
func copyRoot(w *tar.Writer, r *tar.Reader) error {
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		h.Name = strings.TrimPrefix(h.Name, "./")
		if h.Name == "" || isDatabase(h.Name) {
			continue
		}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		if _, err := io.Copy(w, r); err != nil {
			return err
		}
	}
}

// isDatabase tells what apk writes itself. Its keys and caches are of no use
// here either.
func isDatabase(name string) bool {
	return strings.HasPrefix(name, "lib/apk/") || strings.HasPrefix(name, "etc/apk/")
}

// Busybox makes a root of a static busybox (Debian: busybox-static) with a
// link for each of its applets.
func Busybox(program string) (Root, error) {
	if f, err := elf.Open(program); err != nil {
		return Root{}, err
	} else if libs, _ := f.ImportedLibraries(); len(libs) > 0 {
		return Root{}, fmt.Errorf("%s isn't static: it needs %s", program, strings.Join(libs, ", "))
	}
	body, err := os.ReadFile(program)
	if err != nil {
		return Root{}, err
	}
	list, err := exec.Command(program, "--list-full").Output()
	if err != nil {
		return Root{}, fmt.Errorf("listing the applets of %s: %w", program, err)
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	err = writeBusybox(w, body, strings.Fields(string(list)))
	if err != nil {
		return Root{}, err
	}
	return newRoot(w, &out)
}

func writeBusybox(w *tar.Writer, body []byte, applets []string) error {
	for _, dir := range []string{"bin", "dev", "etc", "proc", "root", "run", "sys", "tmp", "usr", "usr/bin", "var"} {
		h := &tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
	}
	if err := writeFile(w, "bin/busybox", 0o755, body); err != nil {
		return err
	}
	slices.Sort(applets)
	for _, name := range slices.Compact(applets) {
		if name == "bin/busybox" || path.Clean(name) != name {
			continue
		}
		h := &tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: "/bin/busybox", Mode: 0o777}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(w *tar.Writer, name string, mode int64, body []byte) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(body))}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err := w.Write(body)
	return err
}

func newRoot(w *tar.Writer, out *bytes.Buffer) (Root, error) {
	if err := w.Close(); err != nil {
		return Root{}, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return Root{}, err
	}
	return Root{files: out.Bytes(), signer: apk.Signer{KeyName: "shellworld.rsa.pub", Private: key}}, nil
}

// Has tells whether the root has a file: "usr/bin/patch".
func (r Root) Has(name string) bool {
	for tr := tar.NewReader(bytes.NewReader(r.files)); ; {
		h, err := tr.Next()
		if err != nil {
			return false
		}
		if h.Name == name {
			return true
		}
	}
}

// packageFile makes a package file of a tar.
func (r Root) packageFile(name string, files io.Reader) ([]byte, error) {
	var out bytes.Buffer
	info := apk.Info{Package: apk.Package{Name: name, Version: rootVersion, Arch: "x86_64", Description: "a test's", License: "none"}}
	_, err := apk.WritePackage(&out, info, files, r.signer)
	return out.Bytes(), err
}

const rootVersion = "1-r0"

// mark is the package that tells a target's root from another's.
func (r Root) mark(target string) ([]byte, error) {
	var files bytes.Buffer
	w := tar.NewWriter(&files)
	if err := writeFile(w, "etc/target", 0o644, []byte(target+"\n")); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return r.packageFile("mark", &files)
}

// Unpack writes the root's files into a folder, as a machine of its own.
func (r Root) Unpack(dir string) error {
	for tr := tar.NewReader(bytes.NewReader(r.files)); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := unpackEntry(filepath.Join(dir, filepath.FromSlash(h.Name)), h, tr); err != nil {
			return err
		}
	}
}

func unpackEntry(file string, h *tar.Header, body io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeDir:
		return os.MkdirAll(file, 0o755)
	case tar.TypeSymlink:
		return os.Symlink(h.Linkname, file)
	case tar.TypeReg:
		data, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		return os.WriteFile(file, data, h.FileInfo().Mode().Perm())
	}
	return nil
}
