package llb

import (
	_ "embed"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"

	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/plan"
)

// Folders inside an exec.
const (
	libDir     = "/ofarm/lib"
	depDir     = "/ofarm/dep"
	rootLibDir = "/ofarm/rootlib"
	// installedDir is a package step's output where its prefix is in memory.
	installedDir = "/ofarm/installed"
	debDir       = "/ofarm/debs"
	shimDir      = plan.ShimDir
	outDir       = plan.OutDir
)

//go:embed scripts/step.sh
var stepScript string

//go:embed scripts/join.sh
var joinScript string

// maxArg is how many bytes Linux allows for one argument of a program, without
// the NUL at its end (MAX_ARG_STRLEN, 32 pages of 4 KiB).
const maxArg = 32*4096 - 1

// LibFile is a file of an image that steps read.
type LibFile struct {
	Name string
	Data string
}

// StepLib lists the files that steps have in /ofarm/lib, sorted by name. An
// image of just these, at its top, is [Images.StepLib].
func StepLib() []LibFile {
	return []LibFile{
		{"install.awk", opam.InstallScript},
		{"join.sh", joinScript},
		{"step.sh", stepScript},
		{"subst.awk", opam.SubstScript},
	}
}

// command is the whole command line of a step. The environment that BuildKit
// gives it (with traces of the one build that it is) is dropped.
func command(s plan.Step) []string {
	args := []string{"/usr/bin/env", "-i"}
	for _, v := range s.Env {
		args = append(args, v.Name+"="+v.Value)
	}
	text := script(s)
	if len(text) <= maxArg {
		return append(args, "/bin/sh", "-euc", text)
	}
	args = append(args, "/bin/sh", "-eu", path.Join(libDir, "join.sh"))
	return append(args, pieces(text, maxArg)...)
}

// pieces cuts a text into pieces of at most size bytes, and no character in
// two.
func pieces(text string, size int) []string {
	var out []string
	for len(text) > size {
		n := size
		for n > size-utf8.UTFMax && !utf8.RuneStart(text[n]) {
			n--
		}
		out = append(out, text[:n])
		text = text[n:]
	}
	return append(out, text)
}

// script is the shell text of a step: calls to the functions of step.sh.
func script(s plan.Step) string {
	var b strings.Builder
	b.WriteString(". " + path.Join(libDir, "step.sh") + "\n")
	b.WriteString("link_dependencies\n")
	call(&b, "cd", s.Dir)
	for _, part := range s.Parts {
		writePart(&b, part)
	}
	b.WriteString("unlink_dependencies\n")
	if s.Project {
		call(&b, "export_files", s.Export...)
		if s.Strip {
			b.WriteString("strip_files\n")
		}
	}
	return b.String()
}

func writePart(b *strings.Builder, p plan.Part) {
	call(b, "package", p.Package, p.Version)
	if len(p.SubstsFirst)+len(p.Substs) > 0 {
		fmt.Fprintf(b, "variables <<'OFARM_VARIABLES'\n%sOFARM_VARIABLES\n", p.Table)
	}
	for _, file := range p.SubstsFirst {
		call(b, "substitute", file)
	}
	for _, file := range p.Patches {
		call(b, "apply_patch", file)
	}
	for _, file := range p.Substs {
		call(b, "substitute", file)
	}
	for _, c := range p.Build {
		writeCommand(b, c)
	}
	for _, c := range p.Install {
		writeCommand(b, c)
	}
	call(b, "install_files", p.Package)
}

func writeCommand(b *strings.Builder, c plan.Command) {
	b.WriteString("run")
	for _, word := range c {
		b.WriteString(" ")
		writeWord(b, word)
	}
	b.WriteString("\n")
}

func writeWord(b *strings.Builder, w opam.Word) {
	if len(w) == 0 {
		b.WriteString("''")
	}
	for _, piece := range w {
		if piece.RunTime != "" {
			b.WriteString(`"$` + piece.RunTime + `"`)
		} else {
			b.WriteString(quote(piece.Text))
		}
	}
}

func call(b *strings.Builder, function string, args ...string) {
	b.WriteString(function)
	for _, a := range args {
		b.WriteString(" " + quote(a))
	}
	b.WriteString("\n")
}

// quote makes one word of the shell. Text with a NUL byte has no such word;
// opam files can't hold one.
func quote(s string) string {
	q, err := syntax.Quote(s, syntax.LangPOSIX)
	if err != nil {
		return "'" + strings.ReplaceAll(strings.ReplaceAll(s, "\x00", ""), "'", `'\''`) + "'"
	}
	return q
}
