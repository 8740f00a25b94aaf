package prove

import (
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/targets"
)

// Root is a bare root in which executables are run.
type Root struct {
	// Name is unique among the roots of a platform: "debian-bullseye", "empty".
	Name     string
	Platform targets.Platform
	// Libc is the C library whose loader the root has; empty for none.
	Libc targets.Libc
	// Image is the root's image in the layout; an empty root has one too.
	Image digest.Digest
}

// Check is one executable that is to be run in one root.
type Check struct {
	// Artifact is the executable's name in tables: its path, relative to the
	// folder of artifacts.
	Artifact string
	// Report is its audit.
	Report *audit.Report
	// Files is the image that has it, and File its path in there.
	Files digest.Digest
	File  string
	Root  Root
	Smoke Smoke
}

// Smoke is how an executable is tried.
type Smoke struct {
	// Args follow the executable; nil means "--version".
	Args []string
	// Expect must be somewhere in what it writes; empty expects nothing.
	Expect string
}

// arguments are those that are given.
func (s Smoke) arguments() []string {
	if s.Args == nil {
		return []string{"--version"}
	}
	return s.Args
}

// Verdict is how a check ended.
type Verdict string

// The verdicts.
const (
	// Passed: it ran, ended with 0 and wrote what was expected.
	Passed Verdict = "passed"
	Failed Verdict = "failed"
	// NotRun: the root has not the libc that the executable is for.
	NotRun Verdict = "not-run"
)

// Result is what came of a check.
type Result struct {
	// Artifact, Root and Platform are the check's.
	Artifact string           `json:"artifact"`
	Root     string           `json:"root"`
	Platform targets.Platform `json:"platform"`
	Verdict  Verdict          `json:"verdict"`
	// Command is the executable's file name and its arguments.
	Command []string `json:"command,omitempty"`
	// ExitCode is -1 where it came to no exit.
	ExitCode int `json:"exit_code"`
	// Reason is nil if it passed.
	Reason *Reason `json:"reason,omitempty"`
	// Output is the end of what it wrote, at most [OutputLines] lines; it may be
	// missing of a success that BuildKit had cached.
	Output []string `json:"output,omitempty"`
	// Cached tells that BuildKit knew the success.
	Cached bool `json:"cached"`
}

// OK tells whether the result is no failure.
func (r Result) OK() bool { return r.Verdict != Failed }

// Fits tells whether an executable is to be run in a root of its platform; if
// not, why not: "needs glibc". Static executables fit every root, others those
// with the libc whose loader they name.
func Fits(r *audit.Report, root Root) (why string, ok bool) {
	libc := Libc(r)
	if libc == "" || libc == root.Libc {
		return "", true
	}
	return "needs " + string(libc), false
}

// Libc is the C library whose loader an executable names, empty for a static
// one. Loaders that aren't musl's count as glibc's: no other libc is a target.
func Libc(r *audit.Report) targets.Libc {
	switch {
	case r.Interpreter == "":
		return ""
	case strings.Contains(r.Interpreter, "/ld-musl-"):
		return targets.Musl
	}
	return targets.GLIBC
}

// Executable tells whether a file can be started: an ELF executable. A script
// can't be proved by itself, since what runs is its interpreter.
func Executable(r *audit.Report) bool {
	return r.Kind == audit.KindELF &&
		(r.Type == audit.TypeExec || r.Type == audit.TypePIE || r.Type == audit.TypeStaticPIE)
}
