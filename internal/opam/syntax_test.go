package opam_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/ofarm/ofarm/internal/opam"
)

var ignorePositions = cmpopts.IgnoreTypes(opam.Position{})

func mustParse(t testing.TB, text string) *opam.File {
	t.Helper()
	if !strings.Contains(text, "opam-version") {
		text = "opam-version: \"2.0\"\n" + text
	}
	f, err := opam.Parse("opam", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestValues shows values by what the printer makes of them.
func TestValues(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"string":           {`"a\n\"\\\065\x42 \ b"`, "\"a\n\\\"\\\\AB  b\""},
		"line join":        {"\"a\\\n   b\\\r\n\tc\"", `"abc"`},
		"triple":           {`"""a "b" ""c"""`, `"a \"b\" \"\"c"`},
		"empty":            {`""`, `""`},
		"control":          {"\"a\tb\"", `"a\009b"`},
		"int":              {`-1_000`, `-1000`},
		"bool":             {`true`, `true`},
		"ident":            {`a+_+b-1:c`, `a+_+b-1:c`},
		"ident from digit": {`[4ti2 _:name]`, `[4ti2 _:name]`},
		"list":             {`[ a"b"c[] ]`, `[a "b" c []]`},
		"group":            {`(a & b) | c`, `(a & b) | c`},
		"option":           {`"a"{b}{>="1"&!c}`, `"a" {b} {>= "1" & !c}`},
		"comments":         {"[a (* (* \" *) \n *) b # c ]\n d]", `[a b d]`},
		"prefix":           {`!a:b & ?c | !(d = "e")`, `!a:b & ?c | !(d = "e")`},
		"env updates":      {`[[A+="x"] [B=+"x"] [C:="x"] [D=:"x"] [E=+="x"] [F="x"]]`, `[[A += "x"] [B =+ "x"] [C := "x"] [D =: "x"] [E =+= "x"] [F = "x"]]`},
		"relations":        {`[{a<"1"}]`, ``},
		"old ~":            {`"a" {~ "1"}`, `"a" {>= "1"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := opam.Parse("opam", []byte("opam-version: \"2.0\"\nx-v: "+tt.in+"\n"))
			if tt.want == "" {
				if err == nil {
					t.Fatalf("accepted as %s", opam.AppendExpr(nil, f.Field("x-v")))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(opam.AppendExpr(nil, f.Field("x-v")))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPrecedence(t *testing.T) {
	f := mustParse(t, `x-v: a | b & c | !d {e} & f`)
	id := func(s string) opam.Expr { return &opam.Ident{Name: s} }
	op := func(op string, x, y opam.Expr) opam.Expr { return &opam.BinaryExpr{Op: op, X: x, Y: y} }
	not := &opam.PrefixExpr{Op: "!", X: &opam.OptionExpr{X: id("d"), Args: []opam.Expr{id("e")}}}
	want := op("|", op("|", id("a"), op("&", id("b"), id("c"))), op("&", not, id("f")))
	if diff := cmp.Diff(want, f.Field("x-v"), ignorePositions); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMistakes(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"all at once": {
			"opam-version: \"2.0\"\ndepends: [\n  \"a\" {>= }\n]\nname: 3\nbuild: [[\"x\" 1]]\n",
			`o:3:11: expected a value, found "}"
o:5:7: expected a string
o:6:14: expected a string or a variable as the argument of a command`,
		},
		"open string":   {"opam-version: \"2.0\"\nname: \"a\n", "o:2:7: string without an end: \" is missing\no:3:1: expected a value, found the end of the file"},
		"open comment":  {"opam-version: \"2.0\"\n(* (* *)\n", `o:2:1: comment without an end: "*)" is missing`},
		"bad escape":    {"opam-version: \"2.0\"\nsynopsis: \"\\q\"\n", `o:2:12: unknown escape after the backslash`},
		"decimal":       {"opam-version: \"2.0\"\nsynopsis: \"\\256\"\n", `o:2:12: unknown escape after the backslash`},
		"bad byte":      {"opam-version: \"2.0\"\nname: $\n", "o:2:7: unexpected \"$\"\no:3:1: expected a value, found the end of the file"},
		"open list":     {"opam-version: \"2.0\"\nbuild: [ make", `o:2:14: "]" is missing before the end of the file`},
		"open section":  {"opam-version: \"2.0\"\nurl { src: \"x\"", `o:2:15: section "url" without an end: "}" is missing`},
		"no colon":      {"opam-version: \"2.0\"\nname \"a\"\n", `o:3:1: expected "{" or ":" after "name", found the end of the file`},
		"twice":         {"opam-version: \"2.0\"\nname: \"a\"\nname: \"b\"\n", `o:3:1: field "name" stands twice`},
		"not opam":      {"# nothing\n", `o: no opam-version: not an opam file`},
		"version 1":     {"opam-version: \"1.2\"\n", `o:1:15: opam-version "1.2": only 2.x is known`},
		"two filters":   {"opam-version: \"2.0\"\nbuild: [[\"a\" {b c}]]\n", `o:2:17: expected a single filter: "&" or "|" is missing`},
		"no left":       {"opam-version: \"2.0\"\navailable: >= \"1\"\n", `o:2:12: ">=" has nothing on its left`},
		"checksum":      {"opam-version: \"2.0\"\nurl { src: \"x\" checksum: \"sha256=12\" }\n", `o:2:26: "sha256=12" is no checksum: expected md5=, sha256= or sha512= and as many hexadecimal digits`},
		"no src":        {"opam-version: \"2.0\"\nurl { }\n", `o:2:1: source without "src"`},
		"constraint":    {"opam-version: \"2.0\"\ndepends: [\"a\" >= \"1\"]\n", `o:2:11: ">=" can't stand between packages; a version constraint goes in braces after the package`},
		"package name":  {"opam-version: \"2.0\"\ndepends: \"a b\"\n", `o:2:10: "a b" is no package name`},
		"number":        {"opam-version: \"2.0\"\nx-a: 99999999999999999999\n", `o:2:6: number 99999999999999999999 is out of range`},
		"deep":          {"opam-version: \"2.0\"\nx-a: " + strings.Repeat("[", 500), `o:2:105: values nested deeper than 200`},
		"no env update": {"opam-version: \"2.0\"\nsetenv: [[\"A\" = \"b\"]]\n", `o:2:11: expected the name of an environment variable`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := opam.Parse("o", []byte(tt.in))
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if n := strings.Count(tt.want, "\n") + 1; len(opam.Mistakes(err)) != n {
				t.Errorf("%d mistakes, want %d", len(opam.Mistakes(err)), n)
			}
		})
	}
}

func TestFields(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "every-field.opam"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := opam.Parse("every-field.opam", data)
	if err != nil {
		t.Fatal(err)
	}
	checks := map[string]struct{ got, want any }{
		"name":     {f.Name, "every-field"},
		"version":  {f.Version, "1.0~beta"},
		"depends":  {f.Depends.Packages(), []string{"ocaml", "dune", "a", "b", "c"}},
		"depopts":  {f.Depopts.Packages(), []string{"d", "e"}},
		"classes":  {f.ConflictClass, []string{"one", "two"}},
		"flags":    {f.Flags, []string{"conf", "avoid-version"}},
		"substs":   {f.Substs, []string{"META"}},
		"license":  {f.License, []string{"ISC"}},
		"synopsis": {f.Synopsis, "Every field"},
		"authors":  {f.Authors, []string{"A", "B"}},
		"pins":     {f.PinDepends, []opam.PinDepend{{Name: "a", Version: "1.0", URL: "git+https://example.org/a"}}},
		"files":    {f.ExtraFiles, []opam.ExtraFile{{Name: "x.patch", Checksum: opam.Checksum{Kind: "md5", Hex: strings.Repeat("0", 32)}}}},
		"url":      {f.URL.URLs(), []string{"https://example.org/a.tar.gz", "https://mirror.example.org/a.tar.gz"}},
		"subpath":  {f.URL.Subpath, "sub"},
		"sum":      {f.URL.Checksums[0].String(), "sha256=" + strings.Repeat("ab", 32)},
		"extra":    {f.ExtraSources[0].Name, "fix.patch"},
		"patches":  {len(f.Patches), 2},
		"unknown":  {len(f.Unknown()), 2},
		"flag":     {f.HasFlag("conf"), true},
		"no flag":  {f.HasFlag("compiler"), false},
		"x field":  {f.Field("x-list") != nil, true},
	}
	for name, c := range checks {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	want := []opam.EnvUpdate{{Name: "PATH", Op: "+=", Value: "%{bin}%"}, {Name: "X", Op: "=", Value: "1"}}
	if diff := cmp.Diff(want, f.SetEnv, ignorePositions); diff != "" {
		t.Errorf("setenv (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]opam.EnvUpdate{{Name: "Y", Op: "=", Value: "2"}}, f.BuildEnv, ignorePositions); diff != "" {
		t.Errorf("build-env (-want +got):\n%s", diff)
	}
}

func TestEnvUpdateApply(t *testing.T) {
	for op, want := range map[string][2]string{
		"=":   {"new", "new"},
		"+=":  {"new:old", "new"},
		"=+":  {"old:new", "new"},
		":=":  {"new:old", "new:"},
		"=:":  {"old:new", ":new"},
		"=+=": {"new:old", "new"},
	} {
		u := opam.EnvUpdate{Op: op}
		got := [2]string{u.Apply("old", "new", ":"), u.Apply("", "new", ":")}
		if got != want {
			t.Errorf("%s: got %q, want %q", op, got, want)
		}
	}
}

// sameAfterPrint reads what the printer wrote and compares.
func sameAfterPrint(t *testing.T, f *opam.File) {
	t.Helper()
	text := f.Append(nil)
	again, err := opam.Parse("printed", text)
	if err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	if diff := cmp.Diff(f.Items, again.Items, ignorePositions); diff != "" {
		t.Fatalf("printing changed the meaning (-read +printed):\n%s", diff)
	}
}

func TestPrint(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "every-field.opam"))
	if err != nil {
		t.Fatal(err)
	}
	f := mustParse(t, string(data))
	sameAfterPrint(t, f)
	long := mustParse(t, "depends: [\"a\" {>= \"1.0\" & with-test} \"b\" {>= \"1.0\" & with-test} \"c\" {>= \"1.0\" & with-test}]\n")
	want := "opam-version: \"2.0\"\ndepends: [\n  \"a\" {>= \"1.0\" & with-test}\n  \"b\" {>= \"1.0\" & with-test}\n  \"c\" {>= \"1.0\" & with-test}\n]\n"
	if diff := cmp.Diff(want, string(long.Append(nil))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	data, err := os.ReadFile(filepath.Join("testdata", "every-field.opam"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(data))
	f.Fuzz(func(t *testing.T, text string) {
		file, err := opam.Parse("fuzz", []byte(text))
		if err != nil {
			if len(opam.Mistakes(err)) == 0 {
				t.Fatalf("an error without mistakes: %v", err)
			}
			return
		}
		sameAfterPrint(t, file)
		if _, err := file.Depends.Eval(opam.Scope{}); err != nil {
			t.Fatal(err)
		}
		if _, err := opam.EvalCommands(file.Build, opam.Scope{Name: "p"}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestFieldNames(t *testing.T) {
	t.Parallel()
	names := opam.FieldNames()
	if !slices.IsSorted(names) || !slices.Contains(names, "depends") || !slices.Contains(names, "libraries") {
		t.Errorf("got %q", names)
	}
}
