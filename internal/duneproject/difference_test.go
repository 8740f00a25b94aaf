package duneproject

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const project = `(lang dune 3.0)
(generate_opam_files)
(package (name fserv)
 (depends ocaml (ssl (>= 0.7)) (lwt (and (>= 5.6) (< 6))) (alcotest :with-test))
 (depopts conf-libev)
 (conflicts (tls (< 0.15))))
`

// fresh is what dune makes of project.
const fresh = `
depends: ["dune" {>= "3.0"} "ocaml" "ssl" {>= "0.7"} "lwt" {>= "5.6" & < "6"} "alcotest" {with-test} "odoc" {with-doc}]
depopts: ["conf-libev"]
conflicts: ["tls" {< "0.15"}]
`

func TestDifferences(t *testing.T) {
	for name, c := range map[string]struct {
		project, opam, template string
		want                    []string
	}{
		"fresh": {project: project, opam: fresh},
		"reordered and regrouped": {project: project, opam: `
			depends: [ "odoc" {(with-doc)} ("alcotest" {with-test} "ssl" {>= "0.7"}) "lwt" {(< "6") & >= "5.6"} "ocaml" {} & "dune" {>= "3.0"} ]
			depopts: "conf-libev"
			conflicts: "tls" {!(>= "0.15")}`},
		"redundant": {project: project, opam: `
			depends: ["dune" {>= "3.0" & >= "2.9"} "ocaml" "ssl" {>= "0.7" | > "0.7"} "lwt" {>= "5.6" & < "6" & != "4"} "alcotest" {with-test} "odoc" {with-doc}]
			depopts: ["conf-libev"]
			conflicts: ["tls" {< "0.15-0"}]`},
		"stale": {project: project, opam: `
			depends: ["dune" {>= "2.9"} "ocaml" "lwt" {>= "5.5" & < "6"} "alcotest" "odoc" {with-doc} "logs"]
			depopts: ["conf-libev" "lwt_ssl"]`,
			want: []string{
				`fserv.opam asks for "dune" {>= "2.9"}, dune-project for "dune" {>= "3.0"}`,
				`fserv.opam lacks "ssl" {>= "0.7"}, which dune-project asks for`,
				`fserv.opam asks for "lwt" {>= "5.5" & < "6"}, dune-project for "lwt" {>= "5.6" & < "6"}`,
				`fserv.opam asks for "alcotest", dune-project for "alcotest" {with-test}`,
				`fserv.opam asks for "logs", which dune-project doesn't`,
				`fserv.opam asks for "lwt_ssl" in depopts, which dune-project doesn't`,
				`fserv.opam lacks "tls" {< "0.15"} in conflicts, which dune-project asks for`,
			}},
		"empty": {project: "(lang dune 1.11) (generate_opam_files) (package (name fserv) (depends a))", opam: ``,
			want: []string{
				`fserv.opam lacks "dune" {>= "1.11"}, which dune-project asks for`,
				`fserv.opam lacks "a", which dune-project asks for`,
			}},
		"alternatives": {project: project, opam: fresh[:len(fresh)-len("conflicts: [\"tls\" {< \"0.15\"}]\n")] + `conflicts: ["tls" {< "0.15"} ("a" & "b")]`,
			want: []string{`fserv.opam asks for "a" & "b" in conflicts, which dune-project doesn't`}},
		"fields by hand": {project: project, opam: fresh + `
			available: os = "linux"
			depexts: [["libssl-dev"] {os-family = "debian"}]
			build: [["make"]]`,
			want: []string{
				`fserv.opam has the field available, which dune-project lacks`,
				`fserv.opam has the field depexts, which dune-project lacks`,
			}},
		"template": {project: project, template: `
			depends: ["b" {>= "2"} ("c" | "d")]
			available: os = "linux"
			depexts: [["x"]]
			build: [["make"]]`,
			opam: `
			depends: ["b" {>= "1"} ("c" | "e")]
			depopts: ["conf-libev"]
			conflicts: ["tls" {< "0.15"}]
			available: os = "macos"
			pin-depends: [["b.2" "https://example.org/b.tar.gz"]]
			build: [["make"]]`,
			want: []string{
				`fserv.opam asks for "b" {>= "1"}, fserv.opam.template for "b" {>= "2"}`,
				`fserv.opam lacks "c" | "d", which fserv.opam.template asks for`,
				`fserv.opam asks for "c" | "e", which fserv.opam.template doesn't`,
				`fserv.opam has another available than fserv.opam.template`,
				`fserv.opam lacks the field depexts, which fserv.opam.template has`,
				`fserv.opam has the field pin-depends, which fserv.opam.template lacks`,
			}},
		"not generated":     {project: "(lang dune 3.0) (package (name fserv) (depends a))"},
		"switched off":      {project: "(lang dune 3.0) (generate_opam_files false) (package (name fserv) (depends a))"},
		"other package":     {project: "(lang dune 3.0) (generate_opam_files) (package (name x) (depends a))"},
		"elsewhere":         {project: "(lang dune 3.9) (generate_opam_files) (opam_file_location inside_opam_directory) (package (name fserv) (depends a))"},
		"future language":   {project: "(lang dune 4.0) (generate_opam_files) (package (name fserv) (depends a))"},
		"unknown field":     {project: "(lang dune 3.0) (generate_opam_files) (package (name fserv) (depends a) (needs b))"},
		"unknown element":   {project: "(lang dune 3.0) (generate_opam_files) (package (name fserv) (depends a ((b) c) %{d}))"},
		"a variable's text": {project: "(lang dune 1.0) (generate_opam_files) (package (name fserv) (depends (a (>= %{v}))))", opam: `depends: ["a"]`},
		"unknown condition": {
			project: "(lang dune 1.0) (generate_opam_files) (package (name fserv) (depends (a (~= 1)) (b (not :build)) (c (>= 1) (< 2)) d))",
			opam:    `depends: ["a" "e"]`,
			want: []string{
				`fserv.opam lacks "d", which dune-project asks for`,
				`fserv.opam asks for "e", which dune-project doesn't`,
			}},
		"menhir's bound": {
			project: "(lang dune 1.0) (using menhir 2.0) (generate_opam_files) (package (name fserv) (depends (menhir (>= 1))) (depopts (menhir :build)))",
			opam:    `depends: ["menhir" {>= "20180523"} "menhir-more"] depopts: ["menhir" {build & >= "20180523"}]`},
		"menhir without the extension": {
			project: "(lang dune 1.0) (generate_opam_files) (package (name fserv) (depends menhir))",
			opam:    `depends: ["menhir" {>= "20180523"}]`,
			want:    []string{`fserv.opam asks for "menhir" {>= "20180523"}, dune-project for "menhir"`}},
		"an extension's package": {
			project: "(lang dune 1.0) (using dune_site 0.1) (generate_opam_files) (package (name fserv) (depends a))",
			opam:    `depends: ["dune-site" "a" "b"]`,
			want:    []string{`fserv.opam asks for "b", which dune-project doesn't`}},
		"parentheses that matter": {
			project: "(lang dune 1.0) (generate_opam_files) (package (name fserv) (depends (a (or (and :with-test (>= 2)) (< 1)))))",
			opam:    `depends: ["a" {with-test & (>= "2" | < "1")}]`,
			want:    []string{`fserv.opam asks for "a" {with-test & (>= "2" | < "1")}, dune-project for "a" {with-test & >= "2" | < "1"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			f := parse(t, c.project)
			a := opamFile(t, "fserv.opam", []byte("opam-version: \"2.0\"\n"+c.opam))
			tpl, err := ParseTemplate("fserv.opam.template", []byte(c.template))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range f.Differences("fserv", a, tpl) {
				got = append(got, d.String())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestTemplateMistakes(t *testing.T) {
	if _, err := ParseTemplate("p.opam.template", []byte("available: os = \"linux\"\ndepends: [\n")); err == nil ||
		err.Error() != `p.opam.template:3:1: "]" is missing before the end of the file` {
		t.Error(err)
	}
}
