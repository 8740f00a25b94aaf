package testworld

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/gofrs/flock"

	"github.com/ofarm/ofarm/internal/apk"
	"github.com/ofarm/ofarm/internal/input"
)

// Options says what [AlpineRepository] makes.
type Options struct {
	// Dir is the folder of the mirror that is made: its index lies in
	// Dir/BRANCH/main/x86_64/APKINDEX.tar.gz.
	Dir string
	// Work keeps downloads, finished packages and the signing key between
	// calls. What it holds is valid for any Dir.
	Work string
	// Branch is the branch's folder; empty means "v3.20".
	Branch string
	// Root is an Alpine minirootfs (tar.gz) whose packages are taken over; if
	// empty, musl and busybox are compiled instead.
	Root string
	// Libraries are compiled for musl, of those that Libraries() lists.
	Libraries []string
	// Debian is the base URLs of Debian's main archive, see [DebianMirrors].
	Debian []string
	// Jobs is how many processes compile at once; 0 means 2.
	Jobs int
	// Progress is told what is fetched; it may be nil.
	Progress func(input.Event)
	// Log is told what takes a while, one line each; it may be nil.
	Log io.Writer
}

// World is a repository that [AlpineRepository] made.
type World struct {
	// Dir is the mirror's folder: its file:// URL, or that of a server, is
	// what a package manager takes as Alpine's mirror.
	Dir string
	// Branch is the folder of the branch: "v3.20".
	Branch string
	// Key is the file of the public key that the index is signed by. Its name
	// is the key's.
	Key string
	// Packages is the index of main, sorted by name; community is empty.
	Packages []apk.Package
}

// URL is the mirror's folder as a file:// URL.
func (w *World) URL() string { return "file://" + w.Dir }

// Keys is the keyring that trusts the repository.
func (w *World) Keys() (apk.Keyring, error) {
	text, err := os.ReadFile(w.Key)
	if err != nil {
		return nil, err
	}
	key, err := apk.ParseKey(filepath.Base(w.Key), text)
	return apk.Keyring{key}, err
}

const keyName = "ofarm-standin.rsa.pub"

// AlpineRepository makes a stand-in for Alpine's mirror; the package comment
// tells what it is made of. Compiling needs root and some minutes of processor
// time for each library; what an earlier call with the same Work has made is
// taken from there; calls that share it take turns. The repository's folder is replaced as a whole at the end.
func AlpineRepository(ctx context.Context, o Options) (*World, error) {
	o.Branch, o.Jobs = cmp.Or(o.Branch, "v3.20"), cmp.Or(o.Jobs, 2)
	unlock, err := lockFolder(o.Work)
	if err != nil {
		return nil, fmt.Errorf("making a stand-in for Alpine's mirror: %w", err)
	}
	defer unlock()
	w, err := makeAlpine(ctx, o)
	if gone := new(input.NotFoundError); errors.As(err, &gone) {
		// A remembered package file is gone from the mirror: choose anew.
		if os.Remove(memory(o.Work)) == nil {
			w, err = makeAlpine(ctx, o)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("making a stand-in for Alpine's mirror: %w", err)
	}
	return w, nil
}

// lockFolder makes a folder and keeps it from other processes' calls until
// unlock.
func lockFolder(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, ".lock"))
	if err := lock.Lock(); err != nil {
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	return func() { _ = lock.Unlock() }, nil
}

func memory(work string) string { return filepath.Join(work, "debian.tsv") }

func makeAlpine(ctx context.Context, o Options) (*World, error) {
	b, err := newBuilder(ctx, o)
	if err != nil {
		return nil, err
	}
	parts, err := b.parts(ctx)
	if err != nil {
		return nil, err
	}
	return b.publish(parts)
}

// builder makes a world.
type builder struct {
	Options
	cache     cache
	pool      pool
	toolchain toolchain
	sources   []source
	splits    []split
}

func newBuilder(ctx context.Context, o Options) (*builder, error) {
	b := &builder{Options: o}
	b.cache.dir = filepath.Join(o.Work, "packages")
	if err := os.MkdirAll(b.cache.dir, 0o755); err != nil {
		return nil, err
	}
	store, err := input.Open(filepath.Join(o.Work, "inputs"))
	if err != nil {
		return nil, err
	}
	b.pool = pool{store: store, debian: o.Debian, progress: o.Progress}
	if b.cache.signer, err = signer(o.Work); err != nil {
		return nil, err
	}
	if b.sources, err = readSources(); err != nil {
		return nil, err
	}
	if b.splits, err = readSplits(); err != nil {
		return nil, err
	}
	return b, b.openToolchain(ctx)
}

func (b *builder) openToolchain(ctx context.Context) error {
	var err error
	if b.toolchain.layout, err = readLayout(); err != nil {
		return err
	}
	if b.toolchain.rows, err = readRelaid(); err != nil {
		return err
	}
	b.toolchain.debian, err = openDebian(ctx, b.pool, memory(b.Work), debNames(b.toolchain.rows))
	return err
}

func (b *builder) say(format string, args ...any) {
	if b.Log != nil {
		fmt.Fprintf(b.Log, format+"\n", args...)
	}
}

