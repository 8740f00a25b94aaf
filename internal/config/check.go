package config

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/tomlfile"
	"github.com/ofarm/ofarm/targets"
)

var (
	glibcVersion = regexp.MustCompile(`^2\.[0-9]+$`)
	baseImage    = regexp.MustCompile(`^(oci://)?[^@/]+/[^@]+@sha256:[0-9a-f]{64}$`)
	stackSize    = regexp.MustCompile(`^[1-9][0-9]*(KiB|MiB)?$`)
)

// checker collects mistakes of values that TOML's own kinds can't tell apart.
type checker struct {
	name string
	at   map[string]tomlfile.Place
	all  *multierror.Error
}

// check reports all such mistakes, each where its key stands.
func check(name string, data []byte, f File) error {
	c := checker{name: name, at: tomlfile.Places(data)}
	for _, t := range f.Targets {
		c.target("targets", t)
	}
	c.values("", f.AllTargets)
	if f.AllTargets.Base != "" {
		c.fail("base", "a base is of one target: write it into that one's table, [target.NAME]")
	}
	c.demands(f)
	for _, name := range f.Prove {
		if name != RootEmpty && name != RootBusybox {
			c.target("prove", name)
		}
	}
	for _, t := range slices.Sorted(maps.Keys(f.Target)) {
		c.target("target."+t, t)
		c.values("target."+t+".", f.Target[t])
	}
	c.tables(f)
	return c.all.ErrorOrNil()
}

// tables refuses two tables that hold for one target.
func (c *checker) tables(f File) {
	seen := map[string]bool{} // pairs that were refused
	for _, release := range targets.Names() {
		of := f.tables(release)
		for _, t := range of[min(1, len(of)):] {
			if !seen[of[0]+" "+t] {
				seen[of[0]+" "+t] = true
				c.fail("target."+t, quote("target."+of[0])+" is a table of "+release+", too; put all into one")
			}
		}
	}
}

func (c *checker) fail(key, text string) {
	at := c.at[key]
	c.all = multierror.Append(c.all, &Mistake{tomlfile.Mistake{File: c.name, Line: at.Line, Column: at.Column, Text: key + ": " + text}})
}

func (c *checker) target(key, name string) {
	if _, err := targets.Find(name, nil); err != nil {
		c.fail(key, err.Error())
	}
}

// demands checks what is asked of opam packages.
func (c *checker) demands(f File) {
	if f.OCaml != "" {
		if _, err := opam.OCaml(f.OCaml); err != nil {
			c.fail("ocaml", err.Error())
		}
	}
	for _, text := range f.Opam {
		if _, err := opam.ParseAtom(text); err != nil {
			c.fail("opam", err.Error())
		}
	}
}

func (c *checker) values(prefix string, t Target) {
	if t.Link != "" && !slices.Contains(targets.LinkModes(), t.Link) {
		c.fail(prefix+"link", "unknown link mode "+quote(string(t.Link)))
	}
	if t.MaxGLIBC != "" && !glibcVersion.MatchString(t.MaxGLIBC) {
		c.fail(prefix+"max-glibc", quote(t.MaxGLIBC)+` is not a glibc version such as "2.31"`)
	}
	if t.Base != "" && !baseImage.MatchString(t.Base) {
		c.fail(prefix+"base", quote(t.Base)+" is not an image by its digest, oci://HOST/REPOSITORY:TAG@sha256:…")
	}
	if t.ThreadStack != "" && !stackSize.MatchString(t.ThreadStack) {
		c.fail(prefix+"thread-stack", quote(t.ThreadStack)+` is not a size such as "8MiB"`)
	}
}

func quote(s string) string { return `"` + s + `"` }

// Bytes reads a size such as "8MiB", "512KiB" or "65536"; empty is 0.
func Bytes(size string) (int64, error) {
	if size == "" {
		return 0, nil
	}
	digits := strings.TrimRight(size, "KMiB")
	n, err := strconv.ParseInt(digits, 10, 64)
	switch size[len(digits):] {
	case "KiB":
		n <<= 10
	case "MiB":
		n <<= 20
	}
	return n, err
}
