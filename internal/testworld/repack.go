package testworld

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/ofarm/ofarm/internal/apk"
)

// repackRoot makes the packages again that a root of Alpine was installed
// from, by the root's own database lib/apk/db/installed
// (https://wiki.alpinelinux.org/wiki/Apk_spec). Files of a package that the
// root no longer has are left out.
func repackRoot(tarball string) ([]unbuilt, error) {
	root, err := readRoot(tarball)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", tarball, err)
	}
	db := string(root["lib/apk/db/installed"].body)
	if db == "" {
		return nil, fmt.Errorf("reading %s: no lib/apk/db/installed in it", tarball)
	}
	scripts, err := readScripts(root["lib/apk/db/scripts.tar"].body)
	if err != nil {
		return nil, fmt.Errorf("reading %s: lib/apk/db/scripts.tar: %w", tarball, err)
	}
	var all []unbuilt
	for stanza := range strings.SplitSeq(strings.TrimSpace(db), "\n\n") {
		p, err := repack(stanza, root, scripts, string(root["lib/apk/db/triggers"].body))
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", tarball, err)
		}
		all = append(all, p)
	}
	return all, nil
}

func readRoot(tarball string) (tree, error) {
	f, err := os.Open(tarball)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	root := tree{}
	return root, root.addTar(tar.NewReader(zip), func(name string) string { return name })
}

// readScripts gives the scripts of packages by the names they have in the
// database: "busybox-1.36.1-r29.Q1….post-install".
func readScripts(archive []byte) (tree, error) {
	scripts := tree{}
	return scripts, scripts.addTar(tar.NewReader(bytes.NewReader(archive)), func(name string) string { return name })
}

// repack makes one package of its stanza in the database.
func repack(stanza string, root, scripts tree, triggers string) (unbuilt, error) {
	p := unbuilt{files: tree{}}
	var dir, checksum string
	var mistakes []error
	for line := range strings.Lines(stanza) {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		switch {
		case !ok:
			mistakes = append(mistakes, fmt.Errorf("%q has no colon", line))
		case key == "C":
			checksum = value
		case key == "F":
			dir = value
			p.take(root, dir)
		case key == "R":
			p.take(root, path.Join(dir, value))
		default:
			if err := setInfo(&p.info, key, value); err != nil {
				mistakes = append(mistakes, fmt.Errorf("%q: %w", line, err))
			}
		}
	}
	p.addScripts(scripts, checksum)
	p.info.Triggers = triggersOf(triggers, checksum)
	return p, errors.Join(mistakes...)
}

func (p *unbuilt) take(root tree, name string) {
	if n, there := root[name]; there && name != "" {
		p.files[name] = n
	}
}

// setInfo reads a field of the database that describes the package. Fields of
// files and those that a package file has no use for are left out.
func setInfo(info *apk.Info, key, value string) (err error) {
	switch key {
	case "P":
		info.Name = value
	case "V":
		info.Version = value
	case "A":
		info.Arch = value
	case "T":
		info.Description = value
	case "U":
		info.URL = value
	case "L":
		info.License = value
	case "o":
		info.Origin = value
	case "m":
		info.Maintainer = value
	case "c":
		info.Commit = value
	case "t":
		info.BuildTime, err = strconv.ParseInt(value, 10, 64)
	case "k":
		info.ProviderPriority, err = strconv.Atoi(value)
	case "q":
		info.ReplacesPriority, err = strconv.Atoi(value)
	case "D":
		info.Depends, err = apk.ParseDependencies(value)
	case "p":
		info.Provides, err = apk.ParseDependencies(value)
	case "i":
		info.InstallIf, err = apk.ParseDependencies(value)
	case "r":
		info.Replaces, err = apk.ParseDependencies(value)
	}
	return err
}

func (p *unbuilt) addScripts(scripts tree, checksum string) {
	prefix := p.info.ID() + "." + checksum
	for _, name := range scripts.paths() {
		if kind, ok := strings.CutPrefix(name, prefix); ok {
			p.info.Scripts = append(p.info.Scripts, apk.Script{Name: kind, Body: scripts[name].body})
		}
	}
}

// triggersOf gives the folders that a package's trigger watches: lines of a
// checksum and patterns.
func triggersOf(triggers, checksum string) []string {
	for line := range strings.Lines(triggers) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == checksum {
			return words[1:]
		}
	}
	return nil
}
