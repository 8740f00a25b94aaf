package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/lock"
)

// row is a line of the table: a project on one target.
type row struct {
	project, target, compiler string
	// packages are what the project asks for, NAME VERSION.
	packages []string
	// compared counts the roots and the steps that were compared, same those
	// that came out the same.
	compared, same int
	// differing says what came out otherwise.
	differing []string
}

// build locks and builds a project.
func (w *world) build(ctx context.Context, p project) error {
	args := []string{"lock", p.name}
	if p.example {
		args = w.LockAlpine(p.name)
	} else if err := p.write(w.Project(p.name), w.repository); err != nil {
		return err
	}
	if err := w.run(ctx, os.Stderr, args...); err != nil {
		return err
	}
	return w.run(ctx, os.Stderr, "build", "--progress", "plain", "--target", p.targets, "--output", w.dist(p), p.name)
}

func (w *world) dist(p project) string { return filepath.Join(w.Dir, "dist", p.name) }

// verify verifies a project that was built.
func (w *world) verify(ctx context.Context, p project) ([]row, error) {
	var out bytes.Buffer
	verr := w.run(ctx, &out, "verify", "--deep", "--json", "--progress", "plain", "--target", p.targets,
		"--output", w.dist(p), "--keep", filepath.Join(w.Dir, "differs", p.name), p.name)
	var v farm.Verified
	if err := json.Unmarshal(out.Bytes(), &v); err != nil {
		return nil, fmt.Errorf("reading what ofarm verify printed: %w (%v)", err, verr)
	}
	l, err := w.readLock(p.name)
	if err != nil {
		return nil, err
	}
	return rows(p, l, v), verr
}

func (w *world) run(ctx context.Context, out io.Writer, args ...string) error {
	fmt.Fprintln(os.Stderr, "$ ofarm", strings.Join(args, " "))
	cmd := w.Ofarm(ctx, w.cache, args...)
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("ofarm %s: %w", args[0], err)
	}
	return nil
}

func (w *world) readLock(project string) (*lock.File, error) {
	text, err := os.ReadFile(filepath.Join(w.Project(project), farm.LockName))
	if err != nil {
		return nil, err
	}
	return lock.Parse(farm.LockName, text)
}

// rows are a project's, by target.
func rows(p project, l *lock.File, v farm.Verified) []row {
	var out []row
	for _, s := range v.Steps {
		i := slices.IndexFunc(out, func(r row) bool { return r.target == s.Target })
		if i < 0 {
			i = len(out)
			out = append(out, row{project: p.name, target: s.Target})
			out[i].compiler, out[i].packages = versions(p, l)
		}
		out[i].compared++
		if s.First == s.Again {
			out[i].same++
		} else {
			out[i].differing = append(out[i].differing, s.Step)
		}
	}
	for i := range out {
		for _, a := range v.Artifacts {
			if a.Target == out[i].target && !a.Same() {
				out[i].differing = append(out[i].differing, a.Path)
			}
		}
	}
	return out
}

// versions are the locked ones of the compiler and of what a project asks for;
// an example asks for all that it has.
func versions(p project, l *lock.File) (compiler string, packages []string) {
	for _, o := range l.Packages {
		switch {
		case o.Name == "ocaml":
			compiler = o.Version
		case p.asksFor(o) || p.example && !isSmall(o.Name):
			packages = append(packages, o.Name+" "+o.Version)
		}
	}
	return compiler, packages
}

func (p project) asksFor(o lock.Package) bool {
	return slices.Contains(p.packages, o.Name) || slices.Contains(p.packages, o.Name+"."+o.Version)
}

// isSmall tells packages without code of their own.
func isSmall(name string) bool {
	for _, prefix := range []string{"base-", "conf-", "ocaml-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// printTable writes the table in Markdown.
func printTable(w io.Writer, rows []row) {
	fmt.Fprintln(w, "| OCaml | target | verified | roots and steps | differs |")
	fmt.Fprintln(w, "| --- | --- | --- | --- | --- |")
	for _, r := range rows {
		differing := "nothing"
		if len(r.differing) > 0 {
			differing = strings.Join(r.differing, ", ")
		}
		fmt.Fprintf(w, "| %s | %s | %s: %s | %d of %d the same | %s |\n",
			r.compiler, r.target, r.project, strings.Join(r.packages, ", "), r.same, r.compared, differing)
	}
}
