package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/testworld/site"
	"github.com/ofarm/ofarm/targets"
)

// shape is an example of how a project makes executables.
type shape struct {
	project  string
	programs []program
	// others are files that are exported beside the programs.
	others []string
}

// program is an executable, with what it writes.
type program struct {
	name, says string
	// cxx tells that it has C++ in it, which the stand-in for Alpine can't link.
	cxx bool
	// host tells that it loads a plugin, which a static executable can't, but in
	// bytecode.
	host, bytecode bool
}

func shapes() []shape {
	greets := func(name string) string { return name + ": 24 from C, 42 from a thread, pid ok" }
	return []shape{
		{project: "shapes", others: []string{"shape_plugin.cmxs"}, programs: []program{
			{name: "shape_native", says: greets("native")}, {name: "shape_second", says: greets("second")},
			{name: "shape_complete", says: greets("complete")}, {name: "shape_custom", says: greets("custom")},
			{name: "shape_cxx", says: "caught odd, cxx: 42 then -1", cxx: true},
			{name: "shape_host", says: "plugin: 42", cxx: true, host: true},
		}},
		{project: "shapes-site", others: []string{"META", "META", "site_plugin.cmxs"}, programs: []program{
			{name: "site_host", says: "site: 42", host: true},
		}},
		{project: "shapes-ocamlbuild", programs: []program{
			{name: "ocamlbuild_first", says: "first of ocamlbuild, pid ok"},
			{name: "ocamlbuild_second", says: "second of ocamlbuild, pid ok"},
			{name: "ocamlbuild_custom", says: "custom of ocamlbuild, pid ok"},
		}},
		{project: "shapes-topkg", programs: []program{
			{name: "topkg_first", says: "first of topkg, pid ok"}, {name: "topkg_second", says: "second of topkg, pid ok"},
		}},
		{project: "shapes-make", others: []string{"make_plugin.cmo"}, programs: []program{
			{name: "make_first", says: "first of make, pid ok"}, {name: "make_second", says: "second of make, pid ok"},
			{name: "make_complete", says: "complete of make, pid ok"}, {name: "make_custom", says: "custom of make, pid ok"},
			{name: "make_embedded", says: "embedded of make, pid ok"},
			{name: "make_host", says: "plugin in bytecode", host: true, bytecode: true},
		}},
	}
}

// static returns the part of a shape that Alpine's can have. What is exported
// beside the programs is plugins: native ones stay out with their hosts.
func (s shape) static() shape {
	native := func(name string) bool { return !strings.HasSuffix(name, ".cmo") }
	s.others = slices.DeleteFunc(slices.Clone(s.others), native)
	s.programs = slices.DeleteFunc(slices.Clone(s.programs), func(p program) bool { return p.cxx || p.host && !p.bytecode })
	return s
}

const bullseye = "debian-bullseye"

// TestE2EShapes builds a project of each shape in each link mode, holds the
// audit's verdict against readelf and ldd, and runs every executable where
// nothing else is. OFARM_TEST_CACHE names a cache folder to go on with, instead
// of compiling OCaml anew.
func TestE2EShapes(t *testing.T) {
	if os.Getenv("OFARM_TEST_E2E") == "" {
		t.Skip("\"make e2e\" runs this")
	}
	w := prepareShapes(t)
	for _, s := range shapes() {
		if alpine := s.static(); len(alpine.programs) > 0 {
			t.Run(s.project+" static", func(t *testing.T) { w.in(t).static(alpine) })
		}
		t.Run(s.project+" mostly static", func(t *testing.T) { w.in(t).mostlyStatic(s) })
		t.Run(s.project+" dynamic", func(t *testing.T) { w.in(t).dynamic(s) })
	}
	t.Run("static hosts of plugins are refused", func(t *testing.T) { w.in(t).refusesPlugins() })
	t.Run("stub libraries stay dynamic", func(t *testing.T) { w.in(t).keepsStubs() })
}

// prepareShapes adds the shapes to the site's examples, and locks Alpine.
func prepareShapes(t *testing.T) *world {
	w := prepare(t)
	if dir := os.Getenv("OFARM_TEST_CACHE"); dir != "" {
		w.cache = dir
	}
	for _, s := range shapes() {
		from := os.DirFS(filepath.Join(w.Repo, "testdata", s.project))
		if err := os.CopyFS(w.Project(s.project), from); err != nil {
			t.Fatal(err)
		}
		w.ofarm(w.LockAlpine(s.project)...)
	}
	return w
}

// in is the world of a subtest.
func (w *world) in(t *testing.T) *world {
	sub := *w
	sub.t = t
	return &sub
}

