package deb

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the fixtures anew (with OFARM_TEST_NETWORK=1)")

// An answer is what apt chose for some names.
type answer struct {
	Want   []string
	Chosen []string // sorted lines "NAME VERSION"
}

// record writes what is needed to ask Select again without the network: the
// packages that were considered, and apt's answers.
func record(t *testing.T, codename string, u *Universe, answers []answer) {
	t.Helper()
	kept := make(map[string]*Package)
	var text strings.Builder
	for _, a := range answers {
		fmt.Fprintf(&text, "want %s\n", strings.Join(a.Want, " "))
		for _, line := range a.Chosen {
			fmt.Fprintf(&text, "%s\n", line)
			name, _, _ := strings.Cut(line, " ")
			keepConsidered(t, u, u.Candidate(name), kept)
		}
	}
	write(t, filepath.Join("testdata", codename+".apt"), text.String())
	m := u.mentions()
	order := slices.SortedFunc(maps.Values(kept), func(a, b *Package) int { return cmp.Compare(m[a.Name], m[b.Name]) })
	var index strings.Builder
	for _, p := range order {
		index.WriteString(stanza(p))
	}
	write(t, filepath.Join("testdata", codename+".Packages"), index.String())
}

// keepConsidered keeps a package and everything that can stand for a dependency.
func keepConsidered(t *testing.T, u *Universe, p *Package, kept map[string]*Package) {
	kept[p.Name] = p
	for _, field := range []Relations{p.PreDepends, p.Depends} {
		groups, err := field.Groups()
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range groups {
			for _, r := range g {
				for _, s := range u.solutions(r) {
					kept[s.Name] = s
				}
			}
		}
	}
}

// stanza spells a package as an index does.
func stanza(p *Package) string {
	yes := func(b bool) string {
		if b {
			return "yes"
		}
		return ""
	}
	var b strings.Builder
	for _, f := range []struct{ name, value string }{
		{"Package", p.Name}, {"Version", p.Version}, {"Essential", yes(p.Essential)}, {"Protected", yes(p.Important)},
		{"Architecture", p.Architecture}, {"Multi-Arch", p.MultiArch}, {"Priority", p.Priority},
		{"Pre-Depends", string(p.PreDepends)}, {"Depends", string(p.Depends)}, {"Conflicts", string(p.Conflicts)},
		{"Breaks", string(p.Breaks)}, {"Provides", string(p.Provides)},
		{"Filename", p.Filename}, {"Size", fmt.Sprint(p.Size)}, {"SHA256", p.SHA256},
	} {
		if f.value != "" {
			b.WriteString(f.name + ": " + f.value + "\n")
		}
	}
	return b.String() + "\n"
}

// readFixture reads what record wrote.
func readFixture(t *testing.T, codename string) (*Universe, []answer) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", codename+".Packages"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	packages, err := ReadPackages(f.Name(), f)
	if err != nil {
		t.Fatal(err)
	}
	u, err := Merge("amd64", packages)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join("testdata", codename+".apt"))
	if err != nil {
		t.Fatal(err)
	}
	var answers []answer
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if want, ok := strings.CutPrefix(line, "want "); ok {
			answers = append(answers, answer{Want: strings.Fields(want)})
			continue
		}
		last := &answers[len(answers)-1]
		last.Chosen = append(last.Chosen, line)
	}
	return u, answers
}

func TestSelectAsAptOnce(t *testing.T) {
	for _, codename := range []string{"bullseye", "bookworm", "trixie"} {
		u, answers := readFixture(t, codename)
		if len(answers) < 4 {
			t.Errorf("%s: %d answers recorded", codename, len(answers))
		}
		for _, a := range answers {
			s, err := Select(Options{Universe: u, Want: a.Want})
			if err != nil {
				t.Errorf("%s: %v", codename, err)
				continue
			}
			if diff := gocmp.Diff(a.Chosen, lines(s)); diff != "" {
				t.Errorf("%s, %v (-apt +Select):\n%s", codename, a.Want, diff)
			}
		}
		essential, err := Select(Options{Universe: u, Essential: true, Want: answers[0].Want})
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(answers[1].Chosen, lines(essential)); diff != "" {
			t.Errorf("%s, Essential (-apt +Select):\n%s", codename, diff)
		}
	}
}
