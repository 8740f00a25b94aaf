package opam_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ofarm/ofarm/internal/opam"
)

func readExport(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func exportedIDs(list []opam.ExportedPackage) string {
	var ids []string
	for _, p := range list {
		ids = append(ids, p.ID())
	}
	return strings.Join(ids, " ")
}

// TestParseSwitchExport reads what opam 2.1 has written.
func TestParseSwitchExport(t *testing.T) {
	x, err := opam.ParseSwitchExport("x", readExport(t, "pinned.export"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("dune.3.17.2 lwt.5.6.1 pinme.0.1", exportedIDs(x.Roots)); diff != "" {
		t.Errorf("roots (-want +got):\n%s", diff)
	}
	if len(x.Installed) != 17 || x.Installed[4].ID() != "conf-libev.4-12" || x.Installed[4].At != (opam.Position{Line: 8, Column: 3}) {
		t.Errorf("installed are %v", x.Installed)
	}
	if diff := cmp.Diff("pinme.0.1", exportedIDs(x.Pinned)); diff != "" {
		t.Errorf("pinned (-want +got):\n%s", diff)
	}
	f := x.File("pinme")
	if f == nil || f.URL == nil || f.URL.URL != "git+https://example.org/pinme.git#main" {
		t.Errorf("the opam file of pinme is %+v", f)
	}
	if x.File("lwt") != nil {
		t.Error("there is an opam file of lwt")
	}

	x, err = opam.ParseSwitchExport("x", readExport(t, "compiler.export"))
	if err != nil {
		t.Fatal(err)
	}
	if got := exportedIDs(x.Compiler); got != "ocaml-base-compiler.4.13.1" {
		t.Errorf("the compiler is %q", got)
	}
}

func TestSwitchExportMistakes(t *testing.T) {
	const head = "opam-version: \"2.0\"\n"
	tests := map[string]struct{ in, want string }{
		"all at once": {
			head + "installed: [\n  \"a\"\n  b\n  \"c.1\"\n  \"c.2\"\n]\nroots: 3\n",
			"x:3:3: \"a\" is not NAME.VERSION\nx:4:3: expected a string\nx:6:3: \"c\" stands twice in the list\nx:8:8: expected a string",
		},
		"syntax":          {head + "installed: [\n", `x:3:1: "]" is missing before the end of the file`},
		"twice":           {head + "installed: []\ninstalled: []\n", `x:3:1: field "installed" stands twice`},
		"no title":        {head + "installed: []\npackage { opam-version: \"2.0\" }\n", `x:3:1: a section "package" without a package's name`},
		"two sections":    {head + "installed: []\npackage \"a\" { opam-version: \"2.0\" }\npackage \"a\" { opam-version: \"2.0\" }\n", `x:4:1: package "a" stands twice`},
		"other name":      {head + "installed: []\npackage \"a\" { opam-version: \"2.0\" name: \"b\" }\n", `x:3:1: package "a" has the opam file of "b"`},
		"in a section":    {head + "installed: []\npackage \"a\" {\n  opam-version: \"2.0\"\n  depends: [1]\n}\n", `x:5:13: expected a string`},
		"old opam":        {"opam-version: \"1.2\"\ninstalled: []\n", `x:1:15: opam-version "1.2": only 2.x is known`},
		"not an export":   {head + "depends: []\n", `x: no installed: not an export of an opam switch`},
		"no opam-version": {"installed: []\n", `x: no opam-version: not an export of an opam switch`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := opam.ParseSwitchExport("x", []byte(tt.in))
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestIsSwitchExport(t *testing.T) {
	tests := map[string]bool{
		"opam-version: \"2.0\"\ninstalled: []\n":                  true,
		"installed: [1]\nroots: [\n":                              true,
		"opam-version: \"2.0\"\ndepends: [\"a\" {= \"1\"}]\n":     false,
		"opam-version: \"2.0\"\ninstalled { src: \"x\" }\n":       false,
		"opam-version: \"2.0\"\ndescription: \"installed: []\"\n": false,
		"": false,
	}
	for in, want := range tests {
		if got := opam.IsSwitchExport([]byte(in)); got != want {
			t.Errorf("IsSwitchExport(%q) is %v", in, got)
		}
	}
}

func FuzzParseSwitchExport(f *testing.F) {
	f.Add(string(readExport(f, "pinned.export")))
	f.Add(string(readExport(f, "compiler.export")))
	f.Fuzz(func(t *testing.T, text string) {
		x, err := opam.ParseSwitchExport("fuzz", []byte(text))
		if err != nil {
			if len(opam.Mistakes(err)) == 0 {
				t.Fatalf("an error without mistakes: %v", err)
			}
			return
		}
		if !opam.IsSwitchExport([]byte(text)) {
			t.Error("it is an export and isn't told")
		}
		for _, p := range x.Installed {
			if !opam.ValidName(p.Name) || !opam.ValidVersion(p.Version) {
				t.Errorf("installed is %q", p.ID())
			}
		}
	})
}

// TestSwitchExportOfOpam lets the opam that is installed export a switch, with
// every kind of field.
func TestSwitchExportOfOpam(t *testing.T) {
	if _, err := exec.LookPath("opam"); err != nil {
		t.Skip("opam is not installed")
	}
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("repo/repo", "opam-version: \"2.0\"\n")
	write("repo/packages/a/a.1.0/opam", "opam-version: \"2.0\"\nflags: compiler\n")
	write("repo/packages/b/b.2~x/opam", "opam-version: \"2.0\"\ndepends: \"a\"\nextra-files: [\"f\" \"md5=d41d8cd98f00b204e9800998ecf8427e\"]\n")
	write("repo/packages/b/b.2~x/files/f", "")
	write("pin/pin.opam", "opam-version: \"2.0\"\ndepends: \"b\"\nbuild: [[\"true\"] {os = \"linux\"}]\n")
	run := func(args ...string) {
		c := exec.Command("opam", args...)
		c.Dir = dir
		c.Env = append(os.Environ(), "OPAMROOT="+filepath.Join(dir, "root"), "OPAMYES=1", "OPAMROOTISOK=1", "OPAMSWITCH=")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("opam %q: %v\n%s", args, err, out)
		}
	}
	run("init", "--bare", "--no-setup", "--disable-sandboxing", "--bypass-checks", "main", filepath.Join(dir, "repo"))
	run("switch", "create", "s", "a.1.0", "--fake")
	run("pin", "add", "--switch=s", "-n", "--kind=path", "pin", filepath.Join(dir, "pin"))
	run("install", "--switch=s", "--fake", "pin")
	run("switch", "export", "--switch=s", "--full", "export")
	data, err := os.ReadFile(filepath.Join(dir, "export"))
	if err != nil {
		t.Fatal(err)
	}
	x, err := opam.ParseSwitchExport("export", data)
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	if got := exportedIDs(x.Installed); got != "a.1.0 b.2~x pin.dev" && got != "a.1.0 b.2~x pin.~dev" {
		t.Errorf("installed are %q\n%s", got, data)
	}
	if len(x.Pinned) != 1 || x.Pinned[0].Name != "pin" || x.File("b") == nil {
		t.Errorf("pinned are %v\n%s", x.Pinned, data)
	}
}
