package main

import (
	"fmt"
	"strings"

	"github.com/ofarm/ofarm/internal/farm"
)

// Descriptions of artifacts.
const (
	warnForgotten   = "ofarm: warning: %s was made anew: %v\n"
	warnForgottenOf = "ofarm: warning: %s was made anew, and says nothing of %s any more, which a build describes again: %v\n"

	hintOtherVersion = "use the ofarm that wrote it, or another folder with --output: it stays as it is"
)

// tellForgotten tells of a description of artifacts that was damaged.
func (w *world) tellForgotten(f farm.Forgotten) {
	if len(f.Folders) == 0 {
		fmt.Fprintf(w.Stderr, warnForgotten, f.Path, f.Err)
		return
	}
	fmt.Fprintf(w.Stderr, warnForgottenOf, f.Path, strings.Join(f.Folders, ", "), f.Err)
}

// describedHint is about descriptions of artifacts.
func describedHint(err error) string {
	if as[*farm.OtherVersionError](err) {
		return hintOtherVersion
	}
	return ""
}
