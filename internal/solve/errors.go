package solve

import (
	"fmt"
	"strconv"
	"strings"
)

// UnreachableError is a daemon that was named, or whose socket is there, and
// that doesn't answer.
type UnreachableError struct {
	Addr string
	Err  error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("connecting to BuildKit at %q: %s", e.Addr, plain(e.Err))
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// plain is an error's text without the words that gRPC puts round the cause of a
// failed connection.
func plain(err error) string {
	text := err.Error()
	if _, desc, ok := strings.Cut(text, "connection error: desc = "); ok {
		if cause, err := strconv.Unquote(desc); err == nil {
			text = strings.TrimSpace(cause)
		}
	}
	return strings.TrimPrefix(text, "transport: Error while dialing: ")
}

// OldDaemonError is a daemon that lacks what ofarm needs.
type OldDaemonError struct {
	Addr    string
	Version string // what it is
	Need    string // the oldest that will do: "v0.12.0"
}

func (e *OldDaemonError) Error() string {
	return fmt.Sprintf("the BuildKit daemon at %q is %s: ofarm needs %s or later", e.Addr, e.Version, e.Need)
}

// Requirement is something that a private daemon needs and this machine lacks.
type Requirement struct {
	// What is lacking: "runc or crun", "a range of user ids in /etc/subuid".
	What string
	// Package is the Debian package that has it, or empty.
	Package string
	// Detail says more: where it was looked for, which setting forbids it.
	Detail string
}

// MissingError says everything that a private daemon needs and that is not
// there, so that a user can put all of it right at once.
type MissingError struct {
	// Rootless tells that the daemon would have run without root.
	Rootless bool
	Missing  []Requirement
}

func (e *MissingError) Error() string {
	var list []string
	for _, r := range e.Missing {
		s := r.What
		if r.Detail != "" {
			s += " (" + r.Detail + ")"
		}
		list = append(list, s)
	}
	kind := "a private BuildKit daemon"
	if e.Rootless {
		kind = "a rootless BuildKit daemon"
	}
	return fmt.Sprintf("starting %s: missing: %s", kind, strings.Join(list, "; "))
}

// StartError is a private daemon that ended, or didn't answer, after it was
// started.
type StartError struct {
	LogFile string   // the daemon's log
	Tail    []string // its last lines
	Err     error
}

func (e *StartError) Error() string {
	return fmt.Sprintf("starting buildkitd: %v%s", e.Err, tailText(e.Tail, e.LogFile))
}

func (e *StartError) Unwrap() error { return e.Err }

// LostError is a daemon that went away during a solve.
type LostError struct {
	Addr    string
	LogFile string   // a private daemon's log, else empty
	Tail    []string // its last lines
	Err     error
}

func (e *LostError) Error() string {
	return fmt.Sprintf("the BuildKit daemon at %q went away: %v%s", e.Addr, e.Err, tailText(e.Tail, e.LogFile))
}

func (e *LostError) Unwrap() error { return e.Err }

// RequestError is a request that failed otherwise than by a step.
type RequestError struct {
	Request string // the request's name
	Err     error
}

func (e *RequestError) Error() string { return fmt.Sprintf("%s: %v", e.Request, e.Err) }

func (e *RequestError) Unwrap() error { return e.Err }

// StepError is a step that failed.
type StepError struct {
	Request  string   // the request's name
	Vertex   string   // the step's name in the definition
	Digest   string   // the vertex's digest
	Command  string   // what was executed; empty if unknown
	ExitCode int      // the command's; -1 if it didn't come to an exit
	Tail     []string // the last lines of its log
	LogFile  string   // the whole log; empty without RunOptions.LogDir
	Err      error    // as BuildKit reports it
}

// Error is the summary, the command, the end of the log and the log's file,
// each on lines of its own.
func (e *StepError) Error() string {
	s := e.Summary()
	if e.Command != "" {
		s += "\n  command: " + e.Command
	}
	return s + tailText(e.Tail, e.LogFile)
}

// Summary is one line: the request, the step, how it ended.
func (e *StepError) Summary() string {
	if e.ExitCode >= 0 {
		return fmt.Sprintf("%s: %s: exit code %d", e.Request, e.Vertex, e.ExitCode)
	}
	return fmt.Sprintf("%s: %s: %v", e.Request, e.Vertex, e.Err)
}

func (e *StepError) Unwrap() error { return e.Err }

// tailText spells the end of a log below an error's first line.
func tailText(tail []string, file string) string {
	var b strings.Builder
	for _, line := range tail {
		b.WriteString("\n  | " + line)
	}
	if file != "" {
		b.WriteString("\n  whole log: " + file)
	}
	return b.String()
}
