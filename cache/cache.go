// Package cache names a switch by what it is made of.
//
// A key is the sha256 of everything in a plan that a step's output can depend
// on: its commands and environment, its source, its root's package files, and
// the keys of the steps it sees. Two plans that give a step the same key give
// it the same inputs; whether its output is kept somewhere (BuildKit's own
// cache, a registry) can be asked under that name without a daemon.
//
// A key says less than BuildKit's cache knows: a dependency that was rebuilt
// to the same bytes has another key, and rebuilds nobody all the same.
//
// What names things only for people is not in a key: where a source is fetched
// from, its further checksums, the names of roots. Nor are the scripts and the
// linker shim that ofarm brings: version stands for them, and has to be raised
// when they make something else of the same plan.
//
// A key that changes means that every switch kept under it is lost; the
// golden keys in the tests are there to make such a change a decision.
package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/ofarm/ofarm/internal/plan"
)

// version is part of every key: of the meaning of a material's lines, and of
// what ofarm's own scripts do.
const version = 1

// Keys returns the key of each step by the step's name, 64 hex digits each. The
// project's step has one too, but for the project's files, which aren't in a
// plan.
func Keys(p *plan.Plan) map[string]string {
	keys := map[string]string{}
	for _, s := range p.Steps {
		sum := sha256.Sum256([]byte(material(p, s, keys)))
		keys[s.Name] = hex.EncodeToString(sum[:])
	}
	return keys
}

// material is what a step is made of, as text: a line for each fact, what is
// not plain in Go's quotes. keys are those of the steps before it.
func material(p *plan.Plan, s plan.Step, keys map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "ofarm switch %d\nplatform %s\n", version, p.Platform)
	writeRoot(&b, p, s.Root)
	for _, d := range s.Deps {
		fmt.Fprintf(&b, "dep %s\n", keys[d])
	}
	fmt.Fprintf(&b, "dir %q\n", s.Dir)
	if s.Source != nil {
		writeSource(&b, *s.Source)
	}
	for _, v := range s.Env {
		fmt.Fprintf(&b, "env %q %q\n", v.Name, v.Value)
	}
	for _, part := range s.Parts {
		writePart(&b, part)
	}
	if s.Project {
		fmt.Fprintf(&b, "export %q\nstrip %t\n", s.Export, s.Strip)
	}
	return b.String()
}

// writeRoot writes the package files of a root, with the base's below them.
func writeRoot(b *strings.Builder, p *plan.Plan, name string) {
	for _, r := range p.Roots {
		if len(r.Depexts) > 0 && r.Name != name {
			continue
		}
		for _, f := range r.Packages {
			fmt.Fprintf(b, "root %s\n", f.SHA256)
		}
	}
}

func writeSource(b *strings.Builder, s plan.Source) {
	if s.Archive != nil {
		fmt.Fprintf(b, "source %s\n", s.Archive.SHA256)
	}
	for _, f := range s.Files {
		fmt.Fprintf(b, "file %q %s\n", f.Name, f.SHA256)
	}
}

func writePart(b *strings.Builder, p plan.Part) {
	fmt.Fprintf(b, "package %q %q\n", p.Package, p.Version)
	fmt.Fprintf(b, "substs-first %q\npatches %q\nsubsts %q\n", p.SubstsFirst, p.Patches, p.Substs)
	fmt.Fprintf(b, "variables %q\n", p.Table)
	writeCommands(b, "build", p.Build)
	writeCommands(b, "install", p.Install)
}

// writeCommands writes a line for each command. What is known at run time
// stands in braces, outside of the quotes.
func writeCommands(b *strings.Builder, label string, list []plan.Command) {
	for _, command := range list {
		b.WriteString(label)
		for _, word := range command {
			b.WriteString(" ")
			for _, piece := range word {
				if piece.RunTime != "" {
					b.WriteString("{" + piece.RunTime + "}")
				} else {
					fmt.Fprintf(b, "%q", piece.Text)
				}
			}
		}
		b.WriteString("\n")
	}
}
