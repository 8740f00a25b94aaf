package apk

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// repository makes an index of packages in a short form: "NAME-VERSION D:… p:… i:… k:…", fields as in an index, lists
// separated by commas.
func repository(t testing.TB, lines ...string) *Index {
	t.Helper()
	index := &Index{}
	for _, line := range lines {
		words := strings.Fields(line)
		i := strings.LastIndex(words[0], "-")
		text := "P:" + words[0][:i] + "\nV:" + words[0][i+1:] + "\n"
		for _, w := range words[1:] {
			text += strings.ReplaceAll(w, ",", " ") + "\n"
		}
		p, err := ParsePackage(text)
		if err != nil {
			t.Fatal(err)
		}
		index.Packages = append(index.Packages, p)
	}
	return index
}

func ids(s *Selection) string {
	var out []string
	for _, p := range s.Packages {
		out = append(out, p.ID())
	}
	return strings.Join(out, " ")
}

func TestSelect(t *testing.T) {
	tests := map[string]struct {
		repository []string
		want       string
		chosen     string
	}{
		"newest":               {[]string{"a-1", "a-1.10", "a-1.9"}, "a", "a-1.10"},
		"constraint":           {[]string{"a-1", "a-2"}, "a<2", "a-1"},
		"constraint from deep": {[]string{"a-1 D:b,c", "b-1", "b-2", "c-1 D:b<2"}, "a", "a-1 b-1 c-1"},
		"provided":             {[]string{"a-1 D:so:x", "x-1 p:so:x=1", "y-1 p:so:x=2"}, "a", "a-1 y-1"},
		"priority":             {[]string{"x-1 p:v k:1", "y-1 p:v k:2", "z-1 p:v"}, "v", "y-1"},
		"only provider":        {[]string{"x-1 p:v"}, "v", "x-1"},
		"already wanted":       {[]string{"a-1 D:v", "x-1 p:v", "y-1 p:v"}, "a x", "a-1 x-1"},
		"brought by another":   {[]string{"a-1 D:v,b", "b-1 D:y", "x-1 p:v", "y-1 p:v"}, "a", "a-1 b-1 y-1"},
		"older because of it":  {[]string{"a-2 D:gone", "a-1"}, "a", "a-1"},
		"conflict":             {[]string{"a-1 D:!b,v", "b-1 p:v=2", "c-1 p:v=1"}, "a", "a-1 c-1"},
		"not wanted":           {[]string{"a-1 D:v", "b-1 p:v=2", "c-1 p:v=1"}, "a !b", "a-1 c-1"},
		"install_if":           {[]string{"a-1", "b-1", "ab-1 i:a=1,b"}, "a b", "a-1 ab-1 b-1"},
		"install_if not met":   {[]string{"a-1", "b-1", "ab-1 i:a=1,b"}, "a", "a-1"},
		"install_if brings":    {[]string{"a-1", "x-1 i:a D:y", "y-1", "z-1 i:y"}, "a", "a-1 x-1 y-1 z-1"},
		"install_if can't":     {[]string{"a-1", "x-1 i:a D:y", "y-1 D:!a"}, "a", "a-1"},
		"install_if without":   {[]string{"a-1", "x-1 i:a,!b", "b-1"}, "a", "a-1 x-1"},
		"cycle":                {[]string{"a-1 D:b", "b-1 D:a"}, "a", "a-1 b-1"},
		"goes back":            {[]string{"a-1 D:v,w", "x-2 p:v=2 D:!y", "x-1 p:v=1", "y-1 p:w=1"}, "a", "a-1 x-1 y-1"},
		"nothing":              {[]string{"a-1"}, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := Select(SelectOptions{Repositories: []*Index{repository(t, tt.repository...)}, Want: strings.Fields(tt.want)})
			if err != nil {
				t.Fatal(err)
			}
			if got := ids(s); got != tt.chosen {
				t.Errorf("chosen are %q, want %q", got, tt.chosen)
			}
		})
	}
}

