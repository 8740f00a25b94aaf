package main

import (
	"errors"
	"regexp"
	"slices"

	"github.com/ofarm/ofarm/internal/solve"
)

// execFormat is what runc says of a step of another platform where the kernel has
// no emulator for it, or one that isn't in the root: env, which all steps start
// with, always is.
var execFormat = regexp.MustCompile(`^exec (/\S+: exec format error|/usr/bin/env: no such file or directory)$`)

// platformHint is about steps of a platform that the daemon's machine can't run.
func platformHint(err error) string {
	var step *solve.StepError
	if errors.As(err, &step) && slices.ContainsFunc(step.Tail, execFormat.MatchString) {
		return hintPlatform
	}
	return ""
}
