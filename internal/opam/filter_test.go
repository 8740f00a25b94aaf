package opam_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ofarm/ofarm/internal/opam"
)

// vars is an Env for tests: "name" or "pkg:name" to a value.
type vars map[string]opam.Value

func (m vars) Lookup(v opam.Variable) (opam.Value, bool) {
	x, ok := m[v.String()]
	return x, ok
}

var sample = vars{
	"os":          opam.String("linux"),
	"os-version":  opam.String("12"),
	"t":           opam.Bool(true),
	"f":           opam.Bool(false),
	"true-text":   opam.String("true"),
	"list":        opam.List("a", "b c"),
	"none":        opam.List(),
	"single":      opam.List("true"),
	"nested":      opam.String("x%{os}%"),
	"jobs":        opam.RunTime("jobs"),
	"a:installed": opam.Bool(true),
	"b:installed": opam.Bool(true),
	"c:installed": opam.Bool(false),
	"a:version":   opam.String("1.10"),
	"_:name":      opam.String("self"),
	"a+b:x":       opam.String("never"),
}

func TestFilter(t *testing.T) {
	tests := map[string]string{ // filter to value, "?" is undefined
		`t`:                          "true",
		`f`:                          "false",
		`u`:                          "?",
		`!u`:                         "?",
		`?u`:                         "false",
		`?f`:                         "true",
		`?jobs`:                      "true",
		`?(u = "x")`:                 "false",
		`t & u`:                      "?",
		`u & f`:                      "false",
		`f & u`:                      "false",
		`u | t`:                      "true",
		`t | u`:                      "true",
		`u | f`:                      "?",
		`u = "x"`:                    "?",
		`"x" != u`:                   "?",
		`os = "linux"`:               "true",
		`os != "linux"`:              "false",
		`"os" != "win32"`:            "true",
		`os-version >= "8"`:          "true",
		`a:version > "1.9"`:          "true",
		`a:version < "1.9"`:          "false",
		`os-version = "012"`:         "true",
		`t = "true"`:                 "true",
		`true-text & t`:              "true",
		`!true-text`:                 "false",
		`os & t`:                     "?",
		`os | t`:                     "true",
		`!os`:                        "?",
		`single & t`:                 "true",
		`list = "a b c"`:             "true",
		`nested = "xlinux"`:          "true",
		`"%{os}%" = "linux"`:         "true",
		`"%{u}%" = ""`:               "true",
		`a+b:installed`:              "true",
		`a+c:installed`:              "false",
		`a+u:installed`:              "?",
		`u+c:installed`:              "false",
		`c:enable = "disable"`:       "true",
		`u:enable = "disable"`:       "true",
		`a+b:enable = "enable"`:      "true",
		`_:name = "self"`:            "true",
		`os = "linux" & !(f | c:x) `: "?",
		`true & !false`:              "true",
		`12 = "012"`:                 "true",
		`(t)`:                        "true",
		`os-version >= "8" & os-version < "11" | t`: "true",
	}
	for text, want := range tests {
		f := mustParse(t, "available: "+text)
		v, err := f.Available.Eval(sample)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := "?"
		if v.Defined() {
			got = v.Text()
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
		holds, _ := f.Available.True(sample)
		if holds != (want == "true") {
			t.Errorf("%s: True is %v", text, holds)
		}
	}
}

func TestFilterOnRunTime(t *testing.T) {
	for _, text := range []string{`jobs`, `jobs > 1`, `"%{jobs}%" = "1"`, `t & jobs`, `"%{jobs?a:b}%" = "a"`} {
		f := mustParse(t, "available: "+text)
		_, err := f.Available.Eval(sample)
		var runtime *opam.RunTimeError
		if !errors.As(err, &runtime) {
			t.Errorf("%s: got %v, want a RunTimeError", text, err)
		}
	}
}

func TestExpand(t *testing.T) {
	tests := map[string]string{
		"plain":                       "plain",
		"%":                           "%",
		"100%":                        "100%",
		"%%{os}%":                     "%{os}%",
		"a%{os}%b":                    "alinuxb",
		"%{os}%%{os}%":                "linuxlinux",
		"%{u}%":                       "",
		"%{t}%":                       "true",
		"%{t?yes:no}%":                "yes",
		"%{f?yes:no}%":                "no",
		"%{u?yes:no}%":                "no",
		"%{os?yes:no}%":               "no",
		"%{a:installed?+a:}%":         "+a",
		"%{a+c:enable}%":              "disable",
		"%{list}%":                    "a b c",
		"%{os":                        "%{os",
		"%{os\n}%":                    "%{os\n}%",
		"%{a}b}%":                     "",
		"%{}%":                        "%{}%",
		"%{os}":                       "%{os}",
		"%{?a:version:}%":             "1.10",
		"-j%{jobs}%":                  "-j%{jobs}%",
		"%{nested}%":                  "x%{os}%",
		"%{t?%%:x}%":                  "%%",
		"%{u}%%{ocaml:u}%x%{t?+a:}%y": "x+ay",
	}
	for text, want := range tests {
		w, err := opam.Expand(text, sample)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if w.String() != want {
			t.Errorf("%q: got %q, want %q", text, w, want)
		}
	}
}

func TestEvalCommands(t *testing.T) {
	f := mustParse(t, `build: [
  ["a" "%{os}%-x" os "-j%{jobs}%" jobs u list none]
  ["b" {t} "c" {f} "d" {u} "e" {os}]
  ["f"] {f}
  ["g" {f}] {t}
  ["" "h"] {!f}
  [list {t}]
]`)
	got, err := opam.EvalCommands(f.Build, sample)
	if err != nil {
		t.Fatal(err)
	}
	text := func(s string) opam.Word { return opam.Word{{Text: s}} }
	want := [][]opam.Word{
		{text("a"), text("linux-x"), text("linux"), {{Text: "-j"}, {RunTime: "jobs"}}, {{RunTime: "jobs"}}, nil, text("a"), text("b c")},
		{text("b")},
		{nil, text("h")},
		{text("a"), text("b c")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s, ok := got[0][4].Literal(); ok {
		t.Errorf("a run-time word as literal %q", s)
	}
	for _, bad := range []string{`build: ["a" {jobs > 1}]`, `build: ["a"] {jobs}`, `build: ["%{jobs?a:b}%"]`} {
		if _, err := opam.EvalCommands(mustParse(t, bad).Build, sample); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

// TestCommandBrackets has the spellings with fewer brackets that opam reads.
func TestCommandBrackets(t *testing.T) {
	for text, want := range map[string]int{
		`build: make`:                              1,
		`build: "make"`:                            1,
		`build: [make]`:                            1,
		`build: [make "x"] {t}`:                    1,
		`build: [[make "x"]]`:                      1,
		`build: [[make] {t} [make "install"] {f}]`: 1,
		`build: []`:                                0,
		`build: [[]]`:                              0,
	} {
		cmds, err := opam.EvalCommands(mustParse(t, text).Build, sample)
		if err != nil || len(cmds) != want {
			t.Errorf("%s: %v, %v; want %d commands", text, cmds, err, want)
		}
	}
}

func TestDepexts(t *testing.T) {
	f := mustParse(t, `depexts: [
  ["a" "b"] {os = "linux"}
  ["c"] {os = "macos"}
  ["b" "d"] {u | t}
  ["e"]
  [["linux"] ["f"]]
  [["linux" "x86_64"] ["g"]]
]`)
	got, err := opam.SystemPackages(f.Depexts, sample)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "d", "e", "f"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
