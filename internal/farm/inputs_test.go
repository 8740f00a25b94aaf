package farm

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/lock"
)

// TestInputs lists what one of two targets reads.
func TestInputs(t *testing.T) {
	in := lock.Input{SHA256: strings.Repeat("1", 64), Size: 1}
	file := func(name string) lock.DistroPackage {
		return lock.DistroPackage{Name: name, Version: "1", Input: in, Archive: "debian", Path: "pool/" + name + ".deb"}
	}
	src := lock.Source{Input: in, URLs: []string{"https://example.org/x.tar"}}
	extra := src
	extra.Name = "more"
	one, two := lock.TargetID{Name: "one", Platform: "linux/amd64"}, lock.TargetID{Name: "two", Platform: "linux/amd64"}
	l := &lock.File{
		Packages: []lock.Package{
			{Name: "a", Version: "1", OpamFile: in, Source: &src, ExtraSources: []lock.Source{extra},
				ExtraFiles: []lock.NamedInput{{Name: "fix.patch", Input: in}}},
			{Name: "b", Version: "1", OpamFile: in, Source: &src, Only: []lock.TargetID{two}},
			{Name: "conf", Version: "1", OpamFile: in},
		},
		Targets: []lock.Target{
			{TargetID: one, Base: []lock.DistroPackage{file("base")}, Extra: []lock.DistroPackage{file("extra")}},
			{TargetID: two, Base: []lock.DistroPackage{file("other")}},
		},
		Roots: []lock.Target{{TargetID: two, Base: []lock.DistroPackage{file("libc")}}},
	}
	list, err := Inputs(l, []lock.TargetID{one})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range list {
		got = append(got, i.Title)
		if i.Sum.IsZero() || i.Size != 1 {
			t.Errorf("%s: %+v", i.Title, i.Request)
		}
	}
	want := []string{
		"debian/pool/base.deb", "debian/pool/extra.deb", "debian/pool/libc.deb",
		"opam/a.1/opam", "opam/a.1/files/fix.patch", "sources/a.1/source", "sources/a.1/extra/more",
		"opam/b.1/opam", "opam/conf.1/opam",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	l.Packages[0].OpamFile.SHA256 = "nonsense"
	if _, err := Inputs(l, nil); err == nil || !strings.HasPrefix(err.Error(), "a.1/opam: ") {
		t.Errorf("got %v", err)
	}
}
