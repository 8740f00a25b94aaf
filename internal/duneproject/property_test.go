package duneproject

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ofarm/ofarm/internal/opam"
	"pgregory.net/rapid"
)

// drawCondition makes a condition in dune's syntax, no deeper than depth.
func drawCondition(t *rapid.T, depth int) string {
	version := rapid.SampledFrom([]string{"1", "1.0", "2.3~beta", `"4"`, ":version", "v0.15", "1.0-0"})
	rel := rapid.SampledFrom([]string{"=", "<>", "<", "<=", ">", ">="})
	kinds := 5
	if depth == 0 {
		kinds = 3
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return rapid.SampledFrom([]string{":with-test", ":with-doc", ":build", ":post", ":dev"}).Draw(t, "variable")
	case 1:
		return fmt.Sprintf("(%s %s)", rel.Draw(t, "rel"), version.Draw(t, "version"))
	case 2:
		return fmt.Sprintf("(%s :os %s)", rel.Draw(t, "rel"), rapid.SampledFrom([]string{"linux", "macos"}).Draw(t, "os"))
	case 3:
		return "(and" + drawParts(t, depth) + ")"
	}
	return "(or" + drawParts(t, depth) + ")"
}

func drawParts(t *rapid.T, depth int) string {
	parts := ""
	for range rapid.IntRange(1, 3).Draw(t, "parts") {
		parts += " " + drawCondition(t, depth-1)
	}
	return parts
}

func drawDependencies(t *rapid.T) string {
	text := ""
	for range rapid.IntRange(0, 4).Draw(t, "dependencies") {
		name := rapid.SampledFrom([]string{"a", "b", "conf-c", "dune", "odoc", "menhir"}).Draw(t, "name")
		if rapid.Bool().Draw(t, "bare") {
			text += " " + name
			continue
		}
		text += " (" + name + " " + drawCondition(t, 3) + ")"
	}
	return text
}

func drawProject(t *rapid.T, langs ...string) string {
	return fmt.Sprintf("(lang dune %s)\n(generate_opam_files)\n(package (name p)\n (depends%s)\n (depopts%s)\n (conflicts%s))\n",
		rapid.SampledFrom(langs).Draw(t, "lang"), drawDependencies(t), drawDependencies(t), drawDependencies(t))
}

// generated is an opam file such as dune would make, with the elements of
// every field in the order that shuffle gives them.
func generated(f *File, p *Package, shuffle func([]want) []want) string {
	text := "opam-version: \"2.0\"\n"
	for _, field := range dependencyFields() {
		text += field + ": ["
		for _, w := range shuffle(f.wants(p, field)) {
			if len(w.forms) > 0 {
				text += " " + w.forms[len(w.forms)-1].text
			}
		}
		text += " ]\n"
	}
	return text
}

func differences(t rapid.TB, f *File, text string) []Difference {
	file, err := opam.Parse("p.opam", []byte(text))
	if err != nil {
		t.Fatal(err, text)
	}
	return f.Differences("p", file, nil)
}

// TestGenerated checks that what dune generates is up to date in any order, and
// no longer when a dependency is taken away, added or changed.
func TestGenerated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, err := Parse("dune-project", []byte(drawProject(t, "1.0", "1.11", "2.6", "3.0")))
		if err != nil {
			t.Fatal(err)
		}
		p := &f.Packages[0]
		text := generated(f, p, func(w []want) []want { return rapid.Permutation(w).Draw(t, "order") })
		for _, d := range differences(t, f, text) {
			t.Errorf("%s\n%s", d, text)
		}
		more := strings.Replace(text, "depends: [", `depends: [ "new" {>= "1"} `, 1)
		if got := differences(t, f, more); len(got) != 1 || got[0].Have != `"new" {>= "1"}` || got[0].Want != "" {
			t.Errorf("%v\n%s", got, more)
		}
		if len(p.Depends) > 0 {
			p.Depends[0].Name = "other"
			if got := differences(t, f, text); len(got) == 0 {
				t.Errorf("no difference although a dependency has another name\n%s", text)
			}
		}
	})
}

