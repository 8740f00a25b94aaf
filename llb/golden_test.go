package llb

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"

	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/plan/plantest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got), -update writes it anew:\n%s", path, diff)
	}
}

// images gives every input of a plan a digest made up of its name.
func images(p *plan.Plan) Images {
	out := Images{
		Roots: map[string]digest.Digest{}, Sources: map[string]digest.Digest{},
		Project: digest.FromString("project"), StepLib: digest.FromString("step library"),
		RootLib: digest.FromString("root library"), Shim: digest.FromString("shim"),
	}
	for _, r := range p.Roots {
		out.Roots[r.Name] = digest.FromString(r.Name)
	}
	for _, s := range p.Steps {
		out.Sources[s.Name] = digest.FromString(s.Name)
	}
	return out
}

func compile(t *testing.T, p *plan.Plan) *llb.Definition {
	t.Helper()
	def, err := Compile(context.Background(), p, Options{Images: images(p)})
	if err != nil {
		t.Fatal(err)
	}
	return def
}

// small is a plan with one of everything: a root with a depext, a source, a
// patch, a file of substs, a word known at run time, a project.
func small(t *testing.T, target string) *plan.Plan {
	t.Helper()
	in := plantest.World(t, target, map[string]string{
		"alpha.1": `opam-version: "2.0"
build: ["make" "-j%{jobs}%" "NAME='a b'"]
install: ["make" "install"]
depexts: ["libfoo-dev"]
patches: ["fix.patch"]
url { src: "https://example.org/alpha.tar.gz" }
extra-source "fix.patch" { src: "https://example.org/fix.patch" }
`,
		"beta.2": `opam-version: "2.0"
depends: ["alpha"]
build: ["true"]
`,
	})
	app := []byte("opam-version: \"2.0\"\ndepends: [\"beta\"]\nbuild: [\"dune\" \"build\"]\n")
	in.Project.Packages = []plan.ProjectPackage{plantest.Project(t, "app.opam", app)}
	return plantest.New(t, in)
}

func TestGoldenDump(t *testing.T) {
	for _, target := range []string{"debian-bookworm", "alpine-3.20"} {
		def := compile(t, small(t, target))
		text, err := Dump(def)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "small-"+target+".dump", text)
	}
}

// examples are the plans of the repository's projects.
func examples(t *testing.T) map[string]*plan.Plan {
	t.Helper()
	out := map[string]*plan.Plan{"small": small(t, "debian-bookworm"), "small-alpine": small(t, "alpine-3.20")}
	for _, name := range []string{"fserv", "zcalc"} {
		for _, target := range []string{"debian-bullseye", "debian-bookworm"} {
			out[name+"-"+target] = plantest.New(t, plantest.Example(t, name, target))
		}
	}
	return out
}

