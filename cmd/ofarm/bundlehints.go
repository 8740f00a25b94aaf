package main

import (
	"errors"

	"github.com/ofarm/ofarm/internal/bundle"
	"github.com/ofarm/ofarm/internal/input"
)

// bundleHint is about bundles that don't give what was asked of them.
func bundleHint(err error) string {
	var offline *input.OfflineError
	switch {
	case as[*bundle.DamagedError](err):
		return hintBundleDamaged
	case as[*bundle.OpenError](err):
		return hintBundleOpen
	case as[*toolsHereError](err):
		return hintToolsHere
	case as[*noToolsError](err):
		return hintNoTools
	case errors.As(err, &offline) && offline.Held:
		return hintBundleOther
	}
	return ""
}
