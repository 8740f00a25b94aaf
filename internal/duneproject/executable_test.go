package duneproject

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/opam"
)

func TestExecutables(t *testing.T) {
	const text = `; programs
(library (name lib))
(executable
 (name main)
 (public_name hello)
 (libraries lib))
(executables (names a b c) (public_names - bee))
(test (name t))
(rule (action (with-stdout-to x (echo "(executable (name no))"))))
(executable (modules x))
(executable (name %{env:X=y}))
`
	got, err := Executables("dune", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	at := func(line int) opam.Position { return opam.Position{Line: line, Column: 1} }
	want := []Executable{
		{Name: "main", Public: "hello", At: at(3)},
		{Name: "a", At: at(7)}, {Name: "b", Public: "bee", At: at(7)}, {Name: "c", At: at(7)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got, err := Executables("bin/dune", []byte("(executable\n (name x)")); err == nil || got != nil {
		t.Errorf("an unfinished file: %v, %v", got, err)
	}
}
