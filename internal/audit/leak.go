package audit

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
)

const (
	chunkSize = 1 << 20
	maxText   = 160
)

// scan reads the whole file once, for its sha256 and for leaks, and then the
// compressed sections once more, unpacked.
func (r *Report) scan(src io.ReaderAt, f *elf.File, o Options) error {
	if o.MaxLeaks == 0 {
		o.MaxLeaks = defaultMaxLeaks
	}
	sum := sha256.New()
	s := scanner{report: r, o: o, section: func(off int64) string { return sectionAt(f, off) }}
	if err := s.read(io.NewSectionReader(src, 0, r.Size), sum); err != nil {
		return err
	}
	r.SHA256 = hex.EncodeToString(sum.Sum(nil))
	if s.size != r.Size {
		return fmt.Errorf("reading stopped at byte %d of %d", s.size, r.Size)
	}
	if f == nil || len(o.Prefixes) == 0 {
		return nil
	}
	for _, sec := range f.Sections {
		if sec.Flags&elf.SHF_COMPRESSED == 0 {
			continue
		}
		s := scanner{report: r, o: o, section: func(int64) string { return sec.Name }}
		if err := s.read(sec.Open(), nil); err != nil {
			return fmt.Errorf("unpacking section %q: %w", sec.Name, err)
		}
	}
	return nil
}

// scanner looks for prefixes in a stream, chunk by chunk. Each chunk is read
// behind the last maxText bytes of the one before, so that a text which lies
// across the border is seen whole.
type scanner struct {
	report  *Report
	o       Options
	section func(off int64) string
	size    int64 // bytes seen so far
}

func (s *scanner) read(src io.Reader, sum hash.Hash) error {
	buf := make([]byte, chunkSize+maxText)
	kept := 0
	for {
		n, err := io.ReadFull(src, buf[kept:])
		last := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !last {
			return err
		}
		if sum != nil {
			sum.Write(buf[kept : kept+n])
		}
		s.size += int64(n)
		window := buf[:kept+n]
		done := len(window) - maxText
		if last {
			done = len(window)
		}
		done = max(done, 0)
		s.window(window, done, s.size-int64(len(window)))
		if last {
			return nil
		}
		kept = copy(buf, window[done:])
	}
}

// window reports the leaks that start before done in w, which lies at offset
// base of the stream.
func (s *scanner) window(w []byte, done int, base int64) {
	for at := 0; at < done; {
		i := s.next(w[at:])
		if i < 0 || at+i >= done {
			return
		}
		at += i
		text := printable(w[at:])
		s.report.LeakCount++
		if len(s.report.Leaks) < s.o.MaxLeaks {
			off := base + int64(at)
			s.report.Leaks = append(s.report.Leaks, Leak{Section: s.section(off), Offset: off, Text: text})
		}
		at += max(len(text), 1)
	}
}

// next returns where the nearest prefix starts, or -1.
func (s *scanner) next(w []byte) int {
	best := -1
	for _, p := range s.o.Prefixes {
		if p == "" || len(p) > maxText {
			continue
		}
		if best >= 0 {
			w = w[:min(len(w), best+len(p))]
		}
		if i := bytes.Index(w, []byte(p)); i >= 0 && (best < 0 || i < best) {
			best = i
		}
	}
	return best
}

func printable(b []byte) string {
	b = b[:min(len(b), maxText)]
	for i, c := range b {
		if c < 0x20 || c == 0x7f {
			return string(b[:i])
		}
	}
	return string(b)
}

func sectionAt(f *elf.File, off int64) string {
	if f == nil {
		return ""
	}
	end := uint64(0)
	for _, s := range f.Sections {
		if s.Type == elf.SHT_NOBITS || s.Type == elf.SHT_NULL {
			continue
		}
		if uint64(off) >= s.Offset && uint64(off) < s.Offset+s.FileSize {
			return s.Name
		}
		end = max(end, s.Offset+s.FileSize)
	}
	if uint64(off) >= end {
		return "(after the sections)"
	}
	return "(headers)"
}
