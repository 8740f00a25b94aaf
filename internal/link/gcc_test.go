package link

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/audit"
)

// bench is a folder with libraries made by the machine's gcc: libouter, which
// needs libinner as outer.pc says, each shared and static.
type bench struct {
	t   *testing.T
	dir string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	for _, tool := range []string{"gcc", "ar"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	b := &bench{t: t, dir: t.TempDir()}
	b.write("inner.c", "#include <math.h>\ndouble inner(double x) { return cos(x); }\n")
	b.write("outer.c", "double inner(double);\nint outer(int n) { return inner(n - 1) == 1 ? 0 : 1; }\n")
	b.write("main.c", "int outer(int);\nint main(int argc, char **argv) { return outer(argc); }\n")
	b.write("lib/pkgconfig/outer.pc", "libdir="+b.dir+"/lib\nName: outer\nVersion: 1\nDescription: x\nLibs: -L${libdir} -louter\nLibs.private: -linner -lm\n")
	b.gcc("-fPIC", "-c", "inner.c", "outer.c")
	b.gcc("-c", "main.c")
	b.gcc("-shared", "-o", "lib/libinner.so", "inner.o", "-lm")
	b.gcc("-shared", "-o", "lib/libouter.so", "outer.o", "-Llib", "-linner")
	b.run("ar", "rcs", "lib/libinner.a", "inner.o")
	b.run("ar", "rcs", "lib/libouter.a", "outer.o")
	return b
}

func (b *bench) write(name, text string) {
	b.t.Helper()
	p := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) run(name string, args ...string) string {
	b.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func (b *bench) gcc(args ...string) { b.t.Helper(); b.run("gcc", args...) }

// link rewrites a line for a mode, links, runs the executable and audits it.
func (b *bench) link(mode Mode, args ...string) *audit.Report {
	b.t.Helper()
	var dirs []string
	for line := range strings.Lines(b.run("gcc", "-print-search-dirs")) {
		if s, ok := strings.CutPrefix(strings.TrimSpace(line), "libraries: ="); ok {
			dirs = filepath.SplitList(s)
		}
	}
	out := filepath.Join(b.dir, "main-"+string(mode))
	l := parse(b.t, append([]string{"-o", out}, args...)...)
	res, err := Rewrite(l, Options{Mode: mode, Dir: b.dir, Dirs: dirs})
	if err != nil {
		b.t.Fatalf("Rewrite: %v", err)
	}
	b.gcc(res.Args...)
	b.run(out)
	r, err := audit.File(out, audit.Options{})
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func TestLinksMostlyStatic(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	policy := audit.Policy{Linkage: audit.MostlyStatic, NoRunpath: true, NoExecStack: true}
	for name, args := range map[string]string{
		"plain":               "main.o -Llib -louter",
		"library first":       "-Llib -louter main.o",
		"with its need":       "main.o -Llib -linner -louter -lm",
		"by path":             "main.o lib/libouter.so",
		"run path":            "main.o -Llib -louter -Wl,-rpath,lib",
		"asked to be dynamic": "main.o -Llib -Wl,-Bstatic -lm -Wl,-Bdynamic -louter",
		"through -Wl":         "main.o -Llib -Wl,--whole-archive,-louter,--no-whole-archive",
	} {
		r := b.link(MostlyStatic, split(args)...)
		if err := policy.Check(r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if r.BuildID != "" || r.Type != audit.TypePIE {
			t.Errorf("%s: build ID %q, type %q", name, r.BuildID, r.Type)
		}
	}
}

func TestLinksStatic(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := b.link(Static, "main.o", "-Llib", "-louter", "-pie", "-rdynamic")
	if err := (audit.Policy{Linkage: audit.Static}).Check(r); err != nil {
		t.Error(err)
	}
	if r.Type != audit.TypeExec || r.ThreadStack != DefaultThreadStack || r.BuildID != "" {
		t.Errorf("type %q, thread stack %d, build ID %q", r.Type, r.ThreadStack, r.BuildID)
	}
}

func TestLinksStaticPIE(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := b.link(StaticPIE, "main.o", "-Llib", "-louter", "-no-pie", "-rdynamic", "-Wl,-E")
	if err := (audit.Policy{Linkage: audit.Static, PIE: true}).Check(r); err != nil {
		t.Error(err)
	}
	if r.Type != audit.TypeStaticPIE || r.ThreadStack != DefaultThreadStack || r.BuildID != "" {
		t.Errorf("type %q, thread stack %d, build ID %q", r.Type, r.ThreadStack, r.BuildID)
	}
}

// TestStaticPIEExports links what OCaml 5's runtime has, a thread-local variable
// that is reached at a fixed distance from the thread's pointer, with everything
// by which a line can export it. Where it is exported the linker leaves that
// distance to a loader, and there is none: the program crashes before main.
func TestStaticPIEExports(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("state.c", "__thread int caml_state = 3;\n")
	b.write("uses.c", "extern __thread int caml_state;\nint main(void) { return caml_state - 3; }\n")
	b.gcc("-fPIE", "-ftls-model=initial-exec", "-c", "state.c", "uses.c")
	b.write("list", "{ caml_state; };\n")
	for _, exports := range [][]string{
		{"-Wl,-E"}, {"-rdynamic"}, {"-Wl,--export-dynamic"}, {"-Xlinker", "-export-dynamic"},
		{"-Wl,--dynamic-list=list"}, {"-Wl,--dynamic-list,list"}, {"-Wl,-dynamic-list", "-Wl,list"},
		{"-Wl,--export-dynamic-symbol=caml_state"}, {"-Wl,--export-dynamic-symbol,caml_state"},
		{"-Wl,--export-dynamic-symbol-list=list"}, {"-Wl,-z,now,-E,-z,relro"},
	} {
		r := b.link(StaticPIE, slices.Concat([]string{"uses.o", "state.o"}, exports)...)
		if r.Type != audit.TypeStaticPIE {
			t.Errorf("%q: type %q", exports, r.Type)
		}
		if relocations := b.run("readelf", "-rW", "main-static-pie"); strings.Contains(relocations, "TPOFF") || strings.Contains(relocations, "TPREL") {
			t.Errorf("%q: relocations for a loader:\n%s", exports, relocations)
		}
	}
}

func TestLeavesDynamic(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, mode := range []Mode{Dynamic, Project} {
		r := b.link(mode, "main.o", "-Llib", "-louter", "-Wl,-rpath,"+b.dir+"/lib", "-Wl,--build-id", "-Wl,--disable-new-dtags")
		if diff := cmp.Diff("libouter.so", r.Needed[0]); diff != "" || r.Linkage != audit.Dynamic || len(r.RPath) != 1 {
			t.Errorf("%s: NEEDED %q, linkage %q, RPATH %q", mode, r.Needed, r.Linkage, r.RPath)
		}
		if (r.BuildID == "") != (mode == Dynamic) {
			t.Errorf("%s: build ID %q", mode, r.BuildID)
		}
	}
}
