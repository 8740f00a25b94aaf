package verify

import "testing"

// TestExplainOCaml explains what the OCaml compiler makes of the same sources in
// different folders and of sources that differ.
func TestExplainOCaml(t *testing.T) {
	t.Parallel()
	need(t, "ocamlfind", "ocamlopt", "gcc")
	x := map[string]string{"x.ml": "let f x = x + 1\nlet () = print_endline __FILE__\n"}
	dated := func(date string) map[string]string {
		return map[string]string{"x.ml": "let built = \"" + date + "\"\nlet () = print_endline built\n"}
	}
	in := func(dir, sh string) making { return making{files: x, sh: sh, dir: dir} }
	for name, test := range map[string]struct {
		first, again making
		want         expect
	}{
		"object": {
			in("one", "ocamlfind ocamlopt -g -c $PWD/x.ml && mv x.o out"), in("two", "ocamlfind ocamlopt -g -c $PWD/x.ml && mv x.o out"),
			expect{cause: BuildPath, where: "section .data, symbol camlX__", what: `/two/x.ml`},
		},
		"cmo": {
			in("one", "ocamlfind ocamlc -g -c $PWD/x.ml && mv x.cmo out"), in("another", "ocamlfind ocamlc -g -c $PWD/x.ml && mv x.cmo out"),
			expect{cause: BuildPath, where: "of OCaml data (.cmo, bytecode)", what: "/another"},
		},
		"cmt": {
			in("one", "ocamlfind ocamlc -bin-annot -c x.ml && mv x.cmt out"), in("two", "ocamlfind ocamlc -bin-annot -c x.ml && mv x.cmt out"),
			expect{cause: BuildPath, where: "of OCaml data (.cmt, a typed tree)", what: "/two"},
		},
		"cmx": {
			making{files: dated("2026-01-01"), sh: "ocamlfind ocamlopt -c x.ml && mv x.cmx out"},
			making{files: map[string]string{"x.ml": "let built = 1"}, sh: "ocamlfind ocamlopt -c x.ml && mv x.cmx out"},
			expect{cause: Unknown, where: "of OCaml data (.cmx, facts for native code)"},
		},
		"digests": {
			making{files: map[string]string{"y.ml": "let y = \"a\"", "x.ml": "let x () = print_string Y.y"}, sh: "ocamlfind ocamlopt -opaque -c y.ml x.ml && mv x.cmi out"},
			making{files: map[string]string{"y.ml": "let y = \"b\" let z = 1", "x.ml": "let x () = print_string Y.y"}, sh: "ocamlfind ocamlopt -opaque -c y.ml x.ml && mv x.cmi out"},
			expect{cause: Digest, where: `of OCaml data (.cmi, an interface), after "`},
		},
		"bytecode": {
			in("one", "ocamlfind ocamlc -g -o out $PWD/x.ml"), in("two", "ocamlfind ocamlc -g -o out $PWD/x.ml"),
			expect{cause: BuildPath, where: `section "`, what: "/two"},
		},
		"bytecode with its runtime": {
			making{files: dated("2026-01-01"), sh: "ocamlfind ocamlc -custom -ccopt -g0 -ccopt -s -o out x.ml"},
			making{files: dated("2026-01-02"), sh: "ocamlfind ocamlc -custom -ccopt -g0 -ccopt -s -o out x.ml"},
			expect{cause: Timestamp, where: `after the sections: section "DATA" of the bytecode: byte `, what: `2026-01-01`},
		},
		"executable": {
			making{files: dated("2026-01-01"), sh: "ocamlfind ocamlopt -g -o out x.ml -ccopt -Wl,--build-id=none"},
			making{files: dated("2026-01-02"), sh: "ocamlfind ocamlopt -g -o out x.ml -ccopt -Wl,--build-id=none"},
			expect{cause: Timestamp, where: "section .data, symbol camlX__", what: `"2026-01-01" and "2026-01-02"`},
		},
		"debug information": {
			making{files: x, sh: "ocamlfind ocamlopt -dstartup -g -o x.exe x.ml && mv x.exe.startup.s camlstartup0a1b2c.s && gcc -g -ffile-prefix-map=$PWD=/x -c camlstartup0a1b2c.s -o out", dir: "d"},
			making{files: x, sh: "ocamlfind ocamlopt -dstartup -g -o x.exe x.ml && mv x.exe.startup.s camlstartup998877.s && gcc -g -ffile-prefix-map=$PWD=/x -c camlstartup998877.s -o out", dir: "d"},
			expect{cause: TempName, where: "", what: "camlstartup998877.s"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.want.check(t, explain(t, test.first.make(t, t.TempDir()), test.again.make(t, t.TempDir()), Hints{}))
		})
	}
}
