package tiny

import (
	"bytes"
	"path/filepath"

	"github.com/ofarm/ofarm/internal/apk"
)

// Alpine adds a branch ("v3.20") to an archive in a folder: main for x86_64
// has the packages, community none.
func Alpine(dir, branch string, keys *Keys, packages []Package) error {
	main := filepath.Join(dir, branch, "main", "x86_64")
	var entries []apk.Package
	for _, p := range packages {
		info := apk.Info{Package: apk.Package{Name: p.Name, Version: "1-r0", Arch: "x86_64"}}
		for _, d := range p.Depends {
			info.Depends = append(info.Depends, apk.Dependency{Name: d})
		}
		files, err := tarOf("", p.Files)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		entry, err := apk.WritePackage(&b, info, bytes.NewReader(files), keys.alpine)
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(main, entry.File()), b.Bytes()); err != nil {
			return err
		}
		entries = append(entries, entry)
	}
	if err := alpineIndex(main, branch, keys, entries); err != nil {
		return err
	}
	return alpineIndex(filepath.Join(dir, branch, "community", "x86_64"), branch, keys, nil)
}

func alpineIndex(dir, branch string, keys *Keys, entries []apk.Package) error {
	var b bytes.Buffer
	if err := apk.WriteIndex(&b, apk.Index{Description: branch, Packages: entries}, keys.alpine); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "APKINDEX.tar.gz"), b.Bytes())
}
