package opam

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
)

// configVariables is the table of variables that opam takes from .config files;
// its head says what the columns are.
//
//go:embed config-variables.tsv
var configVariables string

// configRow is one row of the table.
type configRow struct {
	pkg      string
	versions Versions
	platform *Filter
	name     string
	kind     string // bool, string or list
	value    string
}

// configTable reads the embedded table once.
var configTable = sync.OnceValue(func() []configRow {
	rows, err := parseConfigTable(configVariables)
	if err != nil {
		panic("opam: " + err.Error())
	}
	return rows
})

func parseConfigTable(table string) ([]configRow, error) {
	errs := &mistakes{file: "config-variables.tsv"}
	var rows []configRow
	for i, line := range strings.Split(table, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		at := Position{Line: i + 1, Column: 1}
		cols := strings.Split(line, "\t")
		if len(cols) != 6 {
			errs.add(at, "expected 6 columns, found %d", len(cols))
			continue
		}
		row := configRow{pkg: cols[0], name: cols[3], kind: cols[4], value: cols[5]}
		row.versions = configVersions(cols[1], errs)
		row.platform = configPlatform(cols[2], errs)
		if row.kind != "bool" && row.kind != "string" && row.kind != "list" {
			errs.add(at, "unknown kind %q", row.kind)
		}
		rows = append(rows, row)
	}
	return rows, errs.err()
}

func configVersions(s string, errs *mistakes) Versions {
	if s == "*" {
		return Versions{}
	}
	items := parseSyntax([]byte(fmt.Sprintf("versions: \"p\" {%s}", s)), errs)
	if len(items) != 1 {
		return Versions{}
	}
	d := &decoder{errs}
	r, err := d.formula(items[0].Value, FormulaAnd).Eval(Scope{})
	if err != nil {
		errs.add(Position{}, "%v", err)
	}
	return r.Versions
}

func configPlatform(s string, errs *mistakes) *Filter {
	if s == "*" {
		return nil
	}
	items := parseSyntax([]byte("platform: "+s), errs)
	if len(items) != 1 {
		return nil
	}
	d := &decoder{errs}
	return d.filter(items[0].Value)
}

// ConfigVariable gives a variable that opam would take from the .config file
// which the package writes when it is built, from a table of such facts. env
// says the platform and what else is installed; ok is false where the table
// has no row.
func ConfigVariable(pkg, version, name string, env Env) (v Value, ok bool) {
	for _, row := range configTable() {
		if row.pkg != pkg || row.name != name || !row.versions.Contains(version) {
			continue
		}
		here, err := row.platform.True(env)
		if err != nil || !here {
			continue
		}
		text, err := ExpandString(row.value, env)
		if err != nil {
			continue
		}
		return row.of(text), true
	}
	return Value{}, false
}

func (r configRow) of(text string) Value {
	switch r.kind {
	case "bool":
		return Bool(text == "true")
	case "list":
		return List(strings.Fields(text)...)
	}
	return String(text)
}

// configNames lists the variables that the table has for a package.
func configNames(pkg string) []string {
	var names []string
	for _, row := range configTable() {
		if row.pkg == pkg {
			names = append(names, row.name)
		}
	}
	return names
}
