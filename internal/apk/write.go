package apk

import (
	"archive/tar"
	"bytes"
	"cmp"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// WritePackage writes a package file of format 2 and gives the entry that an index needs for it, with its checksum and
// sizes. The files are a tar, taken over entry by entry with the SHA-1 of each file and symlink added, and with the
// folders above them where they are missing; owners' names and times of access are dropped. The same input gives the
// same bytes. InstalledSize is computed if it is zero, DataHash and Checksum always. The compressed data is held in
// memory. Nothing is written before all files are read.
func WritePackage(w io.Writer, info Info, files io.Reader, s Signer) (Package, error) {
	if err := info.check(); err != nil {
		return Package{}, fmt.Errorf("writing a package file: %w", err)
	}
	var data bytes.Buffer
	sum := sha256.New()
	size, err := writeData(io.MultiWriter(&data, sum), files)
	if err != nil {
		return Package{}, fmt.Errorf("writing %s: %w", info.ID(), err)
	}
	if info.InstalledSize == 0 {
		info.InstalledSize = size
	}
	info.DataHash = hex.EncodeToString(sum.Sum(nil))
	control, err := packControl(info)
	if err != nil {
		return Package{}, fmt.Errorf("writing %s: %w", info.ID(), err)
	}
	signature, err := s.packSignature(control)
	if err != nil {
		return Package{}, fmt.Errorf("writing %s: %w", info.ID(), err)
	}
	for _, member := range [][]byte{signature, control, data.Bytes()} {
		if _, err := w.Write(member); err != nil {
			return Package{}, fmt.Errorf("writing %s: %w", info.ID(), err)
		}
	}
	info.Checksum = sha1.Sum(control)
	info.Size = int64(len(signature) + len(control) + data.Len())
	return info.Package, nil
}

// writeData writes the data member and gives the sum of the files' sizes.
func writeData(w io.Writer, files io.Reader) (int64, error) {
	z := newGzip(w)
	in, out := tar.NewReader(files), dataWriter{tar.NewWriter(z), map[string]bool{".": true, "/": true}}
	var size int64
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, fmt.Errorf("reading the files: %w", err)
		}
		size += h.Size
		if err := out.addFolders(h); err != nil {
			return 0, fmt.Errorf("%s: %w", h.Name, err)
		}
		if err := out.add(h, in); err != nil {
			return 0, fmt.Errorf("%s: %w", h.Name, err)
		}
	}
	return size, errors.Join(out.Close(), z.Close())
}

// A dataWriter writes a package's files and knows the folders written.
type dataWriter struct {
	*tar.Writer
	folders map[string]bool
}

// addFolders writes the folders above an entry that were not there: apk doesn't make folders on its own.
func (w dataWriter) addFolders(h *tar.Header) error {
	name := path.Clean(h.Name)
	if h.Typeflag == tar.TypeDir {
		w.folders[name] = true
	}
	dir := path.Dir(name)
	if w.folders[dir] {
		return nil
	}
	above := &tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755, ModTime: h.ModTime}
	if err := w.addFolders(above); err != nil {
		return err
	}
	return w.add(above, strings.NewReader(""))
}

// add takes over one entry.
func (w dataWriter) add(h *tar.Header, content io.Reader) error {
	body, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	clean := tar.Header{
		Typeflag: h.Typeflag, Name: strings.TrimPrefix(h.Name, "./"), Linkname: h.Linkname, Size: h.Size, Mode: h.Mode,
		Uid: h.Uid, Gid: h.Gid, ModTime: h.ModTime.Truncate(time.Second), Devmajor: h.Devmajor, Devminor: h.Devminor,
	}
	switch h.Typeflag {
	case tar.TypeReg:
		clean.PAXRecords = checksumRecords(body)
	case tar.TypeSymlink:
		clean.PAXRecords = checksumRecords([]byte(h.Linkname))
	}
	if err := w.WriteHeader(&clean); err != nil {
		return err
	}
	_, err = w.Write(body)
	return err
}

// newGzip is a compressor whose header has no time.
func newGzip(w io.Writer) *gzip.Writer {
	z := gzip.NewWriter(w)
	z.ModTime = time.Unix(0, 0)
	return z
}

func checksumRecords(content []byte) map[string]string {
	sum := sha1.Sum(content)
	return map[string]string{checksumRecord: hex.EncodeToString(sum[:])}
}

