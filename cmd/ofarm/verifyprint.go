package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/verify"
)

// verifiedJSON is what --json prints.
type verifiedJSON struct {
	Same bool `json:"same"`
	*farm.Verified
}

// tellVerified shows what came of building again, and returns an error of what
// differs and of what went wrong after it.
func (w *world) tellVerified(o verifyOptions, output string, v *farm.Verified, err error) error {
	return errors.Join(w.printVerified(o, output, v), verifyFailures(v), err)
}

// printVerified shows what came of building again: tables of artifacts, of
// steps where they were compared, and of circumstances; or JSON.
func (w *world) printVerified(o verifyOptions, output string, v *farm.Verified) error {
	if o.json {
		return w.printJSON(verifiedJSON{v.Same(), v})
	}
	t := w.table(verifyHead, verifySHA, verifyVerdict)
	for _, a := range v.Artifacts {
		sum := a.First
		if sum == "" {
			sum = a.Again
		}
		t.row(shownName(filepath.Join(output, a.Path)), sum[:min(len(sum), 12)], artifactVerdict(a))
	}
	if err := t.flush(); err != nil {
		return err
	}
	if err := w.printSteps(o.deep, v); err != nil {
		return err
	}
	if err := w.printCircumstances(v); err != nil {
		return err
	}
	if v.Kept != "" {
		fmt.Fprintf(w.Stdout, "\n"+verifyKept+"\n", v.Kept)
	}
	return nil
}

func artifactVerdict(a farm.ArtifactPair) string {
	switch {
	case a.Same():
		return verifySame
	case a.Again == "":
		return verifyMissing
	case a.First == "":
		return verifyAdded
	}
	return verifyDiffers
}

// printSteps shows all steps that were compared, or those that differ.
func (w *world) printSteps(all bool, v *farm.Verified) error {
	var rows [][]string
	for _, s := range v.Steps {
		verdict := verifySame
		switch {
		case !s.Same() && len(s.After) > 0:
			verdict = fmt.Sprintf(verifyFollows, strings.Join(s.After, ", "))
		case !s.Same():
			verdict = verifyDiffers
		}
		if all || !s.Same() {
			rows = append(rows, []string{s.Step, s.Target, verdict})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	fmt.Fprintln(w.Stdout)
	t := w.table(verifyStepHead, verifyTargetHead, verifyVerdict)
	for _, row := range rows {
		t.row(row...)
	}
	return t.flush()
}

// printCircumstances shows what was varied, and what not.
func (w *world) printCircumstances(v *farm.Verified) error {
	if len(v.Circumstances) == 0 {
		return nil // something went wrong before they were known
	}
	fmt.Fprintln(w.Stdout)
	t := w.table(verifyVaried, verifyFirst, verifyAgain)
	for _, varied := range []bool{true, false} {
		for _, c := range v.Circumstances {
			again := c.Again
			if again == c.First && again != "" {
				again = verifyNoChange
			}
			if c.Varied == varied {
				t.row(aspectNames[c.What], orDash(c.First), orDash(again))
			}
		}
	}
	return t.flush()
}

// differenceError is a difference that begins somewhere.
type differenceError struct {
	difference farm.StepDifference
	kept       string
}

func (e *differenceError) Error() string {
	d, told := e.difference, e.difference.Explained[0]
	what := d.Step
	if what == "" {
		what = shownName(told.File)
	}
	text := fmt.Sprintf(verifyDiffText, d.Target, what, differenceText(told))
	if more := len(d.Changes) - 1; more > 0 {
		text += fmt.Sprintf(verifyMoreFiles, counted(more, "other file", "other files"))
	}
	if d.Report != "" {
		text += fmt.Sprintf(verifyReport, d.Report)
	}
	return text
}

// differenceText tells file, place, what is there, and why.
func differenceText(d verify.Difference) string {
	var parts []string
	for _, part := range []string{shownName(d.File), d.Where, d.What} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	text := strings.Join(parts, ": ")
	if d.CauseText != "" {
		text += " (" + d.CauseText + ")"
	}
	return text
}

// inputError is an image that comes out otherwise.
type inputError struct{ input farm.InputPair }

func (e *inputError) Error() string {
	return fmt.Sprintf(verifyInputText, e.input.Target, e.input.What, e.input.First, e.input.Again)
}

// errDiffers says no more than that; differences have errors of their own.
var errDiffers = errors.New("the artifacts of the second build differ")

// verifyFailures is an error of all that differs, or nil.
func verifyFailures(v *farm.Verified) error {
	var errs *multierror.Error
	for _, in := range v.Inputs {
		errs = multierror.Append(errs, &inputError{in})
	}
	for _, d := range v.Differences {
		errs = multierror.Append(errs, &differenceError{d, v.Kept})
	}
	if errs == nil && !v.Same() {
		return errDiffers
	}
	return errs.ErrorOrNil()
}
