package release

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-multierror"
	slsa "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

var update = flag.Bool("update", false, "write the golden files anew")

func hex64(digit string) string { return strings.Repeat(digit, 64) }

// alpine and bullseye are two targets of one project, built from one lock.
func alpine() Build {
	return Build{
		Folder: "alpine-3.20",
		External: External{
			Target: "alpine-3.20", Platform: "linux/amd64", Packages: []string{"hello.dev"},
			Link: "static", Strip: true, Export: []string{"bin/*"},
		},
		Internal: Internal{Epoch: 1785000000, Plan: hex64("1"), Definition: hex64("2")},
		Subjects: []Subject{{"alpine-3.20/bin/hello", hex64("a")}, {"alpine-3.20/bin/hello-again", hex64("b")}},
		Materials: []Material{
			{Name: "alpine/v3.20/main/x86_64/musl-1.2.5-r0.apk", SHA256: hex64("5"),
				URI: "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20"},
			{Name: "ofarm.lock", SHA256: hex64("3")},
			{Name: "opam/dune.3.17.2/opam", SHA256: hex64("6"), URI: "pkg:opam/dune@3.17.2"},
			{Name: "project", SHA256: hex64("4"), MediaType: "application/vnd.oci.image.layer.v1.tar"},
			{Name: "root/base", SHA256: hex64("7"), MediaType: "application/vnd.oci.image.manifest.v1+json"},
			{Name: "sources/mine.dev/source", SHA256: hex64("8"), GitCommit: strings.Repeat("c", 40),
				URI: "git+https://example.org/mine.git@" + strings.Repeat("c", 40)},
		},
		Versions: map[string]string{"ofarm": "v1.2.3", "buildkit": "v0.34.2"},
		Tools:    []Material{{Name: "ofarm-cc-linux-amd64", SHA256: hex64("9")}},
	}
}

func bullseye() Build {
	b := alpine()
	b.Folder = "debian-bullseye"
	b.External.Target, b.External.Link, b.External.MaxGLIBC = "debian-bullseye", "mostly-static", "2.30"
	b.External.Build, b.External.ThreadStack = [][]string{{"make", "-j%{jobs}%"}}, 1<<20
	b.Internal.Definition = hex64("d")
	b.Subjects = []Subject{{"debian-bullseye/bin/hello", hex64("e")}}
	b.Materials = slices.Clone(b.Materials[1:])
	b.Materials[3].SHA256 = hex64("f")
	b.Versions = map[string]string{"ofarm": "v1.2.3", "buildkit": "v0.33.0"}
	return b
}

