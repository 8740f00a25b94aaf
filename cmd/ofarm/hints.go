package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/ofarm/ofarm/internal/apk"
	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/internal/base"
	"github.com/ofarm/ofarm/internal/config"
	"github.com/ofarm/ofarm/internal/deb"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opamrepo"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/resolve"
	"github.com/ofarm/ofarm/internal/resolve/versions"
	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/internal/source"
	"github.com/ofarm/ofarm/targets"
)

// isLockError tells the errors that "ofarm lock" would put right.
func isLockError(err error) bool {
	return as[*farm.NoLockError](err) || as[*farm.StaleError](err) || as[*lock.Mistake](err) ||
		as[*lock.VersionError](err) || as[*plan.NotLockedError](err) || as[*plan.EntryError](err) || as[*farm.NoTargetError](err) ||
		as[*noDependsError](err) || as[*noRootError](err)
}

// as tells whether an error has a type.
func as[T error](err error) bool {
	var e T
	return errors.As(err, &e)
}

// hint says what a user can do about an error, in one line; it is chosen by
// the error's type. Empty where nothing general can be said.
func hint(err error) string {
	for _, h := range []func(error) string{usageHint, targetHint, projectHint, lockHint, nameHint, registryHint, bundleHint, repositoryHint, inputsHint, verifyHint, engineHint, trustHint, platformHint, stepHint, policyHint, linkHint, proveHint, describedHint, placeHint} {
		if text := h(err); text != "" {
			return text
		}
	}
	return ""
}

func usageHint(err error) string {
	var usage *usageError
	switch {
	case errors.As(err, &usage) && usage.near != "":
		return fmt.Sprintf(hintNear, usage.near)
	case errors.As(err, &usage) && usage.command != "":
		return fmt.Sprintf(hintHelp, usage.command)
	case errors.Is(err, errNoCache):
		return hintNoCache
	}
	return ""
}

func targetHint(err error) string {
	var unknown *targets.UnknownError
	if errors.As(err, &unknown) {
		if near := nearest(unknown.Name, unknown.Known); near != "" {
			return fmt.Sprintf(hintNearTarget, near)
		}
		return hintTargets
	}
	var locked *plan.NotLockedError
	if errors.As(err, &locked) {
		if slices.Contains(locked.Locked, locked.Target.Name) {
			return fmt.Sprintf(hintAddPlatform, locked.Target.Platform)
		}
		return fmt.Sprintf(hintAddTarget, strings.Join(locked.Locked, ", "), locked.Target.Name)
	}
	var none *farm.NoTargetError
	if errors.As(err, &none) {
		return fmt.Sprintf(hintAddPlatform, none.Platform)
	}
	return ""
}

func projectHint(err error) string {
	var unknown *farm.UnknownPackageError
	var update *updateError
	switch {
	case errors.As(err, &update):
		return fmt.Sprintf(hintNear, "--update="+update.name)
	case as[*farm.NoProjectError](err), as[*noFolderError](err):
		return hintNoProject
	case errors.As(err, &unknown):
		return fmt.Sprintf(hintPackages, strings.Join(unknown.Known, ", "))
	case as[*config.Mistake](err):
		return hintConfig
	case as[*source.GitMissingError](err):
		return hintGitMissing
	case as[*source.UntrackedError](err):
		return hintUntracked
	}
	var git *source.GitError
	if errors.As(err, &git) && git.Ownership() {
		return hintGitOwner
	}
	return ""
}

func lockHint(err error) string {
	var near *misspeltError
	var drop *dropError
	var opamFile *opamFileError
	switch {
	case as[*unfitError](err):
		return hintUnfit
	case as[*farm.NoLockError](err):
		return hintNoLock
	case as[*farm.StaleError](err):
		return hintStale
	case as[*lock.VersionError](err):
		return hintLockVersion
	case as[*lock.Mistake](err):
		return hintLockMistake
	case as[*plan.EntryError](err):
		return hintLockEntry
	case as[*noDependsError](err):
		return hintNoDepends
	case as[*pinnedError](err):
		return hintPinned
	case as[*noVersionsError](err):
		return hintNoVersions
	case errors.As(err, &opamFile) && opamFile.locked == "":
		return hintNoVersions
	case errors.As(err, &opamFile):
		return fmt.Sprintf(hintNear, opamFile.locked)
	case errors.As(err, &drop) && len(drop.known) > 0:
		return fmt.Sprintf(hintDrop, strings.Join(drop.known, ", "))
	case errors.As(err, &drop):
		return hintDropAsked
	case as[*resolve.SourceError](err):
		return hintSource
	case as[*resolve.PinError](err), as[*resolve.PinConflictError](err):
		return hintPin
	case errors.As(err, &near):
		return fmt.Sprintf(hintNear, near.near)
	case as[*versions.NoSolutionError](err):
		return hintNoSolution
	case as[*deb.UnknownPackageError](err), as[*apk.NotFoundError](err), as[*apk.AmbiguousError](err):
		return hintDistroPackage
	case as[*base.PathConflict](err):
		return hintPathConflict
	}
	return ""
}

