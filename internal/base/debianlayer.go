package base

import (
	"archive/tar"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/deb"
)

// A debianLayer writes one layer and remembers what is in it.
type debianLayer struct {
	tar   *tar.Writer
	opt   Options
	paths map[string]placed // what is in the layer, by its path
	links map[string]string // where its symbolic links lead: path to path
	sums  map[string]string // md5 of regular files
	db    deb.Database
}

// A placed is an entry of the layer.
type placed struct {
	owner *debianPackage // nil for what no package has
	kind  byte           // tar's type flag
}

func newDebianLayer(w io.Writer, opt Options) *debianLayer {
	return &debianLayer{
		tar: tar.NewWriter(w), opt: opt,
		paths: map[string]placed{".": {kind: tar.TypeDir}},
		links: make(map[string]string), sums: make(map[string]string),
	}
}

// mergedNames lists the folders that a merged root has as links into usr.
func mergedNames() []string {
	return []string{"bin", "lib", "lib32", "lib64", "libx32", "sbin"}
}

// start writes the links of a merged root.
func (l *debianLayer) start(packages []*debianPackage) error {
	if !slices.ContainsFunc(packages, func(p *debianPackage) bool {
		return p.in.Name == "usr-is-merged" || p.in.Name == "usrmerge"
	}) {
		return nil
	}
	for _, name := range mergedNames() {
		if err := l.folder("usr/" + name); err != nil {
			return err
		}
		if err := l.link(name, "usr/"+name); err != nil {
			return err
		}
	}
	return nil
}

// readAhead is how many bytes of a package are decompressed before they are written.
const readAhead = 8 << 20

// unpackAll writes the packages' files, while the next packages are being decompressed.
func (l *debianLayer) unpackAll(packages []*debianPackage) error {
	var open []*openPackage
	defer func() {
		for _, o := range open {
			o.close()
		}
	}()
	for i, p := range packages {
		for next := i + len(open); next < len(packages) && len(open) < 1+runtime.GOMAXPROCS(0); next++ {
			o, err := openAhead(packages[next])
			if err != nil {
				return fmt.Errorf("%s: %w", packages[next].in.Name, err)
			}
			open = append(open, o)
		}
		if err := l.unpack(p, open[0].archive); err != nil {
			return fmt.Errorf("%s: %w", p.in.Name, err)
		}
		open[0].close()
		open = open[1:]
	}
	return nil
}

// An openPackage is a package file being read.
type openPackage struct {
	archive *deb.Archive
	file    io.Closer
}

// openAhead opens a package file and starts to decompress it.
func openAhead(p *debianPackage) (*openPackage, error) {
	archive, file, err := openDebian(p.in)
	if err != nil {
		return nil, err
	}
	if err := archive.ReadAhead(readAhead); err != nil {
		file.Close()
		return nil, err
	}
	return &openPackage{archive, file}, nil
}

func (o *openPackage) close() {
	o.archive.Close()
	o.file.Close()
}

// unpack writes the files of a package and adds it to dpkg's database.
func (l *debianLayer) unpack(p *debianPackage, archive *deb.Archive) error {
	var files []deb.File
	for {
		h, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		f, kept, err := l.add(p, h, archive)
		if err != nil {
			return err
		}
		if kept {
			files = append(files, f)
		}
	}
	return l.db.Add(archive, files)
}

// add writes one file of a package. It is not kept if another package's file takes its place.
func (l *debianLayer) add(p *debianPackage, h *tar.Header, content io.Reader) (f deb.File, kept bool, err error) {
	f = deb.File{Path: h.Name}
	name, err := l.resolve(h.Name)
	if err != nil {
		return f, false, err
	}
	if was, ok := l.paths[name]; ok {
		return f, was.kind == tar.TypeDir || h.Typeflag == tar.TypeDir, l.meet(p, was, h, name)
	}
	if err := l.folder(path.Dir(name)); err != nil {
		return f, false, err
	}
	if h.Typeflag == tar.TypeLink {
		if h.Linkname, err = l.resolve(h.Linkname); err != nil {
			return f, false, err
		}
	}
	if h.Typeflag == tar.TypeSymlink {
		l.links[name] = linkTarget(name, h.Linkname)
	}
	sum := md5.New()
	if err := l.write(p, name, h, io.TeeReader(content, sum)); err != nil {
		return f, false, err
	}
	switch h.Typeflag {
	case tar.TypeReg:
		f.MD5 = hex.EncodeToString(sum.Sum(nil))
		l.sums[name] = f.MD5
	case tar.TypeLink:
		f.MD5 = l.sums[h.Linkname]
	}
	return f, true, nil
}

