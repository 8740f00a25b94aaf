package duneproject

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/ofarm/ofarm/internal/opam"
)

func TestParse(t *testing.T) {
	got := parse(t, `(lang dune 3.7) ; the language
(name p)
(generate_opam_files true)
(using menhir 2.1)
(using dune_site 0.1)
(package (name p) (version 1.2) (allow_empty)
 (depends a ("b" (>= "1\x2e0"))
 ))
(package
 (name q)
 (synopsis "\"it\" ; isn't (a list\065\
            )\% %{x}")
 (description
  "\| one
   "\> two \n
  ))
`)
	want := &File{
		Path: "dune-project", Lang: "3.7", Generate: true, Using: []string{"menhir", "dune_site"},
		Packages: []Package{
			{
				At: opam.Position{Line: 6, Column: 1}, Name: "p", Version: "1.2", AllowEmpty: true,
				Depends: []Dependency{
					{At: opam.Position{Line: 7, Column: 11}, Name: "a"},
					{At: opam.Position{Line: 7, Column: 13}, Name: "b"},
				},
			},
			{At: opam.Position{Line: 9, Column: 1}, Name: "q"},
		},
	}
	unexported := cmpopts.IgnoreUnexported(File{}, Package{}, Dependency{})
	if diff := cmp.Diff(want, got, unexported); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"p", "q"}, got.Generates()); diff != "" {
		t.Error(diff)
	}
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"(lang dune 3.0":                          `1:1: "(" without a ")" after it`,
		"(lang dune 3.0)\n (a))":                  `2:5: ")" without a "(" before it`,
		"(lang dune 3.0)\n#| no |#":               `2:1: "#|" begins no comment in a file of dune, ";" does`,
		"(lang dune 3.0)\n(a #;(b) c)":            `2:4: "#;" begins no comment in a file of dune, ";" does`,
		"(lang dune 3.0)\n(a \"b":                 `2:4: string without an end: the closing quote is missing`,
		"(lang dune 3.0)\n(a \"b\\q\")":           `2:6: unknown escape after the backslash`,
		"(lang dune 3.0)\n(a \"b\\300\")":         `2:6: unknown escape after the backslash`,
		"(lang dune 3.0)\n(a \"\\|b\n)":           `2:7: a space is missing after "\|`,
		"(lang dune 3.0)\n(a \x01)":               `2:4: unexpected byte '\x01'`,
		"(lang dune 3.0)\nx":                      `2:1: expected a stanza in parentheses that begins with its name`,
		"(lang jbuild 1)":                         `1:1: the first line must be such as (lang dune 3.0)`,
		"(lang dune three)":                       `1:12: "three" is no version of the dune language: expected a number, a dot and a number`,
		"(name p)\n(lang dune 3.0)":               `2:1: (lang …) must be on the first line`,
		"\n(generate_opam_files)":                 `2:1: no dune language: the first line must be such as (lang dune 3.0)`,
		"(generate_opam_files maybe)":             `1:1: (generate_opam_files …) takes true, false or nothing`,
		"(package)":                               `1:1: package without a name: (name …) is missing`,
		"(package (name (a)))":                    "1:1: package without a name: (name …) is missing\n1:10: expected one string after \"name\"",
		"(package (name a) (name b))":             `1:19: field "name" stands twice in this package`,
		"(package (name a) b)":                    `1:19: expected a field in parentheses that begins with its name`,
		"(package (name a)) (package\n (name a))": `1:20: package "a" stands twice`,
		"(package (name a) (depends (b)))":        `1:28: no condition for "b": write it without the parentheses`,
		strings.Repeat("(", 300):                  `1:202: lists nested deeper than 200`,
	} {
		_, err := Parse("dune-project", []byte(text))
		if err == nil {
			t.Errorf("%q: no error", text)
			continue
		}
		want = "dune-project:" + strings.ReplaceAll(want, "\n", "\ndune-project:")
		if err.Error() != want {
			t.Errorf("%q:\n%v, want\n%s", text, err, want)
		}
		if opam.Mistakes(err) == nil {
			t.Errorf("%q: not a list of mistakes", text)
		}
	}
}

func TestNotes(t *testing.T) {
	f := parse(t, `(lang dune 4.1)
(generate_opam_files)
(opam_file_location inside_opam_directory)
(opam_file_location relative_to_project)
(package (name p)
 (needs x)
 (depends (a (not :build)) (a (>= (b))) (a (or)) (a (< 1 2 3)) (a :%{x}) (a (= :a/b))
  (a (>= 1) (< 2)) ((a)) %{a}))
`)
	var got []string
	for _, n := range f.Notes {
		got = append(got, n.String())
	}
	want := []string{
		`dune-project:1:12: dune language 4.1 isn't known; opam files aren't compared`,
		`dune-project:3:1: opam files aren't beside dune-project; they aren't compared`,
		`dune-project:6:2: field "needs" isn't known; the package's opam file isn't compared`,
		`dune-project:7:11: the condition for "a" isn't understood; it isn't compared`,
		`dune-project:7:28: the condition for "a" isn't understood; it isn't compared`,
		`dune-project:7:41: the condition for "a" isn't understood; it isn't compared`,
		`dune-project:7:50: the condition for "a" isn't understood; it isn't compared`,
		`dune-project:7:64: the condition for "a" isn't understood; it isn't compared`,
		`dune-project:7:74: the condition for "a" isn't understood; it isn't compared`,
		`dune-project:8:3: the condition for "a" isn't understood; it isn't compared`,
		`dune-project:8:20: this dependency isn't understood; the package's opam file isn't compared`,
		`dune-project:8:26: this dependency isn't understood; the package's opam file isn't compared`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
