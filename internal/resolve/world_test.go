package resolve

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/ofarm/ofarm/internal/apk"
	"github.com/ofarm/ofarm/internal/deb"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/opamrepo"
	"github.com/ofarm/ofarm/targets"
)

// world is a small internet: a Debian archive with its security archive, an
// Alpine repository, the sources of opam packages, and a folder that is an opam
// repository.
type world struct {
	t     *testing.T
	files map[string][]byte // by URL
	dir   string            // has repo/
}

// RoundTrip answers as a web server would that has the world's files.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	data, ok := w.files[r.URL.String()]
	status := http.StatusOK
	if !ok {
		status = http.StatusNotFound
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Request: r, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(data)), ContentLength: int64(len(data)),
	}, nil
}

const (
	debianURL   = "https://deb.example.org/debian/"
	securityURL = "https://deb.example.org/security/"
	alpineURL   = "https://apk.example.org/alpine/"
)

var indexDate = time.Date(2026, 3, 4, 20, 16, 31, 0, time.UTC)

func newWorld(t *testing.T) *world {
	w := &world{t: t, files: map[string][]byte{}, dir: t.TempDir()}
	w.debian(debianURL, "tiny", stanza("base-files", "1", "Essential: yes")+
		stanza("libc6", "1.0")+stanza("gcc", "1", "Depends: libc6 (>= 1.0)")+
		stanza("libfoo1", "1")+stanza("libfoo-dev", "1", "Depends: libfoo1 (= 1), libc6")+
		stanza("zstd", "1", "Depends: libc6"))
	w.debian(securityURL, "tiny-security", stanza("libc6", "1.0+deb1"))
	w.alpine("musl", "gcc: musl", "libfoo", "libfoo-dev: libfoo")
	w.opam("alpha.1", `depexts: [["libfoo-dev"] {os-family = "debian" | os-family = "alpine"}]
url {
  src: "https://up.example.org/alpha.tar.gz"
  checksum: ["md5=`+hexOf("md5", "alpha's source")+`" "sha512=`+hexOf("sha512", "alpha's source")+`"]
}
extra-source "fix.patch" {
  src: "https://up.example.org/fix.patch"
  checksum: "sha256=`+hexOf("sha256", "a patch")+`"
}
extra-files: ["beside.txt" "md5=`+hexOf("md5", "beside")+`"]
`)
	w.beside("alpha.1", "beside.txt", "beside")
	w.beside("alpha.1", "unlisted.txt", "opam ignores it")
	w.opam("beta.2", "build: [\"make\"]\n")
	w.beside("beta.2", "sub/any.txt", "any")
	w.opam("beta.1", "")
	w.opam("beta.10", "")
	w.files["https://up.example.org/alpha.tar.gz"] = []byte("alpha's source")
	w.files["https://up.example.org/fix.patch"] = []byte("a patch")
	return w
}

func hexOf(kind, text string) string {
	h := input.SumBytes([]byte(text)).Hex()
	if kind != "sha256" {
		h = sumHex(kind, text)
	}
	return h
}

// opam writes an opam file into the repository.
func (w *world) opam(id, text string) {
	name, _, _ := strings.Cut(id, ".")
	w.write(filepath.Join("repo", "packages", name, id, "opam"), "opam-version: \"2.0\"\n"+text)
}

func (w *world) beside(id, file, text string) {
	name, _, _ := strings.Cut(id, ".")
	w.write(filepath.Join("repo", "packages", name, id, "files", file), text)
}

func (w *world) write(path, text string) {
	path = filepath.Join(w.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// stanza is a package of a Debian index; its hash is made up.
func stanza(name, version string, more ...string) string {
	sum := sha256.Sum256([]byte(name + version))
	return fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: amd64\nFilename: pool/%s_%s_amd64.deb\nSize: %d\nSHA256: %x\n%s\n",
		name, version, name, version, 1000+len(name), sum, strings.Join(append(more, ""), "\n"))
}

// debian publishes a suite with a signed index.
func (w *world) debian(base, suite, packages string) {
	var gz bytes.Buffer
	z := gzip.NewWriter(&gz)
	fmt.Fprint(z, packages)
	if err := z.Close(); err != nil {
		w.t.Fatal(err)
	}
	sum := sha256.Sum256(gz.Bytes())
	name := "main/binary-amd64/Packages.gz"
	text := fmt.Sprintf("Origin: Tiny\nSuite: old%s\nCodename: %s\nDate: %s\nAcquire-By-Hash: yes\nArchitectures: amd64\nComponents: main\nSHA256:\n %x %d %s\n",
		suite, suite, indexDate.Format(time.RFC1123), sum, gz.Len(), name)
	root := base + "dists/" + suite + "/"
	w.files[root+"InRelease"] = w.sign(text)
	w.files[root+"main/binary-amd64/by-hash/SHA256/"+hex.EncodeToString(sum[:])] = gz.Bytes()
}

// debianKey signs the Debian archives.
var debianKey = sync.OnceValue(func() *openpgp.Entity {
	e, err := openpgp.NewEntity("Tiny archive", "", "tiny@example.org", &packet.Config{Time: func() time.Time { return indexDate.AddDate(-1, 0, 0) }})
	if err != nil {
		panic(err)
	}
	return e
})

func (w *world) sign(text string) []byte {
	var b bytes.Buffer
	c, err := clearsign.Encode(&b, debianKey().PrivateKey, &packet.Config{Time: func() time.Time { return indexDate }})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := io.WriteString(c, text); err != nil {
		w.t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		w.t.Fatal(err)
	}
	return b.Bytes()
}

func (w *world) debianKeys() []deb.Keyring {
	var b bytes.Buffer
	if err := debianKey().Serialize(&b); err != nil {
		w.t.Fatal(err)
	}
	ring, err := deb.ReadKeyring(&b)
	if err != nil {
		w.t.Fatal(err)
	}
	return []deb.Keyring{ring}
}

// alpineSigner signs the Alpine repository.
var alpineSigner = sync.OnceValue(func() apk.Signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return apk.Signer{KeyName: "tiny.rsa.pub", Private: key}
})

