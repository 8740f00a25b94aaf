package cache

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/plan/plantest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// world is alpha, beta that needs it and a depext, gamma that needs neither,
// and a project that needs all.
func world(t *testing.T) plan.Input {
	t.Helper()
	in := plantest.World(t, "debian-bookworm", map[string]string{
		"alpha.1": `opam-version: "2.0"
build: ["make" "-j%{jobs}%"]
install: ["make" "install"]
patches: ["fix.patch"]
url { src: "https://example.org/alpha.tar.gz" mirrors: ["https://example.net/alpha.tar.gz"] }
extra-source "fix.patch" { src: "https://example.org/fix.patch" }
`,
		"beta.2": `opam-version: "2.0"
depends: ["alpha"]
build: ["./configure" "--prefix" prefix]
depexts: ["libfoo-dev"]
`,
		"gamma.3": `opam-version: "2.0"
build: ["true"]
`,
	})
	app := []byte("opam-version: \"2.0\"\ndepends: [\"beta\" \"gamma\"]\nbuild: [\"dune\" \"build\"]\n")
	in.Project.Packages = []plan.ProjectPackage{plantest.Project(t, "app.opam", app)}
	return in
}

// TestGoldenKeys: a key that changes here loses every switch that is kept
// anywhere. See the package comment before writing the file anew.
func TestGoldenKeys(t *testing.T) {
	p := plantest.New(t, world(t))
	keys := Keys(p)
	var b strings.Builder
	for _, s := range p.Steps {
		b.WriteString(s.Name + " " + keys[s.Name] + "\n" + material(p, s, keys) + "\n")
	}
	path := filepath.Join("testdata", "keys.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

// changed lists the steps whose key differs between two plans.
func changed(a, b *plan.Plan) []string {
	before, after := Keys(a), Keys(b)
	var out []string
	for _, s := range a.Steps {
		if before[s.Name] != after[s.Name] {
			out = append(out, s.Name)
		}
	}
	slices.Sort(out)
	return out
}

func TestKeysFollowInputs(t *testing.T) {
	all := []string{"alpha.1", "app", "beta.2", "gamma.3"}
	above := []string{"alpha.1", "app", "beta.2"}
	tests := map[string]struct {
		change func(in *plan.Input)
		want   []string
	}{
		"nothing": {func(*plan.Input) {}, nil},
		"source":  {func(in *plan.Input) { in.Lock.Packages[0].Source.SHA256 = strings.Repeat("0", 64) }, above},
		"extra source": {func(in *plan.Input) {
			in.Lock.Packages[0].ExtraSources[0].SHA256 = strings.Repeat("0", 64)
		}, above},
		"command": {edit("./configure", "./Configure"), []string{"app", "beta.2"}},
		"base":    {func(in *plan.Input) { in.Lock.Targets[0].Base[0].SHA256 = strings.Repeat("0", 64) }, all},
		"depext's package file": {func(in *plan.Input) {
			in.Lock.Targets[0].Extra[0].SHA256 = strings.Repeat("0", 64)
		}, []string{"app", "beta.2"}},
		"epoch":            {func(in *plan.Input) { in.Lock.Epoch++ }, all},
		"export":           {func(in *plan.Input) { in.Settings.Export = []string{"share/*"} }, []string{"app"}},
		"strip":            {func(in *plan.Input) { in.Settings.NoStrip = true }, []string{"app"}},
		"link":             {func(in *plan.Input) { in.Settings.Link = "dynamic" }, []string{"app"}},
		"stack":            {func(in *plan.Input) { in.Settings.ThreadStack = 1 << 20 }, []string{"app"}},
		"added dependency": {edit(`build: ["true"]`, `depends: ["alpha"] build: ["true"]`), []string{"app", "gamma.3"}},

		// What is only for people, or says where the same bytes are.
		"urls":                    {func(in *plan.Input) { in.Lock.Packages[0].Source.URLs = []string{"https://example.com/a.tar.gz"} }, nil},
		"checksums":               {func(in *plan.Input) { in.Lock.Packages[0].Source.Checksums = []string{"md5=00"} }, nil},
		"mirror's path":           {func(in *plan.Input) { in.Lock.Targets[0].Base[0].Path = "other.deb" }, nil},
		"timestamp":               {func(in *plan.Input) { in.Lock.Targets[0].Archives[0].Timestamp = "20300101T000000Z" }, nil},
		"comment in an opam file": {edit(`build: ["true"]`, "# says nothing\nsynopsis: \"?\"\nbuild: [\"true\"]"), nil},
		"order of the lock":       {func(in *plan.Input) { slices.Reverse(in.Lock.Packages) }, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := world(t)
			before := plantest.New(t, world(t))
			tt.change(&in)
			if diff := cmp.Diff(tt.want, changed(before, plantest.New(t, in))); diff != "" {
				t.Errorf("changed keys (-want +got):\n%s", diff)
			}
		})
	}
}

// edit changes the opam file that has a text.
func edit(old, text string) func(in *plan.Input) {
	return func(in *plan.Input) {
		for sum, data := range in.OpamFiles {
			in.OpamFiles[sum] = []byte(strings.ReplaceAll(string(data), old, text))
		}
	}
}

// TestPlatformIsInTheKey: the same package files may serve two platforms.
func TestPlatformIsInTheKey(t *testing.T) {
	a, b := plantest.New(t, world(t)), plantest.New(t, world(t))
	b.Platform = "linux/arm64"
	if got := changed(a, b); len(got) != len(a.Steps) {
		t.Errorf("only %q have other keys", got)
	}
}

// TestWordsAreUnmistakable is commands whose texts look alike when joined.
func TestWordsAreUnmistakable(t *testing.T) {
	word := func(parts ...string) opam.Word {
		var w opam.Word
		for _, p := range parts {
			if name, ok := strings.CutPrefix(p, "$"); ok {
				w = append(w, opam.Part{RunTime: name})
			} else {
				w = append(w, opam.Part{Text: p})
			}
		}
		return w
	}
	commands := []plan.Command{
		{word("a b")}, {word("a"), word("b")}, {word(`a" "b`)}, {word("a{jobs}b")}, {word("a", "$jobs", "b")},
		{word("a\xff")}, {word("a\xfe")}, {word("a�")}, {word("a"), word()}, {word("a")}, {},
	}
	seen := map[string]int{}
	for i, c := range commands {
		p := &plan.Plan{Steps: []plan.Step{{Name: "s", Parts: []plan.Part{{Build: []plan.Command{c}}}}}}
		key := Keys(p)["s"]
		if j, ok := seen[key]; ok {
			t.Errorf("%q and %q have one key", commands[j], c)
		}
		seen[key] = i
	}
}