// packControl makes the control member.
func packControl(info Info) ([]byte, error) {
	entries := []tarEntry{{".PKGINFO", 0o644, info.appendTo(nil)}}
	scripts := slices.Clone(info.Scripts)
	sortScripts(scripts)
	for _, s := range scripts {
		if !isScript(s.Name) {
			return nil, fmt.Errorf("%q is not a script that apk runs", s.Name)
		}
		entries = append(entries, tarEntry{s.Name, 0o755, s.Body})
	}
	return packMember(entries, time.Unix(info.BuildTime, 0), false)
}

// packSignature makes the signature member for the signed bytes.
func (s Signer) packSignature(signed []byte) ([]byte, error) {
	name, sig, err := s.sign(signed)
	if err != nil {
		return nil, err
	}
	return packMember([]tarEntry{{name, 0o644, sig}}, time.Unix(0, 0), false)
}

// A tarEntry is a small file.
type tarEntry struct {
	name string
	mode int64
	body []byte
}

// packMember makes a gzip member of a tar, with or without the blocks that end it.
func packMember(entries []tarEntry, t time.Time, ended bool) ([]byte, error) {
	var b bytes.Buffer
	z := newGzip(&b)
	tw := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: e.name, Mode: e.mode, Size: int64(len(e.body)), ModTime: t}
		if err := tw.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("%s: %w", e.name, err)
		}
		if _, err := tw.Write(e.body); err != nil {
			return nil, fmt.Errorf("%s: %w", e.name, err)
		}
	}
	finish := tw.Flush
	if ended {
		finish = tw.Close
	}
	err := errors.Join(finish(), z.Close())
	return b.Bytes(), err
}

// WriteIndex writes a signed APKINDEX.tar.gz of the packages, sorted by name and version. The same packages give the
// same bytes.
func WriteIndex(w io.Writer, index Index, s Signer) error {
	packages := slices.Clone(index.Packages)
	slices.SortStableFunc(packages, comparePackages)
	var text []byte
	for _, p := range packages {
		if err := p.check(); err != nil {
			return fmt.Errorf("writing the index: %w", err)
		}
		text = append(p.AppendIndex(text), '\n')
	}
	body, err := packMember([]tarEntry{
		{"DESCRIPTION", 0o644, []byte(index.Description)}, {"APKINDEX", 0o644, text},
	}, time.Unix(0, 0), true)
	if err != nil {
		return fmt.Errorf("writing the index: %w", err)
	}
	signature, err := s.packSignature(body)
	if err != nil {
		return fmt.Errorf("writing the index: %w", err)
	}
	if _, err := w.Write(append(signature, body...)); err != nil {
		return fmt.Errorf("writing the index: %w", err)
	}
	return nil
}

// comparePackages orders by name, then version, the newest first.
func comparePackages(a, b Package) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), CompareVersions(b.Version, a.Version),
		strings.Compare(a.Version, b.Version))
}

// AppendIndex appends the package's lines as an index and the installed database spell them, without the empty line
// after them and without what only the installed database has (r and q).
func (p Package) AppendIndex(b []byte) []byte {
	line := func(key byte, value string) {
		if value != "" {
			b = append(append(append(b, key, ':'), value...), '\n')
		}
	}
	line('C', p.Checksum.String())
	line('P', p.Name)
	line('V', p.Version)
	line('A', p.Arch)
	line('S', fmt.Sprint(p.Size))
	line('I', fmt.Sprint(p.InstalledSize))
	line('T', p.Description)
	line('U', p.URL)
	line('L', p.License)
	line('o', p.Origin)
	line('m', p.Maintainer)
	line('t', number64(p.BuildTime))
	line('c', p.Commit)
	line('k', number64(int64(p.ProviderPriority)))
	line('D', spelled(p.Depends))
	line('p', spelled(p.Provides))
	line('i', spelled(p.InstallIf))
	return b
}

// AppendInstalled appends the lines that the installed database has after [Package.AppendIndex]'s, and that an
// index lacks.
func (p Package) AppendInstalled(b []byte) []byte {
	if len(p.Replaces) > 0 {
		b = fmt.Appendf(b, "r:%s\n", spelled(p.Replaces))
	}
	if p.ReplacesPriority != 0 {
		b = fmt.Appendf(b, "q:%d\n", p.ReplacesPriority)
	}
	return b
}
