package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/plan/plantest"
)

// BenchmarkNew plans an example, and a project of 300 packages of which each
// needs the ten before it.
func BenchmarkNew(b *testing.B) {
	files := map[string]string{}
	var depends []string
	for i := range 300 {
		name := fmt.Sprintf("p%03d", i)
		files[name+".1"] = head + fmt.Sprintf("depends: [%s]\nbuild: [\"make\" \"%%{prefix}%%\"]\nsetenv: [%s = \"x\"]\n", strings.Join(depends[max(0, i-10):], " "), name)
		depends = append(depends, fmt.Sprintf("%q", name))
	}
	inputs := map[string]plan.Input{
		"fserv":        plantest.Example(b, "fserv", "debian-bullseye"),
		"300 packages": plantest.World(b, "debian-bookworm", files),
	}
	for name, in := range inputs {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := plan.New(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
