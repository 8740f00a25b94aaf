package testworld

import (
	"archive/tar"
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/apk"
)

//go:embed data/packages.tsv
var packagesTable []byte

const (
	// glibcRuntime is the package of glibc.
	glibcRuntime = "glibc-runtime-standin"
	// workshopRow names the table's row that is no package.
	workshopRow = "*workshop"
)

// relaid is a row of packages.tsv: a package made of Debian's.
type relaid struct {
	name, description string
	// debs are the Debian packages; the first one's version counts.
	debs              []string
	depends, provides string
}

func readRelaid() ([]relaid, error) {
	t, err := readTable("packages.tsv", bytes.NewReader(packagesTable))
	if err != nil {
		return nil, err
	}
	rows, err := t.pick("package", "debs", "depends", "provides", "description")
	if err != nil {
		return nil, err
	}
	var all []relaid
	for _, r := range rows {
		all = append(all, relaid{
			name: r[0], debs: strings.Fields(r[1]), depends: r[2], provides: r[3], description: r[4],
		})
	}
	return all, nil
}

// debNames lists every Debian package of the rows.
func debNames(rows []relaid) []string {
	var names []string
	for _, r := range rows {
		names = append(names, r.debs...)
	}
	return names
}

// toolchain makes packages of Debian's binary packages.
type toolchain struct {
	debian *debian
	layout layout
	rows   []relaid
}

func (t toolchain) row(name string) relaid {
	return t.rows[slices.IndexFunc(t.rows, func(r relaid) bool { return r.name == name })]
}

// make makes the package of one row.
func (t toolchain) make(ctx context.Context, r relaid) ([]unbuilt, error) {
	files, err := t.tree(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("making %s: %w", r.name, err)
	}
	version := alpineVersion(t.debian.files[r.debs[0]].version)
	info, err := newInfo(r.name, version, r.description, r.depends, r.provides)
	if err != nil {
		return nil, err
	}
	info.Provides = append(info.Provides, provided(files, version)...)
	return []unbuilt{{info, files}}, nil
}

// tree fetches and re-lays the files of one row, with what Alpine's package
// has besides.
func (t toolchain) tree(ctx context.Context, r relaid) (tree, error) {
	if err := t.debian.fetch(ctx, r.debs); err != nil {
		return nil, err
	}
	files := tree{}
	for _, name := range r.debs {
		if err := t.debian.addTo(files, name, t.layout); err != nil {
			return nil, err
		}
	}
	// The folders that are needed come with the files in them.
	maps.DeleteFunc(files, func(_ string, n node) bool { return n.typ == tar.TypeDir })
	for _, l := range extraLinks {
		if l.pkg == r.name {
			files.symlink(l.name, l.target)
		}
	}
	if r.name == "gcc" {
		return files, t.addSpecs(ctx, files)
	}
	return files, nil
}

// extraLinks are symbolic links of Alpine's packages that Debian's lack.
var extraLinks = []struct{ pkg, name, target string }{
	{glibcRuntime, "lib64/ld-linux-x86-64.so.2", "../" + glibcLibs + "/ld-linux-x86-64.so.2"},
	{"gcc", "usr/bin/gcc", "gcc-14"},
	{"gcc", "usr/bin/cc", "gcc-14"},
	{"gcc", "usr/bin/cpp", "cpp-14"},
	{"gcc", "usr/bin/gcc-ar", "gcc-ar-14"},
	{"gcc", "usr/bin/gcc-nm", "gcc-nm-14"},
	{"gcc", "usr/bin/gcc-ranlib", "gcc-ranlib-14"},
	{"gcc", "usr/bin/x86_64-alpine-linux-musl-gcc", "gcc-14"},
	{"musl-dev", "usr/lib/libc.so", "../../lib/ld-musl-x86_64.so.1"},
}

func (t toolchain) addSpecs(ctx context.Context, gcc tree) error {
	glibc, err := t.tree(ctx, t.row(glibcRuntime))
	if err != nil {
		return err
	}
	dump, err := dumpSpecs(gcc, glibc)
	if err != nil {
		return err
	}
	specs, err := muslSpecs(dump)
	if err != nil {
		return err
	}
	gcc.file(path.Join(gccFolder, "specs"), 0o644, []byte(specs))
	return nil
}

// metaPackages are packages of Alpine that only depend on others. build-base
// is without g++, which the stand-in lacks.
func metaPackages() ([]unbuilt, error) {
	var all []unbuilt
	for _, m := range []struct{ name, version, depends string }{
		{"libc-dev", "0.7.2-r5", "musl-dev"},
		{"build-base", "0.5-r3", "binutils file gcc make libc-dev patch"},
	} {
		info, err := newInfo(m.name, m.version, "Meta package", m.depends, "")
		if err != nil {
			return nil, err
		}
		all = append(all, unbuilt{info, tree{}})
	}
	return all, nil
}

// newInfo describes a package of the stand-in.
func newInfo(name, version, description, depends, provides string) (apk.Info, error) {
	wants, err := apk.ParseDependencies(depends)
	if err != nil {
		return apk.Info{}, fmt.Errorf("%s: %w", name, err)
	}
	gives, err := apk.ParseDependencies(provides)
	if err != nil {
		return apk.Info{}, fmt.Errorf("%s: %w", name, err)
	}
	return apk.Info{Package: apk.Package{
		Name: name, Version: version, Arch: "x86_64", Description: description,
		URL: "https://www.debian.org/", License: "custom", Origin: name,
		BuildTime: epoch.Unix(), Depends: wants, Provides: gives,
	}}, nil
}

// alpineVersion spells a Debian version as Alpine would: "2:6.3.0+dfsg-3" is
// 6.3.0-r3.
func alpineVersion(v string) string {
	if _, rest, ok := strings.Cut(v, ":"); ok {
		v = rest
	}
	upstream, revision := v, "0"
	if i := strings.LastIndexByte(v, '-'); i >= 0 {
		upstream, revision = v[:i], v[i+1:]
	}
	upstream, _, _ = strings.Cut(upstream, "+")
	upstream, _, _ = strings.Cut(upstream, "~")
	digits := strings.IndexFunc(revision, func(r rune) bool { return r < '0' || r > '9' })
	if digits > 0 {
		revision = revision[:digits]
	}
	return upstream + "-r" + revision
}

// provided lists the commands and pkg-config modules of a package, as
// Alpine's packages do: cmd:gcc=14.2.0-r19, pc:zlib=1.3.1.
func provided(files tree, version string) []apk.Dependency {
	var all []apk.Dependency
	for _, name := range files.paths() {
		dir, base := path.Split(name)
		switch {
		case files[name].typ == tar.TypeDir:
		case dir == "bin/" || dir == "sbin/" || dir == "usr/bin/" || dir == "usr/sbin/":
			all = append(all, apk.Dependency{Name: "cmd:" + base, Op: "=", Version: version})
		case dir == "usr/lib/pkgconfig/" && path.Ext(base) == ".pc":
			if v := pcVersion(files[name].body); apk.ValidVersion(v) {
				all = append(all, apk.Dependency{Name: "pc:" + strings.TrimSuffix(base, ".pc"), Op: "=", Version: v})
			}
		}
	}
	return all
}

func pcVersion(pc []byte) string {
	for line := range strings.Lines(string(pc)) {
		if v, ok := strings.CutPrefix(line, "Version:"); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