func (w *world) static(s shape) {
	dist, artifacts := w.linked(s, w.Alpine, targets.Static)
	for _, p := range s.programs {
		w.isLinked(artifacts[p.name], targets.Static)
		root := w.emptyRoot(filepath.Join(dist, "bin", p.name))
		says(w.t.Context(), w.test(), root, p.says, w.place(root, dist, p))
	}
}

func (w *world) mostlyStatic(s shape) {
	dist, artifacts := w.linked(s, bullseye, targets.MostlyStatic)
	for _, p := range s.programs {
		w.isLinked(artifacts[p.name], targets.MostlyStatic)
		root := w.bareRoot(s.project, bullseye, filepath.Join(dist, "bin", p.name))
		says(w.t.Context(), w.test(), root, p.says, w.place(root, dist, p))
	}
}

// dynamic has nothing rewritten: C++ doesn't run where only libc is, and
// everything else is as it would be mostly static.
func (w *world) dynamic(s shape) {
	dist, artifacts := w.linked(s, bullseye, targets.Dynamic)
	for _, p := range s.programs {
		root := w.bareRoot(s.project, bullseye, filepath.Join(dist, "bin", p.name))
		place := w.place(root, dist, p)
		if !p.cxx {
			w.isLinked(artifacts[p.name], targets.MostlyStatic)
			says(w.t.Context(), w.test(), root, p.says, place)
			continue
		}
		w.isLinked(artifacts[p.name], targets.Dynamic)
		out, err := site.RunIn(w.t.Context(), root, place)
		if err == nil || !strings.Contains(out, "libstdc++.so.6: cannot open shared object file") {
			w.t.Errorf("%s ran without libstdc++: %q, %v", p.name, out, err)
		}
	}
}

// refusesPlugins builds both hosts of plugins for Alpine, that of shapes without
// its C++.
func (w *world) refusesPlugins() {
	w.t.Cleanup(w.edit("shapes", "ofarm.toml", `"-p", "shapes"`, `"-p", "shapes,shapes-cxx,shapes-plugin"`))
	w.t.Cleanup(w.edit("shapes", "cxx/dune", "(foreign_stubs\n  (language cxx)\n  (names shape_cxx_stubs))\n (c_library_flags (-lstdc++))", ""))
	w.t.Cleanup(w.edit("shapes", "cxx/shape_cxx.ml", `external half : int -> int = "shape_half"`, "let half n = n / 2"))
	for _, host := range [][2]string{{"shapes", "plugin/host.exe"}, {"shapes-site", "src/host.exe"}} {
		w.refused(host[0], w.Alpine, targets.Static,
			`"`+host[1]+`" has OCaml's Dynlink in it, and a static executable can't load plugins: musl's dlopen is in its shared libc only`,
			"build it for a glibc target (mostly-static), or without Dynlink")
	}
}

// keepsStubs exports a stub library that was made in the project's own step,
// where links are changed: the audit finds it as it came.
func (w *world) keepsStubs() {
	w.t.Cleanup(w.edit("shapes", "ofarm.toml", "\n[target.debian-bullseye]", "\n[target.debian-bullseye]\nexport = [\"lib/stublibs/*\"]"))
	w.refused("shapes", bullseye, targets.MostlyStatic,
		"debian-bullseye/lib/stublibs/dllshape_cxx_stubs.so", "libstdc++.so.6")
}

// test is the subtest that the world belongs to.
func (w *world) test() *testing.T { return w.t.(*testing.T) }

// linked builds a project for one target in a link mode, checks what was
// exported, and returns the target's folder and what artifacts.json says of each
// file, by name.
func (w *world) linked(s shape, target string, mode targets.LinkMode) (string, map[string]farm.Artifact) {
	w.t.Helper()
	dist := w.dist(s.project + "-" + string(mode))
	out, _ := w.ofarm("build", "--json", "--progress", "plain", "--target", target, "--link", string(mode), "--output", dist, s.project)
	var list []farm.Artifact
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) == 0 {
		w.t.Fatalf("reading what ofarm build printed: %v\n%s", err, out)
	}
	artifacts := map[string]farm.Artifact{}
	var exported []string
	for _, a := range list {
		exported = append(exported, filepath.Base(a.Path))
		artifacts[filepath.Base(a.Path)] = a
		if a.Kind == audit.KindELF {
			w.agrees(filepath.Join(dist, a.Path), a)
		}
	}
	want := slices.Clone(s.others)
	for _, p := range s.programs {
		want = append(want, p.name)
	}
	slices.Sort(want)
	slices.Sort(exported)
	if diff := cmp.Diff(want, exported); diff != "" {
		w.t.Fatalf("exported (-want +got):\n%s", diff)
	}
	return filepath.Join(dist, list[0].Target), artifacts
}

