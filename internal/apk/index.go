package apk

import (
	"archive/tar"
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxIndex bounds an index's compressed size in bytes; Alpine's largest has 4 MiB.
const maxIndex = 256 << 20

// An Index is what a repository offers.
type Index struct {
	Description string    // of the repository, such as v3.20.3-47-g8d1b0e8f1b0
	Packages    []Package // in the index's order
}

// A Package is one entry of an index.
type Package struct {
	Name             string       // P
	Version          string       // V
	Arch             string       // A: x86_64, aarch64, … or noarch
	Checksum         Checksum     // C: SHA-1 of the control member
	Size             int64        // S: of the package file, bytes
	InstalledSize    int64        // I: bytes
	Description      string       // T
	URL              string       // U
	License          string       // L: an SPDX expression
	Origin           string       // o: the aport it was built from
	Maintainer       string       // m
	BuildTime        int64        // t: seconds since 1970
	Commit           string       // c: of aports
	ProviderPriority int          // k: the higher is taken where several provide one name
	Depends          []Dependency // D
	Provides         []Dependency // p
	InstallIf        []Dependency // i: installed when all of these are
	Replaces         []Dependency // r: whose files it may overwrite; not in real indexes
	ReplacesPriority int          // q: not in real indexes
}

// ID is the package's name and version as apk joins them, such as musl-1.2.5-r0.
func (p Package) ID() string { return p.Name + "-" + p.Version }

// File is the name of the package file in its repository.
func (p Package) File() string { return p.ID() + ".apk" }

// ReadIndex reads an APKINDEX.tar.gz and checks its signature. Errors are [UnsignedError], [UnknownKeyError],
// [SignatureError], or say at which line of APKINDEX what is wrong.
func ReadIndex(r io.Reader, keys Keyring) (*Index, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxIndex+1))
	if err != nil {
		return nil, fmt.Errorf("reading the index: %w", err)
	}
	if len(raw) > maxIndex {
		return nil, fmt.Errorf("reading the index: larger than %d MiB", maxIndex>>20)
	}
	signed, err := checkIndexSignature(raw, keys)
	if err != nil {
		return nil, err
	}
	return readIndexTar(signed)
}

// checkIndexSignature takes the signature off an index and gives the signed bytes.
func checkIndexSignature(raw []byte, keys Keyring) ([]byte, error) {
	rest := bytes.NewReader(raw)
	first, err := readMember(rest)
	if err != nil {
		return nil, fmt.Errorf("reading the index: %w", err)
	}
	found, isSignature, err := readSignatures(first)
	if err != nil {
		return nil, fmt.Errorf("reading the index: %w", err)
	}
	if !isSignature {
		return nil, &UnsignedError{What: "index"}
	}
	signed := raw[len(raw)-rest.Len():]
	return signed, keys.verifyBytes("index", found, signed)
}

// readMember unpacks one gzip member and leaves r right behind it.
func readMember(r *bytes.Reader) ([]byte, error) {
	zr, err := gzip.NewReader(r)
	if err != nil {
		return nil, truncated(err)
	}
	zr.Multistream(false)
	b, err := io.ReadAll(zr)
	return b, truncated(err)
}

// truncated makes an end where none may be recognizable as such.
func truncated(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func readIndexTar(signed []byte) (*Index, error) {
	zr, err := gzip.NewReader(bytes.NewReader(signed))
	if err != nil {
		return nil, fmt.Errorf("reading the index: %w", truncated(err))
	}
	index, found := &Index{}, false
	tr := tar.NewReader(zr)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the index: %w", err)
		}
		switch h.Name {
		case "DESCRIPTION":
			b, err := io.ReadAll(tr)
			if err != nil {
				return nil, fmt.Errorf("reading the index: DESCRIPTION: %w", err)
			}
			index.Description = strings.TrimSpace(string(b))
		case "APKINDEX":
			if index.Packages, err = parseIndex(tr); err != nil {
				return nil, err
			}
			found = true
		}
	}
	if !found {
		return nil, errors.New("reading the index: no APKINDEX in it")
	}
	return index, nil
}

