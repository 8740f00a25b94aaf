package prove

import (
	"testing"

	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/targets"
)

const (
	glibcLoader = "/lib64/ld-linux-x86-64.so.2"
	muslLoader  = "/lib/ld-musl-x86_64.so.1"
)

func TestFits(t *testing.T) {
	roots := []Root{{Name: "empty"}, {Name: "debian", Libc: targets.GLIBC}, {Name: "alpine", Libc: targets.Musl}}
	for name, test := range map[string]struct {
		loader string
		want   []string // why not, for each root
	}{
		"static": {"", []string{"", "", ""}},
		"glibc":  {glibcLoader, []string{"needs glibc", "", "needs glibc"}},
		"musl":   {muslLoader, []string{"needs musl", "needs musl", ""}},
	} {
		for i, root := range roots {
			why, ok := Fits(&audit.Report{Interpreter: test.loader}, root)
			if why != test.want[i] || ok != (why == "") {
				t.Errorf("%s in %s: %q, %v, want %q", name, root.Name, why, ok, test.want[i])
			}
		}
	}
}

func TestExecutable(t *testing.T) {
	for name, test := range map[string]struct {
		report audit.Report
		want   bool
	}{
		"executable": {audit.Report{Kind: audit.KindELF, Type: audit.TypeExec}, true},
		"pie":        {audit.Report{Kind: audit.KindELF, Type: audit.TypePIE}, true},
		"static-pie": {audit.Report{Kind: audit.KindELF, Type: audit.TypeStaticPIE}, true},
		"library":    {audit.Report{Kind: audit.KindELF, Type: audit.TypeShared}, false},
		"script":     {audit.Report{Kind: audit.KindScript, Interpreter: "/bin/sh"}, false},
	} {
		if got := Executable(&test.report); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
