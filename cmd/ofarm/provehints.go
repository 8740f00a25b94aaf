package main

import (
	"errors"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/prove"
)

// proveHint is about executables that don't run everywhere.
func proveHint(err error) string {
	switch {
	case as[*noArtifactsError](err):
		return hintProveBuild
	case as[*farm.ChangedArtifactError](err):
		return hintProveChanged
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
