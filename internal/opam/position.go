package opam

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"
)

// Position is a place in a file. Line and Column count from 1, Column in
// bytes. The zero Position is no place.
type Position struct {
	Line, Column int
}

// Error is one mistake in a file.
type Error struct {
	File string // as given to Parse
	Pos  Position
	Msg  string
}

// Error gives "file:line:column: message", without the place where there is
// none.
func (e *Error) Error() string {
	if e.Pos == (Position{}) {
		return fmt.Sprintf("%s: %s", e.File, e.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Pos.Line, e.Pos.Column, e.Msg)
}

// mistakes gathers the mistakes of one file.
type mistakes struct {
	file string
	list *multierror.Error
}

func (m *mistakes) add(pos Position, format string, args ...any) {
	m.list = multierror.Append(m.list, &Error{File: m.file, Pos: pos, Msg: fmt.Sprintf(format, args...)})
}

// err gives all mistakes as one error, one per line in the file's order, or
// nil.
func (m *mistakes) err() error {
	if m.list == nil {
		return nil
	}
	slices.SortStableFunc(m.list.Errors, func(a, b error) int {
		x, y := a.(*Error).Pos, b.(*Error).Pos
		return cmp.Or(x.Line-y.Line, x.Column-y.Column)
	})
	m.list.ErrorFormat = onePerLine
	return m.list
}

func onePerLine(errs []error) string {
	lines := make([]string, len(errs))
	for i, err := range errs {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Mistakes gives the single mistakes that an error of Parse, ParseInstall,
// ParseLocked or ParseSwitchExport holds, in the order of the file; nil for other errors.
func Mistakes(err error) []*Error {
	var list *multierror.Error
	if !errors.As(err, &list) {
		return nil
	}
	var all []*Error
	for _, e := range list.Errors {
		var one *Error
		if errors.As(e, &one) {
			all = append(all, one)
		}
	}
	return all
}
