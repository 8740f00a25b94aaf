package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/prove"
)

// noBuildError says that there is no artifacts.json.
type noBuildError struct{ path string }

func (e *noBuildError) Error() string {
	return fmt.Sprintf("there is no %q: nothing was built yet", e.path)
}

// noArtifactsError says that nothing was built that could be proved.
type noArtifactsError struct{ path string }

func (e *noArtifactsError) Error() string {
	return fmt.Sprintf("%q describes no executable of these targets", e.path)
}

// otherLockError says that artifacts were built from another lock than the one
// whose roots they would be proved in.
type otherLockError struct{ folder, output string }

func (e *otherLockError) Error() string {
	return fmt.Sprintf("the artifacts of %s in %q were built from another lock than the project's", e.folder, e.output)
}

// noRootError says that a root isn't in the lock, which could have it.
type noRootError struct {
	name  string
	known []string
}

func (e *noRootError) Error() string {
	return fmt.Sprintf("--root %q: the lock has only %s", e.name, strings.Join(e.known, ", "))
}

// unprovedError is an executable that no root has the libc of.
type unprovedError struct {
	artifact, target string
	why              string
}

func (e *unprovedError) Error() string {
	return fmt.Sprintf("%s was run nowhere: it %s, and none of these roots has that", e.artifact, e.why)
}

// proveError is an executable that doesn't run in a root.
type proveError struct{ result prove.Result }

func (e *proveError) Error() string {
	return fmt.Sprintf("%s doesn't run in %s: %s", e.result.Artifact, e.result.Root, e.result.Reason.Text)
}

// proveFailures is an error of all that failed, or nil.
func proveFailures(results []prove.Result) error {
	var errs *multierror.Error
	for _, r := range results {
		if !r.OK() {
			errs = multierror.Append(errs, &proveError{r})
		}
	}
	return errs.ErrorOrNil()
}

// unproved tells which executables were run in no root: an error if none was run
// at all, else a warning, since a static one may be all that is to be proved.
func (w *world) unproved(results []prove.Result, artifacts []farm.Artifact) error {
	ran := map[string]bool{}
	for _, r := range results {
		if r.Verdict != prove.NotRun {
			ran[r.Artifact] = true
		}
	}
	var errs *multierror.Error
	told, said := map[string]bool{}, ""
	for _, r := range results {
		if ran[r.Artifact] || told[r.Artifact] {
			continue
		}
		told[r.Artifact] = true
		i := slices.IndexFunc(artifacts, func(a farm.Artifact) bool { return a.Path == r.Artifact })
		err := &unprovedError{r.Artifact, artifacts[i].Target, r.Reason.Text}
		if len(ran) > 0 {
			fmt.Fprintf(w.Stderr, warnUnproved, err)
			if h := hint(err); h != said {
				said = h
				w.hint(h)
			}
			continue
		}
		errs = multierror.Append(errs, err)
	}
	return errs.ErrorOrNil()
}
