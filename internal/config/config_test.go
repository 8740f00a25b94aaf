package config

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFor(t *testing.T) {
	f, err := Parse("ofarm.toml", []byte(`
targets = ["alpine", "debian-bullseye"]
link = "dynamic"
strip = false
[target.debian-oldoldstable]
max-glibc = "2.30"
link = "mostly-static"
[target.alpine]
distro-packages = ["g++"]
[mirrors]
alpine = ["file:///mnt/alpine"]
`))
	if err != nil {
		t.Fatal(err)
	}
	no := false
	want := Target{Link: "mostly-static", MaxGLIBC: "2.30", Strip: &no}
	if diff := cmp.Diff(want, f.For("debian-bullseye")); diff != "" {
		t.Errorf("For(debian-bullseye) (-want +got):\n%s", diff)
	}
	if got := f.For("alpine-3.20").DistroPackages; !reflect.DeepEqual(got, []string{"g++"}) {
		t.Errorf("alpine's table does not hold for alpine-3.20: %q", got)
	}
	if got := f.For("debian-bookworm").Link; got != "dynamic" {
		t.Errorf("For(debian-bookworm).Link is %q, want the top level's", got)
	}
}

func TestMistakes(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"unknown key":      {"target = 1\ntargest = []", "ofarm.toml:1:"},
		"unknown":          {"link = \"static\"\ntargest = []", `ofarm.toml:2:1: unknown key "targest"`},
		"unknown in table": {"[target.alpine]\nlnk = \"static\"", `ofarm.toml:2:1: unknown key "target.alpine.lnk"`},
		"kind":             {"strip = \"yes\"", "ofarm.toml:1:9: strip: must be true or false"},
		"kind of a list":   {"targets = \"alpine\"", `ofarm.toml:1:11: targets: must be a list, such as ["alpine"]`},
		"kind in braces":   {"target = {alpine = {link = 1}}", "ofarm.toml:1:28: target.alpine.link: must be text"},
		"value in braces":  {"target = {alpine = {link = \"statik\"}}", `ofarm.toml:1:21: target.alpine.link: unknown link mode "statik"`},
		"syntax":           {"strip = ", "ofarm.toml:1:"},
		"target":           {"targets = [\"alpin\"]", `ofarm.toml:1:1: targets: unknown target "alpin"`},
		"target table":     {"[target.alpin]", `ofarm.toml:1:2: target.alpin: unknown target "alpin"`},
		"link":             {"link = \"statik\"", `ofarm.toml:1:1: link: unknown link mode "statik"`},
		"glibc":            {"[target.alpine]\nmax-glibc = \"old\"", `ofarm.toml:2:1: target.alpine.max-glibc: "old" is not a glibc version`},
		"ocaml":            {"with-doc = true\nocaml = \"5 3\"", `ofarm.toml:2:1: ocaml: "5 3" is not a version of OCaml`},
		"opam":             {"opam = [\"a\", \"lwt >> 5\"]", `ofarm.toml:1:1: opam: "lwt >> 5" is not a package with`},
		"base":             {"[target.alpine]\nbase = \"registry.example/bases:1\"", `ofarm.toml:2:1: target.alpine.base: "registry.example/bases:1" is not an image by its digest`},
		"base of all":      {"base = \"registry.example/b@sha256:" + strings.Repeat("0", 64) + "\"", `ofarm.toml:1:1: base: a base is of one target`},
		"alias and name":   {"[target.debian-bookworm]\n[target.debian-oldstable]", `ofarm.toml:1:2: target.debian-bookworm: "target.debian-oldstable" is a table of debian-bookworm, too`},
		"Alpine's alias":   {"[target.\"alpine-3.20\"]\n[target.alpine]", `target.alpine-3.20: "target.alpine" is a table of alpine-3.20, too; put all into one`},
		"stack":            {"thread-stack = \"8 MB\"", `ofarm.toml:1:1: thread-stack: "8 MB" is not a size`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("ofarm.toml", []byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v\nwant it to have %q", err, tt.want)
			}
		})
	}
}

// TestKeys holds the table of keys against the struct that is read.
func TestKeys(t *testing.T) {
	got := map[string]bool{}
	for _, k := range Keys() {
		got[k.Name] = true
	}
	want := map[string]bool{}
	collect(reflect.TypeOf(file{}), "", want)
	delete(want, "base") // of one target only
	want["target.NAME.base"] = true
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-struct +table):\n%s", diff)
	}
}

func collect(t reflect.Type, prefix string, out map[string]bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("toml")
		switch {
		case f.Anonymous:
			collect(f.Type, prefix, out)
		case tag == "-" || tag == "target": // these keys may stand below, too
		case f.Type.Kind() == reflect.Map:
			collect(f.Type.Elem(), prefix+tag+".NAME.", out)
		case f.Type.Kind() == reflect.Struct:
			collect(f.Type, prefix+tag+".", out)
		default:
			out[prefix+tag] = true
		}
	}
}

// TestReadme holds the README's table of keys against Keys.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range Keys() {
		if !strings.Contains(string(text), k.Markdown()+"\n") {
			t.Errorf("the README's table of ofarm.toml lacks this row:\n%s", k.Markdown())
		}
	}
}
