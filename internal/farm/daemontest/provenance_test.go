package daemontest

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	slsa "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"github.com/opencontainers/go-digest"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/release"
	"github.com/ofarm/ofarm/internal/testworld/shellworld"
)

// described are packages with one of every kind of input, and a project on them.
func described() (packages []shellworld.Package, project shellworld.Package) {
	packages = append(ladder(), shellworld.Package{
		Name: "more", Script: note("more", "$(cat beside) $(cat extra)"),
		Beside: map[string]string{"beside": "1"}, Extra: map[string]string{"extra": "2"},
	})
	return packages, shellworld.Package{
		Name: "app", Depends: []string{"c", "more", "z"}, Script: cat, Files: map[string]string{"data": "1\n"},
	}
}

// Two builds of the same, in other folders, with other caches, daemons, times
// and numbers of processors, all targets at once or one after the other, say
// the same of themselves, byte for byte.
func TestProvenanceTwiceTheSame(t *testing.T) {
	packages, project := described()
	b := newBench(t, packages...)
	dir := b.project(project, "", alpine, alpine21)
	o := b.options(dir)
	o.Version = "v1.2.3"
	if _, err := b.run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	first := exported(t, dir, farm.ProvenanceName)

	other := filepath.Join(b.dir, "another folder")
	if err := os.CopyFS(other, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(other, "dist")); err != nil {
		t.Fatal(err)
	}
	b.farm = b.newFarm("another cache")
	o = b.options(other)
	o.Version, o.Output = "v1.2.3", filepath.Join(other, "out", "put")
	o.ModTime, o.Now = modTime.Add(time.Hour), time.Now()
	o.Engine.Parallel = 1
	for _, id := range []int{1, 0} {
		one := o
		one.Targets = o.Targets[id : id+1]
		if _, err := b.run(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	second := readFile(t, filepath.Join(o.Output, farm.ProvenanceName))
	if diff := cmp.Diff(strings.Split(first, "\n"), strings.Split(second, "\n")); diff != "" {
		t.Errorf("provenance (-first +second):\n%s", diff)
	}
}

// What a build says of itself is true: of the artifacts, of what it read, and
// of the programs; and others can read it.
func TestProvenanceIsTrue(t *testing.T) {
	packages, project := described()
	b := newBench(t, packages...)
	dir := b.project(project, "")
	o := b.options(dir)
	o.Version = "v1.2.3"
	if _, err := b.run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	before := b.described(dir)
	subjects := []release.Subject{{Path: alpine + "/bin/all", SHA256: sum(exported(t, dir, alpine+"/bin/all"))}}
	if diff := cmp.Diff(subjects, before.Subjects); diff != "" {
		t.Errorf("subjects (-want +got):\n%s", diff)
	}
	b.checkTools(before.Tools)
	if before.Versions["ofarm"] != "v1.2.3" || !strings.HasPrefix(before.Versions["buildkit"], "v") {
		t.Errorf("versions %q", before.Versions)
	}
	b.checkMaterials(o, before.Materials)

	write(t, dir, "data", "2\n")
	b.build(dir)
	after := b.described(dir)
	if before.Internal.Definition == after.Internal.Definition || before.Internal.Plan != after.Internal.Plan {
		t.Errorf("a file of the project changed: %+v, then %+v", before.Internal, after.Internal)
	}
	if got := changed(before.Materials, after.Materials); !slices.Equal(got, []string{"project"}) {
		t.Errorf("a file of the project changed: so did %q", got)
	}
}

// described reads what a project's build of one target says of itself, with
// ofarm's reader and with in-toto's.
func (b *bench) described(dir string) release.Build {
	b.t.Helper()
	data := []byte(exported(b.t, dir, farm.ProvenanceName))
	builds, err := release.ParseProvenance(data)
	if err != nil || len(builds) != 1 {
		b.t.Fatalf("%d builds, %v\n%s", len(builds), err, data)
	}
	var s intoto.Statement
	if err := protojson.Unmarshal(data, &s); err != nil {
		b.t.Fatal(err)
	}
	predicate, err := protojson.Marshal(s.GetPredicate())
	if err != nil {
		b.t.Fatal(err)
	}
	var p slsa.Provenance
	if err := protojson.Unmarshal(predicate, &p); err != nil {
		b.t.Fatal(err)
	}
	for _, err := range []error{s.Validate(), p.Validate()} {
		if err != nil {
			b.t.Error(err)
		}
	}
	return builds[0]
}

// checkTools holds what ofarm brings into an Alpine's steps against what there is.
func (b *bench) checkTools(tools []release.Material) {
	b.t.Helper()
	shim := sum(readFile(b.t, filepath.Join(b.bin, "ofarm-cc-linux-amd64")))
	if len(tools) != 2 || tools[0].Name != "ofarm-cc-linux-amd64" || tools[0].SHA256 != shim || tools[1].Name != "step library" {
		b.t.Fatalf("tools %+v", tools)
	}
	library := b.farm.Layout.BlobPath(digest.Digest("sha256:" + tools[1].SHA256))
	if got := sum(readFile(b.t, library)); got != tools[1].SHA256 {
		b.t.Errorf("the step library has the sha256 %s, want %s", tools[1].SHA256, got)
	}
}

// checkMaterials holds materials against what the farm has, and against what
// the lock says that the build reads.
func (b *bench) checkMaterials(o farm.BuildOptions, materials []release.Material) {
	b.t.Helper()
	var inputs []string
	for _, m := range materials {
		d, err := input.ParseDigest("sha256:" + m.SHA256)
		if err != nil {
			b.t.Fatal(err)
		}
		switch kind, _, _ := strings.Cut(m.Name, "/"); kind {
		case farm.LockName:
			if got := sum(readFile(b.t, o.Project.LockPath())); got != m.SHA256 || m.SHA256 != o.LockDigest {
				b.t.Errorf("the lock has the sha256 %s, want %s", m.SHA256, got)
			}
		case "project", "root":
			if got := sum(readFile(b.t, b.farm.Layout.BlobPath(digest.Digest(d.String())))); got != m.SHA256 {
				b.t.Errorf("%s: the store of images has %s, want %s", m.Name, got, m.SHA256)
			}
		default:
			// Sources are files of this machine here, of which nothing is told.
			if err := b.farm.Store.Verify(d); err != nil || (m.URI == "") != (kind == "sources") {
				b.t.Errorf("%s from %q: %v", m.Name, m.URI, err)
			}
			inputs = append(inputs, m.Name+" "+m.SHA256)
		}
	}
	locked, err := farm.Inputs(o.Lock, o.Targets)
	if err != nil {
		b.t.Fatal(err)
	}
	var want []string
	for _, in := range locked {
		want = append(want, in.Title+" "+in.Sum.Hex())
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, inputs); diff != "" || len(want) < 10 {
		b.t.Errorf("inputs (-of the lock +of the build):\n%s", diff)
	}
}

// sum is a text's sha256 in hex.
func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

// changed are the names of materials that differ, sorted.
func changed(before, after []release.Material) []string {
	var out []string
	for _, m := range slices.Concat(before, after) {
		if slices.Contains(before, m) != slices.Contains(after, m) && !slices.Contains(out, m.Name) {
			out = append(out, m.Name)
		}
	}
	slices.Sort(out)
	return out
}
