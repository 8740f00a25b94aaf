package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ofarm/ofarm/internal/config"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/plan"
)

// TestConfigForIsRead takes the comment signs off the examples: every key is
// one, and every value is accepted.
func TestConfigForIsRead(t *testing.T) {
	p := &farm.Project{Packages: []plan.ProjectPackage{{Name: "a"}, {Name: "b"}}}
	text := configFor([]string{"alpine"}, p)
	if _, err := config.Parse("ofarm.toml", []byte(text)); err != nil {
		t.Error(err)
	}
	var open []string
	examples := 0
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "# "); ok && strings.Contains(rest, " = ") && !strings.Contains(rest, "(default") {
			line, examples = rest, examples+1
		}
		open = append(open, line)
	}
	f, err := config.Parse("ofarm.toml", []byte(strings.Join(open, "")))
	if err != nil {
		t.Error(err)
	}
	if examples != 1+len(initKeys) || len(f.Packages) != 2 || len(f.Targets) != 1 {
		t.Errorf("%d examples, packages %q, targets %q", examples, f.Packages, f.Targets)
	}
}

// TestCreateLeavesWhatIsThere meets a file that came in between.
func TestCreateLeavesWhatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ofarm.toml")
	if err := create(path, "new"); err != nil {
		t.Fatal(err)
	}
	if err := create(path, "newer"); err == nil {
		t.Error("a file was overwritten")
	}
	data, err := os.ReadFile(path)
	entries, _ := os.ReadDir(filepath.Dir(path))
	if string(data) != "new" || err != nil || len(entries) != 1 {
		t.Errorf("got %q, %v, %v", data, err, entries)
	}
}
