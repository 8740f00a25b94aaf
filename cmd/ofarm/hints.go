package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/ofarm/ofarm/internal/apk"
	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/internal/config"
	"github.com/ofarm/ofarm/internal/deb"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/resolve"
	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/internal/source"
	"github.com/ofarm/ofarm/targets"
)

// isLockError tells the errors that "ofarm lock" would put right.
func isLockError(err error) bool {
	return as[*farm.NoLockError](err) || as[*farm.StaleError](err) || as[*lock.Mistake](err) ||
		as[*lock.VersionError](err) || as[*plan.NotLockedError](err) || as[*plan.EntryError](err)
}

// as tells whether an error has a type.
func as[T error](err error) bool {
	var e T
	return errors.As(err, &e)
}

// hint says what a user can do about an error, in one line; it is chosen by
// the error's type. Empty where nothing general can be said.
func hint(err error) string {
	for _, h := range []func(error) string{hintTarget, hintProject, hintLock, hintInputs, hintEngine, hintTrust, hintStep} {
		if text := h(err); text != "" {
			return text
		}
	}
	return ""
}

func hintTarget(err error) string {
	var unknown *targets.UnknownError
	if errors.As(err, &unknown) {
		if near := nearest(unknown.Name, unknown.Known); near != "" {
			return fmt.Sprintf("did you mean %q? \"ofarm targets\" lists all", near)
		}
		return words.hintTargets
	}
	var locked *plan.NotLockedError
	if errors.As(err, &locked) {
		if near := nearest(locked.Target.Name, locked.Locked); near != "" {
			return fmt.Sprintf("did you mean %q?", near)
		}
		return fmt.Sprintf("it has %s; \"ofarm lock --target\" takes a list of all targets to lock", strings.Join(locked.Locked, ", "))
	}
	if as[*targets.UnknownPlatformError](err) {
		return words.hintPlatforms
	}
	return ""
}

func hintProject(err error) string {
	var unknown *farm.UnknownPackageError
	switch {
	case as[*farm.NoProjectError](err):
		return words.hintNoProject
	case errors.As(err, &unknown):
		return "it has " + strings.Join(unknown.Known, ", ")
	case as[*config.Mistake](err):
		return words.hintConfig
	case as[*source.GitMissingError](err):
		return words.hintGitMissing
	case as[*source.UntrackedError](err):
		return words.hintUntracked
	}
	var git *source.GitError
	if errors.As(err, &git) && git.Ownership() {
		return words.hintGitOwner
	}
	return ""
}

func hintLock(err error) string {
	switch {
	case as[*farm.NoLockError](err):
		return words.hintNoLock
	case as[*farm.StaleError](err):
		return words.hintStale
	case as[*lock.VersionError](err):
		return words.hintLockVersion
	case as[*lock.Mistake](err):
		return words.hintLockMistake
	case as[*plan.EntryError](err):
		return words.hintLockEntry
	case as[noRepositoryError](err), as[*remoteRepositoryError](err):
		return words.hintRepository
	case as[*noVersionsError](err):
		return words.hintNoVersions
	case as[*resolve.NoPackageError](err):
		return words.hintNoPackage
	}
	return ""
}

func hintInputs(err error) string {
	switch {
	case as[*input.OfflineError](err):
		return words.hintOffline
	case as[*input.NoSpaceError](err):
		return words.hintNoSpace
	case as[*input.ChecksumError](err):
		return words.hintChecksum
	case as[*input.NotFoundError](err), as[*input.UnavailableError](err):
		return words.hintMirror
	}
	return ""
}

func hintEngine(err error) string {
	var missing *solve.MissingError
	if errors.As(err, &missing) {
		var pkgs []string
		for _, r := range missing.Missing {
			if r.Package != "" && !slices.Contains(pkgs, r.Package) {
				pkgs = append(pkgs, r.Package)
			}
		}
		if len(pkgs) > 0 {
			return "on Debian: apt-get install " + strings.Join(pkgs, " ")
		}
		return words.hintEngine
	}
	if as[*solve.UnreachableError](err) {
		return words.hintUnreachable
	}
	if as[*farm.ShimMissingError](err) {
		return words.hintShim
	}
	return ""
}

func hintTrust(err error) string {
	switch {
	case as[*deb.UnknownKeyError](err):
		return words.hintDebianKey
	case as[*apk.UnknownKeyError](err):
		return words.hintAlpineKey
	case as[*deb.BadSignatureError](err), as[*apk.SignatureError](err):
		return words.hintSignature
	}
	return ""
}

func hintStep(err error) string {
	var v *audit.Violation
	if errors.As(err, &v) {
		switch v.Rule {
		case audit.RuleGLIBC:
			return words.hintGLIBC
		case audit.RuleNeeded, audit.RuleInterpreter:
			return words.hintNeeded
		}
	}
	var step *solve.StepError
	if errors.As(err, &step) && mentionsNetwork(step.Tail) {
		return words.hintNetwork
	}
	return ""
}

// mentionsNetwork tells whether the end of a log is that of a step which
// looked for a network: the messages of the C library and of common tools.
func mentionsNetwork(tail []string) bool {
	signs := []string{
		"Network is unreachable", "Temporary failure in name resolution", "Could not resolve host",
		"Connection refused", "bad address", "Name or service not known", "Name does not resolve",
		"unable to resolve host",
	}
	for _, line := range tail {
		for _, s := range signs {
			if strings.Contains(line, s) {
				return true
			}
		}
	}
	return false
}

// nearest is the known name that is most like a mistyped one, or empty.
func nearest(name string, known []string) string {
	best, found := 3, ""
	for _, k := range known {
		if d := levenshtein.Distance(name, k, nil); d < best {
			best, found = d, k
		}
	}
	return found
}
