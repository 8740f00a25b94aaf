package opam_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ofarm/ofarm/internal/opam"
	"pgregory.net/rapid"
)

// awks are the commands of the awks that are installed.
func awks(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for name, cmd := range map[string][]string{
		"mawk":         {"mawk"},
		"busybox":      {"busybox", "awk"},
		"gawk":         {"gawk", "--posix"},
		"original-awk": {"original-awk"},
	} {
		if path, err := exec.LookPath(cmd[0]); err == nil {
			found[name] = append([]string{path}, cmd[1:]...)
		}
	}
	if len(found) == 0 {
		t.Skip("no awk")
	}
	return found
}

// awkRun is one awk with one program.
type awkRun struct {
	cmd    []string
	script string
}

func newAwk(t *testing.T, cmd []string, script string) awkRun {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script.awk")
	if err := os.WriteFile(path, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	return awkRun{cmd, path}
}

// run gives what the program prints for the inputs, one after another, and
// whether it fails.
func (a awkRun) run(assigns []string, input string) (stdout, stderr string, err error) {
	args := a.cmd[1:]
	for _, x := range assigns {
		args = append(args, "-v", x)
	}
	cmd := exec.Command(a.cmd[0], append(args, "-f", a.script, input)...)
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

const testPrefix = "/opt/switch"

// installLines is what install.awk must print.
func installLines(text string) (string, error) {
	in, err := opam.ParseInstall("p.install", []byte(text))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, e := range in.Entries {
		dst, ok := e.Target(testPrefix, "pkg")
		if !ok {
			return "", fmt.Errorf("%q is outside of the prefix", e.Dst)
		}
		mode := "-"
		if e.Field.Mode != 0 {
			mode = fmt.Sprintf("%04o", e.Field.Mode)
		}
		optional := 0
		if e.Optional {
			optional = 1
		}
		fmt.Fprintf(&b, "%s\t%d\t%s\t%s\n", mode, optional, e.Src, dst)
	}
	return b.String(), nil
}

var installSamples = map[string]string{
	"empty":     "",
	"one":       `bin: "a"`,
	"one named": `bin: "a" {"b"}` + "\nlib: \"c\"",
	"dune": `lib: [
  "_build/install/default/lib/p/META"
  "_build/install/default/lib/p/p.cma" {"sub/p.cma"}
  "?_build/install/default/lib/p/p.cmxs"
]
libexec: ["_build/install/default/lib/p/p.cmxs"]
bin: ["_build/install/default/bin/p" {"p"}]
doc: ["README.md"]
`,
	"every field": `lib: "l" libexec: "le" lib_root: "lr" libexec_root: "ler" bin: "b" sbin: "sb"
toplevel: "t" stublibs: "dll.so" man: "x.1" share: "s" share_root: "sr" etc: "e" doc: "d"
misc: ["m" {"/opt/switch/misc/m"} "n" {"/opt/switch//./x/../n"}]`,
	"man":          `man: ["a/x.1" "y.8.gz" "z" {"man3/z.3"} "w.3pm" "v.1.2"]`,
	"comments":     "# one\nlib: [ (* two (* three *) \"x\" *) \"a\" # four\n (* five\n *) \"b\"]",
	"strings":      "lib: [\"\"\"a\"b\"\"\" \"c\\\n   d\" \"\\\"e\\\\\" \"\\065\\x42\" ]",
	"unknown":      "opam-version: \"2.0\"\nx-a: [ \"a\" {b} (c | d:e) ]\nother: f & g:h\nlib: [\"a\"]\nlast: [b]",
	"odd":          `lib: [] bin: ["a" {}] etc: ["" {"x"}]`,
	"dots":         `lib: ["a" {"../b"} "c" {"./d//e/"}] share_root: ["x" {"y/../z"}]`,
	"out":          `lib: ["a" {"../../b"}]`,
	"out deep":     `bin: ["a" {"../../../b"}]`,
	"misc out":     `misc: ["a" {"/etc/passwd"}]`,
	"misc rel":     `misc: ["a" {"b"}]`,
	"misc bare":    `misc: ["a"]`,
	"man bare":     `man: ["a"]`,
	"empty name":   `lib: [""]`,
	"no colon":     `lib ["a"]`,
	"open list":    `lib: ["a"`,
	"open string":  `lib: ["a`,
	"open comment": `lib: ["a"] (* b`,
	"ident":        `lib: [a]`,
	"number":       `lib: 3`,
	"two":          `lib: ["a" {"b" "c"}]`,
	"twice":        `lib: ["a" {"b"} {"c"}]`,
	"nested":       `lib: [["a"]]`,
	"group":        `lib: ("a")`,
	"braces":       `lib: {"a"}`,
	"all braces":   `lib: ["a"] {"b"}`,
	"stray":        `lib: ["a"] "b"`,
	"section":      `lib { a: 1 }`,
	"no value":     `lib:`,
	"unknown bare": `x-a:`,
	"unknown open": `x-a: [ "b"`,
	"escape":       `lib: ["\q"]`,
	"tab":          `lib: ["a\tb"]`,
	"line feed":    "lib: [\"a\nb\"]",
	"crlf":         "lib: [\r\n\"a\"\r\n]\r\n",
}

func TestInstallScriptSamples(t *testing.T) {
	for name, cmd := range awks(t) {
		awk := newAwk(t, cmd, opam.InstallScript)
		for sample, text := range installSamples {
			compareInstall(t, name+"/"+sample, awk, text)
		}
	}
}

// TestInstallScriptOnRealFiles takes those extra sources of real packages that
// are .install files.
func TestInstallScriptOnRealFiles(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(testbed(t, "extra-sources"), "*"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for name, cmd := range awks(t) {
		awk := newAwk(t, cmd, opam.InstallScript)
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if in, err := opam.ParseInstall(path, data); err == nil && len(in.Entries) > 0 {
				found++
				compareInstall(t, name+"/"+filepath.Base(path), awk, string(data))
			}
		}
	}
	if found < 8 {
		t.Errorf("only %d files", found)
	}
}

// compareInstall holds awk's answer against the Go one.
func compareInstall(t interface {
	Errorf(format string, args ...any)
	Fatal(args ...any)
}, name string, awk awkRun, text string) {
	input := awk.script + ".install"
	if err := os.WriteFile(input, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	want, wantErr := installLines(text)
	got, stderr, err := awk.run([]string{"name=pkg", "prefix=" + testPrefix}, input)
	if (err != nil) != (wantErr != nil) {
		t.Errorf("%s: awk: %v %s; Go: %v; for:\n%s", name, err, stderr, wantErr, text)
		return
	}
	if err != nil {
		got, want = "", ""
		code := err.(*exec.ExitError).ExitCode()
		if code != 2 || !strings.HasPrefix(stderr, input+":") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit code %d, message %q", name, code, stderr)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-Go +awk):\n%s\nfor:\n%s", name, diff, text)
	}
}

// TestInstallScript draws .install files, and ruins some of them.
func TestInstallScript(t *testing.T) {
	for name, cmd := range awks(t) {
		awk := newAwk(t, cmd, opam.InstallScript)
		left := 40 // processes
		rapid.Check(t, func(t *rapid.T) {
			if left--; left < 0 {
				return
			}
			compareInstall(t, name, awk, drawInstall(t))
		})
	}
}

func drawInstall(t *rapid.T) string {
	field := rapid.SampledFrom([]string{"lib", "bin", "man", "stublibs", "share_root", "misc", "x-unknown", "other"})
	blank := rapid.SampledFrom([]string{" ", "\n", "\t", " # c\n", " (* \" *) ", "\n\n"})
	text := rapid.SampledFrom([]string{"a", "b/c", "?d", "x.1", "é", `q\"q`, "sp ace", "x\\\n  y", "..", "../z", "/opt/switch/m", "#", "(*", "}"})
	quote := rapid.SampledFrom([]string{`"`, `"""`})
	var b strings.Builder
	str := func() {
		q := quote.Draw(t, "quote")
		b.WriteString(q + text.Draw(t, "text") + q)
	}
	for range rapid.IntRange(0, 4).Draw(t, "fields") {
		b.WriteString(field.Draw(t, "field") + ":" + blank.Draw(t, "blank") + "[")
		for range rapid.IntRange(0, 4).Draw(t, "entries") {
			b.WriteString(blank.Draw(t, "blank"))
			str()
			if rapid.Bool().Draw(t, "named") {
				b.WriteString(" {")
				str()
				b.WriteString("}")
			}
		}
		b.WriteString("]\n")
	}
	s := b.String()
	if len(s) > 0 && rapid.IntRange(0, 9).Draw(t, "ruin") == 0 {
		s = s[:rapid.IntRange(0, len(s)-1).Draw(t, "cut")]
	}
	return s
}

func TestSubstScript(t *testing.T) {
	scope := opam.Scope{
		Prefix:  testPrefix,
		Globals: map[string]opam.Value{"os": opam.String("linux"), "t": opam.Bool(true), "l": opam.List("a", "b"), "one": opam.List("true"), "jobs": opam.RunTime("jobs")},
		Name:    "self",
		Self:    opam.Package{Version: "1.0", Build: "/src"},
		Installed: map[string]opam.Package{
			"a":     {Version: "1.2"},
			"b":     {Version: "0", Pinned: true, Variables: map[string]opam.Value{"x": opam.Bool(false)}},
			"ocaml": {Version: "4.13.1"},
		},
	}
	table, err := opam.AppendBindings(nil, scope.Bindings())
	if err != nil {
		t.Fatal(err)
	}
	tableFile := filepath.Join(t.TempDir(), "table")
	if err := os.WriteFile(tableFile, table, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, cmd := range awks(t) {
		awk := newAwk(t, cmd, opam.SubstScript)
		rapid.Check(t, func(t *rapid.T) {
			text := strings.Join(rapid.SliceOfN(rapid.Custom(drawSubst), 60, 60).Draw(t, "lines"), "\n")
			compareSubst(t, name, awk, scope, tableFile, text)
		})
	}
}

func drawSubst(t *rapid.T) string {
	pkg := rapid.SampledFrom([]string{"", "", "a:", "b:", "c:", "_:", "self:", "a+b:", "a+c:", "c+a+b:", "+:", "?a:", "ocaml:"})
	name := rapid.SampledFrom([]string{"os", "t", "l", "one", "u", "installed", "enable", "pinned", "version", "name", "lib", "doc", "x", "dev", "build", "hash", "native", "stubsdir", "prefix", ""})
	choice := rapid.SampledFrom([]string{"", "", "", "?y:n", "?+a:", "?:b", ":"})
	piece := rapid.Custom(func(t *rapid.T) string {
		if rapid.Bool().Draw(t, "plain") {
			return rapid.SampledFrom([]string{"x", " ", "%", "%%", "%{", "}%", "}", "}}", `\`, "é", "\t", `"`, "&"}).Draw(t, "text")
		}
		return "%{" + pkg.Draw(t, "pkg") + name.Draw(t, "name") + choice.Draw(t, "choice") + "}%"
	})
	return strings.Join(rapid.SliceOfN(piece, 0, 6).Draw(t, "pieces"), "")
}

// compareSubst runs the script once for many lines. It is a process for each
// draw, so rapid's hundred draws are what it gets.
func compareSubst(t *rapid.T, name string, awk awkRun, scope opam.Scope, table, text string) {
	input := awk.script + ".in"
	if err := os.WriteFile(input, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	want, err := opam.Subst([]byte(text), scope)
	if err != nil {
		t.Fatal(err)
	}
	got, stderr, err := awk.run([]string{"table=" + table}, input)
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, stderr)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Fatalf("%s (-Go +awk):\n%s", name, diff)
	}
}

func TestSubstScriptWithoutTable(t *testing.T) {
	for name, cmd := range awks(t) {
		awk := newAwk(t, cmd, opam.SubstScript)
		_, stderr, err := awk.run([]string{"table=" + filepath.Join(t.TempDir(), "none")}, awk.script)
		if err == nil || !strings.Contains(stderr, "can't read the table") {
			t.Errorf("%s: %v, %q", name, err, stderr)
		}
	}
}
