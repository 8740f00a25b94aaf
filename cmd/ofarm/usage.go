package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usageError is a command line or an environment that can't be understood.
type usageError struct {
	err error
	// near is what may have been meant, or empty.
	near string
	// command is the one whose help tells more, or empty.
	command string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// flagError says what is wrong with a flag.
func flagError(c *cobra.Command, err error) error {
	u := &usageError{err: err, command: c.CommandPath()}
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		var known []string
		c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if near := nearest(unknown.GetSpecifiedName(), known); near != "" {
			u.near = "--" + near
		}
	case errors.As(err, &invalid):
		u.err = fmt.Errorf("--%s %q: %w", invalid.GetFlag().Name, invalid.GetValue(), invalid.Unwrap())
	}
	return u
}

// knownCommand refuses a word where a command is expected.
func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	u := &usageError{err: fmt.Errorf("unknown command %q", args[0]), command: c.CommandPath()}
	var known []string
	for _, sub := range c.Commands() {
		known = append(known, sub.Name())
	}
	if near := nearest(args[0], known); near != "" {
		u.near = c.CommandPath() + " " + near
	}
	return u
}

// noArgs refuses every argument.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return &usageError{err: fmt.Errorf("unexpected argument %q", args[0]), command: c.CommandPath()}
}

// oneProject refuses a second argument.
func oneProject(c *cobra.Command, args []string) error {
	if len(args) <= 1 {
		return nil
	}
	return &usageError{err: fmt.Errorf("one project at a time: %q", args), command: c.CommandPath()}
}

// choice registers a flag with a few values.
func choice(f *pflag.FlagSet, to *string, name string, values []string, usage string) {
	f.Func(name, usage, func(s string) error {
		if err := oneOf(s, values); err != nil {
			return err
		}
		*to = s
		return nil
	})
}

func oneOf(s string, values []string) error {
	if !slices.Contains(values, s) {
		return fmt.Errorf("not one of %s", strings.Join(values, ", "))
	}
	return nil
}

var glibcVersion = regexp.MustCompile(`^2\.[0-9]+$`)

// glibcFlag registers a flag that is a version of glibc.
func glibcFlag(f *pflag.FlagSet, to *string, name, usage string) {
	f.Func(name, usage, func(s string) error {
		if !glibcVersion.MatchString(s) {
			return errors.New("not a glibc version such as 2.31")
		}
		*to = s
		return nil
	})
}

// printUsage tells how a command is called, below its description.
func printUsage(c *cobra.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage:\n  %s\n", c.UseLine())
	if c.Example != "" {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", c.Example)
	}
	if c.HasSubCommands() {
		b.WriteString("\nCommands:\n")
		columns(&b, func(row func(left, right string)) {
			for _, sub := range c.Commands() {
				row("  "+sub.Name(), sub.Short)
			}
		})
	}
	b.WriteString("\nFlags:\n")
	columns(&b, func(row func(left, right string)) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) { row(flagUsage(f)) })
	})
	if c.HasSubCommands() {
		fmt.Fprintf(&b, "\n%s\n", moreHelp)
	}
	_, err := io.WriteString(c.OutOrStderr(), b.String())
	return err
}

// columns writes rows of two columns.
func columns(w io.Writer, rows func(row func(left, right string))) {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	rows(func(left, right string) { fmt.Fprintf(t, "%s\t%s\n", left, right) })
	_ = t.Flush() // to a strings.Builder
}

// valueName is the annotation of a flag that has what its value is called.
const valueName = "ofarm-value"

// nameValues takes what values are called, which stands first in a flag's
// description, out of the descriptions: shells show those too.
func nameValues(set *pflag.FlagSet) {
	set.VisitAll(func(f *pflag.Flag) {
		if quoted, ok := strings.CutPrefix(f.Usage, "`"); ok {
			value, text, _ := strings.Cut(quoted, "` ")
			f.Usage = text
			_ = set.SetAnnotation(f.Name, valueName, []string{value}) // the flag is there
		}
	})
}

// flagUsage is a flag with what its value is called, and its description.
func flagUsage(f *pflag.Flag) (left, right string) {
	value := strings.Join(f.Annotations[valueName], "")
	short := "    "
	if f.Shorthand != "" {
		short = "-" + f.Shorthand + ", "
	}
	switch {
	case value == "":
	case f.NoOptDefVal != "":
		value = "[=" + value + "]"
	default:
		value = " " + value
	}
	return "  " + short + "--" + f.Name + value, f.Usage
}
