package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/link"
)

// linkHint is about records of links, and flags made of them. Errors of package
// link carry their own hints, which its shim prints too.
func linkHint(err error) string {
	var none *farm.NoRecordsError
	var many *manyExecutablesError
	var missing *link.MissingError
	var impossible *link.ImpossibleError
	switch {
	case errors.As(err, &none) && none.Target != "":
		return fmt.Sprintf(hintBuildFirstWith, none.Target)
	case errors.As(err, &none):
		return hintBuildFirst
	case errors.As(err, &many):
		return fmt.Sprintf(hintExecutable, strings.Join(many.known, ", "))
	case errors.As(err, &missing):
		return missing.Hint()
	case errors.As(err, &impossible):
		return impossible.Hint()
	case errors.Is(err, link.ErrNoLink):
		return hintLinkLine
	}
	return ""
}
