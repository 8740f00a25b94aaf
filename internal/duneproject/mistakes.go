package duneproject

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"
	"github.com/ofarm/ofarm/internal/opam"
)

// mistakes gathers the mistakes of one file, as [opam.Mistakes] reads them.
type mistakes struct {
	file string
	list *multierror.Error
}

func (m *mistakes) add(at opam.Position, format string, args ...any) {
	m.list = multierror.Append(m.list, &opam.Error{File: m.file, Pos: at, Msg: fmt.Sprintf(format, args...)})
}

// err gives all mistakes as one error, one per line in the file's order, or
// nil.
func (m *mistakes) err() error {
	if m.list == nil {
		return nil
	}
	slices.SortStableFunc(m.list.Errors, func(a, b error) int {
		x, y := a.(*opam.Error).Pos, b.(*opam.Error).Pos
		return cmp.Or(x.Line-y.Line, x.Column-y.Column)
	})
	m.list.ErrorFormat = func(errs []error) string {
		lines := make([]string, len(errs))
		for i, err := range errs {
			lines[i] = err.Error()
		}
		return strings.Join(lines, "\n")
	}
	return m.list
}

// Note is a place in a dune-project that this package doesn't understand: what
// it says is left out of comparisons.
type Note struct {
	File string // as given to Parse
	Pos  opam.Position
	Msg  string
}

// String gives "file:line:column: message".
func (n Note) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", n.File, n.Pos.Line, n.Pos.Column, n.Msg)
}