// alpine publishes packages, each "NAME" or "NAME: NEEDS".
func (w *world) alpine(packages ...string) {
	var index apk.Index
	root := alpineURL + "v9.9/main/x86_64/"
	for _, text := range packages {
		name, needs, _ := strings.Cut(text, ": ")
		depends, err := apk.ParseDependencies(needs)
		if err != nil {
			w.t.Fatal(err)
		}
		var b bytes.Buffer
		info := apk.Info{Package: apk.Package{Name: name, Version: "1-r0", Arch: "x86_64", Depends: depends}}
		p, err := apk.WritePackage(&b, info, oneFile(w.t, "usr/share/"+name), alpineSigner())
		if err != nil {
			w.t.Fatal(err)
		}
		index.Packages = append(index.Packages, p)
		w.files[root+p.File()] = b.Bytes()
	}
	var b bytes.Buffer
	if err := apk.WriteIndex(&b, index, alpineSigner()); err != nil {
		w.t.Fatal(err)
	}
	w.files[root+"APKINDEX.tar.gz"] = b.Bytes()
}

func oneFile(t *testing.T, name string) io.Reader {
	var b bytes.Buffer
	tw := tar.NewWriter(&b)
	err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Typeflag: tar.TypeReg, Size: 1})
	if err == nil {
		_, err = tw.Write([]byte("x"))
	}
	if err == nil {
		err = tw.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return &b
}

func tinyDebian() Target {
	return Target{Platform: targets.LinuxAMD64, Release: targets.Release{
		Name: "debian-tiny", Distro: targets.Debian, Codename: "tiny", OSVersion: "1", Libc: targets.GLIBC,
		Toolchain: []string{"gcc"},
		Archives: []targets.Archive{
			{Name: "debian", Suite: "tiny", Components: []string{"main"}},
			{Name: "debian-security", Suite: "tiny-security", Components: []string{"main"}},
		},
	}}
}

func tinyAlpine() Target {
	return Target{Platform: targets.LinuxAMD64, Release: targets.Release{
		Name: "alpine-9.9", Distro: targets.Alpine, Codename: "9.9", OSVersion: "9.9", Libc: targets.Musl,
		Toolchain: []string{"gcc"},
		Archives:  []targets.Archive{{Name: "alpine", Suite: "v9.9", Components: []string{"main"}}},
	}}
}

// options lock alpha.1 and beta.2 for both targets.
func (w *world) options() Options {
	store, err := input.Open(filepath.Join(w.dir, "store"))
	if err != nil {
		w.t.Fatal(err)
	}
	app, err := opam.Parse("app.opam", []byte(`opam-version: "2.0" depends: ["alpha" "beta" {< "10"}]`))
	if err != nil {
		w.t.Fatal(err)
	}
	return Options{
		Projects: []Project{{
			Locked: lock.Project{File: "app.opam", SHA256: strings.Repeat("0", 64)}, Name: "app", Version: "dev", File: app,
		}},
		Repositories: w.repositories(),
		Targets:      []Target{tinyDebian(), tinyAlpine()},
		Epoch:        1767225600,
		DebianKeys:   w.debianKeys(),
		AlpineKeys:   []apk.Key{alpineSigner().Key()},
		Fetcher: input.Fetcher{
			Store: store, Transport: w, Retries: -1,
			Mirrors: input.Mirrors{Archives: map[string][]string{
				"now debian": {debianURL}, "now debian-security": {securityURL}, "now alpine": {alpineURL},
			}},
		},
		ArchiveName: func(name string) string { return "now " + name },
	}
}

func (w *world) repositories() *opamrepo.Set {
	set, err := opamrepo.Open(context.Background(), []opamrepo.Spec{{Name: "main", URL: "repo"}}, opamrepo.Options{Dir: w.dir})
	if err != nil {
		w.t.Fatal(err)
	}
	return set
}