// parseIndex reads the text of an APKINDEX: stanzas of lines K:VALUE, an empty line after each.
func parseIndex(r io.Reader) ([]Package, error) {
	var x indexText
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 4<<20)
	line := 1
	for ; sc.Scan(); line++ {
		if err := x.add(sc.Text()); err != nil {
			return nil, fmt.Errorf("APKINDEX:%d: %w", line, err)
		}
	}
	if err := cmp.Or(sc.Err(), x.finish()); err != nil {
		return nil, fmt.Errorf("APKINDEX:%d: %w", line, err)
	}
	return x.packages, nil
}

// An indexText is the state of reading an APKINDEX.
type indexText struct {
	packages []Package
	current  Package
	open     bool // current has a line
}

func (x *indexText) add(text string) error {
	if text == "" {
		return x.finish()
	}
	x.open = true
	return x.current.parseLine(text)
}

// finish ends a stanza.
func (x *indexText) finish() error {
	if !x.open {
		return nil
	}
	if err := x.current.check(); err != nil {
		return err
	}
	x.packages = append(x.packages, x.current)
	x.current, x.open = Package{}, false
	return nil
}

// parseLine reads K:VALUE. Fields it doesn't know are left out, as apk does with small letters.
func (p *Package) parseLine(text string) error {
	key, value, ok := strings.Cut(text, ":")
	if !ok || len(key) != 1 {
		return fmt.Errorf("%q is not of the form K:VALUE", text)
	}
	var err error
	switch key {
	case "C":
		p.Checksum, err = ParseChecksum(value)
	case "S":
		p.Size, err = parseNumber(key, value)
	case "I":
		p.InstalledSize, err = parseNumber(key, value)
	case "t":
		p.BuildTime, err = parseNumber(key, value)
	case "k":
		p.ProviderPriority, err = parseSmall(key, value)
	case "q":
		p.ReplacesPriority, err = parseSmall(key, value)
	case "D":
		p.Depends, err = looseDependencies(value)
	case "p":
		p.Provides, err = looseDependencies(value)
	case "i":
		p.InstallIf, err = looseDependencies(value)
	case "r":
		p.Replaces, err = looseDependencies(value)
	default:
		p.setText(key, value)
	}
	return err
}

func (p *Package) setText(key, value string) {
	field := map[string]*string{
		"P": &p.Name, "V": &p.Version, "A": &p.Arch, "T": &p.Description, "U": &p.URL, "L": &p.License,
		"o": &p.Origin, "m": &p.Maintainer, "c": &p.Commit,
	}[key]
	if field != nil {
		*field = value
	}
}

// check refuses entries without what identifies a package, and names that would leave a folder.
func (p *Package) check() error {
	switch {
	case p.Name == "":
		return errors.New("package without a name (P:)")
	case p.Version == "":
		return fmt.Errorf("package %q without a version (V:)", p.Name)
	case strings.ContainsAny(p.Name+p.Version+p.Arch, "/ \x00"):
		return fmt.Errorf("package %q, version %q, architecture %q: must not hold slashes or blanks",
			p.Name, p.Version, p.Arch)
	case strings.ContainsAny(p.Name+p.Version+p.Description+p.URL+p.License+p.Origin+p.Maintainer+p.Commit, "\n\r"):
		return fmt.Errorf("package %q: a field holds a line break", p.Name)
	}
	return nil
}

func parseNumber(key, value string) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s:%s is not a number", key, value)
	}
	return n, nil
}

func parseSmall(key, value string) (int, error) {
	n, err := parseNumber(key, value)
	return int(n), err
}

// looseDependencies reads a list in which a version may be none: such a constraint is kept, and nothing meets it.
func looseDependencies(list string) ([]Dependency, error) {
	var out []Dependency
	for word := range strings.FieldsSeq(list) {
		d, err := ParseDependency(word)
		if d.Name == "" || err != nil && d.Op == "" {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// ParsePackage reads one entry of an index or of an installed database: lines K:VALUE.
func ParsePackage(text string) (Package, error) {
	list, err := parseIndex(strings.NewReader(text))
	if err != nil {
		return Package{}, err
	}
	if len(list) != 1 {
		return Package{}, fmt.Errorf("%d packages where one is wanted", len(list))
	}
	return list[0], nil
}
