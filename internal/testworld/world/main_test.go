package main

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	s, err := parse([]string{"-dir", "d", "-libraries", "zlib,gmp", "-debian", "http://mirror.example/debian"})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(s.dir, "/d") || s.branch != "v3.20" || s.jobs != 2 {
		t.Errorf("settings %+v", s)
	}
	if got := split(s.libraries); len(got) != 2 || got[1] != "gmp" {
		t.Errorf("libraries %q", got)
	}
	if _, err := parse(nil); err == nil || !strings.Contains(err.Error(), "-dir") {
		t.Errorf("without -dir: %v", err)
	}
}

func TestRunWithoutMirror(t *testing.T) {
	err := run(t.Context(), []string{"-dir", t.TempDir(), "-debian", "file:///nowhere"})
	if err == nil || !strings.Contains(err.Error(), "reading Debian's index of trixie") {
		t.Errorf("error %v", err)
	}
}