func TestExamplesVerify(t *testing.T) {
	for name, p := range examples(t) {
		if err := Verify(compile(t, p)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCompileIsDeterministic(t *testing.T) {
	for name, p := range examples(t) {
		want := definitionBytes(t, p)
		for range 25 {
			if !bytes.Equal(want, definitionBytes(t, p)) {
				t.Fatalf("%s: compiling again gave other bytes", name)
			}
		}
	}
}

func definitionBytes(t *testing.T, p *plan.Plan) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, d := range compile(t, p).Def {
		fmt.Fprintf(&b, "%d\n%s", len(d), d)
	}
	return b.Bytes()
}

const helper = "OFARM_LLB_TEST_PRINT"

// TestCompileInOtherProcesses compares the definitions of two processes that
// have different numbers of processors.
func TestCompileInOtherProcesses(t *testing.T) {
	if os.Getenv(helper) != "" {
		printDigests(t)
		return
	}
	var texts []string
	for _, procs := range []string{"1", "7"} {
		c := exec.Command(os.Args[0], "-test.run=^TestCompileInOtherProcesses$", "-test.v")
		c.Env = append(os.Environ(), helper+"=1", "GOMAXPROCS="+procs)
		out, err := c.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		texts = append(texts, digests(out))
	}
	if texts[0] == "" || texts[0] != texts[1] {
		t.Errorf("got\n%s\nand\n%s", texts[0], texts[1])
	}
}

func printDigests(t *testing.T) {
	all := examples(t)
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Printf("definition %s %s\n", name, digest.FromBytes(definitionBytes(t, all[name])))
	}
}

// digests are the lines of printDigests.
func digests(out []byte) string {
	var b bytes.Buffer
	for line := range bytes.Lines(out) {
		if bytes.HasPrefix(line, []byte("definition ")) {
			b.Write(line)
		}
	}
	return b.String()
}

func TestCompileStopsAtAStep(t *testing.T) {
	p := small(t, "debian-bookworm")
	def, err := Compile(context.Background(), p, Options{Images: images(p), Stop: "alpha.1"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := Dump(def)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains([]byte(text), []byte("beta.2")) {
		t.Errorf("beta.2 is compiled:\n%s", text)
	}
	if _, err := Compile(context.Background(), p, Options{Images: images(p), Stop: "gamma.3"}); err == nil {
		t.Error("no error for a step that isn't there")
	}
}

func TestCompileWithoutAnImage(t *testing.T) {
	p := small(t, "debian-bookworm")
	remove := map[string]func(i *Images){
		`compiling root base: no image for root base`:                       func(i *Images) { delete(i.Roots, "base") },
		`compiling root base+libfoo-dev: no image for root base+libfoo-dev`: func(i *Images) { delete(i.Roots, "base+libfoo-dev") },
		`compiling alpha.1: no image for the source of alpha.1`:             func(i *Images) { delete(i.Sources, "alpha.1") },
		`compiling alpha.1: no image for the step library`:                  func(i *Images) { i.StepLib = "" },
		`compiling root base: no image for the root library`:                func(i *Images) { i.RootLib = "" },
		`compiling app: no image for the linker shim`:                       func(i *Images) { i.Shim = "" },
		`compiling app: no image for the project's files`:                   func(i *Images) { i.Project = "" },
	}
	for want, change := range remove {
		i := images(p)
		change(&i)
		_, err := Compile(context.Background(), p, Options{Images: i})
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestLongScript is a package whose table of variables doesn't fit into one
// argument of a program.
func TestLongScript(t *testing.T) {
	table := bytes.Repeat([]byte("some-package:variable\tvälue\n"), 10000)
	s := plan.Step{Dir: "/", Parts: []plan.Part{{
		Package: "p", Version: "1", Substs: []string{"a", "b"}, Table: string(table),
		Build: []plan.Command{{opam.Word{{Text: "echo"}}}},
	}}}
	args := command(s)
	i := slices.Index(args, "/ofarm/lib/join.sh")
	if i < 0 {
		t.Fatalf("not run in pieces: %d arguments", len(args))
	}
	var joined string
	for _, a := range args[i+1:] {
		if len(a) > maxArg {
			t.Errorf("a piece of %d bytes", len(a))
		}
		joined += a
	}
	if joined != script(s) {
		t.Error("the pieces are another script")
	}
	if n := bytes.Count([]byte(joined), table); n != 1 {
		t.Errorf("the table is %d times in the script", n)
	}
}

// TestRootsAreReadOnly looks at the mounts of "/" in the order that counts:
// the last one is the root that a step gets, and that its cache key is of.
func TestRootsAreReadOnly(t *testing.T) {
	for name, p := range examples(t) {
		vertices, err := decode(compile(t, p))
		if err != nil {
			t.Fatal(err)
		}
		steps := 0
		for _, v := range vertices {
			e := v.op.GetExec()
			if e == nil || strings.Contains(v.name, "configure root") {
				continue
			}
			steps++
			var last *pb.Mount
			for _, m := range e.Mounts {
				if m.Dest == "/" {
					last = m
				}
				if m.Dest == "/" && (!m.Readonly || m.Output != int64(pb.SkipOutput)) {
					t.Errorf("%s: %s: its root can be written", name, v.name)
				}
			}
			if last.ContentCache != pb.MountContentCache_ON {
				t.Errorf("%s: %s: its root is not keyed by content", name, v.name)
			}
		}
		if steps != len(p.Steps) {
			t.Errorf("%s: %d steps, want %d", name, steps, len(p.Steps))
		}
	}
}
