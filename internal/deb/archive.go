package deb

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// maxControl bounds the decompressed control part of a package file; the
// largest of Debian's have some MB of md5sums.
const maxControl = 64 << 20

// A ControlFile is a member of a package's control part, such as "postinst".
type ControlFile struct {
	Name string
	Mode int64 // permission bits
	Data []byte
}

// An Archive is an open package file (deb(5)): its control part has been read,
// and its files follow by Next and Read, in the order of the package.
type Archive struct {
	Control Paragraph     // the file "control"
	Files   []ControlFile // the others, sorted by name

	ar   *arReader
	name string // of the data member
	zip  io.ReadCloser
	tar  *tar.Reader
}

// Open reads a package file up to its files. It reads r once, from front to
// back. Input that ends early is io.ErrUnexpectedEOF.
func Open(r io.Reader) (*Archive, error) {
	ar, err := newArReader(r)
	if err != nil {
		return nil, err
	}
	a := &Archive{ar: ar}
	if err := a.readVersion(); err != nil {
		return nil, err
	}
	name, err := a.member("control.tar")
	if err != nil {
		return nil, err
	}
	if err := a.readControl(name); err != nil {
		return nil, fmt.Errorf("%s: %w", name, short(err))
	}
	if a.name, err = a.member("data.tar"); err != nil {
		return nil, err
	}
	return a, nil
}

// start begins to decompress the files, n bytes ahead. It isn't Open's work
// because a decompressor takes megabytes, and who wants only the control part
// doesn't need it.
func (a *Archive) start(n int) error {
	zip, err := Decompress(a.name, a.ar)
	if err != nil {
		return err
	}
	if n > 0 {
		zip = readAhead(zip, n)
	}
	a.zip = zip
	a.tar = tar.NewReader(zip)
	return nil
}

// readVersion reads the first member, which says the format's version.
func (a *Archive) readVersion() error {
	name, err := a.ar.next()
	if err != nil {
		return short(err)
	}
	if name != "debian-binary" {
		return fmt.Errorf("not a package file: its first member is %q, want \"debian-binary\"", name)
	}
	version, err := io.ReadAll(io.LimitReader(a.ar, 64))
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(version, []byte("2.")) {
		return fmt.Errorf("package format %q, only 2.x is known", bytes.TrimSpace(version))
	}
	return nil
}

// member goes to the next member, which must be base with a known suffix.
// Members whose name starts with "_" are skipped, as deb(5) says.
func (a *Archive) member(base string) (string, error) {
	for {
		name, err := a.ar.next()
		if err == io.EOF {
			return "", fmt.Errorf("no member %q: %w", base, io.ErrUnexpectedEOF)
		}
		if err != nil {
			return "", err
		}
		if strings.HasPrefix(name, "_") {
			continue
		}
		suffix, ok := strings.CutPrefix(name, base)
		if !ok {
			return "", fmt.Errorf("member %q where %q should be", name, base)
		}
		if !slices.Contains([]string{"", ".gz", ".xz", ".zst"}, suffix) {
			return "", fmt.Errorf("member %q: its compression is not one of gz, xz, zst", name)
		}
		return name, nil
	}
}

