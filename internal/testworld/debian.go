package testworld

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ofarm/ofarm/internal/aptsources"
	"github.com/ofarm/ofarm/internal/deb"
	"github.com/ofarm/ofarm/internal/input"
)

// suite is the Debian release whose binary packages make the toolchain.
const suite = "trixie"

// debFile is a package file of Debian.
type debFile struct {
	poolFile
	version string
}

// debian is the package files that the world is made of, by name.
type debian struct {
	pool  pool
	files map[string]debFile
	// remembered tells that the files come from an earlier call's list and
	// may be gone from the mirror by now.
	remembered bool
}

// openDebian chooses the newest version of each named package in the suite's
// signed index. The choice is remembered in a file, so that later calls make
// the same packages and need no index.
func openDebian(ctx context.Context, p pool, memory string, names []string) (*debian, error) {
	d := &debian{pool: p}
	var err error
	if d.files, err = readDebs(memory); err == nil && d.has(names) {
		d.remembered = true
		return d, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if d.files, err = chooseDebs(ctx, p, names); err != nil {
		return nil, fmt.Errorf("reading Debian's index of %s: %w", suite, err)
	}
	return d, writeDebs(memory, d.files)
}

func (d *debian) has(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return d.files[name].name == "" })
}

// fetch brings package files into the store.
func (d *debian) fetch(ctx context.Context, names []string) error {
	var files []poolFile
	for _, name := range names {
		files = append(files, d.files[name].poolFile)
	}
	return d.pool.fetch(ctx, files)
}

// sums spells out the bytes of some packages.
func (d *debian) sums(names []string) string {
	var sums []string
	for _, name := range names {
		sums = append(sums, d.files[name].sum.Hex())
	}
	return strings.Join(sums, " ")
}

// addTo unpacks a fetched package into a tree.
func (d *debian) addTo(t tree, name string, l layout) error {
	f, err := d.pool.store.OpenFile(d.files[name].sum)
	if err != nil {
		return err
	}
	defer f.Close()
	archive, err := deb.Open(f)
	if err != nil {
		return fmt.Errorf("unpacking %s: %w", name, err)
	}
	if err := t.addTar(archive, l.place); err != nil {
		return fmt.Errorf("unpacking %s: %w", name, err)
	}
	return nil
}

func chooseDebs(ctx context.Context, p pool, names []string) (map[string]debFile, error) {
	all, err := readIndex(ctx, p)
	if err != nil {
		return nil, err
	}
	newest := map[string]debFile{}
	for _, pkg := range all {
		if old := newest[pkg.Name]; !slices.Contains(names, pkg.Name) ||
			old.name != "" && deb.CompareVersions(pkg.Version, old.version) <= 0 {
			continue
		}
		sum, err := input.ParseDigest("sha256:" + pkg.SHA256)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", pkg.Name, err)
		}
		newest[pkg.Name] = debFile{poolFile{pkg.Name, pkg.Filename, sum, pkg.Size}, pkg.Version}
	}
	var mistakes []error
	for _, name := range names {
		if newest[name].name == "" {
			mistakes = append(mistakes, fmt.Errorf("no package %q", name))
		}
	}
	return newest, errors.Join(mistakes...)
}

// readIndex fetches and verifies the suite's InRelease and its Packages.
func readIndex(ctx context.Context, p pool) ([]deb.Package, error) {
	folder := path.Join("dists", suite)
	got, err := p.fetcher().Fetch(ctx, []input.Request{{
		Name: "InRelease", Unchecked: true, Archive: aptsources.Main, Path: path.Join(folder, "InRelease"),
	}})
	if err != nil {
		return nil, err
	}
	text, err := p.store.ReadFile(got[0].Sum)
	if err != nil {
		return nil, err
	}
	release, err := deb.ParseRelease(text, deb.BuiltinKeys())
	if err != nil {
		return nil, fmt.Errorf("InRelease: %w", err)
	}
	index, err := release.Index("main", "amd64")
	if err != nil {
		return nil, err
	}
	sum, err := input.ParseDigest("sha256:" + index.SHA256)
	if err != nil {
		return nil, err
	}
	if err := p.fetch(ctx, []poolFile{{index.Path, path.Join(folder, index.Path), sum, index.Size}}); err != nil {
		return nil, err
	}
	return readPackages(p.store, index.Path, sum)
}

func readPackages(store *input.Store, name string, sum input.Digest) ([]deb.Package, error) {
	f, err := store.OpenFile(sum)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	plain, err := deb.Decompress(name, f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer plain.Close()
	return deb.ReadPackages(name, plain)
}

func readDebs(memory string) (map[string]debFile, error) {
	t, err := readTableFile(memory)
	if err != nil {
		return nil, err
	}
	files, err := t.poolFiles()
	if err != nil {
		return nil, err
	}
	versions, err := t.pick("version")
	if err != nil {
		return nil, err
	}
	debs := map[string]debFile{}
	for i, f := range files {
		debs[f.name] = debFile{f, versions[i][0]}
	}
	return debs, nil
}

func writeDebs(memory string, debs map[string]debFile) error {
	var b bytes.Buffer
	b.WriteString("package\tversion\tpool_path\tsha256\tsize\n")
	for _, d := range debs {
		row := []string{d.name, d.version, d.path, d.sum.Hex(), strconv.FormatInt(d.size, 10)}
		b.WriteString(strings.Join(row, "\t") + "\n")
	}
	return writeFile(memory, sortRows(b.Bytes()), 0o644)
}

// sortRows sorts the lines after the first.
func sortRows(text []byte) []byte {
	lines := strings.SplitAfter(string(text), "\n")
	slices.Sort(lines[1 : len(lines)-1])
	return []byte(strings.Join(lines, ""))
}

// writeFile writes a whole file or none.
func writeFile(name string, content []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err := errors.Join(err, f.Chmod(mode), f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return os.Rename(f.Name(), name)
}
