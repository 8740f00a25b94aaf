package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/dustin/go-humanize"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/internal/verify"
)

// verifyHint is about what can't be built again or compared, and what comes out
// otherwise.
func verifyHint(err error) string {
	switch {
	case as[*farm.NothingToVerifyError](err):
		return hintVerifyBuild
	case as[*farm.GivenArtifactError](err):
		return hintVerifyGiven
	case as[*noGivenError](err):
		return hintVerifyDist
	case as[*farm.OtherBuildError](err):
		return hintVerifyOther
	case as[*farm.NotEmptyError](err):
		return hintVerifyKeep
	case as[*noProjectError](err):
		return hintVerifyProject
	case as[*inputError](err):
		return hintVerifyInputs
	}
	var place *farm.PlaceError
	switch {
	case errors.As(err, &place) && place.Keep:
		return hintVerifyKeepPlace
	case place != nil:
		return hintVerifyStatePlace
	}
	return againHint(err)
}

// againHint is about a second build that fails, and what differs.
func againHint(err error) string {
	var again *farm.AgainError
	if !errors.As(err, &again) {
		return differenceHint(err)
	}
	switch {
	case as[*solve.MissingError](err) && engineHint(err) == hintEngine:
		return hintVerifyDaemon
	case as[*solve.LostError](err) && again.Memory > 0:
		return hintVerifyLost
	case again.NoSpace():
		if again.Memory > 0 {
			return fmt.Sprintf(hintVerifyMemory, humanize.IBytes(uint64(again.Memory)))
		}
		return fmt.Sprintf(hintVerifySpace, again.Parent)
	}
	return ""
}

// differenceHint is about what comes out otherwise.
func differenceHint(err error) string {
	var differs *differenceError
	if !errors.As(err, &differs) {
		return ""
	}
	told := differs.difference.Explained[0]
	if told.Advice == "" || told.Cause == verify.Unknown {
		if differs.kept == "" {
			return ""
		}
		return fmt.Sprintf(hintVerifyUnknown, filepath.Join(differs.kept, differs.difference.Target))
	}
	return told.Advice
}
