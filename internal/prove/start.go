package prove

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
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

// What QEMU's emulators of single programs say: that the loader isn't there,
// which the kernel says elsewhere, and which signal ended the program.
var (
	qemuGone   = regexp.MustCompile(`(?m)^\S+: Could not open '(/[^']+)': No such file or directory$`)
	qemuSignal = regexp.MustCompile(`(?m)^qemu: uncaught target signal (\d+) .*$`)
)

// notStarted reads what the kernel, an emulator or runc had against an
// executable. A file that is there and of which the kernel says that it isn't,
// lacks its loader, or its emulator.
func notStarted(f Failure, r *audit.Report) *Reason {
	text := f.Output + "\n" + f.Start
	platform := cmp.Or(r.Platform, r.Machine)
	gone := execGone.MatchString(text)
	switch {
	case execFormat.MatchString(text):
		return &Reason{Kind: Platform, Text: "this machine can't run executables of " + platform}
	case gone && f.Foreign:
		return &Reason{Kind: Platform, Text: "this machine's emulator of " + platform + " is not there inside a root"}
	case r.Interpreter != "" && (gone || lacksLoader(text, r.Interpreter)):
		return &Reason{
			Kind: Interpreter, Missing: []string{r.Interpreter},
			Text: "its loader " + r.Interpreter + " is not in the root",
		}
	}
	if m := runcFailed.FindStringSubmatch(text); m != nil {
		return &Reason{Kind: Start, Text: "it can't be started: " + m[1]}
	}
	if f.ExitCode >= 0 {
		return nil
	}
	return &Reason{Kind: Start, Text: withLast("it can't be started", f.Start)}
}

// lacksLoader tells whether an emulator says so.
func lacksLoader(text, loader string) bool {
	m := qemuGone.FindStringSubmatch(text)
	return m != nil && m[1] == loader
}

// signalBase is what shells, and runc, add to a signal's number for an exit
// code.
const signalBase = 128

// hungBySignal reads the output of an emulated program that didn't end: QEMU then
// sends itself the signal that ended the program, and as the first process of a
// root it is one that the kernel doesn't end so.
func hungBySignal(output string, r *audit.Report) *Reason {
	m := qemuSignal.FindStringSubmatch(output)
	if m == nil {
		return nil
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return nil
	}
	return signal(Failure{Output: output, ExitCode: signalBase + n}, r)
}

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
	output := qemuSignal.ReplaceAllString(f.Output, "")
	return &Reason{Kind: Signal, Text: withLast(text, strings.TrimSpace(output))}
}
