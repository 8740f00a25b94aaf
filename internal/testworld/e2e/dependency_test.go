package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
)

// commented puts a comment at the end of a dependency's C stubs, which changes
// its source and none of the bytes that it installs. Only its entry in the lock
// changes: with a new lock, the distro's archive might have moved on.
func (w *world) commented(t *testing.T, list string) {
	l := w.lockOf("fserv")
	i := slices.IndexFunc(l.Packages, func(p lock.Package) bool { return p.Name == "ssl" })
	ssl := &l.Packages[i]
	archive := repack(t, w.input(t, ssl.Source.SHA256), "src/ssl_stubs.c", "\n/* nothing but a comment */\n")
	place := filepath.Join(w.Dir, "ssl-commented.tar.gz")
	writeFile(t, place, archive)
	ssl.Source = &lock.Source{Input: inputOf(archive), URLs: []string{"file://" + place}}

	opamFile := filepath.Join(w.Project("opam-repository"), "packages", "ssl", ssl.ID(), "opam")
	text, err := os.ReadFile(opamFile)
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(text), "\nurl {") // the file's last section
	if !ok {
		t.Fatalf("%s has no section url", opamFile)
	}
	changed := head + "\nurl {\n  src: \"file://" + place + "\"\n  checksum: \"sha256=" + ssl.Source.SHA256 + "\"\n}\n"
	writeFile(t, opamFile, []byte(changed))
	ssl.OpamFile = inputOf([]byte(changed))
	writeFile(t, filepath.Join(w.Project("fserv"), farm.LockName), l.Append(nil))

	if got := w.build("fserv", list).ran; !slices.Equal(got, []string{ssl.ID(), ssl.ID()}) {
		t.Errorf("steps that ran: %q, want ssl's on both targets and nothing else", got)
	}
}

// input reads an input from the store.
func (w *world) input(t *testing.T, sum string) []byte {
	t.Helper()
	store, err := input.Open(filepath.Join(w.cache, "inputs"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := input.ParseDigest("sha256:" + sum)
	if err != nil {
		t.Fatal(err)
	}
	data, err := store.ReadFile(d)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func inputOf(data []byte) lock.Input {
	return lock.Input{SHA256: input.SumBytes(data).Hex(), Size: int64(len(data))}
}

// repack writes a tar.gz anew with text behind the file of a path below its
// top folder.
func repack(t *testing.T, archive []byte, path, text string) []byte {
	t.Helper()
	unpacked, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	from, to := tar.NewReader(unpacked), tar.NewWriter(packed)
	found := false
	for {
		h, err := from.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(from)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(h.Name, "/"+path) {
			found = true
			data = append(data, text...)
			h.Size = int64(len(data))
		}
		_, werr := io.Copy(headed(t, to, h), bytes.NewReader(data))
		if werr != nil {
			t.Fatal(werr)
		}
	}
	if err := errors.Join(to.Close(), packed.Close()); err != nil || !found {
		t.Fatalf("packing %s again: found %v, %v", path, found, err)
	}
	return out.Bytes()
}

func headed(t *testing.T, w *tar.Writer, h *tar.Header) io.Writer {
	t.Helper()
	if err := w.WriteHeader(h); err != nil {
		t.Fatal(err)
	}
	return w
}
