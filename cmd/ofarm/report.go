package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/opamrepo"
	"github.com/ofarm/ofarm/internal/solve"
)

// mostFailures is how many failures are printed: who has more has one cause.
const mostFailures = 25

// report prints every failure, each with what to do about it where that is
// known. A hint that many failures share is printed once.
func (w *world) report(err error) {
	said := map[string]bool{}
	all := failures(err)
	for i, f := range all {
		if i == mostFailures {
			fmt.Fprintf(w.Stderr, "ofarm: error: %d errors more\n", len(all)-i)
			break
		}
		text := f.context + w.text(f.err)
		fmt.Fprintf(w.Stderr, "ofarm: error: %s\n", strings.TrimRight(text, "\n"))
		if h := hint(f.err); h != "" && !said[h] {
			said[h] = true
			w.hint(h)
		}
	}
}

// hint says what to do about what was told before.
func (w *world) hint(text string) { fmt.Fprintf(w.Stderr, "ofarm: hint: %s\n", text) }

// text is an error's text. A failed step whose log the display has just shown
// is told in short.
func (w *world) text(err error) string {
	var step *solve.StepError
	if !w.logsShown || !errors.As(err, &step) {
		return err.Error()
	}
	short := step.Summary()
	if step.LogFile != "" {
		short += "\n  whole log: " + step.LogFile
	}
	return strings.Replace(err.Error(), step.Error(), short, 1)
}

// failure is an error that stands for itself, with the words that others have
// put before it.
type failure struct {
	context string
	err     error
}

// failures takes an error apart into those that were joined to it. What was
// said of several holds for each.
func failures(err error) []failure {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if _, ok := e.(*opamrepo.ChangedError); ok {
			break // one failure, whatever it was on the way
		}
		list := joined(e)
		if list == nil {
			continue
		}
		context, ok := strings.CutSuffix(err.Error(), e.Error())
		if !ok {
			break // it tells of the list in its own words
		}
		var out []failure
		for _, one := range list {
			for _, f := range failures(one) {
				out = append(out, failure{context + f.context, f.err})
			}
		}
		return out
	}
	return []failure{{err: err}}
}

// joined are the members of a list of errors; nil for other errors, among them
// one that wraps several in a sentence.
func joined(err error) []error {
	if many, ok := err.(*multierror.Error); ok {
		return many.Errors
	}
	many, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var texts []string
	for _, e := range many.Unwrap() {
		texts = append(texts, e.Error())
	}
	if strings.Join(texts, "\n") != err.Error() {
		return nil
	}
	return many.Unwrap()
}
