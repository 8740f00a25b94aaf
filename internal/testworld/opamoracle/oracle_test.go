package opamoracle

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var (
	alpine = map[string]string{"os": "linux", "arch": "x86_64", "os-distribution": "alpine", "os-family": "alpine", "os-version": "3.22"}
	debian = map[string]string{"os": "linux", "arch": "x86_64", "os-distribution": "debian", "os-family": "debian", "os-version": "12"}
)

// smallRepository writes an opam repository: NAME.VERSION to the fields of its
// opam file.
func smallRepository(t testing.TB, packages map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := Trim(dir, nil); err != nil {
		t.Fatal(err)
	}
	for nv, fields := range packages {
		name, version, _ := strings.Cut(nv, ".")
		if err := writeFile(Folder(dir).opamPath(name, version), []byte("opam-version: \"2.0\"\n"+fields+"\n")); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func mustPackages(t testing.TB, text string) map[string]string {
	t.Helper()
	packages, err := parsePackages(text)
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

// world is a small repository where a question has one answer.
var world = map[string]string{
	"base.1": "", "base.2": "", "base.3": "flags: avoid-version",
	"old.1":      `depends: "base" {< "2"}`,
	"forced.1":   `depends: "base" {>= "3"}`,
	"hates.1":    `conflicts: "base" {= "1"}`,
	"red.1":      `conflict-class: "colour"`,
	"blue.1":     `conflict-class: "colour"`,
	"mac.1":      `available: os = "macos"`,
	"musl.1":     `depends: "base" {os-distribution = "alpine"}`,
	"either.1":   `depends: "red" | "blue"`,
	"optional.1": `depopts: "base" {>= "2"}`,
	"times.1":    `depends: ["red" {post} "base" {with-test} "base" {with-doc}]`,
	"builder.1":  `depends: "red" {build}`,
	"self.1":     `depends: "twin" {= version}`,
	"twin.1":     "", "twin.2": "",
	"sys.1":  `available: sys-ocaml-version = "5.3.0"`,
	"tool.1": `available: opam-version >= "2.1"`,
	"lost.1": `depends: "nowhere"`,
}

func TestResolve(t *testing.T) {
	o := New(t)
	repo := smallRepository(t, world)
	for name, c := range map[string]struct {
		atoms string
		env   map[string]string
		want  string // packages, or "!" and a part of opam's text
	}{
		"the newest that isn't avoided":    {"base", debian, "base.2"},
		"avoided if it must be":            {"forced", debian, "base.3 forced.1"},
		"bounds of two":                    {"old base>=1", debian, "base.1 old.1"},
		"an exact version":                 {"base.1", debian, "base.1"},
		"an upper bound":                   {"base<2", debian, "base.1"},
		"a conflict that leaves another":   {"hates base", debian, "base.2 hates.1"},
		"a conflict":                       {"hates old", debian, "!"},
		"a class of conflicts":             {"red blue", debian, "!"},
		"not available":                    {"mac", debian, "!unmet availability conditions: 'os = \"macos\"'"},
		"a filter that holds":              {"musl", alpine, "base.2 musl.1"},
		"a filter that doesn't":            {"musl", debian, "musl.1"},
		"a disjunction half satisfied":     {"either blue", debian, "blue.1 either.1"},
		"post but no tests":                {"times", debian, "red.1 times.1"},
		"build":                            {"builder", debian, "builder.1 red.1"},
		"the package's own version":        {"self", debian, "self.1 twin.1"},
		"an option isn't taken":            {"optional", debian, "optional.1"},
		"a variable that isn't bound":      {"sys", debian, "!unmet availability"},
		"opam's own version":               {"tool", debian, "tool.1"},
		"a dependency that nobody has":     {"lost", debian, "!unknown package"},
		"a package that nobody has":        {"nowhere", debian, "!unknown package"},
		"a version that nobody has":        {"base.7", debian, "!"},
		"os is undefined if others aren't": {"mac", map[string]string{"arch": "x86_64"}, "!"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := o.Resolve(repo, strings.Fields(c.atoms), c.env)
			if text, no := strings.CutPrefix(c.want, "!"); no {
				none := (*NoSolution)(nil)
				if !errors.As(err, &none) || !strings.Contains(none.Text, text) {
					t.Errorf("got %v, %v, want no solution with %q", got, err, text)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(mustPackages(t, c.want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestResolveWhatCantBeAsked(t *testing.T) {
	o := New(t)
	repo := smallRepository(t, world)
	none := (*NoSolution)(nil)
	if _, err := o.Resolve(repo, []string{"base"}, nil); err == nil || errors.As(err, &none) {
		t.Errorf("no variables: got %v", err)
	}
	if _, err := o.Resolve(repo, []string{"base"}, map[string]string{"os": "a,b"}); err == nil || errors.As(err, &none) {
		t.Errorf("a comma: got %v", err)
	}
	if _, err := o.Resolve(filepath.Join(repo, "nowhere"), []string{"base"}, debian); err == nil || errors.As(err, &none) {
		t.Errorf("no repository: got %v", err)
	}
}

func TestAccepts(t *testing.T) {
	o := New(t)
	repo := smallRepository(t, world)
	for name, c := range map[string]struct {
		atoms, solution string
		env             map[string]string
		want            string // "", or a part of the error
	}{
		"complete":                      {"old", "base.1 old.1", debian, ""},
		"an older version than need be": {"hates base", "base.2 hates.1", debian, ""},
		"older still":                   {"base", "base.1", debian, ""},
		"avoided":                       {"forced", "base.3 forced.1", debian, ""},
		"either half of a disjunction":  {"either", "either.1 red.1", debian, ""},
		"the other half":                {"either", "either.1 blue.1", debian, ""},
		"without tests":                 {"times", "red.1 times.1", debian, ""},
		"an option beside it":           {"optional base", "base.2 optional.1", debian, ""},
		"a dependency is missing":       {"old", "old.1", debian, "rejects"},
		"in the wrong version":          {"old", "base.2 old.1", debian, "rejects"},
		"missing here":                  {"musl", "musl.1", alpine, "rejects"},
		"not missing there":             {"musl", "musl.1", debian, ""},
		"missing, and post":             {"times", "times.1", debian, "rejects"},
		"missing, and build":            {"builder", "builder.1", debian, "rejects"},
		"a conflict":                    {"hates base", "base.1 hates.1", debian, "rejects"},
		"a class of conflicts":          {"red blue", "red.1 blue.1", debian, "rejects"},
		"an option in another version":  {"optional base", "base.1 optional.1", debian, ""},
		"not available":                 {"mac", "mac.1", debian, "rejects"},
		"another version of itself":     {"self", "self.1 twin.2", debian, "rejects"},
		"not what was asked":            {"base>=2", "base.1", debian, "rejects"},
		"what was asked isn't there":    {"base twin", "base.2", debian, "rejects"},
		"one too many":                  {"old", "base.1 old.1 twin.2", debian, "does without twin.2"},
		"two too many":                  {"musl", "base.1 musl.1 twin.2", debian, "does without base.1, twin.2"},
		"in no repository":              {"old", "base.9 old.1 lost.9", debian, "no repository has base.9, lost.9"},
	} {
		t.Run(name, func(t *testing.T) {
			err := o.Accepts(mustPackages(t, c.solution), strings.Fields(c.atoms), c.env, Folder(repo))
			if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// drawWorld draws packages p0 to p5 with dependencies and conflicts among them.
func drawWorld(t *rapid.T) map[string]string {
	name := rapid.SampledFrom([]string{"p0", "p1", "p2", "p3", "p4", "p5", "gone"})
	atom := rapid.Custom(func(t *rapid.T) string {
		return `"` + name.Draw(t, "name") + `"` + rapid.SampledFrom([]string{"", "", ` {>= "2"}`, ` {< "2"}`, ` {= version}`}).Draw(t, "bound")
	})
	packages := map[string]string{}
	for _, nv := range []string{"p0.1", "p0.2", "p1.1", "p1.2", "p2.1", "p2.2", "p3.1", "p4.1", "p4.2", "p5.1"} {
		alternatives := rapid.SliceOfN(atom, 0, 2)
		depends := ""
		for range rapid.IntRange(0, 2).Draw(t, "dependencies") {
			depends += "(" + strings.Join(append(alternatives.Draw(t, "or"), atom.Draw(t, "last")), " | ") + ") "
		}
		packages[nv] = "depends: [" + depends + "]\nconflicts: [" + strings.Join(rapid.SliceOfN(atom, 0, 1).Draw(t, "conflicts"), " ") + "]"
	}
	return packages
}

// TestOracleAgreesWithItself resolves drawn requests over a whole small world
// and over what they reach of it, and has the solutions accepted.
func TestOracleAgreesWithItself(t *testing.T) {
	o := New(t)
	solved := 0
	for seed := range 20 {
		packages := rapid.Custom(drawWorld).Example(seed)
		repo, trimmed := smallRepository(t, packages), t.TempDir()
		atoms := []string{"p0", "p1"}
		reached, err := Reach(atoms, debian, Folder(repo))
		if err != nil {
			t.Fatal(err)
		}
		if err := Trim(trimmed, reached, Folder(repo)); err != nil {
			t.Fatal(err)
		}
		over, whyNot := o.Resolve(repo, atoms, debian)
		got, err := o.Resolve(trimmed, atoms, debian)
		if (err == nil) != (whyNot == nil) {
			t.Fatalf("world %v:\nover the whole %v, over %v: %v", packages, whyNot, reached, err)
		}
		if err != nil {
			continue
		}
		solved++
		for _, solution := range []map[string]string{over, got} {
			if err := o.Accepts(solution, atoms, debian, Folder(repo)); err != nil {
				t.Errorf("world %v: %v: %v", packages, solution, err)
			}
		}
	}
	if solved < 4 || solved == 20 {
		t.Errorf("%d of 20 worlds have a solution: too few, or all", solved)
	}
}

func TestTrim(t *testing.T) {
	first := Folder(smallRepository(t, map[string]string{"a.1": "# first", "b.1": ""}))
	second := Folder(smallRepository(t, map[string]string{"a.1": "# second", "a.2": "# second", "c.1": ""}))
	dst := filepath.Join(t.TempDir(), "new")
	if err := Trim(dst, map[string][]string{"a": {"1", "2"}, "c": {"1"}}, first, second); err != nil {
		t.Fatal(err)
	}
	for nv, want := range map[string]string{"a.1": "# first", "a.2": "# second", "c.1": ""} {
		name, version, _ := strings.Cut(nv, ".")
		data, err := readOpamFile(name, version, []Repository{Folder(dst)})
		if err != nil || string(data) != "opam-version: \"2.0\"\n"+want+"\n" {
			t.Errorf("%s: %q, %v", nv, data, err)
		}
	}
	if got, err := Versions("b", Folder(dst)); err != nil || len(got) > 0 {
		t.Errorf("b: %q, %v, want none", got, err)
	}
	if got, err := Versions("a", first, second); err != nil || !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("a: %q, %v", got, err)
	}
	missing := (*MissingError)(nil)
	if err := Trim(dst, map[string][]string{"z": {"1"}, "b": {"2"}}, first, second); !errors.As(err, &missing) || !slices.Equal(missing.Packages, []string{"b.2", "z.1"}) {
		t.Errorf("got %v", err)
	}
}

func TestReach(t *testing.T) {
	repo := smallRepository(t, world)
	for name, c := range map[string]struct {
		atoms string
		env   map[string]string
		want  map[string][]string
	}{
		"all versions of a dependency": {"old", debian, map[string][]string{"old": {"1"}, "base": {"1", "2", "3"}}},
		"those of a root that may be":  {"base>=2 base<3", debian, map[string][]string{"base": {"2"}}},
		"a root that another needs":    {"old base.2", debian, map[string][]string{"old": {"1"}, "base": {"2"}}},
		"both alternatives":            {"either", debian, map[string][]string{"either": {"1"}, "red": {"1"}, "blue": {"1"}}},
		"what holds here":              {"musl", alpine, map[string][]string{"musl": {"1"}, "base": {"1", "2", "3"}}},
		"what doesn't hold there":      {"musl", debian, map[string][]string{"musl": {"1"}}},
		"post and not tests":           {"times", debian, map[string][]string{"times": {"1"}, "red": {"1"}}},
		"what nobody has":              {"lost", debian, map[string][]string{"lost": {"1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Reach(strings.Fields(c.atoms), c.env, Folder(repo))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseAtom(t *testing.T) {
	for s, want := range map[string]string{
		"lwt": "lwt", "lwt.5.6.1": `lwt = "5.6.1"`, "lwt>=5.6": `lwt >= "5.6"`, "conf-libev<4-12": `conf-libev < "4-12"`,
		"a!=1": `a != "1"`, "seq.base": `seq = "base"`,
	} {
		r, err := ParseAtom(s)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := strings.TrimSpace(r.Name + " " + r.Versions.String()); got != want {
			t.Errorf("%s: got %s, want %s", s, got, want)
		}
	}
	for _, s := range []string{"", ".1", "lwt.", "lwt>=", "lwt >= 5", "l/t", "lwt=<1 2"} {
		if r, err := ParseAtom(s); err == nil {
			t.Errorf("%q: got %v", s, r)
		}
	}
}

func TestDiff(t *testing.T) {
	ours := mustPackages(t, "a.1 b.1 c.1")
	opams := mustPackages(t, "b.1 c.2 d.1")
	want := []string{"a: 1, opam has none", "c: 1, opam has 2", "d: none, opam has 1"}
	if diff := cmp.Diff(want, Diff(ours, opams)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := Diff(ours, maps.Clone(ours)); len(got) > 0 {
		t.Errorf("the same: got %q", got)
	}
	if got := Diff(map[string]string{"a": "1"}, nil); len(got) != 1 {
		t.Errorf("opam has no solution: got %q", got)
	}
}
