package main

import (
	"fmt"
	"testing"

	"github.com/ofarm/ofarm/internal/prove"
	"github.com/ofarm/ofarm/internal/solve"
)

// What runc and shells say of a program of another platform, and what isn't
// about the machine.
func TestPlatformHint(t *testing.T) {
	for line, want := range map[string]bool{
		"exec /usr/bin/env: exec format error":           true,
		"sh: 1: ./data: Exec format error":               false,
		"exec /usr/bin/env: no such file or directory":   true,
		"exec /bin/tool: no such file or directory":      false,
		"make: execvp: ./configure: Exec format error":   false,
		"error: exec /usr/bin/env: exec format error...": false,
	} {
		err := fmt.Errorf("building: %w", &solve.StepError{Request: "x", ExitCode: 1, Tail: []string{line}})
		if got := hint(err) == hintPlatform; got != want {
			t.Errorf("%s: hint about the platform: %v, want %v", line, got, want)
		}
	}
	if got := hint(&proveError{prove.Result{Reason: &prove.Reason{Kind: prove.Platform}}}); got != hintPlatform {
		t.Errorf("an executable: %s", got)
	}
}