func appended(t testing.TB, builds ...Build) []byte {
	t.Helper()
	data, err := AppendProvenance(nil, builds)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestGolden is the text of the statements. A change of it is a new form, which
// others read: think of the build type's version.
func TestGolden(t *testing.T) {
	for name, builds := range map[string][]Build{"one": {alpine()}, "two": {alpine(), bullseye()}} {
		t.Run(name, func(t *testing.T) {
			got := appended(t, builds...)
			path := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
			valid(t, got)
		})
	}
}

// valid reads a statement with in-toto's own types, to which no field may be
// unknown, and has them validate it.
func valid(t testing.TB, data []byte) (*intoto.Statement, *slsa.Provenance) {
	t.Helper()
	s, p := &intoto.Statement{}, &slsa.Provenance{}
	if err := protojson.Unmarshal(data, s); err != nil {
		t.Fatalf("as an in-toto statement: %v\n%s", err, data)
	}
	if err := s.Validate(); err != nil {
		t.Errorf("in-toto: %v\n%s", err, data)
	}
	predicate, err := protojson.Marshal(s.GetPredicate())
	if err != nil {
		t.Fatal(err)
	}
	if err := protojson.Unmarshal(predicate, p); err != nil {
		t.Fatalf("as SLSA provenance: %v\n%s", err, predicate)
	}
	if err := p.Validate(); err != nil {
		t.Errorf("SLSA: %v\n%s", err, predicate)
	}
	return s, p
}

// TestOthersRead is what another program finds with in-toto's types.
func TestOthersRead(t *testing.T) {
	s, p := valid(t, appended(t, alpine(), bullseye()))
	var subjects []string
	for _, d := range s.GetSubject() {
		subjects = append(subjects, d.GetName()+" "+d.GetDigest()["sha256"][:1])
	}
	want := []string{"alpine-3.20/bin/hello a", "alpine-3.20/bin/hello-again b", "debian-bullseye/bin/hello e"}
	if diff := cmp.Diff(want, subjects); diff != "" {
		t.Errorf("subjects (-want +got):\n%s", diff)
	}
	if s.GetPredicateType() != "https://slsa.dev/provenance/v1" {
		t.Errorf("predicate type %q", s.GetPredicateType())
	}
	if m := p.GetRunDetails().GetMetadata(); m != nil {
		t.Errorf("it has metadata, which differ between builds: %v", m)
	}
	versions := map[string]string{
		"buildkit/alpine-3.20": "v0.34.2", "buildkit/debian-bullseye": "v0.33.0", "ofarm": "v1.2.3",
	}
	if diff := cmp.Diff(versions, p.GetRunDetails().GetBuilder().GetVersion()); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	of := map[string][]any{}
	for _, d := range p.GetBuildDefinition().GetResolvedDependencies() {
		of[d.GetName()+" "+d.GetDigest()["sha256"][:1]], _ = d.GetAnnotations().AsMap()["ofarm_targets"].([]any)
	}
	if diff := cmp.Diff([]any{"alpine-3.20"}, of["root/base 7"]); diff != "" {
		t.Errorf("targets of a root (-want +got):\n%s", diff)
	}
	if of["ofarm.lock 3"] != nil || len(of) != 7 {
		t.Errorf("dependencies: %v", of)
	}
}

// TestMistakes are statements that nobody could believe or read.
func TestMistakes(t *testing.T) {
	tests := map[string]struct {
		change func(b *Build)
		want   string
	}{
		"no folder":        {func(b *Build) { b.Folder = "" }, "not the name of a folder"},
		"path":             {func(b *Build) { b.Folder = "dist/alpine-3.20" }, "not the name of a folder"},
		"twice":            {func(b *Build) { *b = bullseye() }, "it is there twice"},
		"nothing":          {func(b *Build) { b.Subjects = nil }, "it has no artifact"},
		"outside":          {func(b *Build) { b.Subjects[0].Path = "debian-bullseye/bin/other" }, "is not in the folder"},
		"artifact twice":   {func(b *Build) { b.Subjects[1].Path = b.Subjects[0].Path }, "is there twice"},
		"artifact's sum":   {func(b *Build) { b.Subjects[0].SHA256 = "" }, "is not a sha256"},
		"nameless":         {func(b *Build) { b.Materials[0].Name = "" }, "is not named by a sha256"},
		"upper case":       {func(b *Build) { b.Materials[0].SHA256 = hex64("A") }, "is not named by a sha256"},
		"short commit":     {func(b *Build) { b.Materials[0].GitCommit = "abc" }, "is not named by a sha256"},
		"tool":             {func(b *Build) { b.Tools[0].SHA256 = "x" }, "is not named by a sha256"},
		"program's folder": {func(b *Build) { b.Versions["a/b"] = "1" }, "is not the name of a program"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := alpine()
			tt.change(&b)
			data, err := AppendProvenance(nil, []Build{bullseye(), b})
			var mistake *ProvenanceError
			if !errors.As(err, &mistake) || !strings.Contains(err.Error(), tt.want) || len(data) > 0 {
				t.Errorf("%q, %v; want %q", data, err, tt.want)
			}
		})
	}
	_, err := AppendProvenance(nil, []Build{{Folder: "a"}, {Folder: "b"}})
	var all *multierror.Error
	if !errors.As(err, &all) || len(all.Errors) != 2 {
		t.Errorf("not all mistakes are told: %v", err)
	}
	if _, err := AppendProvenance(nil, nil); err == nil {
		t.Error("a statement about nothing")
	}
}

// TestEdited is what ParseProvenance must not take for ofarm's.
func TestEdited(t *testing.T) {
	good := string(appended(t, alpine(), bullseye()))
	compact := &bytes.Buffer{}
	if err := json.Compact(compact, []byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty":           "",
		"truncated":       good[:len(good)/2],
		"no line break":   strings.TrimSuffix(good, "\n"),
		"more":            good + "{}\n",
		"compact":         compact.String(),
		"unknown field":   strings.Replace(good, `"_type"`, `"_other": 1, "_type"`, 1),
		"statement v0.1":  strings.Replace(good, "Statement/v1", "Statement/v0.1", 1),
		"other predicate": strings.Replace(good, "slsa.dev/provenance/v1", "slsa.dev/provenance/v0.2", 1),
		"other builder":   strings.Replace(good, `"id": "https://github.com/ofarm/ofarm"`, `"id": "https://example.org"`, 1),
		"other type":      strings.Replace(good, "build/v1", "build/v2", 1),
		"stray subject":   strings.Replace(good, `"debian-bullseye/bin/hello"`, `"debian-trixie/bin/hello"`, 1),
		"stray target":    strings.Replace(good, "\"ofarm_targets\": [\n", "\"ofarm_targets\": [\n\"debian-trixie\",\n", 1),
		"metadata":        strings.Replace(good, `"builder": {`, `"metadata": {}, "builder": {`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			if text == good {
				t.Fatal("the test changes nothing")
			}
			if builds, err := ParseProvenance([]byte(text)); err == nil {
				t.Errorf("it is read as %v", builds)
			}
		})
	}
	_, err := ParseProvenance([]byte(strings.Replace(good, "build/v1", "build/v2", 1)))
	var other *BuildTypeError
	if !errors.As(err, &other) || !strings.HasSuffix(other.BuildType, "/v2") {
		t.Errorf("another build type: %v", err)
	}
	_, err = ParseProvenance([]byte(strings.Replace(good, `"id": "`, `"id": "x`, 1)))
	line := 1 + strings.Count(good[:strings.Index(good, `"id": "`)], "\n")
	if err == nil || !strings.HasSuffix(err.Error(), "from line "+itoa(line)+" on") {
		t.Errorf("%v, want line %d", err, line)
	}
}

func itoa(n int) string {
	data, _ := json.Marshal(n)
	return string(data)
}
