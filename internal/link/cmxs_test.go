package link

import (
	"strings"
	"testing"
)

// TestRewritePlugin tells plugins from other shared libraries by their objects,
// as ocamlopt and the assembler made them, and changes nothing else.
func TestRewritePlugin(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, asm := range map[string]string{
		"plugin": ".data\n.globl caml_plugin_header, caml_globals\ncaml_plugin_header: .quad 0\ncaml_globals: .quad 0\n",
		"stubs":  ".text\n.globl stub\nstub: ret\n",
		"object": ".data\n.globl caml_globals\ncaml_globals: .quad caml_plugin_header\n",
	} {
		b.write(name+".s", asm)
		b.gcc("-c", "-o", name+".o", name+".s")
	}
	b.write("lib/libstdc++.a", "")
	for name, tt := range map[string]struct {
		mode     Mode
		in, want string // "-" for an unchanged line
	}{
		"C++": {
			MostlyStatic, "-shared -o x.cmxs -Llib plugin.o x.a -lstdc++ -lx_stubs -lgcc_s -lssl -Wl,-E",
			"-static-libgcc -static-libstdc++ -shared -o x.cmxs -Llib plugin.o x.a -lx_stubs -lssl -Wl,-E lib/libstdc++.a -lm",
		},
		"no C++": {
			MostlyStatic, "-shared -shared-libgcc -o x.so stubs.o plugin.o -lm",
			"-static-libgcc -static-libstdc++ -shared -o x.so stubs.o plugin.o -lm",
		},
		"through the linker": {MostlyStatic, "-Wl,-shared -o x plugin.o", "-static-libgcc -static-libstdc++ -Wl,-shared -o x plugin.o"},
		"no archive":         {MostlyStatic, "-shared -o x.cmxs plugin.o -lstdc++", "-"},
		"stub library":       {MostlyStatic, "-shared -o dllx.cmxs stubs.o -Llib -lstdc++", "-"},
		"object of a whole":  {MostlyStatic, "-shared -o x.cmxs object.o -Llib -lstdc++", "-"},
		"gone":               {MostlyStatic, "-shared -o x.cmxs gone.o -Llib -lstdc++", "-"},
		"executable":         {MostlyStatic, "-o x plugin.o -Llib -lstdc++", "-"},
		"partial":            {MostlyStatic, "-shared -r -o x.o plugin.o -Llib -lstdc++", "-"},
		"dynamic":            {Dynamic, "-shared -o x.cmxs plugin.o -Llib -lstdc++", "-"},
		"static":             {Static, "-shared -o x.cmxs plugin.o -Llib -lstdc++", "-"},
		"project":            {Project, "-shared -o x.cmxs plugin.o -Llib -lstdc++", "-"},
	} {
		l := parse(t, strings.Fields(tt.in)...)
		args := RewritePlugin(l, Options{Mode: tt.mode, Dir: b.dir})
		got := strings.Join(args, " ")
		if args == nil {
			got = "-"
		}
		if got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tt.want)
		}
	}
}
