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
// compressed sections of an ELF file once more, unpacked.
func (r *Report) scan(src io.ReaderAt, f *elf.File, section func(off int64) string, o Options) error {
	if o.MaxLeaks == 0 {
		o.MaxLeaks = defaultMaxLeaks
	}
	sum := sha256.New()
	s := r.scanner(o, section)
	if err := s.read(io.NewSectionReader(src, 0, r.Size), sum); err != nil {
		return err
	}
	r.SHA256 = hex.EncodeToString(sum.Sum(nil))
	if s.size != r.Size {
		return fmt.Errorf("reading stopped at byte %d of %d", s.size, r.Size)
	}
	if f == nil || len(s.searches) == 0 {
		return nil
	}
	for _, sec := range f.Sections {
		if sec.Flags&elf.SHF_COMPRESSED == 0 {
			continue
		}
		s := r.scanner(o, func(int64) string { return sec.Name })
		if err := s.read(sec.Open(), nil); err != nil {
			return fmt.Errorf("unpacking section %q: %w", sec.Name, err)
		}
	}
	return nil
}

// scanner looks for texts in a stream, chunk by chunk. Each chunk is read
// behind the last maxText bytes of the one before, so that a text which lies
// across the border is seen whole.
type scanner struct {
	searches []search
	most     int // how many finds each search lists
	section  func(off int64) string
	size     int64 // bytes seen so far
	before   byte  // the one before the window; 0 at the start
}

// search looks for one kind of text.
type search struct {
	anchors []string // each find starts with one of them
	// text is the find at the start of w, behind another byte; empty if it is none.
	text  func(before byte, w []byte) string
	found *[]Leak
	count *int
}

func (r *Report) scanner(o Options, section func(int64) string) *scanner {
	s := &scanner{most: o.MaxLeaks, section: section}
	var prefixes []string
	for _, p := range o.Prefixes {
		if p != "" && len(p) <= maxText {
			prefixes = append(prefixes, p)
		}
	}
	if anchors := append(prefixes, placesOf(o)...); len(anchors) > 0 {
		s.searches = append(s.searches, search{anchors, leakText(prefixes), &r.Leaks, &r.LeakCount})
	}
	if o.Temps {
		s.searches = append(s.searches, search{tempAnchors, tempText, &r.Temps, &r.TempCount})
	}
	return s
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
		if done > 0 {
			s.before = window[done-1]
		}
		kept = copy(buf, window[done:])
	}
}

// window reports what starts before done in w, which lies at offset base of the
// stream.
func (s *scanner) window(w []byte, done int, base int64) {
	for _, one := range s.searches {
		n := nearest{w: w, anchors: one.anchors}
		for at := n.next(0); at < done; {
			before := s.before
			if at > 0 {
				before = w[at-1]
			}
			text := one.text(before, w[at:])
			if text != "" {
				s.add(one, Leak{Section: s.section(base + int64(at)), Offset: base + int64(at), Text: text})
			}
			at = n.next(at + max(len(text), 1))
		}
	}
}

func (s *scanner) add(one search, l Leak) {
	*one.count++
	if len(*one.found) < s.most {
		*one.found = append(*one.found, l)
	}
}

// nearest finds anchors in their order in w. It remembers where each comes next,
// so that a rare anchor isn't searched for again after every find of a frequent
// one.
type nearest struct {
	w       []byte
	anchors []string
	at      []int
}

// next returns where the nearest anchor at or after from starts, or len(w).
func (n *nearest) next(from int) int {
	if n.at == nil {
		n.at = make([]int, len(n.anchors))
		for i := range n.at {
			n.at[i] = -1
		}
	}
	best := len(n.w)
	for i, a := range n.anchors {
		if n.at[i] < from {
			n.at[i] = len(n.w)
			if rest := n.w[min(from, len(n.w)):]; len(rest) > 0 {
				if j := bytes.Index(rest, []byte(a)); j >= 0 {
					n.at[i] = from + j
				}
			}
		}
		best = min(best, n.at[i])
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
