package opam_test

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ofarm/ofarm/internal/opam"
	"pgregory.net/rapid"
)

// realOpam is an installed opam with an empty switch over a repository.
type realOpam struct {
	t    *testing.T
	root string
	repo string
}

func newRealOpam(t *testing.T, packages map[string]string) realOpam {
	t.Helper()
	if _, err := exec.LookPath("opam"); err != nil {
		t.Skip(err)
	}
	o := realOpam{t, t.TempDir(), t.TempDir()}
	writeFile(t, filepath.Join(o.repo, "repo"), "opam-version: \"2.0\"\n")
	for name, text := range packages {
		writeFile(t, filepath.Join(o.repo, "packages", name, name+".1", "opam"), "opam-version: \"2.0\"\n"+text+"\n")
	}
	o.run("init", "--bare", "-n", "--disable-sandboxing", "--bypass-checks", o.repo)
	o.run("switch", "create", "t", "--empty")
	return o
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (o realOpam) run(args ...string) string {
	o.t.Helper()
	cmd := exec.Command("opam", args...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + o.root, "OPAMROOT=" + filepath.Join(o.root, "opam"),
		"OPAMROOTISOK=1", "OPAMYES=1", "OPAMCOLOR=never", "OPAMSWITCH=t",
		"OPAMVAR_yes=true", "OPAMVAR_no=false", "OPAMVAR_text=12.5~rc1",
	}
	if args[0] == "init" {
		cmd.Env = cmd.Env[:len(cmd.Env)-4]
	}
	out, err := cmd.Output()
	if err != nil {
		o.t.Fatalf("opam %s: %v\n%s", strings.Join(args, " "), err, err.(*exec.ExitError).Stderr)
	}
	return string(out)
}

// oracleEnv is what the real opam was told.
var oracleEnv = vars{"yes": opam.Bool(true), "no": opam.Bool(false), "text": opam.String("12.5~rc1")}

// drawFilter draws a filter over defined and undefined variables.
func drawFilter(t *rapid.T, depth int) string {
	if depth == 0 || rapid.IntRange(0, 3).Draw(t, "leaf") == 0 {
		return rapid.SampledFrom([]string{"yes", "no", "undefined", "text", "true", "false", "?undefined", "?text", `text = "12.5"`, `text < "12.5"`, `"12.10" > text`, `undefined = "x"`, `undefined != "x"`, `"%{undefined}%" = ""`, `"%{yes?12.5~rc1:}%" = text`}).Draw(t, "atom")
	}
	x, y := drawFilter(t, depth-1), drawFilter(t, depth-1)
	return rapid.SampledFrom([]string{
		"(" + x + ") & (" + y + ")", "(" + x + ") | (" + y + ")", x + " & " + y, x + " | " + y, "!(" + x + ")", "?(" + x + ")",
	}).Draw(t, "joined")
}

// TestFiltersLikeOpam asks the real opam which packages are available, among
// packages with drawn filters and drawn comparisons of versions.
func TestFiltersLikeOpam(t *testing.T) {
	filters, packages := map[string]string{}, map[string]string{}
	draw := rapid.Custom(func(t *rapid.T) string {
		if rapid.Bool().Draw(t, "versions") {
			op := rapid.SampledFrom([]string{"=", "!=", "<", "<=", ">", ">="}).Draw(t, "op")
			return fmt.Sprintf("%q %s %q", drawVersion(t, "a"), op, drawVersion(t, "b"))
		}
		return drawFilter(t, 3)
	})
	for i := range 3000 {
		name := fmt.Sprintf("p%d", i)
		filters[name] = draw.Example(i)
		packages[name] = "available: " + filters[name]
	}
	o := newRealOpam(t, packages)
	available := map[string]bool{}
	for _, name := range strings.Fields(o.run("list", "--available", "--short", "--columns", "name")) {
		available[name] = true
	}
	for name, text := range filters {
		f := mustParse(t, packages[name])
		got, err := f.Available.True(oracleEnv)
		if err != nil {
			t.Fatal(err)
		}
		if got != available[name] {
			t.Errorf("%s: got %v, opam has %v", text, got, available[name])
		}
	}
}

// TestExpandLikeOpam compares strings with variables.
func TestExpandLikeOpam(t *testing.T) {
	o := newRealOpam(t, nil)
	lines := []string{
		"%{yes}% %{no}% %{text}% %{undefined}%|", "%{yes?a:b}%%{no?a:b}%%{text?a:b}%%{undefined?a:b}%",
		"100%% %%{yes}% % %{yes", "%{yes}%}%", "%{yes?%%:x}%", "%{a:installed}% %{a:enable}% %{a+b:enable}% %{a:lib}%|",
		"%{lib}% %{bin}% %{sbin}% %{share}% %{doc}% %{etc}% %{man}% %{toplevel}% %{stublibs}% %{prefix}%",
		"%{a:installed?x:y}% %{a:pinned}% %{_:name}%|", "%{yes?:no}%|%{yes?x:}%|%{no?x:}%|",
	}
	for i := range 1000 {
		lines = append(lines, strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{
			"x", " ", "%", "%%", "}%", "}", "%{yes}%", "%{no?a:b}%", "%{undefined?a:b}%", "%{text}%", "?", ":", "a", "yes",
		}), 1, 7).Example(i), ""))
	}
	prefix := strings.TrimSpace(o.run("config", "expand", "%{prefix}%"))
	scope := opam.Scope{Prefix: prefix, Globals: oracleEnv}
	for i, line := range lines {
		lines[i] = "<" + line + ">"
	}
	text := strings.Join(lines, "\n")
	want := o.run("config", "expand", text)
	got, err := opam.ExpandString(text, scope)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got+"\n", "\n")); diff != "" {
		t.Errorf("(-opam +ofarm):\n%s", diff)
	}
}

