package plan_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/plan/plantest"
)

// commandText writes a package's commands as they were recorded: what opam ran
// with two jobs, "[build] a b ;; [install] c".
func commandText(p *plan.Plan, id string) string {
	s, ok := p.Step(id)
	if !ok {
		return ""
	}
	var list []string
	for _, part := range s.Parts {
		for _, c := range part.Build {
			list = append(list, "[build] "+words(c))
		}
		for _, c := range part.Install {
			list = append(list, "[install] "+words(c))
		}
	}
	return strings.ReplaceAll(strings.Join(list, " ;; "), plan.Prefix, "%{prefix}%")
}

func words(c plan.Command) string {
	var out []string
	for _, w := range c {
		out = append(out, strings.ReplaceAll(w.String(), "%{jobs}%", "2"))
	}
	return strings.Join(out, " ")
}

// TestCommandsAreOpams holds the commands of every package of both examples
// against those that opam was seen to run.
func TestCommandsAreOpams(t *testing.T) {
	recorded := map[string]string{}
	for _, row := range plantest.Table(t, plantest.Testdata("recorded-commands.tsv")) {
		recorded[row["package"]] = row["commands"]
	}
	for _, example := range []string{"fserv", "zcalc"} {
		in := plantest.Example(t, example, "debian-bookworm")
		p := plantest.New(t, in)
		for _, l := range in.Lock.Packages {
			t.Run(example+"/"+l.ID(), func(t *testing.T) {
				want, ok := recorded[l.ID()]
				if !ok {
					t.Fatal("no recorded commands")
				}
				if diff := cmp.Diff(want, commandText(p, l.ID())); diff != "" {
					t.Errorf("commands (-opam +ofarm):\n%s", diff)
				}
			})
		}
	}
}

// TestClosureCommands does the same for the test bed's closure.
func TestClosureCommands(t *testing.T) {
	bed := os.Getenv("OFARM_TESTBED")
	if bed == "" {
		t.Skip("OFARM_TESTBED is not set")
	}
	rows := plantest.Table(t, filepath.Join(bed, "closure.tsv"))
	files := map[string]string{}
	for _, row := range rows {
		id := row["name"] + "." + row["version"]
		data, err := os.ReadFile(filepath.Join(bed, "fileserver-repo", "packages", row["name"], id, "opam"))
		if err != nil {
			t.Fatal(err)
		}
		files[id] = string(data)
	}
	p := plantest.New(t, plantest.World(t, "debian-bookworm", files))
	for _, row := range rows {
		id := row["name"] + "." + row["version"]
		if diff := cmp.Diff(row["executed_commands"], commandText(p, id)); diff != "" {
			t.Errorf("%s: commands (-opam +ofarm):\n%s", id, diff)
		}
	}
	if len(rows) != 36 {
		t.Errorf("%d packages, want 36", len(rows))
	}
}