// parts makes all packages or finds them in the cache.
func (b *builder) parts(ctx context.Context) (parts []made, err error) {
	f := &foundry{world: b, key: b.rowKey(b.toolchain.rows...)}
	defer func() { err = errors.Join(err, f.close()) }()
	if parts, err = b.relaid(ctx); err != nil {
		return nil, err
	}
	meta, err := b.cache.getOrMake(b.cache.key("meta"), metaPackages)
	if err != nil {
		return nil, err
	}
	root, err := b.root(ctx, f)
	if err != nil {
		return nil, err
	}
	libraries, err := f.libraries(ctx, b.Libraries)
	return slices.Concat(parts, []made{meta}, root, libraries), err
}

// relaid makes the packages of the toolchain.
func (b *builder) relaid(ctx context.Context) ([]made, error) {
	var parts []made
	for _, r := range b.toolchain.rows {
		if r.name == workshopRow {
			continue
		}
		m, err := b.cache.getOrMake(b.rowKey(r), func() ([]unbuilt, error) {
			b.say("re-laying %s", r.name)
			return b.toolchain.make(ctx, r)
		})
		if err != nil {
			return nil, err
		}
		parts = append(parts, m)
	}
	return parts, nil
}

// rowKey names what is made of rows.
func (b *builder) rowKey(rows ...relaid) string {
	parts := []string{"debian", string(layoutTable)}
	for _, r := range rows {
		parts = append(parts, fmt.Sprint(r), b.toolchain.debian.sums(r.debs))
	}
	return b.cache.key(parts...)
}

// root makes the packages of a bare Alpine root.
func (b *builder) root(ctx context.Context, f *foundry) ([]made, error) {
	if b.Root != "" {
		content, err := os.ReadFile(b.Root)
		if err != nil {
			return nil, err
		}
		m, err := b.cache.getOrMake(b.cache.key("root", string(content)), func() ([]unbuilt, error) {
			b.say("packing the packages of %s", filepath.Base(b.Root))
			return repackRoot(b.Root)
		})
		return []made{m}, err
	}
	m, err := b.cache.getOrMake(b.cache.key("baselayout", b.Branch), func() ([]unbuilt, error) {
		return baselayout(b.Branch)
	})
	if err != nil {
		return nil, err
	}
	compiled, err := f.libraries(ctx, []string{"musl", "busybox"})
	return append([]made{m}, compiled...), err
}

// publish lays the package files out as a mirror does, with signed indexes.
func (b *builder) publish(parts []made) (*World, error) {
	w := &World{Dir: b.Dir, Branch: b.Branch, Key: filepath.Join(b.Dir, keyName)}
	if err := os.MkdirAll(b.Dir, 0o755); err != nil {
		return nil, err
	}
	branch, err := os.MkdirTemp(b.Dir, ".new-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(branch)
	if w.Packages, err = b.component(filepath.Join(branch, "main"), parts); err != nil {
		return nil, err
	}
	if _, err := b.component(filepath.Join(branch, "community"), nil); err != nil {
		return nil, err
	}
	if err := errors.Join(os.Chmod(branch, 0o755), b.writeKey(w.Key)); err != nil {
		return nil, err
	}
	final := filepath.Join(b.Dir, b.Branch)
	return w, errors.Join(os.RemoveAll(final), os.Rename(branch, final))
}

// component lays out one component of a branch and returns what is in it.
func (b *builder) component(dir string, parts []made) ([]apk.Package, error) {
	dir = filepath.Join(dir, "x86_64")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	var packages []apk.Package
	for _, m := range parts {
		for _, p := range m.packages {
			if err := copyFile(filepath.Join(m.dir, p.File()), filepath.Join(dir, p.File())); err != nil {
				return nil, err
			}
			packages = append(packages, p)
		}
	}
	slices.SortFunc(packages, func(a, b apk.Package) int { return cmp.Compare(a.Name, b.Name) })
	return packages, b.index(dir, packages)
}

func (b *builder) index(dir string, packages []apk.Package) error {
	var out bytes.Buffer
	index := apk.Index{Description: b.Branch + "-ofarm-standin", Packages: packages}
	if err := apk.WriteIndex(&out, index, b.cache.signer); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "APKINDEX.tar.gz"), out.Bytes(), 0o644)
}

func (b *builder) writeKey(name string) error {
	text, err := b.cache.signer.Key().PEM()
	if err != nil {
		return err
	}
	return writeFile(name, text, 0o644)
}

// signer reads the signing key, which is made when there is none.
func signer(work string) (apk.Signer, error) {
	name := filepath.Join(work, "signing-key.pem")
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		private, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return apk.Signer{}, err
		}
		text = pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)})
		return apk.Signer{KeyName: keyName, Private: private}, writeFile(name, text, 0o600)
	}
	if err != nil {
		return apk.Signer{}, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return apk.Signer{}, fmt.Errorf("%s: not a PEM file", name)
	}
	private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		return apk.Signer{}, fmt.Errorf("%s: %w", name, err)
	}
	return apk.Signer{KeyName: keyName, Private: private}, nil
}

// copyFile copies: a test that spoils a package file must not spoil the cache.
func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}
