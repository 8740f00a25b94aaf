package versions

import (
	"slices"
	"sync"

	"github.com/crillab/gophersat/solver"
)

// asking serializes questions: gophersat's solvers share a buffer.
var asking sync.Mutex

// formula is a set of clauses. Variables count from 1; -v is not v.
type formula struct {
	variables int
	clauses   [][]int
	// yes is a variable that every question assumes, see the package comment.
	yes int
	// never is set by the empty clause: there is no model.
	never bool
}

func newFormula() *formula { return &formula{variables: 1, yes: 1} }

// variable makes a new one.
func (f *formula) variable() int {
	f.variables++
	return f.variables
}

// add adds a clause. Literals that are never true are given as 0. The solver
// wants each literal once.
func (f *formula) add(lits ...int) {
	clause := make([]int, 0, len(lits)+1)
	for _, l := range lits {
		if l != 0 && slices.Contains(clause, -l) {
			return // always true
		}
		if l != 0 && !slices.Contains(clause, l) {
			clause = append(clause, l)
		}
	}
	f.never = f.never || len(clause) == 0
	if len(clause) < 2 {
		clause = append(clause, -f.yes)
	}
	f.clauses = append(f.clauses, clause)
}

// sat answers questions about a formula.
type sat struct {
	formula   *formula
	solver    *solver.Solver
	variables int // that the solver has, as of clauses
	clauses   int
	model     []bool // of the last question with the answer yes
	questions int
}

func newSAT(f *formula) *sat {
	return &sat{
		formula: f, solver: solver.New(solver.ParseSliceNb(f.clauses, f.variables)),
		variables: f.variables, clauses: len(f.clauses),
	}
}

// fits tells whether the formula has a model in which some literals hold.
func (s *sat) fits(lits ...[]int) bool {
	assumed := map[int]bool{s.formula.yes: true}
	given := []solver.Lit{solver.IntToLit(int32(s.formula.yes))}
	for _, list := range lits {
		for _, l := range list {
			if assumed[-l] {
				return false
			}
			if !assumed[l] {
				assumed[l] = true
				given = append(given, solver.IntToLit(int32(l)))
			}
		}
	}
	s.questions++
	if s.formula.never {
		return false
	}
	asking.Lock()
	defer asking.Unlock()
	if s.solver.Assume(given) == solver.Unsat || s.solver.Solve() != solver.Sat {
		return false
	}
	s.model = s.solver.Model()
	return true
}

// holds tells whether a literal holds in the last model.
func (s *sat) holds(l int) bool {
	if l < 0 {
		return !s.model[-l-1]
	}
	return s.model[l-1]
}

// most returns a part of wishes that fits, together with given, and to which no
// further one can be added. Earlier wishes go before later ones.
func (s *sat) most(given, wishes []int) []int {
	if len(wishes) == 0 || s.fits(given, wishes) {
		return wishes
	}
	if len(wishes) == 1 {
		return nil
	}
	half := len(wishes) / 2
	first := s.most(given, wishes[:half])
	return append(slices.Clone(first), s.most(slices.Concat(given, first), wishes[half:])...)
}