// refused builds a project, which must fail with all the words.
func (w *world) refused(project, target string, mode targets.LinkMode, words ...string) {
	w.t.Helper()
	args := []string{"build", "--progress", "plain", "--target", target, "--link", string(mode), "--output", w.dist("refused"), project}
	out, err := w.Ofarm(w.t.Context(), w.cache, args...).CombinedOutput()
	if err == nil {
		w.t.Fatalf("it was built:\n%s", tail(string(out), 20))
	}
	for _, word := range words {
		if !strings.Contains(string(out), word) {
			w.t.Errorf("what it says has no %q:\n%s", word, tail(string(out), 30))
		}
	}
}

// edit replaces a text in a project's file, and returns what puts it back.
func (w *world) edit(project, file, old, text string) func() {
	w.t.Helper()
	path := filepath.Join(w.Project(project), file)
	before, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(before), old) {
		w.t.Fatalf("%s has no %q (%v)", path, old, err)
	}
	writeFile(w.test(), path, []byte(strings.Replace(string(before), old, text, 1)))
	return func() { writeFile(w.test(), path, before) }
}

func (w *world) isLinked(a farm.Artifact, mode targets.LinkMode) {
	w.t.Helper()
	if a.Linkage != string(mode) {
		w.t.Errorf("%s is %s (%q), want it %s", a.Path, a.Linkage, a.Needed, mode)
	}
}

// place is where a program is in a root. A host of plugins gets them, too, and
// all of it where it was installed.
func (w *world) place(root, dist string, p program) string {
	w.t.Helper()
	if !p.host {
		return "/" + p.name
	}
	if err := os.CopyFS(filepath.Join(root, plan.Prefix), os.DirFS(dist)); err != nil {
		w.t.Fatal(err)
	}
	return filepath.Join(plan.Prefix, "bin", p.name)
}

var (
	neededLine = regexp.MustCompile(`\(NEEDED\).*\[(.*)\]`)
	lddLine    = regexp.MustCompile(`(?m)^\s+(\S+)(?: => | \()`)
)

// agrees holds what was found out of an ELF file against readelf and ldd.
func (w *world) agrees(file string, a farm.Artifact) {
	w.t.Helper()
	dynamic, err := exec.Command("readelf", "-ldW", file).Output()
	if err != nil {
		w.t.Fatalf("readelf %s: %v", file, err)
	}
	var needed []string
	for _, m := range neededLine.FindAllStringSubmatch(string(dynamic), -1) {
		needed = append(needed, m[1])
	}
	if diff := cmp.Diff(needed, a.Needed); diff != "" {
		w.t.Errorf("NEEDED of %s (-readelf +audit):\n%s", a.Path, diff)
	}
	if strings.HasSuffix(file, ".cmxs") { // a shared library has no interpreter, and ldd says little of it
		return
	}
	if interpreted := strings.Contains(string(dynamic), "Requesting program interpreter"); interpreted == (a.Linkage == string(targets.Static)) {
		w.t.Errorf("%s is %s, and readelf sees an interpreter: %v", a.Path, a.Linkage, interpreted)
	}
	w.agreesWithLdd(file, a)
}

// agreesWithLdd asks what the loader would load: nothing for a static file, and
// for a mostly static one nothing but libc's family, by whatever way.
func (w *world) agreesWithLdd(file string, a farm.Artifact) {
	w.t.Helper()
	out, _ := exec.Command("ldd", file).CombinedOutput() // a static file is a failure
	var loaded []string
	for _, m := range lddLine.FindAllStringSubmatch(string(out), -1) {
		if name := filepath.Base(m[1]); !strings.HasPrefix(name, "linux-vdso") && !strings.HasPrefix(name, "ld-linux") {
			loaded = append(loaded, name)
		}
	}
	outside := slices.DeleteFunc(slices.Clone(loaded), isLibc)
	switch targets.LinkMode(a.Linkage) {
	case targets.Static:
		if len(loaded) > 0 {
			w.t.Errorf("%s is static, and ldd says\n%s", a.Path, out)
		}
	case targets.MostlyStatic:
		if len(loaded) == 0 || len(outside) > 0 {
			w.t.Errorf("%s is mostly static, and ldd says\n%s", a.Path, out)
		}
	default:
		if len(outside) == 0 {
			w.t.Errorf("%s is dynamic, and ldd says\n%s", a.Path, out)
		}
	}
}

func isLibc(name string) bool {
	return slices.Contains([]string{"libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0", "librt.so.1"}, name)
}
