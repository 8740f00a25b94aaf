package apk

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// maxControl bounds a control member, compressed and not, in bytes.
const maxControl = 16 << 20

// checksumRecord is the PAX record in which abuild leaves a file's SHA-1, a symlink's being that of its target.
const checksumRecord = "APK-TOOLS.checksum.SHA1"

// OpenOptions say what a package file is held against.
type OpenOptions struct {
	Checksum Checksum // of the control member, from a trusted index; zero: not compared
	Keys     Keyring  // if not empty, one of them has to have signed the package file itself
}

// A File is an opened package file: what it says of itself, and a reader of its data.
type File struct {
	Info // with Checksum set

	size     *countingReader // everything read
	raw      io.Reader       // the data member's compressed bytes; reading feeds sum
	sum      hash.Hash
	unpacked *gzip.Reader
	data     *tar.Reader
	done     error
}

// Open reads the first members of a package file of format 2, checks them, and leaves the data to [File.Next]. A wrong
// checksum is a [ChecksumError]; with Keys, errors are those of [ReadIndex]; an early end is io.ErrUnexpectedEOF.
func Open(r io.Reader, opt OpenOptions) (*File, error) {
	counted := &countingReader{r: r}
	in := &memberReader{r: bufio.NewReaderSize(counted, 1<<16)}
	f := &File{size: counted, sum: sha256.New()}
	signatures, err := f.readControl(in)
	if err != nil {
		return nil, fmt.Errorf("reading the package file: %w", err)
	}
	control := in.raw.Bytes()
	f.Checksum = sha1.Sum(control)
	if !opt.Checksum.IsZero() && f.Checksum != opt.Checksum {
		return nil, &ChecksumError{What: f.ID() + ": control member", Want: opt.Checksum.String(), Got: f.Checksum.String()}
	}
	if len(opt.Keys) > 0 {
		if err := opt.Keys.verifyBytes(f.ID(), signatures, control); err != nil {
			return nil, err
		}
	}
	return f, f.startData(in.r)
}

// readControl reads the signature member, if there is one, and the control member, whose raw bytes stay in in.raw.
func (f *File) readControl(in *memberReader) ([]signature, error) {
	member, err := in.next()
	if err != nil {
		return nil, fmt.Errorf("first member: %w", err)
	}
	signatures, isSignature, err := readSignatures(member)
	if err != nil {
		return nil, err
	}
	if isSignature {
		if member, err = in.next(); err != nil {
			return nil, fmt.Errorf("control member: %w", err)
		}
	}
	f.Info, err = parseControl(member)
	return signatures, err
}

// parseControl reads the control member's tar.
func parseControl(member []byte) (Info, error) {
	var scripts []Script
	var info *Info
	tr := tar.NewReader(bytes.NewReader(member))
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Info{}, fmt.Errorf("control member: %w", err)
		}
		body, err := io.ReadAll(tr)
		if err != nil {
			return Info{}, fmt.Errorf("control member: %s: %w", h.Name, err)
		}
		switch {
		case h.Name == ".PKGINFO":
			parsed, err := parseInfo(string(body))
			if err != nil {
				return Info{}, err
			}
			info = &parsed
		case isScript(h.Name):
			scripts = append(scripts, Script{h.Name, body})
		}
	}
	if info == nil {
		return Info{}, errors.New("no .PKGINFO in front: not a package file of format 2")
	}
	sortScripts(scripts)
	info.Scripts = scripts
	return *info, nil
}

// startData prepares reading the data member.
func (f *File) startData(r io.Reader) error {
	f.raw = bufio.NewReaderSize(io.TeeReader(r, f.sum), 1<<16)
	z, err := gzip.NewReader(f.raw)
	if err != nil {
		return fmt.Errorf("%s: data member: %w", f.ID(), truncated(err))
	}
	f.unpacked, f.data = z, tar.NewReader(z)
	return nil
}

// Next gives the data's next entry; its name is clean and relative to the root, a folder's without a slash at the end.
// After the last entry it checks that the data is what datahash promises, and gives io.EOF only if so, else a
// [ChecksumError]. Nothing of a package may be used before that.
func (f *File) Next() (*tar.Header, error) {
	if f.done != nil {
		return nil, f.done
	}
	h, err := f.data.Next()
	if errors.Is(err, io.EOF) {
		f.done = f.finish()
		return nil, f.done
	}
	if err != nil {
		f.done = fmt.Errorf("%s: reading the data: %w", f.ID(), err)
		return nil, f.done
	}
	name := path.Clean(h.Name)
	if path.IsAbs(name) || name == ".." || strings.HasPrefix(name, "../") {
		f.done = fmt.Errorf("%s: entry %q leaves the root", f.ID(), h.Name)
		return nil, f.done
	}
	h.Name = name
	return h, nil
}

// Read reads the current entry's content.
func (f *File) Read(p []byte) (int, error) {
	n, err := f.data.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("%s: reading the data: %w", f.ID(), err)
	}
	return n, err
}

// finish reads to the end of the package file and compares the hash.
func (f *File) finish() error {
	if _, err := io.Copy(io.Discard, f.unpacked); err != nil {
		return fmt.Errorf("%s: reading the data: %w", f.ID(), err)
	}
	if _, err := io.Copy(io.Discard, f.raw); err != nil {
		return fmt.Errorf("%s: reading the data: %w", f.ID(), err)
	}
	if got := hex.EncodeToString(f.sum.Sum(nil)); got != f.DataHash {
		return &ChecksumError{What: f.ID() + ": data member", Want: f.DataHash, Got: got}
	}
	return io.EOF
}

// BytesRead is the package file's size once [File.Next] gave io.EOF.
func (f *File) BytesRead() int64 { return f.size.n }

// EntryChecksum is what the installed database calls Z: an entry's SHA-1 as the package file records it, for regular
// files and symlinks. It gives false if there is none.
func EntryChecksum(h *tar.Header) (Checksum, bool) {
	return parseHexChecksum(h.PAXRecords[checksumRecord])
}

// A countingReader counts the bytes that went through it.
type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// A memberReader reads gzip members one by one and keeps the raw bytes of the last. Being an io.ByteReader, it is never
// read past a member's end.
type memberReader struct {
	r   *bufio.Reader
	raw bytes.Buffer
}

func (m *memberReader) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.raw.Write(p[:n])
	return n, err
}

// ReadByte is there for the decompressor.
func (m *memberReader) ReadByte() (byte, error) {
	if m.raw.Len() > maxControl {
		return 0, fmt.Errorf("larger than %d MiB", maxControl>>20)
	}
	b, err := m.r.ReadByte()
	if err == nil {
		m.raw.WriteByte(b)
	}
	return b, err
}

// next unpacks the next member.
func (m *memberReader) next() ([]byte, error) {
	m.raw.Reset()
	z, err := gzip.NewReader(m)
	if err != nil {
		return nil, truncated(err)
	}
	z.Multistream(false)
	b, err := io.ReadAll(io.LimitReader(z, maxControl+1))
	if err == nil && len(b) > maxControl {
		err = fmt.Errorf("larger than %d MiB", maxControl>>20)
	}
	return b, truncated(err)
}
