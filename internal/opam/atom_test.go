package opam_test

import (
	"testing"

	"github.com/ofarm/ofarm/internal/opam"
)

func TestParseAtom(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"lwt": `"lwt"`, "lwt>=5.6": `"lwt" {>= "5.6"}`, "lwt=5": `"lwt" {= "5"}`, "lwt!=5": `"lwt" {!= "5"}`,
		"lwt<6~": `"lwt" {< "6~"}`, "lwt<=6": `"lwt" {<= "6"}`, "base.v0.17.0": `"base" {= "v0.17.0"}`,
		"conf-g++": `"conf-g++"`, "a>b": `"a" {> "b"}`,
		"": "", "lwt>=": "", "lwt<>5": "", "lwt==5": "", "5": "", "lwt 5": "", "lwt>= 5": `"lwt" {>= "5"}`, " lwt < 6 ": `"lwt" {< "6"}`,
		"lwt >> 5": "", "lwt > = 5": "", "lwt. 5": "", "lwt>=5 6": "", "lwt.": "", "lwt!5": "", ">=5": "",
	} {
		r, err := opam.ParseAtom(in)
		if (err != nil) != (want == "") || r.String() != want {
			t.Errorf("%q: got %s and %v, want %s", in, r, err, want)
		}
	}
}

func TestOCaml(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"5.3.0": `"ocaml" {= "5.3.0"}`, "4.14": `"ocaml" {>= "4.14" & < "4.15~"}`, "5": `"ocaml" {>= "5" & < "6~"}`,
		"5.x": `"ocaml" {= "5.x"}`, "5 3": "",
	} {
		r, err := opam.OCaml(in)
		if (err != nil) != (want == "") || r.String() != want {
			t.Errorf("%q: got %s and %v, want %s", in, r, err, want)
		}
	}
}
