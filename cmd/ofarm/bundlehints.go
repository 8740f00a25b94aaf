package main

import (
	"errors"

	"github.com/ofarm/ofarm/internal/bundle"
	"github.com/ofarm/ofarm/internal/input"
)

// bundleHint is about bundles that don't give what was asked of them.
func bundleHint(err error) string {
	var damaged *bundle.DamagedError
	var none *bundle.NotBundleError
	var offline *input.OfflineError
	switch {
	case errors.As(err, &damaged) && damaged.Remote:
		return hintRegistryDamaged
	case errors.As(err, &damaged):
		return hintBundleDamaged
	case errors.As(err, &none) && none.Remote:
		return hintNotPushed
	case errors.As(err, &none), as[*bundle.OpenError](err):
		return hintBundleOpen
	case as[*bundle.TooManyError](err):
		return hintBundleMany
	case as[*toolsHereError](err):
		return hintToolsHere
	case as[*noToolsError](err):
		return hintNoTools
	case errors.As(err, &offline) && offline.Held:
		return hintBundleOther
	}
	return ""
}
