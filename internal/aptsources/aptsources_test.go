package aptsources

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestMirrors(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		want  map[string][]string
		wrong []string
	}{
		"no apt at all": {want: map[string][]string{}},
		"one-line style": {
			files: map[string]string{"sources.list": `
# a comment
deb http://mirror.example/debian/ bookworm main contrib # why
deb-src	http://mirror.example/debian	bookworm	main
deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] https://second.example/pub/debian bookworm-updates main
deb http://mirror.example/debian-security bookworm-security main
deb http://old.example/security buster/updates main
`},
			want: map[string][]string{
				Main:     {"http://mirror.example/debian", "https://second.example/pub/debian"},
				Security: {"http://mirror.example/debian-security", "http://old.example/security"},
			},
		},
		"deb822 style": {
			files: map[string]string{"sources.list.d/debian.sources": `Types: deb deb-src
# a comment inside
URIs: http://mirror.example/debian
 http://second.example/debian
Suites: trixie trixie-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 aaaa

Types: deb
uris: http://mirror.example/debian-security/
Suites: trixie-security
Components: main non-free-firmware

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: trixie
Components: main
`},
			want: map[string][]string{
				Main:     {"http://mirror.example/debian", "http://second.example/debian"},
				Security: {"http://mirror.example/debian-security"},
			},
		},
		"third parties": {
			files: map[string]string{
				"sources.list.d/a.list": `deb https://vendor.example/apt cloud-sdk-bookworm main
deb https://vendor.example/node nodistro main
deb https://vendor.example/flat ./
deb https://vendor.example/tool bookworm stable
deb cdrom:[Debian] bookworm main
deb https://vendor.example/prod bookworm main`,
				"sources.list.d/b.list":      "deb http://mirror.example/debian bookworm main",
				"sources.list.d/ignored.bak": "nonsense",
			},
			want: map[string][]string{Main: {"http://mirror.example/debian", "https://vendor.example/prod"}},
		},
		"mistakes": {
			files: map[string]string{
				"sources.list":             "deb http://mirror.example/debian bookworm main\n\nrpm http://x.example/ bookworm main\ndeb [arch=amd64 http://x.example/ bookworm\ndeb http://x.example/\n",
				"sources.list.d/a.sources": "\nTypes: deb\nURIs: http://x.example/debian\nnonsense\n",
			},
			want: map[string][]string{Main: {"http://mirror.example/debian"}},
			wrong: []string{
				`sources.list:3: a source begins with "deb" or "deb-src"`,
				`sources.list:4: the options' "[" has no "]"`,
				`sources.list:5: a source needs a URI and a suite`,
				`sources.list.d/a.sources:4: a field has no ":"`,
				`sources.list.d/a.sources:2: a source without suites`,
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			for file, text := range test.files {
				fsys[file] = &fstest.MapFile{Data: []byte(text)}
			}
			got, err := Mirrors(fsys)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("mirrors (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(strings.Join(test.wrong, "\n"), errorText(err)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if syntax := new(SyntaxError); len(test.wrong) > 0 && !errors.As(err, &syntax) {
				t.Errorf("error %v is no SyntaxError", err)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestMirrorsAsApt holds the mirrors of this machine against what its apt
// would fetch from.
func TestMirrorsAsApt(t *testing.T) {
	out, err := exec.Command("apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages", "Component: main").Output()
	if err != nil {
		t.Skipf("no apt here: %v", err)
	}
	got, err := Mirrors(os.DirFS("/etc/apt"))
	if err != nil {
		t.Fatal(err)
	}
	for archive, bases := range got {
		for _, base := range bases {
			if !strings.Contains(string(out), base) {
				t.Errorf("%s: apt doesn't know %s, it has\n%s", archive, base, out)
			}
		}
	}
}

func FuzzMirrors(f *testing.F) {
	f.Add("deb [a=b] http://x.example/debian bookworm main", "Types: deb\nURIs: http://x.example\nSuites: sid\nComponents: main\n")
	f.Add("deb [", " a\n:\n\n:b")
	f.Add("deb\thttp://x.example\tsid\tmain", "Enabled:\n no\n")
	f.Fuzz(func(t *testing.T, lines, stanzas string) {
		got, _ := Mirrors(fstest.MapFS{
			"sources.list":             {Data: []byte(lines)},
			"sources.list.d/x.sources": {Data: []byte(stanzas)},
		})
		for archive, bases := range got {
			for _, base := range bases {
				if strings.HasSuffix(base, "/") || !strings.Contains(base, ":") {
					t.Errorf("%s: base URL %q", archive, base)
				}
			}
		}
	})
}
