package deb

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// universe makes one of paragraphs "NAME VERSION; Field: value; ...", one per
// line.
func universe(t testing.TB, indexes ...string) *Universe {
	t.Helper()
	var archives [][]Package
	for _, index := range indexes {
		var text strings.Builder
		for line := range strings.Lines(strings.TrimSpace(index)) {
			head, fields, _ := strings.Cut(strings.TrimSpace(line), ";")
			name, version, _ := strings.Cut(head, " ")
			fmt.Fprintf(&text, "Package: %s\nVersion: %s\nFilename: pool/%s\nSize: 1\nSHA256: %s\n", name, version, name, strings.Repeat("0", 64))
			if !strings.Contains(fields, "Architecture:") {
				text.WriteString("Architecture: amd64\n")
			}
			for f := range strings.SplitSeq(fields, ";") {
				text.WriteString(strings.TrimSpace(f) + "\n")
			}
			text.WriteString("\n")
		}
		packages, err := ReadPackages("index", strings.NewReader(strings.ReplaceAll(text.String(), "\n\n\n", "\n\n")))
		if err != nil {
			t.Fatal(err)
		}
		archives = append(archives, packages)
	}
	u, err := Merge("amd64", archives...)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestSelect(t *testing.T) {
	tests := map[string]struct {
		index     string
		want      string
		installed map[string]string
		essential bool
		required  bool
		chosen    string
	}{
		"closure in order of names": {
			index: "b 1; Depends: c\na 1; Pre-Depends: b\nc 1; Depends: a", want: "a", chosen: "a b c",
		},
		"first alternative that can be had": {
			index: "a 1; Depends: no | old (>= 2) | b | c\nold 1\nb 1\nc 1", want: "a", chosen: "a b",
		},
		"an alternative that was named is enough": {
			index: "a 1; Depends: b | c\nb 1\nc 1", want: "a c", chosen: "a c",
		},
		"an installed alternative is enough": {
			index: "a 1; Depends: b | c (>= 2)\nb 1\nc 2", want: "a", installed: map[string]string{"c": "2"}, chosen: "a",
		},
		"a failed alternative leaves nothing behind": {
			index: "a 1; Depends: b | c\nb 1; Depends: x, missing\nx 1\nc 1", want: "a", chosen: "a c",
		},
		"the real package before a provider": {
			index: "p 1; Provides: v; Priority: required\nv 1; Priority: optional\na 1; Depends: v", want: "a", chosen: "a v",
		},
		"the essential provider, then the higher priority, then the last mentioned": {
			index: "a 1; Depends: v, w, x\n" +
				"v1 1; Provides: v; Priority: required\nv2 1; Provides: v; Essential: yes; Priority: optional\n" +
				"w1 1; Provides: w; Priority: optional\nw2 1; Provides: w; Priority: important\n" +
				"x1 1; Provides: x\nx2 1; Provides: x\nx0 1; Provides: x",
			want: "a", chosen: "a v2 w2 x0",
		},
		"a provided version counts, one that isn't there doesn't": {
			index: "a 1; Depends: v (>= 2)\nx 1; Provides: v; Essential: yes\ny 1; Provides: v (= 3)", want: "a", chosen: "a y",
		},
		"one provider stands for a virtual name": {
			index: "p 1; Provides: v", want: "v", chosen: "p",
		},
		"a named package is taken although another provides its name": {
			index: "p 1; Provides: v\nv 1", want: "p v", chosen: "p v",
		},
		"a name that an installed package provides brings nothing": {
			index: "p 1; Provides: v\nq 1; Provides: v", want: "v", installed: map[string]string{"p": "1"}, chosen: "",
		},
		":any wants Multi-Arch: allowed": {
			index: "a 1; Depends: b:any | c:any\nb 1; Multi-Arch: foreign\nc 1; Multi-Arch: allowed", want: "a", chosen: "a c",
		},
		"a foreign architecture is not there": {
			index: "a 1; Depends: b:i386 | c:amd64\nb 1\nc 1\nb 2; Architecture: i386", want: "a", chosen: "a c",
		},
		"a package doesn't conflict with itself": {
			index: "a 1; Provides: v; Conflicts: v, a", want: "a", chosen: "a",
		},
		"an unversioned name isn't in conflict with a version": {
			index: "a 1; Conflicts: v (<< 2); Depends: p\np 1; Provides: v", want: "a", chosen: "a p",
		},
		"essential and required": {
			index: "e 1; Essential: yes; Depends: d\nd 1\nr 1; Priority: required\no 1; Priority: optional", want: "",
			essential: true, required: true, chosen: "d e r",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := Options{
				Universe: universe(t, tt.index), Want: strings.Fields(tt.want), Installed: tt.installed,
				Essential: tt.essential, Required: tt.required,
			}
			s, err := Select(o)
			if err != nil {
				t.Fatal(err)
			}
			if got := names(s); got != tt.chosen {
				t.Errorf("chose %q, want %q", got, tt.chosen)
			}
		})
	}
}

