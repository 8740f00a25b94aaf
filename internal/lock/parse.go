package lock

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/go-multierror"
)

// Mistake is one thing wrong with a lock.
type Mistake struct {
	// File is the lock's name as given to [Parse], Line counts from 1.
	File string
	Line int
	Text string
}

func (m *Mistake) Error() string { return fmt.Sprintf("%s:%d: %s", m.File, m.Line, m.Text) }

// VersionError says that a lock has a format of another ofarm.
type VersionError struct {
	File string
	// Found is the version as written, or the first line where there is none.
	Found string
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s:1: lock version %q is not one that this ofarm reads (it reads %d)", e.File, e.Found, Version)
}

// Parse reads a lock. It accepts one spelling only: what it accepts,
// [File.Append] writes back byte for byte.
//
// name is the file's name for errors. All mistakes are reported at once, as a
// *multierror.Error of [*Mistake]; a lock of another version is a
// [*VersionError].
func Parse(name string, data []byte) (*File, error) {
	first, _, _ := strings.Cut(string(data), "\n")
	if version, ok := strings.CutPrefix(first, "ofarm.lock "); !ok || version != strconv.Itoa(Version) {
		return nil, &VersionError{File: name, Found: strings.TrimPrefix(first, "ofarm.lock ")}
	}
	p := parser{name: name, lines: map[string]int{}}
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		p.number = i + 1
		if i > 0 && line != "" {
			p.line(line)
		}
	}
	p.check()
	if p.errs == nil {
		p.spelling(data)
	}
	if err := p.errs.ErrorOrNil(); err != nil {
		return nil, err
	}
	return &p.file, nil
}

type parser struct {
	name   string
	number int
	file   File
	errs   *multierror.Error
	// lines says where an entry begins, by its key.
	lines map[string]int
	// root (an opam file of the project), pkg, src and target (or a root of the
	// lock) are what indented lines belong to.
	root   *Project
	pkg    *Package
	src    *Source
	target *Target
	// bare tells that target is one of the roots.
	bare bool
	// packages are those of the whole lock by name, for the checks.
	packages map[string][]*Package
}

func (p *parser) errorf(format string, args ...any) { p.errorAt(p.number, format, args...) }

func (p *parser) errorAt(line int, format string, args ...any) {
	m := &Mistake{File: p.name, Line: line, Text: fmt.Sprintf(format, args...)}
	p.errs = multierror.Append(p.errs, m)
}

// line reads one line by its depth and its first word.
func (p *parser) line(line string) {
	trimmed := strings.TrimLeft(line, " ")
	depth := (len(line) - len(trimmed)) / 2
	words := strings.Split(trimmed, " ")
	rule, ok := rules[ruleKey{depth, words[0]}]
	switch {
	case !ok:
		p.errorf("unknown field %q", words[0])
	case len(words)-1 < rule.min || (rule.max >= 0 && len(words)-1 > rule.max):
		p.errorf("%s: want %s", words[0], rule.usage)
	case rule.below != nil && !rule.below(p):
		p.errorf("%s does not belong here", words[0])
	default:
		rule.read(p, words[1:])
	}
}

type ruleKey struct {
	depth int
	word  string
}

// rule says how many words follow a field's name, what it must stand below,
// and how it is read.
type rule struct {
	min, max int
	usage    string
	below    func(*parser) bool
	read     func(*parser, []string)
}

func belowOpam(p *parser) bool   { return p.pkg != nil }
func belowSource(p *parser) bool { return p.src != nil }
func belowTarget(p *parser) bool { return p.target != nil && !p.bare }
func belowRoot(p *parser) bool   { return p.target != nil }

// belowNeedy is below what depends on packages: an opam package, or an opam
// file of the project.
func belowNeedy(p *parser) bool { return p.pkg != nil || p.root != nil }

func belowAny(p *parser) bool { return belowNeedy(p) || belowTarget(p) }

var rules = map[ruleKey]rule{
	{0, "epoch"}:      {1, 1, "SECONDS", nil, (*parser).epoch},
	{0, "option"}:     {1, 2, "NAME [VALUE]", nil, (*parser).option},
	{0, "repository"}: {2, 3, "NAME URL [sha256:HEX or ref:NAME]", nil, (*parser).repository},
	{0, "project"}:    {2, 2, "FILE sha256:HEX", nil, (*parser).project},
	{0, "opam"}:       {1, 1, "NAME.VERSION", nil, (*parser).opam},
	{0, "target"}:     {2, 2, "NAME PLATFORM", nil, (*parser).newTarget},
	{0, "root"}:       {2, 2, "NAME PLATFORM", nil, (*parser).newRoot},

	{1, "opam-file"}:    {3, 4, opamFileUsage, belowOpam, (*parser).opamFile},
	{1, "source"}:       {2, 2, "sha256:HEX SIZE", belowOpam, (*parser).source},
	{1, "extra-source"}: {3, 3, "NAME sha256:HEX SIZE", belowOpam, (*parser).extraSource},
	{1, "extra-file"}:   {3, 3, "NAME sha256:HEX SIZE", belowOpam, (*parser).extraFile},
	{1, "only"}:         {2, 2, "TARGET PLATFORM", belowOpam, (*parser).only},
	{1, "depends"}:      {1, -1, "NAME…", belowNeedy, (*parser).depends},
	{2, "url"}:          {1, 1, "URL", belowSource, (*parser).url},
	{2, "checksum"}:     {1, 1, "KIND=HEX", belowSource, (*parser).checksum},

	{1, "archive"}: {5, 5, "NAME SUITE COMPONENT TIMESTAMP sha256:HEX", belowRoot, (*parser).archive},
	{1, "base"}:    {7, 7, distroUsage, belowRoot, (*parser).base},
	{1, "extra"}:   {7, 7, distroUsage, belowTarget, (*parser).extra},
	{1, "depext"}:  {1, -1, "NAME [EXTRA…] or TARGET PLATFORM NAME…", belowAny, (*parser).depext},
}

const opamFileUsage = "REPOSITORY sha256:HEX SIZE or - sha256:HEX SIZE PATH"

const distroUsage = "NAME VERSION ARCH sha256:HEX SIZE ARCHIVE PATH"

// spelling compares the lock with its one spelling, once it has no other
// mistake.
func (p *parser) spelling(data []byte) {
	want := p.file.Append(nil)
	if bytes.Equal(want, data) {
		return
	}
	got, wanted := bytes.Split(data, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range got {
		if i >= len(wanted) || !bytes.Equal(got[i], wanted[i]) {
			text := "end of file"
			if i < len(wanted) && i < len(got) {
				text = strconv.Quote(string(wanted[i]))
			}
			p.errorAt(i+1, "not the canonical spelling, which has %s here", text)
			return
		}
	}
	p.errorAt(len(got), "not the canonical spelling: more lines should follow")
}
