package release

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// builds draws builds of some targets that share some of what they have.
func builds(t *rapid.T) []Build {
	text := rapid.SampledFrom([]string{"a", "b", "<&>", "é", "\u2028", "\"\\"})
	sum := rapid.Custom(func(t *rapid.T) string { return hex64(rapid.SampledFrom([]string{"0", "1", "f"}).Draw(t, "digit")) })
	material := rapid.Custom(func(t *rapid.T) Material {
		return Material{
			Name: text.Draw(t, "name"), URI: rapid.SampledFrom([]string{"", "pkg:a/b?c=d&e=f"}).Draw(t, "uri"), SHA256: sum.Draw(t, "sum"),
			GitCommit: rapid.SampledFrom([]string{"", strings.Repeat("c", 40)}).Draw(t, "commit"),
			MediaType: rapid.SampledFrom([]string{"", "text/plain"}).Draw(t, "media"),
		}
	})
	materials := rapid.SliceOfNDistinct(material, 0, 5, rapid.ID[Material])
	folders := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"alpine-3.20", "alpine-3.20-arm64", "debian-bookworm"}), 1, 3, rapid.ID[string])
	var out []Build
	for _, folder := range folders.Draw(t, "folders") {
		b := Build{
			Folder: folder,
			External: External{
				Target: folder, Packages: rapid.SliceOfN(text, 1, 3).Draw(t, "packages"), Strip: rapid.Bool().Draw(t, "strip"),
				Export: rapid.SliceOfN(text, 1, 2).Draw(t, "export"), MaxGLIBC: text.Draw(t, "glibc"),
			},
			Internal:  Internal{Epoch: rapid.Int64().Draw(t, "epoch"), Plan: sum.Draw(t, "plan")},
			Materials: materials.Draw(t, "materials"),
			Tools:     materials.Draw(t, "tools"),
			Versions:  rapid.MapOfN(text, text, 0, 2).Draw(t, "versions"),
		}
		for _, name := range rapid.SliceOfNDistinct(text, 1, 3, rapid.ID[string]).Draw(t, "artifacts") {
			b.Subjects = append(b.Subjects, Subject{folder + "/bin/" + name, sum.Draw(t, "sum")})
		}
		out = append(out, b)
	}
	return out
}

// sorted is how ParseProvenance orders builds.
func sorted(list []Build) []Build {
	list = slices.SortedFunc(slices.Values(list), func(x, y Build) int { return strings.Compare(x.Folder, y.Folder) })
	for i := range list {
		b := &list[i]
		b.Subjects = slices.SortedFunc(slices.Values(b.Subjects), func(x, y Subject) int { return strings.Compare(x.Path, y.Path) })
		b.Materials = slices.SortedFunc(slices.Values(b.Materials), compareMaterials)
		b.Tools = slices.SortedFunc(slices.Values(b.Tools), compareMaterials)
	}
	return list
}

// TestSplitUndoesJoin: nothing gets lost, nothing gets to another target, and
// others can read it.
func TestSplitUndoesJoin(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		list := builds(rt)
		data := appended(t, list...)
		got, err := ParseProvenance(data)
		if err != nil {
			rt.Fatalf("%v\n%s", err, data)
		}
		if diff := cmp.Diff(sorted(list), got, cmpopts.EquateEmpty()); diff != "" {
			rt.Errorf("builds (-given +read):\n%s\n%s", diff, data)
		}
		valid(t, data)
	})
}

// TestOneAfterTheOther: it is all the same in which order targets are built, how
// often, and what their lists are in.
func TestOneAfterTheOther(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		list := builds(rt)
		want := appended(t, list...)
		var have []Build
		for _, b := range rapid.Permutation(slices.Concat(list, list[:1])).Draw(rt, "order") {
			b.Subjects = rapid.Permutation(b.Subjects).Draw(rt, "subjects")
			b.Materials = append(rapid.Permutation(b.Materials).Draw(rt, "materials"), b.Materials...)
			b.Versions = maps.Clone(b.Versions)
			have = slices.DeleteFunc(have, func(o Build) bool { return o.Folder == b.Folder })
			read, err := ParseProvenance(appended(t, append(have, b)...))
			if err != nil {
				rt.Fatal(err)
			}
			have = read
		}
		if got := appended(t, have...); string(got) != string(want) {
			rt.Error(cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")))
		}
	})
}

// FuzzParseProvenance: what is read is written again byte for byte.
func FuzzParseProvenance(f *testing.F) {
	f.Add(appended(f, alpine()))
	f.Add(appended(f, alpine(), bullseye()))
	f.Add([]byte(`{"predicate": {"buildDefinition": {"externalParameters": {"targets": {"a": {}}}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := ParseProvenance(data)
		if err != nil {
			return
		}
		if got := appended(t, list...); string(got) != string(data) {
			t.Errorf("%q is written as %q", data, got)
		}
	})
}

// Example of what a build says of itself.
func ExampleParseProvenance() {
	data, err := AppendProvenance(nil, []Build{alpine(), bullseye()})
	if err != nil {
		fmt.Println(err)
	}
	list, err := ParseProvenance(data)
	if err != nil {
		fmt.Println(err)
	}
	for _, b := range list {
		fmt.Println(b.Folder, b.External.Link, b.Subjects[0].Path, b.Versions["buildkit"])
	}
	// Output:
	// alpine-3.20 static alpine-3.20/bin/hello v0.34.2
	// debian-bullseye mostly-static debian-bullseye/bin/hello v0.33.0
}