func TestSelectErrors(t *testing.T) {
	tests := map[string]struct {
		repository []string
		want       string
		err        string
	}{
		"misspelt":  {[]string{"build-base-1"}, "build-bas", `no package provides "build-bas"; there is build-base`},
		"deep":      {[]string{"a-1 D:b", "b-1 D:so:gone"}, "a", `no package provides "so:gone", needed by a -> b`},
		"version":   {[]string{"a-1", "a-2"}, "a>2", `no package provides "a>2"; there is a-1, a-2`},
		"ambiguous": {[]string{"a-1 D:v", "x-1 p:v", "y-1 p:v"}, "a", `several packages provide "v", needed by a, and none is preferred; name one of x, y`},
		"conflict": {[]string{"a-1 D:c", "b-1 D:!c", "c-1"}, "a b",
			`nothing can be chosen for "c", needed by a: c-1 does not fit !c, which b-1 asks for`},
		"two versions": {[]string{"a-1", "a-2"}, "a=1 a=2",
			`nothing can be chosen for "a=1": a-1 does not fit a=2, which is wanted; a-2 does not fit a=1, which is wanted`},
		"same name": {[]string{"x-1 p:v=1", "y-1 p:v=1"}, "x y", `nothing can be chosen for "y": x-1 and y-1 both provide v`},
		"word":      {nil, "a=", `wanted package: "a=": "" is not a version`},
		"two":       {nil, "a b", "no package provides \"a\"\nno package provides \"b\""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := Select(SelectOptions{Repositories: []*Index{repository(t, tt.repository...)}, Want: strings.Fields(tt.want)})
			if err == nil {
				t.Fatalf("chosen are %s", ids(s))
			}
			if diff := cmp.Diff(tt.err, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSelectErrorTypes(t *testing.T) {
	var missing *NotFoundError
	if _, err := Select(SelectOptions{Want: []string{"a"}}); !errors.As(err, &missing) {
		t.Errorf("error is %v", err)
	}
}

func TestSelectKeeps(t *testing.T) {
	index := repository(t, "a-2", "b-1 D:a")
	old := repository(t, "a-1").Packages
	s, err := Select(SelectOptions{Repositories: []*Index{index}, Want: []string{"b"}, Keep: old})
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(s); got != "a-1 b-1" || s.Packages[0].Repository != -1 || s.Packages[1].Repository != 0 {
		t.Errorf("chosen are %q of %+v", got, s.Packages)
	}
	if _, err := Select(SelectOptions{Repositories: []*Index{index}, Want: []string{"a=2"}, Keep: old}); err == nil {
		t.Error("a kept package is replaced")
	}
}

func TestSelectPrefersTheFirstRepository(t *testing.T) {
	first, second := repository(t, "a-1", "b-1"), repository(t, "a-1", "b-2")
	s, err := Select(SelectOptions{Repositories: []*Index{first, second}, Want: []string{"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	if ids(s) != "a-1 b-2" || s.Packages[0].Repository != 0 || s.Packages[1].Repository != 1 {
		t.Errorf("chosen are %+v", s.Packages)
	}
}

func TestChain(t *testing.T) {
	index := repository(t, "a-1 D:b", "b-1 D:so:c", "c-1 p:so:c=1", "d-1 i:c")
	s, err := Select(SelectOptions{Repositories: []*Index{index}, Want: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "a", "c": "a b c", "d": "a b c d", "none": ""} {
		if got := strings.Join(s.Chain(name), " "); got != want {
			t.Errorf("Chain(%s) = %q, want %q", name, got, want)
		}
	}
	if d, _ := s.Find("d"); d.Reason != (Reason{By: "c", For: "c", InstallIf: true}) {
		t.Errorf("d is there because of %+v", d.Reason)
	}
}

// TestSelectionIsClosed makes small random worlds: what is chosen has to meet every dependency and conflict in it, and
// the order of the index must not matter.
func TestSelectionIsClosed(t *testing.T) {
	word := rapid.StringMatching(`!?[a-f]([<>=][12])?`)
	line := rapid.Custom(func(t *rapid.T) string {
		s := rapid.StringMatching(`[a-f]-[123]`).Draw(t, "id")
		if deps := rapid.SliceOfN(word, 0, 3).Draw(t, "depends"); len(deps) > 0 {
			s += " D:" + strings.Join(deps, ",")
		}
		s += rapid.SampledFrom([]string{"", " p:v", " p:v=1", " p:v k:1", " i:a", " i:a,!b"}).Draw(t, "more")
		return s
	})
	rapid.Check(t, func(rt *rapid.T) {
		lines := rapid.SliceOfNDistinct(line, 1, 10, func(s string) string { return s[:3] }).Draw(rt, "repository")
		want := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "v", "!d"}), 1, 3).Draw(rt, "want")
		s, err := Select(SelectOptions{Repositories: []*Index{repository(t, lines...)}, Want: want})
		shuffled := slices.Clone(lines)
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(lines), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		again, err2 := Select(SelectOptions{Repositories: []*Index{repository(t, shuffled...)}, Want: want})
		if (err == nil) != (err2 == nil) {
			rt.Fatalf("in another order %v, else %v", err2, err)
		}
		if err != nil {
			return
		}
		if ids(again) != ids(s) {
			rt.Fatalf("in another order %s, else %s", ids(again), ids(s))
		}
		checkClosed(rt, s, want)
	})
}

func checkClosed(t *rapid.T, s *Selection, want []string) {
	for _, p := range s.Packages {
		for _, d := range p.Depends {
			if met(s, d) == d.Conflict && !(d.Conflict && d.Matches(p.Package)) {
				t.Fatalf("%s: %s is not met by %s", p.ID(), d, ids(s))
			}
		}
	}
	for _, w := range want {
		if d, _ := ParseDependency(w); met(s, d) == d.Conflict {
			t.Fatalf("wanted %s is not met by %s", w, ids(s))
		}
	}
}

func met(s *Selection, d Dependency) bool {
	return slices.ContainsFunc(s.Packages, func(p Selected) bool {
		return slices.ContainsFunc((&choice{Package: p.Package}).provided(), func(as Dependency) bool {
			return as.Name == d.Name && d.admits(as.Version, "")
		})
	})
}
