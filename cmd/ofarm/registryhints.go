package main

import (
	"errors"
	"fmt"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/registry"
)

// registryHint is about registries.
func registryHint(err error) string {
	var denied *registry.UnauthorizedError
	var unread *registry.CredentialsError
	var missing *registry.NotFoundError
	var gone *registry.UnreachableError
	switch {
	case as[*registry.RefError](err):
		return hintRef
	case errors.As(err, &denied):
		return fmt.Sprintf(hintLogin, denied.Ref.Host)
	case errors.As(err, &unread):
		return fmt.Sprintf(hintCredentials, unread.Host)
	case as[*farm.WrongBaseError](err):
		return hintWrongBase
	case errors.As(err, &missing) && missing.Blob():
		return hintBlobGone
	case errors.As(err, &missing) && missing.Repository():
		return hintNoRepository
	case errors.As(err, &missing), as[*registry.SizeError](err):
		return hintNotPushed
	case errors.As(err, &gone) && gone.PlainHTTP():
		return fmt.Sprintf(hintPlainHTTP, gone.Ref.Host)
	case errors.As(err, &gone):
		return hintRegistryGone
	case as[*registry.RefusedError](err):
		return hintRegistryRefused
	case as[*registry.DamagedError](err):
		return hintRegistryDamaged
	case as[*registry.OfflineError](err):
		return hintRegistryOffline
	}
	return ""
}