// readControl reads the control part.
func (a *Archive) readControl(name string) error {
	zip, err := Decompress(name, a.ar)
	if err != nil {
		return err
	}
	defer zip.Close()
	limited := &io.LimitedReader{R: zip, N: maxControl}
	tr := tar.NewReader(limited)
	var control []byte
	for {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return tooLarge(limited, err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		data, err := io.ReadAll(tr)
		if err != nil {
			return tooLarge(limited, err)
		}
		file := path.Base(path.Clean("/" + h.Name))
		if file == "control" {
			control = data
			continue
		}
		a.Files = append(a.Files, ControlFile{Name: file, Mode: h.Mode & 0o7777, Data: data})
	}
	if _, err := io.Copy(io.Discard, limited); err != nil { // for the checksum behind it
		return tooLarge(limited, err)
	}
	slices.SortFunc(a.Files, func(x, y ControlFile) int { return strings.Compare(x.Name, y.Name) })
	return a.setControl(control)
}

// tooLarge explains an error that the limit on the control part caused.
func tooLarge(l *io.LimitedReader, err error) error {
	if l.N <= 0 {
		return fmt.Errorf("larger than %d bytes", maxControl)
	}
	return short(err)
}

// setControl parses the file "control".
func (a *Archive) setControl(control []byte) error {
	paras, err := ParseParagraphs("control", control)
	if err != nil {
		return err
	}
	if len(paras) != 1 {
		return fmt.Errorf("control has %d paragraphs, want one", len(paras))
	}
	a.Control = paras[0]
	for _, field := range []string{"Package", "Version", "Architecture"} {
		if a.Control.Get(field) == "" {
			return fmt.Errorf("control has no field %q", field)
		}
	}
	if name := a.Control.Get("Package"); !validName(name) {
		return fmt.Errorf("control: %q is not a package name", name)
	}
	return CheckVersion(a.Control.Get("Version"))
}

// File returns a member of the control part by its name, nil if there is none.
func (a *Archive) File(name string) []byte {
	for _, f := range a.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// Conffiles lists the absolute paths of the package's conffiles.
func (a *Archive) Conffiles() []string {
	var paths []string
	for line := range strings.Lines(string(a.File("conffiles"))) {
		words := strings.Fields(line)
		if len(words) > 0 && words[0] != "remove-on-upgrade" {
			paths = append(paths, words[0])
		}
	}
	return paths
}

// Next goes to the package's next file, or returns io.EOF after the last one.
// The header's Name is relative and clean, without "./" before or "/" after it,
// "." for the root itself; so is Linkname of a hard link. Linkname of a symbolic
// link is as it was. A name that leaves the root is an error.
func (a *Archive) Next() (*tar.Header, error) {
	if a.tar == nil {
		if err := a.start(0); err != nil {
			return nil, err
		}
	}
	h, err := a.tar.Next()
	if err == io.EOF {
		return nil, a.finish()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.name, short(err))
	}
	if h.Name, err = cleanPath(h.Name); err != nil {
		return nil, fmt.Errorf("%s: %w", a.name, err)
	}
	switch h.Typeflag {
	case tar.TypeLink:
		if h.Linkname, err = cleanPath(h.Linkname); err != nil {
			return nil, fmt.Errorf("%s: %s: hard link: %w", a.name, h.Name, err)
		}
	case tar.TypeReg, tar.TypeDir, tar.TypeSymlink, tar.TypeFifo, tar.TypeChar, tar.TypeBlock:
	default:
		return nil, fmt.Errorf("%s: %s: unknown type of file %q", a.name, h.Name, h.Typeflag)
	}
	return h, nil
}

// ReadAhead starts to decompress the files in the background, up to n bytes
// before Next and Read ask for them. It must be called before Next, and Close
// after it, before the reader given to Open is closed.
func (a *Archive) ReadAhead(n int) error { return a.start(n) }

// Close frees what Open took; it doesn't close the reader given to Open. It is
// needed only where the files weren't read to their end, or after ReadAhead.
func (a *Archive) Close() error {
	if a.zip == nil {
		return nil
	}
	return a.zip.Close()
}

// finish reads what follows the last file, so that a damaged end is noticed,
// and returns io.EOF if all is well.
func (a *Archive) finish() error {
	if _, err := io.Copy(io.Discard, a.zip); err != nil {
		return fmt.Errorf("%s: %w", a.name, short(err))
	}
	if err := a.Close(); err != nil {
		return err
	}
	if err := a.ar.finish(); err != nil {
		return fmt.Errorf("%s: %w", a.name, short(err))
	}
	return io.EOF
}

// Read reads the content of the file Next went to.
func (a *Archive) Read(p []byte) (int, error) {
	n, err := a.tar.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%s: %w", a.name, err)
	}
	return n, err
}

// cleanPath makes a path of a tar relative and clean.
func cleanPath(name string) (string, error) {
	if name == "" || strings.ContainsRune(name, 0) {
		return "", errors.New("a file without a proper name")
	}
	depth := 0
	for part := range strings.SplitSeq(name, "/") {
		switch part {
		case "..":
			depth--
		case "", ".":
		default:
			depth++
		}
		if depth < 0 {
			return "", fmt.Errorf("%q leaves the root", name)
		}
	}
	return path.Clean("./" + strings.TrimLeft(name, "/")), nil
}
