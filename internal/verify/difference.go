package verify

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"time"
)

// Difference explains why two files aren't the same.
type Difference struct {
	// File is the name that [Explain] was given.
	File string `json:"file"`
	// Where is the place that the explanation is about, from the outside in:
	// `member "a.o": section .rodata, symbol camlA__1+0x10`.
	Where string `json:"where"`
	// What shows both sides of the place, quoted: `"Jan  1 2026" and "Jan  2 2026"`.
	What string `json:"what"`
	// Also lists other places that differ, at most eight, as Where does.
	Also []string `json:"also,omitempty"`
	// Cause is the likely reason, CauseText the same for people, and Advice what
	// can be done about it.
	Cause     Cause  `json:"cause"`
	CauseText string `json:"cause_text"`
	Advice    string `json:"advice"`
}

// Hints are what is known of the two builds. All of it is optional.
type Hints struct {
	// Paths are the folders that builds happen in: "/ofarm/build", "/ofarm/switch".
	Paths        []string
	First, Again Circumstances
}

// Circumstances are what one build ran under.
type Circumstances struct {
	// Start and End are the times between which its steps ran, as its own clock
	// showed them. Steps that were taken from a cache count too: they may have run
	// long before the build did.
	Start, End time.Time
	// Host is the machine's name.
	Host string
	// Processors is how many there were for the build to use.
	Processors int
	// Folders are those that only this build had, such as the project's.
	Folders []string
}

const (
	// maxWhole is the size up to which files are opened up; of larger ones only
	// the first byte that differs is looked at.
	maxWhole = 32 << 20
	// maxUnpacked is how much is unpacked of the two files that stand at one place.
	maxUnpacked = 4 * maxWhole
	// nearby is how much of a larger file is read around that byte, to both sides,
	// and how much of a long text around a difference.
	nearby  = 4 << 10
	maxAlso = 8
)

// Explain tells where and why the files at firstPath and againPath differ; file is
// what to call them. Files that are the same are an error. It reads both whole,
// up to 32 MiB each, and of larger ones what surrounds the first byte that differs.
func Explain(file, firstPath, againPath string, hints Hints) (Difference, error) {
	first, again, at, err := load(firstPath, againPath)
	if err != nil {
		return Difference{}, fmt.Errorf("explaining %q: %w", file, err)
	}
	if bytes.Equal(first, again) {
		return Difference{}, fmt.Errorf("explaining %q: %q and %q have the same bytes", file, firstPath, againPath)
	}
	return explainBytes(file, first, again, at, hints), nil
}

// ExplainText tells why two short texts differ that belong to a file but aren't in
// it, such as its name or where a link leads; where is what to call them.
func ExplainText(file, where, first, again string, hints Hints) Difference {
	x := &explainer{hints: hints}
	x.add(finding{where: where, what: sides(first, again), verdict: x.judge(first, again), textual: true})
	return x.difference(file)
}

// explainBytes explains two files that are at hand, whole or from an offset on.
func explainBytes(file string, first, again []byte, at int64, hints Hints) Difference {
	x := &explainer{hints: hints}
	if at > 0 {
		x.raw(region{a: first, b: again, where: func(off int) string { return byteAt(int64(off) + at) }})
	} else {
		x.compare("", first, again, 0)
	}
	return x.difference(file)
}

// load reads two files, or, of large ones, what surrounds the first byte that
// differs, which then starts at offset at.
func load(firstPath, againPath string) (first, again []byte, at int64, err error) {
	f, err := os.Open(firstPath)
	if err != nil {
		return nil, nil, 0, err
	}
	defer f.Close()
	g, err := os.Open(againPath)
	if err != nil {
		return nil, nil, 0, err
	}
	defer g.Close()
	if small(f) && small(g) {
		first, again, err = readBoth(f, g)
		return first, again, 0, err
	}
	if at, err = differAt(f, g); err != nil {
		return nil, nil, 0, err
	}
	at = max(at-nearby, 0)
	first, again, err = readBoth(io.NewSectionReader(f, at, 2*nearby), io.NewSectionReader(g, at, 2*nearby))
	return first, again, at, err
}

func small(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Size() <= maxWhole
}

func readBoth(f, g io.Reader) (first, again []byte, err error) {
	if first, err = io.ReadAll(f); err != nil {
		return nil, nil, err
	}
	again, err = io.ReadAll(g)
	return first, again, err
}

// differAt returns the offset of the first byte that two files don't share; of
// equal ones it is their size.
func differAt(f, g io.Reader) (int64, error) {
	a, b := make([]byte, 1<<20), make([]byte, 1<<20)
	for at := int64(0); ; {
		n, err := io.ReadFull(f, a)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return 0, err
		}
		m, err := io.ReadFull(g, b)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return 0, err
		}
		same := commonPrefix(a[:n], b[:m])
		at += int64(same)
		if same < n || same < m || n < len(a) {
			return at, nil
		}
	}
}