// meet says whether a file may be dropped for what is at its place already.
func (l *debianLayer) meet(p *debianPackage, was placed, h *tar.Header, name string) error {
	folders := was.kind == tar.TypeDir && h.Typeflag == tar.TypeDir ||
		was.kind == tar.TypeDir && h.Typeflag == tar.TypeSymlink ||
		was.kind == tar.TypeSymlink && h.Typeflag == tar.TypeDir
	if folders || was.owner != nil && was.owner.mayReplace(p) {
		return nil
	}
	if was.owner == nil || was.owner == p {
		return fmt.Errorf("%s comes twice", name)
	}
	return &PathConflict{Path: name, First: was.owner.in.Name, Second: p.in.Name}
}

// write writes an entry of the layer.
func (l *debianLayer) write(p *debianPackage, name string, from *tar.Header, content io.Reader) error {
	h := &tar.Header{
		Typeflag: from.Typeflag, Name: name, Linkname: from.Linkname, Mode: from.Mode & 0o7777,
		Uid: from.Uid, Gid: from.Gid, Devmajor: from.Devmajor, Devminor: from.Devminor,
		ModTime: clamp(from.ModTime, l.opt.Epoch),
	}
	if h.Typeflag == tar.TypeReg {
		h.Size = from.Size
	}
	if h.Typeflag == tar.TypeDir {
		h.Name += "/"
	}
	l.paths[name] = placed{owner: p, kind: from.Typeflag}
	if err := l.tar.WriteHeader(h); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if h.Size == 0 {
		return nil
	}
	_, err := io.Copy(l.tar, content)
	return err
}

// folder writes a folder that no package has, with those above it, unless it is there.
func (l *debianLayer) folder(name string) error {
	if _, ok := l.paths[name]; ok {
		return nil
	}
	if err := l.folder(path.Dir(name)); err != nil {
		return err
	}
	return l.write(nil, name, &tar.Header{Typeflag: tar.TypeDir, Mode: 0o755, ModTime: l.opt.Epoch}, nil)
}

// link writes a symbolic link that no package has.
func (l *debianLayer) link(name, target string) error {
	l.links[name] = linkTarget(name, target)
	return l.write(nil, name, &tar.Header{Typeflag: tar.TypeSymlink, Linkname: target, Mode: 0o777, ModTime: l.opt.Epoch}, nil)
}

// file writes a file that no package has; one that is there already stays.
func (l *debianLayer) file(name string, mode int64, data []byte) error {
	name, err := l.resolve(name)
	if err != nil {
		return err
	}
	if _, ok := l.paths[name]; ok {
		return nil
	}
	if err := l.folder(path.Dir(name)); err != nil {
		return err
	}
	h := &tar.Header{Typeflag: tar.TypeReg, Mode: mode, Size: int64(len(data)), ModTime: l.opt.Epoch}
	return l.write(nil, name, h, strings.NewReader(string(data)))
}

// resolve follows the layer's links in all but the last part of a path.
func (l *debianLayer) resolve(name string) (string, error) {
	for range 40 {
		next, found := l.resolveOnce(name)
		if !found {
			return name, nil
		}
		name = next
	}
	return "", fmt.Errorf("%s: too many links", name)
}

// resolveOnce follows the first link among the folders of a path.
func (l *debianLayer) resolveOnce(name string) (string, bool) {
	for i := range len(name) {
		if name[i] != '/' {
			continue
		}
		if target, ok := l.links[name[:i]]; ok {
			return path.Join(target, name[i:]), true
		}
	}
	return name, false
}

// linkTarget is where a link leads: a path from the root, which it can't leave.
func linkTarget(name, target string) string {
	if !path.IsAbs(target) {
		target = path.Join("/", path.Dir(name), target)
	}
	return strings.TrimPrefix(path.Clean(target), "/")
}

// finish writes dpkg's database and the few files every root needs.
func (l *debianLayer) finish() error {
	for _, f := range debianFiles() {
		if err := l.file(f.Name, f.Mode, f.Data); err != nil {
			return err
		}
	}
	for _, dir := range []string{"alternatives", "parts", "updates"} {
		if err := l.folder("var/lib/dpkg/" + dir); err != nil {
			return err
		}
	}
	for _, f := range l.db.Files() {
		if err := l.file("var/lib/dpkg/"+f.Name, f.Mode, f.Data); err != nil {
			return err
		}
	}
	return l.tar.Close()
}

// debianFiles lists files that a root needs and no package has: what a container runtime mounts over, and the policy
// that no service is started (invoke-rc.d(8)).
func debianFiles() []deb.ControlFile {
	return []deb.ControlFile{
		{Name: "etc/fstab", Mode: 0o644},
		{Name: "etc/hostname", Mode: 0o644, Data: []byte("localhost\n")},
		{Name: "etc/hosts", Mode: 0o644, Data: []byte("127.0.0.1 localhost\n::1 localhost\n")},
		{Name: "etc/machine-id", Mode: 0o444},
		{Name: "etc/resolv.conf", Mode: 0o644},
		{Name: "usr/sbin/policy-rc.d", Mode: 0o755, Data: []byte("#!/bin/sh\nexit 101\n")},
	}
}
