package deb

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxLine bounds one line of a control file; the longest line of Debian's own
// indexes has under 100 kB.
const maxLine = 8 << 20

// A SyntaxError is a mistake in a control file.
type SyntaxError struct {
	File string // the name given to the reader
	Line int    // counted from 1
	Msg  string
}

// Error returns "FILE:LINE: MSG".
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
}

// A Field is one field of a paragraph. Value is the text after the colon
// without surrounding blanks; continuation lines follow it, each after a
// newline and with the blank it starts with.
type Field struct {
	Name  string
	Value string
	Line  int // of the field's name, counted from 1
}

// A Paragraph is a run of fields up to an empty line, in the order of the file.
type Paragraph struct {
	Fields []Field
	Line   int // of its first field
}

// Get returns the value of the field of that name, "" if there is none. Names
// of fields have no case.
func (p Paragraph) Get(name string) string {
	for i := range p.Fields {
		if strings.EqualFold(p.Fields[i].Name, name) {
			return p.Fields[i].Value
		}
	}
	return ""
}

// A Reader reads the paragraphs of a control file (deb822(5)) one by one.
type Reader struct {
	file string
	scan *bufio.Scanner
	line int
	text []byte  // the paragraph being read
	ends []int   // where its lines end in text
	nums []int   // their numbers
	keep []Field // the fields of the last paragraph

	reuse bool // whether the next paragraph may overwrite them
}

// NewReader returns a reader of r; file is its name in errors.
func NewReader(file string, r io.Reader) *Reader {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 64<<10), maxLine)
	return &Reader{file: file, scan: s}
}

// Next returns the next paragraph, or io.EOF after the last one. Lines that
// start with "#" are comments. Mistakes are of type *SyntaxError.
func (r *Reader) Next() (Paragraph, error) {
	if err := r.collect(); err != nil {
		return Paragraph{}, err
	}
	if len(r.ends) == 0 {
		return Paragraph{}, io.EOF
	}
	return r.parse(string(r.text))
}

// collect reads the lines of one paragraph into r.text.
func (r *Reader) collect() error {
	r.text, r.ends, r.nums = r.text[:0], r.ends[:0], r.nums[:0]
	for r.scan.Scan() {
		r.line++
		line := bytes.TrimRight(r.scan.Bytes(), " \t\r")
		if len(line) == 0 {
			if len(r.ends) > 0 {
				return nil
			}
			continue
		}
		if line[0] == '#' {
			continue
		}
		r.text = append(r.text, line...)
		r.ends = append(r.ends, len(r.text))
		r.nums = append(r.nums, r.line)
		r.text = append(r.text, '\n')
	}
	err := r.scan.Err()
	if errors.Is(err, bufio.ErrTooLong) {
		return &SyntaxError{r.file, r.line + 1, "line too long"}
	}
	if err != nil {
		return fmt.Errorf("%s:%d: %w", r.file, r.line+1, err)
	}
	return nil
}

// parse cuts the collected lines, whose text is s, into fields.
func (r *Reader) parse(s string) (Paragraph, error) {
	var fields []Field
	if r.reuse {
		fields = r.keep[:0]
	}
	start, valueStart := 0, 0
	for i, end := range r.ends {
		line := s[start:end]
		if line[0] == ' ' || line[0] == '\t' {
			if len(fields) == 0 {
				return Paragraph{}, &SyntaxError{r.file, r.nums[i], "continuation line without a field"}
			}
			fields[len(fields)-1].Value = s[valueStart:end]
		} else {
			name, value, ok := strings.Cut(line, ":")
			if err := checkFieldName(name, ok); err != "" {
				return Paragraph{}, &SyntaxError{r.file, r.nums[i], err}
			}
			value = strings.TrimLeft(value, " \t")
			valueStart = end - len(value)
			fields = append(fields, Field{name, value, r.nums[i]})
		}
		start = end + 1
	}
	r.keep = fields
	p := Paragraph{Fields: fields, Line: r.nums[0]}
	return p, r.checkDuplicates(p)
}

// checkFieldName returns what is wrong with the name of a field, "" if nothing.
func checkFieldName(name string, colon bool) string {
	switch {
	case !colon:
		return fmt.Sprintf("no colon in %q: want \"Field: value\"", shorten(name))
	case name == "" || name[0] == '-' || strings.ContainsAny(name, " \t"):
		return fmt.Sprintf("%q is not the name of a field", shorten(name))
	}
	return ""
}

// checkDuplicates refuses a field that comes twice in a paragraph.
func (r *Reader) checkDuplicates(p Paragraph) error {
	for i := range p.Fields {
		f := &p.Fields[i]
		for j := range i {
			g := &p.Fields[j]
			if len(f.Name) == len(g.Name) && strings.EqualFold(f.Name, g.Name) {
				msg := fmt.Sprintf("field %q was already given at line %d", f.Name, g.Line)
				return &SyntaxError{r.file, f.Line, msg}
			}
		}
	}
	return nil
}

// ParseParagraphs returns all paragraphs of a control file; file is its name in
// errors.
func ParseParagraphs(file string, data []byte) ([]Paragraph, error) {
	r := NewReader(file, bytes.NewReader(data))
	var all []Paragraph
	for {
		p, err := r.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
}

// shorten keeps an error's excerpt on one line of a terminal.
func shorten(s string) string {
	if len(s) > 60 {
		return s[:57] + "..."
	}
	return s
}