// TestEquivalent compares equivalent with what opam makes of two conditions for
// the variables and versions that tell them apart.
func TestEquivalent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := drawOpam(t, 3), drawOpam(t, 2)
		f, err := opam.Parse("p.opam", []byte(`opam-version: "2.0" depends: ["a" {`+x+`}] conflicts: ["a" {`+y+`}]`))
		if err != nil {
			t.Fatal(err)
		}
		same := true
		for bits := range 8 {
			env := opam.EnvFunc(func(v opam.Variable) (opam.Value, bool) {
				i := strings.Index("abc", v.Name)
				return opam.Bool(bits>>max(i, 0)&1 == 1), i >= 0
			})
			same = same && agree(t, f, env)
		}
		e := entries(f.Field("depends"), "&")[0]
		if got := e.same(entries(f.Field("conflicts"), "|")[0]); got != same {
			t.Errorf("{%s} and {%s}: equivalent %v, in opam %v", x, y, got, same)
		}
	})
}

// agree says whether depends and conflicts admit the same versions.
func agree(t *rapid.T, f *opam.File, env opam.Env) bool {
	x, err := f.Depends.Eval(env)
	if err != nil {
		t.Fatal(err)
	}
	y, err := f.Conflicts.Eval(env)
	if err != nil {
		t.Fatal(err)
	}
	if x.Op != y.Op {
		return false
	}
	for _, v := range []string{"0", "1", "1.5", "2", "2.5", "3", "4"} {
		if x.Versions.Contains(v) != y.Versions.Contains(v) {
			return false
		}
	}
	return true
}

// drawOpam makes a condition in opam's syntax with the variables a, b and c
// and the versions 1, 2 and 3.
func drawOpam(t *rapid.T, depth int) string {
	kinds := 5
	if depth == 0 {
		kinds = 2
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return rapid.SampledFrom([]string{"a", "b", "c", "true", "false"}).Draw(t, "filter")
	case 1:
		rel := rapid.SampledFrom([]string{"=", "!=", "<", "<=", ">", ">="}).Draw(t, "rel")
		return fmt.Sprintf("%s %q", rel, rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "version"))
	case 2:
		return "!(" + drawOpam(t, depth-1) + ")"
	case 3:
		return "(" + drawOpam(t, depth-1) + ") & (" + drawOpam(t, depth-1) + ")"
	}
	return drawOpam(t, depth-1) + " | (" + drawOpam(t, depth-1) + ")"
}

// FuzzParse checks that whatever parses is up to date with itself.
func FuzzParse(f *testing.F) {
	f.Add([]byte("(lang dune 3.0)\n(generate_opam_files)\n(package (name p) (depends a (b (and :build (or (>= 1) (< 2))))))\n"))
	f.Add([]byte("(lang dune 1.11) ; x\n(generate_opam_files true)\n(package (name p) (description \"\\| a\\n\n\"\\> b\n))\n"))
	f.Add([]byte("(package (name p) (depends (\"a b\" (= \"\\x22\\034{}\")) (c (= :a:b)) %{d} (e (>= \"%{x}\"))))"))
	for _, a := range recorded(f) {
		f.Add(content(a, "dune-project"))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse("dune-project", data)
		if err != nil {
			if opam.Mistakes(err) == nil {
				t.Error("an error that isn't a list of mistakes")
			}
			return
		}
		for i := range file.Packages {
			p := &file.Packages[i]
			text := generated(file, p, func(w []want) []want { return w })
			a, err := opam.Parse("p.opam", []byte(text))
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if all := file.Differences(p.Name, a, nil); len(all) > 0 {
				t.Errorf("%v\n%s", all, text)
			}
		}
	})
}
