package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ofarm/ofarm/internal/apk"
	"github.com/ofarm/ofarm/internal/deb"
	"github.com/ofarm/ofarm/internal/farm"
)

// keyFile is a file of public keys, and what named it: "--alpine-key".
type keyFile struct{ path, by string }

// keyError is such a file that can't be read.
type keyError struct {
	keyFile
	err error
}

func (e *keyError) Error() string {
	why := e.err
	if at := (*fs.PathError)(nil); errors.As(why, &at) {
		why = at.Err // the path is there already
	}
	return fmt.Sprintf("%s %q: %v", e.by, e.path, why)
}

func (e *keyError) Unwrap() error { return e.err }

// What is wrong with files of keys, in place of what their parsers say.
var (
	errNoAlpineKey = errors.New("it is no RSA public key in PEM")
	errNoDebianKey = errors.New("it has no OpenPGP public key")
)

// trustedKeys reads the keys to trust beyond the built-in ones.
func trustedKeys(o lockOptions, p *farm.Project) (alpine []apk.Key, debian []deb.Keyring, err error) {
	for _, f := range keyFiles(p, "alpine", o.alpineKeys, p.Config.Keys.Alpine) {
		data, err := os.ReadFile(f.path)
		if err != nil {
			return nil, nil, &keyError{f, err}
		}
		key, err := apk.ParseKey(filepath.Base(f.path), data)
		if err != nil {
			return nil, nil, &keyError{f, errNoAlpineKey}
		}
		alpine = append(alpine, key)
	}
	for _, f := range keyFiles(p, "debian", o.debianKeys, p.Config.Keys.Debian) {
		data, err := os.ReadFile(f.path)
		if err != nil {
			return nil, nil, &keyError{f, err}
		}
		ring, err := deb.ReadKeyring(bytes.NewReader(data))
		if err != nil {
			return nil, nil, &keyError{f, errNoDebianKey}
		}
		debian = append(debian, ring)
	}
	return alpine, debian, nil
}

// keyFiles joins a flag's files, relative to where ofarm runs, and ofarm.toml's,
// relative to it.
func keyFiles(p *farm.Project, distro string, flag, file []string) []keyFile {
	var out []keyFile
	for _, f := range flag {
		out = append(out, keyFile{f, "--" + distro + "-key"})
	}
	for _, f := range file {
		if !filepath.IsAbs(f) {
			f = filepath.Join(p.Dir, f)
		}
		out = append(out, keyFile{f, "ofarm.toml: keys." + distro})
	}
	return out
}
