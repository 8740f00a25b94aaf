package audit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-multierror"
	"github.com/pelletier/go-toml/v2"
)

const wholePolicy = `name = "ours"
linkage = "mostly-static"
platform = "linux/amd64"
max-glibc = "2.31"
max-macos = "11.0"
allow-needed = ["libcrypt.so.*"]
allow-runpath = ["$ORIGIN/../lib"]
forbid-exec-stack = true
forbid-leaks = true
build-paths = ["/builds/"]
forbid-temporary-files = true
forbid-glibc-private = true
forbid-debug-info = true
require-stripped = true
require-pie = true
require-relro = "full"
require-bind-now = true
min-thread-stack = 8388608
`

func TestParsePolicy(t *testing.T) {
	t.Parallel()
	whole := Policy{
		Name: "ours", Linkage: MostlyStatic, Platform: "linux/amd64", MaxGLIBC: "2.31", MaxMacOS: "11.0",
		OnlyNeeded: true, AllowNeeded: []string{"libcrypt.so.*"}, NoRunpath: true, AllowRunpath: []string{"$ORIGIN/../lib"},
		NoExecStack: true, NoLeaks: true, NoTemps: true, NoPrivate: true, NoDebug: true, NoSymbols: true,
		PIE: true, RELRO: RELROFull, BindNow: true, ThreadStack: 8 << 20,
	}
	for name, tt := range map[string]struct {
		text string
		want Policy
	}{
		"empty": {"", Policy{Name: "p.toml"}},
		"whole": {wholePolicy, whole},
		"like": {"like = \"glibc_2.31\"\nmax-glibc = \"2.28\"\nforbid-glibc-private = false\n", Policy{
			Name: "p.toml", Linkage: MostlyStatic, OS: "linux", MaxGLIBC: "2.28",
		}},
		"empty lists": {"allow-needed = []\nallow-runpath = []\n", Policy{
			Name: "p.toml", OnlyNeeded: true, AllowNeeded: []string{}, NoRunpath: true, AllowRunpath: []string{},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, prefixes, err := ParsePolicy("p.toml", []byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if name == "whole" && !cmp.Equal(prefixes, []string{"/builds/"}) {
				t.Errorf("got build paths %q", prefixes)
			}
		})
	}
}

// TestPolicyKeys: the manual has every key and no other.
func TestPolicyKeys(t *testing.T) {
	t.Parallel()
	var all map[string]any
	if err := toml.Unmarshal([]byte(wholePolicy+"like = \"static\"\n"), &all); err != nil {
		t.Fatal(err)
	}
	for _, k := range PolicyKeys() {
		if _, ok := all[k.Name]; !ok || k.Kind == "" || k.Text == "" {
			t.Errorf("key %q is not understood, or has no text", k.Name)
		}
		delete(all, k.Name)
	}
	if len(all) > 0 {
		t.Errorf("not in the manual: %v", all)
	}
}

func TestPolicyMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"linkage = \"static\"\nmax-glib = \"2.31\"\n": `p.toml:2:1: unknown key "max-glib"`,
		"a = 1\nb = 2\n":                     `p.toml:2:1: unknown key "b"`,
		"[target]\nlinkage = \"static\"\n":   `p.toml:1:2: unknown key "target"`,
		"\nlinkage = \"statically\"\n":       `p.toml:2:1: linkage: "statically" is not one of static, mostly-static, dynamic`,
		"max-glibc = \"new\"\n":              `p.toml:1:1: max-glibc: "new" is not a version such as "2.31"`,
		"max-glibc = 2.31\n":                 `p.toml:1:13: max-glibc: must be text in quotes, such as "2.31"`,
		"require-relro = true\n":             `p.toml:1:17: `,
		"like = \"manylinux\"\n":             `p.toml:1:1: like: unknown policy "manylinux"`,
		"platform = \"windows/amd64\"\n":     `p.toml:1:1: platform: "windows/amd64" is not one of`,
		"linkage = \"\"\nplatform = \"x\"\n": "p.toml:1:1: linkage: \"\" is not one of static, mostly-static, dynamic\np.toml:2:1: platform:",
		"require-pie = \"yes\"\n":            `p.toml:1:15: require-pie: must be true or false`,
		"min-thread-stack = -1\n":            `p.toml:1:20: min-thread-stack: must be a number, 0 or more`,
		"linkage = \"static\nrest = true\n":  `p.toml:1:`,
	} {
		_, _, err := ParsePolicy("p.toml", []byte(text))
		var texts []string
		if all, ok := err.(*multierror.Error); ok {
			for _, e := range all.Errors {
				if _, ok := e.(*Mistake); !ok {
					t.Errorf("%q: %T is no mistake", text, e)
				}
				texts = append(texts, e.Error())
			}
		}
		if !strings.Contains(strings.Join(texts, "\n"), want) {
			t.Errorf("%q: got %v, want %q", text, texts, want)
		}
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(wholePolicy))
	f.Add([]byte("like = \"manylinux_2_28\"\n"))
	f.Add([]byte("a.b = 1\n[x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _, err := ParsePolicy("p.toml", data)
		if all, ok := err.(*multierror.Error); err != nil && (!ok || len(all.Errors) == 0) {
			t.Errorf("got %T %v", err, err)
		}
	})
}
