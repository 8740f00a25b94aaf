package audit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/tomlfile"
)

// Mistake is one thing wrong with a policy's file.
type Mistake struct{ tomlfile.Mistake }

// check reports the values that TOML's own kinds can't tell apart, each where its
// key stands.
func (f policyFile) check(name string, data []byte) error {
	var all *multierror.Error
	at := tomlfile.Places(data)
	for _, c := range []struct {
		key, value string
		wrong      func(string) error
	}{
		{"like", f.Like, func(s string) error { _, err := Named(s); return err }},
		{"linkage", f.Linkage, oneOf(Static, MostlyStatic, Dynamic)},
		{"platform", f.Platform, oneOf("linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64")},
		{"max-glibc", f.MaxGLIBC, isVersion},
		{"max-macos", f.MaxMacOS, isVersion},
		{"require-relro", f.RELRO, oneOf(RELROPartial, RELROFull)},
	} {
		place, there := at[c.key]
		if !there {
			continue
		}
		if err := c.wrong(c.value); err != nil {
			all = multierror.Append(all, &Mistake{tomlfile.Mistake{File: name, Line: place.Line, Column: place.Column, Text: c.key + ": " + err.Error()}})
		}
	}
	return all.ErrorOrNil()
}

func isVersion(s string) error {
	for part := range strings.SplitSeq(s, ".") {
		if _, err := strconv.ParseUint(part, 10, 32); err != nil {
			return fmt.Errorf("%q is not a version such as \"2.31\"", s)
		}
	}
	return nil
}

func oneOf(values ...string) func(string) error {
	return func(s string) error {
		if slices.Contains(values, s) {
			return nil
		}
		return fmt.Errorf("%q is not one of %s", s, strings.Join(values, ", "))
	}
}
