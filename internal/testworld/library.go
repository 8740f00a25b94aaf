package testworld

import (
	"archive/tar"
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ofarm/ofarm/internal/apk"
)

//go:embed data/libraries.tsv
var librariesTable []byte

//go:embed data/splits.tsv
var splitsTable []byte

//go:embed scripts/*.sh
var scripts embed.FS

// source is a source archive of Debian's pool that a script can build. Of
// several of one name the first that can be had is taken.
type source struct {
	poolFile
	version string
}

// split is a package made of some of a compiled library's files.
type split struct {
	library, name, description string
	// files are patterns of path.Match; "*" is what no split before it took.
	files             string
	depends, provides string
	// priority makes apk choose the package for a name that it provides
	// without a version; 0 makes it ask.
	priority int
}

func readSources() ([]source, error) {
	t, err := readTable("libraries.tsv", bytes.NewReader(librariesTable))
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
	var all []source
	for i, f := range files {
		all = append(all, source{f, versions[i][0]})
	}
	return all, nil
}

func readSplits() ([]split, error) {
	t, err := readTable("splits.tsv", bytes.NewReader(splitsTable))
	if err != nil {
		return nil, err
	}
	rows, err := t.pick("library", "package", "files", "depends", "provides", "description", "provider_priority")
	if err != nil {
		return nil, err
	}
	var all []split
	for i, r := range rows {
		priority, err := strconv.Atoi(r[6])
		if err != nil {
			return nil, fmt.Errorf("splits.tsv:%d: provider_priority: %w", i+2, err)
		}
		all = append(all, split{
			library: r[0], name: r[1], files: r[2], depends: r[3], provides: r[4], description: r[5], priority: priority,
		})
	}
	return all, nil
}

// Libraries lists the libraries that the stand-in can have, in the order in
// which they are compiled.
func Libraries() []string { return []string{"zlib", "libev", "gmp", "openssl"} }

// foundry compiles libraries in a workshop that is laid out when the first
// one is not in the cache.
type foundry struct {
	world *builder
	shop  *workshop
	// key names the workshop.
	key string
}

func (f *foundry) close() error {
	if f.shop == nil {
		return nil
	}
	return f.shop.close()
}

func (f *foundry) libraries(ctx context.Context, names []string) ([]made, error) {
	var parts []made
	for _, name := range names {
		m, err := f.library(ctx, name)
		if err != nil {
			return nil, err
		}
		parts = append(parts, m)
	}
	return parts, nil
}

// library returns the packages of a library, compiled now or earlier.
func (f *foundry) library(ctx context.Context, name string) (made, error) {
	script, err := scripts.ReadFile(path.Join("scripts", name+".sh"))
	if err != nil {
		return made{}, fmt.Errorf("no script compiles %q (libraries: %s)", name, strings.Join(Libraries(), ", "))
	}
	candidates := slices.DeleteFunc(slices.Clone(f.world.sources), func(s source) bool { return s.name != name })
	keys := make([]string, len(candidates))
	for i, s := range candidates {
		keys[i] = f.world.cache.key("library", name, s.version, s.sum.Hex(),
			string(script), string(postInstall(name)), f.splits(name), f.key)
		if m, found, err := f.world.cache.get(keys[i]); err != nil || found {
			return m, err
		}
	}
	i, err := f.fetch(ctx, candidates)
	if err != nil {
		return made{}, err
	}
	packages, err := f.compile(ctx, candidates[i], script)
	if err != nil {
		return made{}, err
	}
	return f.world.cache.put(keys[i], packages)
}

// fetch brings the first of several sources that can be had.
func (f *foundry) fetch(ctx context.Context, candidates []source) (int, error) {
	var tried []error
	for i, s := range candidates {
		err := f.world.pool.fetch(ctx, []poolFile{s.poolFile})
		if err == nil {
			return i, nil
		}
		if ctx.Err() != nil {
			return 0, err
		}
		tried = append(tried, err)
	}
	return 0, errors.Join(tried...)
}

func (f *foundry) compile(ctx context.Context, s source, script []byte) ([]unbuilt, error) {
	if f.shop == nil {
		f.world.say("laying out a root to compile in")
		shop, err := openWorkshop(ctx, filepath.Join(f.world.Work, "workshop"), f.world.toolchain, f.world.Jobs)
		if err != nil {
			return nil, fmt.Errorf("compiling %s %s: %w", s.name, s.version, err)
		}
		f.shop = shop
	}
	f.world.say("compiling %s %s", s.name, s.version)
	archive, err := f.world.pool.store.OpenFile(s.sum)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	files, err := f.shop.compile(ctx, s, archive, script, filepath.Join(f.world.Work, s.name+".log"))
	if err != nil {
		return nil, err
	}
	return f.split(s, files)
}

// splits spells out how a library is dealt out.
func (f *foundry) splits(library string) string {
	own := slices.DeleteFunc(slices.Clone(f.world.splits), func(s split) bool { return s.library != library })
	return fmt.Sprint(own)
}

// postInstall is the script that apk runs after a package is installed, or
// nil.
func postInstall(name string) []byte {
	script, err := scripts.ReadFile(path.Join("scripts", name+".post-install.sh"))
	if err != nil {
		return nil
	}
	return script
}

// split deals a library's files out to its packages.
func (f *foundry) split(s source, files tree) ([]unbuilt, error) {
	left := tree{}
	for name, n := range files {
		if n.typ != tar.TypeDir && !leftOut(name) {
			left[name] = n
		}
	}
	var all []unbuilt
	for _, sp := range f.world.splits {
		if sp.library != s.name {
			continue
		}
		version := s.version + "-r0"
		info, err := newInfo(sp.name, version, sp.description, sp.depends, sp.provides)
		if err != nil {
			return nil, err
		}
		info.ProviderPriority = sp.priority
		taken := left.take(sp.files)
		if script := postInstall(sp.name); script != nil {
			info.Scripts = append(info.Scripts, apk.Script{Name: ".post-install", Body: script})
		}
		info.Provides = append(info.Provides, provided(taken, version)...)
		all = append(all, unbuilt{info, taken})
	}
	return all, nil
}

// leftOut tells what no package has: documents, and libtool's and CMake's
// files.
func leftOut(name string) bool {
	return strings.HasPrefix(name, "usr/share/") || strings.HasPrefix(name, "usr/lib/cmake/") || path.Ext(name) == ".la"
}

// take moves the files that fit patterns to a tree of their own.
func (t tree) take(patterns string) tree {
	taken := tree{}
	for _, name := range t.paths() {
		for _, pattern := range strings.Fields(patterns) {
			if ok, _ := path.Match(pattern, name); ok || pattern == "*" {
				taken[name] = t[name]
				delete(t, name)
				break
			}
		}
	}
	return taken
}