// nameHint is about names that a lock hasn't.
func nameHint(err error) string {
	var unknown *notLockedError
	var why *unknownNameError
	switch {
	case errors.As(err, &why) && why.near != "":
		return fmt.Sprintf(hintNear, why.near)
	case errors.As(err, &unknown):
		if near := nearest(unknown.name, unknown.known); near != "" {
			return fmt.Sprintf(hintNear, near)
		}
		return hintUpdate
	case errors.As(err, &why):
		return hintUpdate
	}
	return ""
}

// repositoryHint is about opam repositories.
func repositoryHint(err error) string {
	var gone *opamrepo.GoneError
	switch {
	case errors.As(err, &gone) && gone.Commit():
		return hintGoneCommit
	case errors.As(err, &gone):
		return hintGoneRef
	case as[*opamrepo.ChangedError](err):
		return hintRepositoryMoved
	case as[*opamrepo.OfflineError](err):
		return hintRepositoryOffline
	case as[*opamrepo.GitMissingError](err):
		return hintRepositoryGit
	case as[*opamrepo.GitError](err):
		return hintRepositoryRemote
	case as[*opamrepo.NotRepositoryError](err), as[*opamrepo.SpecError](err):
		return hintRepository
	case as[*opamrepo.MissingError](err):
		return hintNoPackage
	case as[*opamrepo.FileError](err):
		return hintOpamFile
	}
	return ""
}

func inputsHint(err error) string {
	switch {
	case as[*input.OfflineError](err):
		return hintOffline
	case as[*input.NoSpaceError](err):
		return hintNoSpace
	case as[*input.ChecksumError](err):
		return hintChecksum
	case as[*input.NotFoundError](err), as[*input.UnavailableError](err):
		return hintMirror
	}
	return ""
}

func engineHint(err error) string {
	var missing *solve.MissingError
	if errors.As(err, &missing) {
		var pkgs []string
		for _, r := range missing.Missing {
			if r.Package != "" && !slices.Contains(pkgs, r.Package) {
				pkgs = append(pkgs, r.Package)
			}
		}
		if len(pkgs) > 0 {
			return fmt.Sprintf(hintInstall, strings.Join(pkgs, " "))
		}
		return hintEngine
	}
	switch {
	case as[*solve.UnreachableError](err):
		return hintUnreachable
	case as[*solve.OldDaemonError](err), as[*solve.LostError](err):
		return hintOwnDaemon
	case as[*farm.ShimMissingError](err):
		return hintShim
	}
	return ""
}

func trustHint(err error) string {
	switch {
	case as[*deb.UnknownKeyError](err):
		return hintDebianKey
	case as[*apk.UnknownKeyError](err):
		return hintAlpineKey
	case as[*deb.BadSignatureError](err), as[*deb.ExpiredKeyError](err), as[*deb.StaleReleaseError](err),
		as[*apk.SignatureError](err), as[*apk.UnsignedError](err), as[*apk.ChecksumError](err):
		return hintSignature
	}
	return ""
}

func stepHint(err error) string {
	var v *audit.Violation
	if errors.As(err, &v) {
		switch v.Rule {
		case audit.RuleGLIBC:
			return hintGLIBC
		case audit.RuleNeeded, audit.RuleInterpreter:
			if isLibrary(v.File) {
				return hintPlugin
			}
			return hintNeeded
		}
	}
	var step *solve.StepError
	if errors.As(err, &step) && mentionsNetwork(step.Tail) {
		return hintNetwork
	}
	return ""
}

// mentionsNetwork tells whether the end of a log is that of a step which
// looked for a network: the messages of glibc, musl, Go, busybox, curl and git,
// in small letters.
func mentionsNetwork(tail []string) bool {
	signs := []string{
		"network is unreachable", "network unreachable", "temporary failure in name resolution",
		"could not resolve", "name or service not known", "name does not resolve", "unable to resolve",
		"no address associated with hostname", "connection refused", "bad address", "no route to host",
		"no servers could be reached",
	}
	for _, line := range tail {
		for _, s := range signs {
			if strings.Contains(strings.ToLower(line), s) {
				return true
			}
		}
	}
	return false
}

// nearest is the known name that is most like a mistyped one, or empty.
func nearest(name string, known []string) string {
	best, found := min(3, 2+len(name)/4), "" // a short word is like too many
	for _, k := range known {
		if d := levenshtein.Distance(name, k, nil); d < best {
			best, found = d, k
		}
	}
	return found
}
