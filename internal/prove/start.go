package prove

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/ofarm/ofarm/internal/audit"
)

// runc's messages: the first two are execve(2)'s errors, met in the root; the
// last is of all that goes wrong before.
var (
	execGone   = regexp.MustCompile(`(?m)^exec (/\S+): no such file or directory$`)
	execFormat = regexp.MustCompile(`(?m)^exec /\S+: exec format error$`)
	runcFailed = regexp.MustCompile(`(?m)unable to start container process: (.+)$`)
)

// notStarted reads what the kernel or runc had against an executable. A file
// that is there and of which the kernel says that it isn't, lacks its loader.
func notStarted(f Failure, r *audit.Report) *Reason {
	text := f.Output + "\n" + f.Start
	switch {
	case execGone.MatchString(text) && r.Interpreter != "":
		return &Reason{
			Kind: Interpreter, Missing: []string{r.Interpreter},
			Text: "its loader " + r.Interpreter + " is not in the root",
		}
	case execFormat.MatchString(text):
		return &Reason{Kind: Platform, Text: "this machine can't run executables of " + cmp.Or(r.Platform, r.Machine)}
	}
	if m := runcFailed.FindStringSubmatch(text); m != nil {
		return &Reason{Kind: Start, Text: "it can't be started: " + m[1]}
	}
	if f.ExitCode >= 0 {
		return nil
	}
	return &Reason{Kind: Start, Text: withLast("it can't be started", f.Start)}
}

// signalBase is what shells, and runc, add to a signal's number for an exit
// code.
const signalBase = 128

// signals are those that end programs, by their numbers on Linux (signal(7)),
// which are the same on all platforms of ofarm.
var signals = map[int]string{
	1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
	9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM", 24: "SIGXCPU", 31: "SIGSYS",
}

// meanings say of some signals what they often mean.
var meanings = map[int]string{
	4:  "the processor lacks an instruction that it uses",
	9:  "killed, perhaps for lack of memory",
	31: "the sandbox forbids a system call that it makes",
}

// signal reads exit codes above 128.
func signal(f Failure, _ *audit.Report) *Reason {
	n := f.ExitCode - signalBase
	name, ok := signals[n]
	if !ok {
		return nil
	}
	text := fmt.Sprintf("ended by %s", name)
	if why := meanings[n]; why != "" {
		text += " (" + why + ")"
	}
	return &Reason{Kind: Signal, Text: withLast(text, strings.TrimSpace(f.Output))}
}
