package opam_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ofarm/ofarm/internal/opam"
)

func TestDependsEval(t *testing.T) {
	tests := map[string]string{ // field to formula
		`depends: []`:                                               ``,
		`depends: "a"`:                                              `"a"`,
		`depends: ["a" "b" {f} "c" {u} "d" {t}]`:                    `"a" & "d"`,
		`depends: ["a" {>= "1" & t} "b" {>= "1" & f}]`:              `"a" {>= "1"}`,
		`depends: ["a" {>= "1" | t} "b" {>= "1" | f}]`:              `"a" & "b" {>= "1"}`,
		`depends: ["a" {(>= "1" & < "2" | = "3") & != "1.5"}]`:      `"a" {(>= "1" & < "2" | = "3") & != "1.5"}`,
		`depends: ["a" {!(>= "1" & t)}]`:                            `"a" {< "1"}`,
		`depends: ["a" {!(>= "1" | f)}]`:                            `"a" {< "1"}`,
		`depends: ["a" {= version} "b" {= u} "c" {= "%{os}%"}]`:     `"a" {= "9"} & "b" & "c" {= "linux"}`,
		`depends: [("a" "b") | "c" "d"]`:                            `("a" & "b" | "c") & "d"`,
		`depends: ["a" & ("b" {f} | "c" {t}) ("x" {f} | "y" {f})]`:  `"a" & "c"`,
		`depends: ["a" {with-test} "b" {build} "c" {post}]`:         ``,
		`depends: ["a" {os = "linux"} "b" {os = "linux" & >= "1"}]`: `"a" & "b" {>= "1"}`,
		`depopts: ["a" "b" {>= "1"}]`:                               `"a" | "b" {>= "1"}`,
		`conflicts: ["a" {< "2"} "b"]`:                              `"a" {< "2"} | "b"`,
		`depopts: ["a" & "b" "c"]`:                                  `"a" & "b" | "c"`,
	}
	env := opam.Overlay(sample, map[string]opam.Value{"version": opam.String("9")})
	for text, want := range tests {
		f := mustParse(t, text)
		var r opam.Requirement
		for _, formula := range []opam.Formula{f.Depends, f.Depopts, f.Conflicts} {
			if formula.Op == opam.FormulaEmpty {
				continue
			}
			var err error
			if r, err = formula.Eval(env); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, r.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestMissing(t *testing.T) {
	f := mustParse(t, `depends: ["a" {>= "1" & < "2"} "b" | "c" {>= "2"} "d" ("e" & "f" | "g")]`)
	r, err := f.Depends.Eval(sample)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		installed map[string]string
		want      []string
		present   []string
	}{
		"all":       {map[string]string{"a": "1.5", "c": "2", "d": "0", "g": "1"}, nil, []string{"a", "c", "d", "g"}},
		"too new":   {map[string]string{"a": "2", "b": "1", "d": "0", "e": "1", "f": "1"}, []string{`"a" {>= "1" & < "2"}`}, []string{"b", "d", "e", "f"}},
		"nothing":   {nil, []string{`"a" {>= "1" & < "2"}`, `"b" | "c" {>= "2"}`, `"d"`, `"e" & "f" | "g"`}, nil},
		"pre":       {map[string]string{"a": "2~", "b": "1", "d": "0", "g": "1"}, nil, []string{"a", "b", "d", "g"}},
		"half pair": {map[string]string{"a": "1", "b": "1", "d": "0", "e": "1"}, []string{`"e" & "f" | "g"`}, []string{"a", "b", "d", "e"}},
	}
	for name, tt := range tests {
		var got []string
		for _, m := range r.Missing(tt.installed) {
			got = append(got, m.String())
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: missing (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(tt.present, r.Present(tt.installed)); diff != "" {
			t.Errorf("%s: present (-want +got):\n%s", name, diff)
		}
		if r.Satisfied(tt.installed) != (tt.want == nil) {
			t.Errorf("%s: satisfied is %v", name, r.Satisfied(tt.installed))
		}
	}
}

func TestDependencies(t *testing.T) {
	f := mustParse(t, `
depends: ["run" "both" {build} "both" "tool" {build} "later" {post} "test" {with-test} "tool2" {build & with-test} "gone"]
depopts: ["opt" "run" "old" {>= "2"} "toolopt" {build}]`)
	installed := map[string]string{}
	for _, name := range []string{"run", "both", "tool", "later", "test", "tool2", "opt", "old", "toolopt", "other"} {
		installed[name] = "1"
	}
	got, err := f.Dependencies(sample, installed)
	if err != nil {
		t.Fatal(err)
	}
	want := []opam.Dependency{
		{Name: "both"},
		{Name: "opt", Optional: true},
		{Name: "run"},
		{Name: "tool", Build: true},
		{Name: "toolopt", Build: true, Optional: true},
	}
	if diff := cmp.Diff(want, got.Before); diff != "" {
		t.Errorf("before (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"later"}, got.Post); diff != "" {
		t.Errorf("post (-want +got):\n%s", diff)
	}
	if len(got.Missing) != 1 || got.Missing[0].String() != `"gone"` {
		t.Errorf("missing %v", got.Missing)
	}
}

func TestParseLocked(t *testing.T) {
	l, err := opam.ParseLocked("p.opam.locked", []byte(`opam-version: "2.0"
depends: [
  "a" {= "1.0"}
  "b" {= "2~beta" & with-test}
  "c" {build & = "v0.1"}
]
pin-depends: ["a.1.0" "git+https://example.org/a#abc"]
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range l.Packages {
		wanted, err := p.When.True(opam.EnvFunc(func(v opam.Variable) (opam.Value, bool) {
			return opam.Bool(v.Name == "build"), true
		}))
		if err != nil {
			t.Fatal(err)
		}
		if wanted {
			got = append(got, p.Name+"."+p.Version)
		}
	}
	if diff := cmp.Diff([]string{"a.1.0", "c.v0.1"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(l.File.PinDepends) != 1 {
		t.Errorf("pin-depends: %v", l.File.PinDepends)
	}
	_, err = opam.ParseLocked("l", []byte(`opam-version: "2.0"
depends: [
  "a"
  "b" {>= "1"}
  "c" {= "1"} | "d" {= "1"}
  "e" {= "1" | = "2"}
  "f" {= version}
  "g" {= "1" & = "2"}
  "h" {= "1"}
  "h" {= "1"}
]`))
	want := `l:3:3: "a" is not locked: expected {= "version"}
l:4:3: "b" is not locked to a version: expected {= "version"}
l:5:3: a choice between packages is not locked
l:6:3: "e" is not locked: it has alternatives
l:7:3: "f" is not locked to a version: expected {= "version"}
l:8:3: "g" is locked to two versions
l:10:3: "h" is locked twice`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
