package opam_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ofarm/ofarm/internal/opam"
)

// testbed gives the path of a file of the test bed, or skips.
func testbed(t testing.TB, elem ...string) string {
	t.Helper()
	dir := os.Getenv("OFARM_TESTBED")
	if dir == "" {
		t.Skip("OFARM_TESTBED is not set")
	}
	return filepath.Join(append([]string{dir}, elem...)...)
}

// closureRow is one package of closure.tsv, by column.
type closureRow map[string]string

func readClosure(t *testing.T) []closureRow {
	t.Helper()
	data, err := os.ReadFile(testbed(t, "closure.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	head := strings.Split(lines[0], "\t")
	var rows []closureRow
	for _, line := range lines[1:] {
		row := closureRow{}
		for i, col := range strings.Split(line, "\t") {
			row[head[i]] = col
		}
		rows = append(rows, row)
	}
	return rows
}

// debian are the target's variables where closure.tsv was recorded.
func debian() map[string]opam.Value {
	return map[string]opam.Value{
		"os":              opam.String("linux"),
		"os-distribution": opam.String("debian"),
		"os-family":       opam.String("debian"),
		"os-version":      opam.String("12"),
		"arch":            opam.String("x86_64"),
		"opam-version":    opam.String("2.1.2"),
		"make":            opam.String("make"),
		"jobs":            opam.RunTime("jobs"),
		"with-test":       opam.Bool(false),
		"with-doc":        opam.Bool(false),
		"dev":             opam.Bool(false),
	}
}

func readPackage(t *testing.T, name, version string) *opam.File {
	t.Helper()
	path := testbed(t, "fileserver-repo", "packages", name, name+"."+version, "opam")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := opam.Parse(path, data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// ran writes commands as closure.tsv does.
func ran(t *testing.T, cmds []opam.Command, label string, env opam.Env) []string {
	t.Helper()
	words, err := opam.EvalCommands(cmds, env)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, cmd := range words {
		text := []string{label}
		for _, w := range cmd {
			text = append(text, strings.ReplaceAll(w.String(), "%{jobs}%", "2"))
		}
		list = append(list, strings.Join(text, " "))
	}
	return list
}

// TestClosureCommands holds every package of a real closure against the
// commands that opam itself ran for it.
func TestClosureCommands(t *testing.T) {
	rows := readClosure(t)
	installed := map[string]opam.Package{}
	for _, row := range rows {
		installed[row["name"]] = opam.Package{Version: row["version"]}
	}
	for _, row := range rows {
		t.Run(row["name"], func(t *testing.T) {
			f := readPackage(t, row["name"], row["version"])
			scope := opam.Scope{
				Prefix:    "%{prefix}%",
				Globals:   debian(),
				Name:      row["name"],
				Self:      opam.Package{Version: row["version"]},
				Installed: installed,
				Unknown:   func(v opam.Variable) { t.Errorf("unknown variable %s", v) },
			}
			got := slices.Concat(
				ran(t, f.Build, "[build]", scope),
				ran(t, f.Install, "[install]", scope))
			if diff := cmp.Diff(row["executed_commands"], strings.Join(got, " ;; ")); diff != "" {
				t.Errorf("commands (-opam +ofarm):\n%s", diff)
			}
		})
	}
}

// TestClosureDependencies holds the dependencies against those opam found.
func TestClosureDependencies(t *testing.T) {
	rows := readClosure(t)
	versions := map[string]string{}
	for _, row := range rows {
		versions[row["name"]] = row["version"]
	}
	for _, row := range rows {
		f := readPackage(t, row["name"], row["version"])
		scope := opam.Scope{Globals: debian(), Name: row["name"], Self: opam.Package{Version: row["version"]}}
		deps, err := f.Dependencies(scope, versions)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{"post_deps": strings.Join(deps.Post, ",")}
		var needed, optional []string
		for _, d := range deps.Before {
			if d.Optional {
				optional = append(optional, d.Name)
			} else {
				needed = append(needed, d.Name)
			}
		}
		got["deps"], got["depopts_installed"] = strings.Join(needed, ","), strings.Join(optional, ",")
		for col, names := range got {
			if names != row[col] {
				t.Errorf("%s: %s: got %q, opam has %q", row["name"], col, names, row[col])
			}
		}
		if len(deps.Missing) > 0 {
			t.Errorf("%s: missing %v", row["name"], deps.Missing)
		}
		depexts, err := opam.SystemPackages(f.Depexts, scope)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(depexts, ","); got != row["depexts_debian"] {
			t.Errorf("%s: depexts %q, opam has %q", row["name"], got, row["depexts_debian"])
		}
	}
}