// TestVersionOrderLikeOpam has the real opam sort thousands of versions: drawn
// ones, and all that opam's repository has.
func TestVersionOrderLikeOpam(t *testing.T) {
	if _, err := exec.LookPath("opam"); err != nil {
		t.Skip(err)
	}
	all := map[string]bool{}
	drawn := rapid.Custom(func(t *rapid.T) string { return drawVersion(t, "version") })
	for i := range 3000 {
		all[drawn.Example(i)] = true
	}
	if os.Getenv("OFARM_TESTBED") != "" {
		eachOpamFile(t, func(file string, _ []byte) {
			_, version, _ := strings.Cut(path.Base(path.Dir(file)), ".")
			all[version] = true
		})
	}
	delete(all, "")
	sorted := sortedByOpam(t, all)
	if len(sorted) < 1000 || os.Getenv("OFARM_TESTBED") != "" && len(sorted) < 4000 {
		t.Errorf("opam knows only %d versions", len(sorted))
	}
	for i, v := range sorted[1:] {
		if opam.CompareVersions(sorted[i], v) >= 0 {
			t.Errorf("opam has %q before %q", sorted[i], v)
		}
	}
	// Of spellings of one version opam knows one.
	for v := range all {
		i, ok := slices.BinarySearchFunc(sorted, v, opam.CompareVersions)
		if !ok || opam.CompareVersions(sorted[i], v) != 0 {
			t.Errorf("opam doesn't know %q, nor a version that is the same", v)
		}
	}
}

// sortedByOpam lists versions in opam's order.
func sortedByOpam(t *testing.T, versions map[string]bool) []string {
	t.Helper()
	repo := t.TempDir()
	writeFile(t, filepath.Join(repo, "repo"), "opam-version: \"2.0\"\n")
	for v := range versions {
		writeFile(t, filepath.Join(repo, "packages", "p", "p."+v, "opam"), "opam-version: \"2.0\"\n")
	}
	cmd := exec.Command("opam", "admin", "list", "--all-versions", "--short", "--columns=version")
	cmd.Dir = repo
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "OPAMROOTISOK=1", "OPAMCOLOR=never"}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("opam admin list: %v", err)
	}
	return strings.Fields(string(out))
}