func names(s *Selection) string {
	var out []string
	for _, p := range s.Packages {
		out = append(out, p.Name)
	}
	return strings.Join(out, " ")
}

func TestSelectErrors(t *testing.T) {
	tests := map[string]struct {
		index, want string
		installed   map[string]string
		text        string
	}{
		"near names": {
			index: "libssl-dev 1\nlibssh-dev 1\nxyz 1", want: "libsl-dev",
			text: `no package "libsl-dev": did you mean libssl-dev, libssh-dev?`,
		},
		"no near name": {index: "xyz 1", want: "abc", text: `no package "abc"`},
		"virtual": {
			index: "q 1; Provides: v\np 1; Provides: v", want: "v",
			text: `package "v" is virtual: choose one of its providers: p, q`,
		},
		"missing": {
			index: "a 1; Depends: b\nb 1; Pre-Depends: c (>= 2) | d\nc 1", want: "a",
			text: `a 1 depends on b 1, which pre-depends on c (>= 2) | d: "c" is there in version 1 only; there is no package "d"`,
		},
		"all alternatives": {
			index: "a 1; Depends: b | c\nb 1; Depends: x\nc 1; Depends: y", want: "a",
			text: `a 1, which depends on b | c: not b 1: a 1 depends on b 1, which depends on x: there is no package "x"; ` +
				`not c 1: a 1 depends on c 1, which depends on y: there is no package "y"`,
		},
		"conflict": {
			index: "a 1; Depends: b\nb 1; Depends: c\nc 1; Conflicts: v (<< 5)\nd 1; Depends: e\ne 1; Provides: v (= 4)", want: "d a",
			text: `a 1 depends on b 1, which depends on c 1, which conflicts with v (<< 5): d 1 depends on e 1`,
		},
		"broken by what was chosen before": {
			index: "a 1; Breaks: b\nb 1", want: "a b", text: `a 1, which breaks b: b 1`,
		},
		"installed in another version": {
			index: "a 1; Depends: b (>= 2)\nb 2", want: "a", installed: map[string]string{"b": "1"},
			text: `b 2 is needed, but b 1 is installed`,
		},
		"malformed": {index: "a 1; Depends: b (", want: "a", text: `a 1: Depends: relation "b (": no closing parenthesis`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Select(Options{Universe: universe(t, tt.index), Want: strings.Fields(tt.want), Installed: tt.installed})
			if err == nil || err.Error() != tt.text {
				t.Errorf("error:\n%v\nwant:\n%s", err, tt.text)
			}
		})
	}
}

func TestSelectErrorTypes(t *testing.T) {
	u := universe(t, "a 1; Depends: b\nb 1; Conflicts: a\nc 1; Depends: d")
	_, err := Select(Options{Universe: u, Want: []string{"a"}})
	var conflict *ConflictError
	if !errors.As(err, &conflict) || conflict.Relation.Name != "a" {
		t.Errorf("%v is not a ConflictError about a", err)
	}
	_, err = Select(Options{Universe: u, Want: []string{"c"}})
	var unmet *UnmetError
	if !errors.As(err, &unmet) || unmet.Group.String() != "d" || unmet.Chain[0].Name != "c" {
		t.Errorf("%v is not an UnmetError of c about d", err)
	}
}

