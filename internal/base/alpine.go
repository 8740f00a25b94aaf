package base

import (
	"archive/tar"
	"fmt"
	"io"
	"slices"
	"time"
)

// Alpine writes a layer: a tar of the root that apk add leaves when it installs the packages into an empty folder,
// without running their scripts. What the scripts would have done is done for busybox's links only, from
// etc/busybox-paths.d. Folders come first, sorted; then each package's files, packages by name, files in the package
// file's order; then links and the database, sorted. No file is newer than opt.Epoch. The packages' order doesn't
// matter.
//
// Every package file is read twice, the first time wholly, against the hash of its own control member; that the
// control member is the locked one is for the caller to know, who names package files by their sha256.
//
// Where two packages own one path, apk's rule decides: a package that replaces the other (by name and, then, by
// replaces_priority) wins, and of two of the same origin the later in the order of names. Else the error is a
// [PathConflict].
func Alpine(w io.Writer, pkgs []Input, opt Options) error {
	packages, err := scanAlpine(pkgs)
	if err != nil {
		return err
	}
	tree, err := newAlpineTree(packages, opt)
	if err != nil {
		return err
	}
	return writeAlpine(w, tree, nil, opt)
}

// AlpineExtra writes the layer that turns Alpine(base) into Alpine(base and extra): files that are new or have another
// owner, changed folders, the folders above them, and the database. opt.World is for both together.
func AlpineExtra(w io.Writer, base, extra []Input, opt Options) error {
	packages, err := scanAlpine(slices.Concat(base, extra))
	if err != nil {
		return err
	}
	tree, err := newAlpineTree(packages, opt)
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, in := range base {
		names[in.Name] = true
	}
	below, err := newAlpineTree(slices.DeleteFunc(slices.Clone(packages), func(p *alpinePackage) bool {
		return !names[p.info.Name]
	}), opt)
	if err != nil {
		return fmt.Errorf("the base below: %w", err)
	}
	return writeAlpine(w, tree, below, opt)
}

// writeAlpine writes what the tree has and the tree below has not.
func writeAlpine(w io.Writer, tree, below *alpineTree, opt Options) error {
	layer := &alpineLayer{tw: tar.NewWriter(w), tree: tree, epoch: opt.Epoch.Truncate(time.Second)}
	layer.plan(below)
	if err := layer.writeFolders(); err != nil {
		return err
	}
	for _, p := range tree.packages {
		if err := layer.writePackage(p); err != nil {
			return fmt.Errorf("%s: %w", p.info.ID(), err)
		}
	}
	if err := layer.writeMade(); err != nil {
		return err
	}
	return layer.tw.Close()
}
