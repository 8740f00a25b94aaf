package main

import (
	"errors"
	"fmt"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/prove"
)

// proveHint is about executables that don't run everywhere.
func proveHint(err error) string {
	var root *noRootError
	var unproved *unprovedError
	switch {
	case as[*noArtifactsError](err), as[*noBuildError](err):
		return hintProveBuild
	case as[*otherLockError](err):
		return hintProveOther
	case as[*farm.ChangedArtifactError](err), as[*farm.BadArtifactsError](err):
		return hintProveChanged
	case errors.As(err, &root):
		return fmt.Sprintf(hintProveRoot, root.name)
	case errors.As(err, &unproved):
		return fmt.Sprintf(hintUnproved, unproved.target)
	}
	var failed *proveError
	if !errors.As(err, &failed) {
		return ""
	}
	switch failed.result.Reason.Kind {
	case prove.SymbolVersion:
		return hintProveVersion
	case prove.Library:
		return hintProveLibrary
	case prove.Platform:
		return hintPlatform
	case prove.Timeout:
		return hintProveTimeout
	}
	return ""
}