func TestMergeTakesNewest(t *testing.T) {
	u := universe(t, "a 1\nb 2", "a 2; Depends: b (= 2)\nb 1", "a 2; Depends: nothing\nd 1; Architecture: arm64")
	s, err := Select(Options{Universe: u, Want: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := lines(s); !slices.Equal(got, []string{"a 2", "b 2"}) {
		t.Errorf("chose %v", got)
	}
	if u.Candidate("d") != nil {
		t.Error("a package of another architecture is a candidate")
	}
}

func TestWhy(t *testing.T) {
	u := universe(t, "a 1; Depends: b (>= 1)\nb 1; Pre-Depends: x | c\nc 1")
	s, err := Select(Options{Universe: u, Want: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range s.Why("c") {
		got = append(got, p.Name+" by "+p.By+" for "+p.For)
	}
	want := []string{"a by  for ", "b by a for Depends: b (>= 1)", "c by b for Pre-Depends: x | c"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if s.Why("x") != nil {
		t.Error("there is a reason for a package that wasn't chosen")
	}
}

// drawUniverse draws small worlds where most things can be had.
func drawUniverse(t *rapid.T) ([]Package, []string) {
	n := rapid.IntRange(2, 10).Draw(t, "packages")
	name := func(i int) string { return fmt.Sprintf("p%d", i) }
	var packages []Package
	for i := range n {
		p := Package{Name: name(i), Version: "1", Architecture: "amd64"}
		var groups []string
		for range rapid.IntRange(0, 2).Draw(t, "groups") {
			var members []string
			for range rapid.IntRange(1, 2).Draw(t, "members") {
				members = append(members, name(rapid.IntRange(0, n).Draw(t, "to")))
			}
			groups = append(groups, strings.Join(members, " | "))
		}
		p.Depends = Relations(strings.Join(groups, ", "))
		if rapid.IntRange(0, 4).Draw(t, "conflicts") == 0 {
			p.Conflicts = Relations(name(rapid.IntRange(0, n).Draw(t, "with")))
		}
		packages = append(packages, p)
	}
	return packages, []string{name(rapid.IntRange(0, n-1).Draw(t, "want"))}
}

func TestSelectionsAreClosed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		packages, want := drawUniverse(t)
		u, err := Merge("amd64", packages)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Select(Options{Universe: u, Want: want})
		if err != nil {
			return
		}
		for _, p := range s.Packages {
			checkClosed(t, s, p.Package)
			if why := s.Why(p.Name); why[0].Name != want[0] {
				t.Errorf("%v is there because of %v, which nobody wanted", p, why[0])
			}
		}
	})
}

// checkClosed checks one package of a selection against the others.
func checkClosed(t *rapid.T, s *Selection, p *Package) {
	groups, _ := p.Depends.Groups()
	for _, g := range groups {
		if !slices.ContainsFunc(g, func(r Relation) bool { return s.Find(r.Name) != nil }) {
			t.Errorf("%v needs %v, which isn't there", p, g)
		}
	}
	if c := string(p.Conflicts); c != "" && c != p.Name && s.Find(c) != nil {
		t.Errorf("%v conflicts with %s, which is there", p, c)
	}
}

func TestSelectIsDeterministic(t *testing.T) {
	u, answers := readFixture(t, "bookworm")
	installed := make(map[string]string)
	for _, line := range answers[1].Chosen[:40] {
		name, version, _ := strings.Cut(line, " ")
		installed[name] = version
	}
	var first []Selected
	for i := range 25 {
		s, err := Select(Options{Universe: u, Want: answers[2].Want, Installed: installed})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = s.Packages
		} else if diff := cmp.Diff(first, s.Packages); diff != "" {
			t.Fatalf("run %d differs:\n%s", i, diff)
		}
	}
}
