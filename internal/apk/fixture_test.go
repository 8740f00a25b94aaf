package apk

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
)

// testSigner signs what tests write.
var testSigner = sync.OnceValue(func() Signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return Signer{KeyName: "test.rsa.pub", Private: key}
})

// fullPackage has every field an index can have.
func fullPackage() Package {
	return Package{
		Name: "full", Version: "1.2.3-r4", Arch: "x86_64", Checksum: Checksum{1, 2, 3}, Size: 10, InstalledSize: 20,
		Description: "has everything", URL: "https://example.org", License: "MIT", Origin: "source",
		Maintainer: "M <m@example.org>", BuildTime: 1_700_000_000, Commit: "abc", ProviderPriority: 7,
		Depends:   []Dependency{{Name: "so:libc.musl-x86_64.so.1"}, {Name: "bad", Conflict: true}},
		Provides:  []Dependency{{Name: "cmd:full", Op: "=", Version: "1.2.3-r4"}},
		InstallIf: []Dependency{{Name: "a", Op: "=", Version: "1"}, {Name: "b"}},
	}
}

// files makes a tar of files; names that end with a slash are folders, bodies that start with -> symlinks and with =>
// hard links.
func files(t testing.TB, list ...[2]string) io.Reader {
	t.Helper()
	var b bytes.Buffer
	tw := tar.NewWriter(&b)
	for _, f := range list {
		h := &tar.Header{Name: f[0], Mode: 0o755, ModTime: time.Unix(1_700_000_000, 5), Typeflag: tar.TypeReg}
		body := f[1]
		if link, ok := strings.CutPrefix(body, "->"); ok {
			h.Typeflag, h.Linkname, body = tar.TypeSymlink, link, ""
		} else if link, ok := strings.CutPrefix(body, "=>"); ok {
			h.Typeflag, h.Linkname, body = tar.TypeLink, link, ""
		} else if strings.HasSuffix(f[0], "/") {
			h.Typeflag = tar.TypeDir
		}
		h.Size = int64(len(body))
		if err := tw.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(tw, body); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

// written makes a package file and its entry for an index.
func written(t testing.TB, info Info, list ...[2]string) ([]byte, Package) {
	t.Helper()
	var b bytes.Buffer
	p, err := WritePackage(&b, info, files(t, list...), testSigner())
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), p
}

// readAll reads a package file to its end and gives its files' contents by name.
func readAll(b []byte, opt OpenOptions) (Info, map[string]string, error) {
	f, err := Open(bytes.NewReader(b), opt)
	if err != nil {
		return Info{}, nil, err
	}
	out := map[string]string{}
	for {
		h, err := f.Next()
		if err == io.EOF {
			return f.Info, out, nil
		}
		if err != nil {
			return f.Info, nil, err
		}
		body, err := io.ReadAll(f)
		if err != nil {
			return f.Info, nil, err
		}
		out[h.Name] = string(body)
	}
}
