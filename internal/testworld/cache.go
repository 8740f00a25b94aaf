package testworld

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ofarm/ofarm/internal/apk"
)

// recipe is part of every key: raise it when code changes what packages hold.
// What the tables and scripts say is in the keys already.
const recipe = "1"

// cache keeps finished package files in folders named by a hash of all that
// went into them.
type cache struct {
	dir    string
	signer apk.Signer
}

// unbuilt is a package before it is written.
type unbuilt struct {
	info  apk.Info
	files tree
}

// made is packages that were made together, and the folder of their files.
type made struct {
	dir      string
	packages []apk.Package
}

const entriesFile = "entries.json"

// key names what is made of the given parts.
func (c cache) key(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(append(parts, recipe, c.signer.Key().Fingerprint()), "\x00")))
	return hex.EncodeToString(sum[:16])
}

// get returns what was made under a key, and whether it was.
func (c cache) get(key string) (made, bool, error) {
	m := made{dir: filepath.Join(c.dir, key)}
	text, err := os.ReadFile(filepath.Join(m.dir, entriesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &m.packages)
	}
	if err != nil {
		return m, false, fmt.Errorf("reading the cache of packages: %w", err)
	}
	return m, true, nil
}

// getOrMake makes packages unless the cache has them.
func (c cache) getOrMake(key string, make func() ([]unbuilt, error)) (made, error) {
	m, found, err := c.get(key)
	if err != nil || found {
		return m, err
	}
	packages, err := make()
	if err != nil {
		return made{}, err
	}
	return c.put(key, packages)
}

// put writes packages, all of them or none.
func (c cache) put(key string, packages []unbuilt) (made, error) {
	m := made{dir: filepath.Join(c.dir, key)}
	dir, err := os.MkdirTemp(c.dir, ".new-")
	if err != nil {
		return made{}, err
	}
	defer os.RemoveAll(dir)
	for _, p := range packages {
		entry, err := c.write(dir, p)
		if err != nil {
			return made{}, err
		}
		m.packages = append(m.packages, entry)
	}
	text, err := json.MarshalIndent(m.packages, "", "\t")
	if err != nil {
		return made{}, err
	}
	if err := os.WriteFile(filepath.Join(dir, entriesFile), text, 0o644); err != nil {
		return made{}, err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return made{}, err
	}
	return m, os.Rename(dir, m.dir)
}

func (c cache) write(dir string, p unbuilt) (apk.Package, error) {
	p.files.addParents()
	files, err := p.files.tar()
	if err != nil {
		return apk.Package{}, fmt.Errorf("writing %s: %w", p.info.ID(), err)
	}
	var b bytes.Buffer
	entry, err := apk.WritePackage(&b, p.info, bytes.NewReader(files), c.signer)
	if err != nil {
		return apk.Package{}, err
	}
	return entry, os.WriteFile(filepath.Join(dir, entry.File()), b.Bytes(), 0o644)
}
