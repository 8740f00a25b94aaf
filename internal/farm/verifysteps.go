package farm

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/verify"
)

// rootPrefix begins the names of roots among steps.
const rootPrefix = "root "

// rootOf is the name of a root among steps.
func rootOf(step string) (name string, ok bool) { return strings.CutPrefix(step, rootPrefix) }

// compareSteps compares what the roots and steps of a target left, and explains
// where it begins to differ.
func (r *verification) compareSteps(ctx context.Context, i int) error {
	steps, err := r.readSteps(ctx, i)
	if err != nil {
		return err
	}
	after := map[string][]string{}
	for _, f := range verify.FirstDifferent(steps) {
		after[f.Step] = f.After
		if !f.Culprit() {
			continue
		}
		d, err := r.explainStep(ctx, i, f, steps)
		if err != nil {
			return fmt.Errorf("explaining what differs in %s: %w", f.Step, err)
		}
		r.result.Differences = append(r.result.Differences, d)
	}
	for _, s := range steps {
		r.result.Steps = append(r.result.Steps, StepPair{
			Target: r.one.folder(i), Step: s.Name, First: s.First.Digest(), Again: s.Again.Digest(), After: after[s.Name],
		})
	}
	return nil
}

// readSteps reads what the roots and steps of a target left in both builds, in
// the order of the plan.
func (r *verification) readSteps(ctx context.Context, i int) ([]verify.Step, error) {
	steps := stepsOf(r.one.plans[i])
	for k := range steps {
		s := &steps[k]
		var err error
		if s.First, s.Again, err = r.trees(ctx, i, s.Name); err != nil {
			return nil, err
		}
	}
	return steps, nil
}

// stepsOf lists the roots and steps of a plan with what each sees of others.
func stepsOf(pl *plan.Plan) []verify.Step {
	var out []verify.Step
	for k, root := range pl.Roots {
		s := verify.Step{Name: rootPrefix + root.Name}
		if k > 0 {
			s.Depends = []string{rootPrefix + pl.Roots[0].Name}
		}
		out = append(out, s)
	}
	for _, step := range pl.Steps {
		depends := append([]string{rootPrefix + step.Root}, step.Deps...)
		out = append(out, verify.Step{Name: step.Name, Depends: depends})
	}
	return out
}

// trees reads what a step left, from both daemons at once.
func (r *verification) trees(ctx context.Context, i int, step string) (first, again verify.Tree, err error) {
	err = both(
		func() (err error) { first, err = r.one.tree(ctx, i, step); return err },
		func() (err error) { again, err = r.two.tree(ctx, i, step); return err },
	)
	return first, again, err
}

// both runs two functions at once.
func both(f, g func() error) error {
	var errF error
	var wait sync.WaitGroup
	wait.Go(func() { errF = f() })
	errG := g()
	wait.Wait()
	return multierror.Append(nil, errF, errG).ErrorOrNil()
}
