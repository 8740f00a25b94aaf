package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/ofarm/ofarm/internal/farm"
)

func TestTellForgotten(t *testing.T) {
	var b strings.Builder
	w := &world{Stderr: &b}
	w.tellForgotten(farm.Forgotten{
		Path: "dist/artifacts.json", Err: errors.New("it is damaged"), Folders: []string{"alpine-3.20", "debian-trixie"},
	})
	w.tellForgotten(farm.Forgotten{Path: "dist/provenance.json", Err: errors.New("unexpected EOF")})
	want := "ofarm: warning: dist/artifacts.json was made anew, and says nothing of alpine-3.20, debian-trixie any more," +
		" which a build describes again: it is damaged\n" +
		"ofarm: warning: dist/provenance.json was made anew: unexpected EOF\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", &b, want)
	}
}
