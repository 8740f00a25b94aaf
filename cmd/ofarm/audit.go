package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/go-multierror"
	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/internal/audit"
)

// auditOptions are the flags of ofarm audit.
type auditOptions struct {
	policy     string
	linkRecord string
	buildPaths []string
	symbols    bool
	json       bool
}

func newAudit(w *world) *cobra.Command {
	var o auditOptions
	c := &cobra.Command{
		Use:     "audit FILE...",
		Short:   auditShort,
		Long:    auditText(),
		Example: auditExample,
		Args:    o.args,
		RunE:    func(_ *cobra.Command, args []string) error { return w.audit(o, args) },
	}
	f := c.Flags()
	f.StringVar(&o.policy, "policy", "", flagPolicy)
	f.StringVar(&o.linkRecord, "link-record", "", flagLinkRecord)
	f.StringArrayVar(&o.buildPaths, "build-path", nil, flagBuildPath)
	f.BoolVar(&o.symbols, "symbols", false, flagSymbols)
	f.BoolVar(&o.json, "json", false, flagJSON)
	names := cobra.FixedCompletions(audit.PolicyNames(), cobra.ShellCompDirectiveDefault)
	_ = c.RegisterFlagCompletionFunc("policy", names) // the flag is there
	return c
}

// auditText is the manual, with the keys of a policy's file.
func auditText() string {
	var b strings.Builder
	b.WriteString(auditLong)
	columns(&b, func(row func(left, right string)) {
		for _, k := range audit.PolicyKeys() {
			row("  "+k.Name, fmt.Sprintf("%s (%s)", k.Text, k.Kind))
		}
	})
	fmt.Fprintf(&b, auditPlaces, strings.Join(audit.Places(), " "))
	return b.String()
}

func (o *auditOptions) args(c *cobra.Command, files []string) error {
	switch {
	case len(files) == 0:
		return &usageError{err: errors.New("name a file to audit"), command: c.CommandPath()}
	case len(files) > 1 && o.linkRecord != "":
		return &usageError{err: errors.New("--link-record is of one file; audit others apart"), command: c.CommandPath()}
	}
	return nil
}

// audited is one file with what was found in it.
type audited struct {
	*audit.Report
	Verdict *verdict `json:"verdict,omitempty"`
}

// verdict is what a policy says of a file.
type verdict struct {
	Policy     string    `json:"policy"`
	Kept       bool      `json:"kept"`
	Violations []finding `json:"violations"`
	script     bool
}

// finding is a violation with what would help.
type finding struct {
	*audit.Violation
	Hint string `json:"hint,omitempty"`
}

func (w *world) audit(o auditOptions, files []string) error {
	policy, prefixes, err := readPolicy(o.policy)
	if err != nil {
		return err
	}
	opt := audit.Options{Prefixes: append(prefixes, o.buildPaths...), Places: true, Temps: true}
	var errs *multierror.Error
	var all []audited
	broken := 0
	for _, file := range files {
		a, err := auditFile(o, file, policy, opt)
		if err != nil {
			errs = multierror.Append(errs, err)
			continue
		}
		if a.Verdict != nil && !a.Verdict.Kept {
			broken++
		}
		all = append(all, a)
	}
	if err := w.printAudit(o, all); err != nil {
		return err
	}
	if broken > 0 {
		errs = multierror.Append(errs, &brokenPolicyError{policy: policy.Name, broken: broken, files: len(files)})
	}
	return errs.ErrorOrNil()
}

func auditFile(o auditOptions, file string, policy *audit.Policy, opt audit.Options) (audited, error) {
	var err error
	if opt.Origins, err = originsOf(file, o.linkRecord); err != nil {
		return audited{}, err
	}
	r, err := audit.File(file, opt)
	if err != nil {
		return audited{}, err
	}
	if r.Kind == audit.KindOther {
		return audited{}, fmt.Errorf("%s: neither an ELF nor a Mach-O file", file)
	}
	a := audited{Report: r}
	if policy == nil {
		return a, nil
	}
	a.Verdict = &verdict{Policy: policy.Name, Violations: []finding{}, script: r.Kind == audit.KindScript}
	for _, v := range policy.Violations(r) {
		a.Verdict.Violations = append(a.Verdict.Violations, finding{v, auditHint(v, *policy)})
	}
	a.Verdict.Kept = len(a.Verdict.Violations) == 0
	return a, nil
}

// readPolicy finds a policy by its name, or in a file: what has a slash or ends
// in .toml, or no name and is there. The prefixes are those of the file's
// build-paths.
func readPolicy(name string) (p *audit.Policy, prefixes []string, err error) {
	if name == "" {
		return nil, nil, nil
	}
	named, err := audit.Named(name)
	isFile := strings.ContainsRune(name, '/') || strings.HasSuffix(name, ".toml")
	if err == nil && !isFile {
		return &named, nil, nil
	}
	data, fileErr := os.ReadFile(name)
	switch {
	case fileErr == nil:
		named, prefixes, err = audit.ParsePolicy(name, data)
		return &named, prefixes, err
	case isFile:
		return nil, nil, fileErr
	}
	return nil, nil, &usageError{err: err, near: nearest(name, audit.PolicyNames()), command: "ofarm audit"}
}

// brokenPolicyError says how many files break a policy; what each does is
// printed with it.
type brokenPolicyError struct {
	policy        string
	broken, files int
}

func (e *brokenPolicyError) Error() string {
	if e.files == 1 {
		return fmt.Sprintf("the file breaks policy %q", e.policy)
	}
	return fmt.Sprintf("%d of %d files break policy %q", e.broken, e.files, e.policy)
}
