package opam_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ofarm/ofarm/internal/opam"
)

func TestScope(t *testing.T) {
	var unknown []string
	scope := opam.Scope{
		Prefix:  "/opt/s",
		Globals: debian(),
		Name:    "self",
		Self:    opam.Package{Version: "3", Build: "/build/self", Variables: map[string]opam.Value{"build-id": opam.String("id")}},
		Installed: map[string]opam.Package{
			"ocaml":               {Version: "4.13.1"},
			"ocaml-base-compiler": {Version: "4.13.1"},
			"conf-pkg-config":     {Version: "5"},
			"dev":                 {Version: "1", Dev: true, Pinned: true, Variables: map[string]opam.Value{"x": opam.Bool(false)}},
		},
		Unknown: func(v opam.Variable) { unknown = append(unknown, v.String()) },
	}
	tests := map[string]string{ // variable to text, "?" is undefined
		"prefix": "/opt/s", "lib": "/opt/s/lib", "man": "/opt/s/man", "stublibs": "/opt/s/lib/stublibs", "toplevel": "/opt/s/lib/toplevel",
		"name": "self", "version": "3", "make": "make", "jobs": "%{jobs}%", "build": "/build/self", "pinned": "false", "installed": "false", "build-id": "id", "nothing": "?",
		"_:lib": "/opt/s/lib/self", "_:bin": "/opt/s/bin", "_:doc": "/opt/s/doc/self", "_:name": "self", "_:version": "3", "_:build-id": "id", "_:installed": "false", "_:nothing": "?",
		"self:share": "/opt/s/share/self", "self:dev": "false",
		"dev:version": "1", "dev:dev": "true", "dev:pinned": "true", "dev:installed": "true", "dev:x": "false", "dev:etc": "/opt/s/etc/dev", "dev:man": "/opt/s/man", "dev:prefix": "?",
		"gone:installed": "false", "gone:pinned": "false", "gone:version": "?", "gone:lib": "?", "gone:name": "gone",
		"ocaml:native": "true", "ocaml:native-tools": "true", "ocaml:native-dynlink": "true", "ocaml:preinstalled": "false", "ocaml:compiler": "4.13.1",
		"ocaml:stubsdir":          "/opt/s/lib/ocaml/stublibs:/opt/s/lib/ocaml",
		"conf-pkg-config:command": "pkg-config", "dev:y": "?", "dev:build-id": "?", "depends": "?",
	}
	for name, want := range tests {
		v, ok := scope.Lookup(opam.ParseVariable(name))
		got := "?"
		if ok {
			got = v.Text()
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	if diff := cmp.Diff([]string{"dev:build-id", "dev:prefix", "dev:y", "self:depends"}, slices.Sorted(slices.Values(unknown))); diff != "" {
		t.Errorf("unknown (-want +got):\n%s", diff)
	}
}

func TestConfigVariable(t *testing.T) {
	with := func(arch string, packages ...string) opam.Scope {
		s := opam.Scope{Prefix: "/p", Globals: map[string]opam.Value{"os": opam.String("linux"), "arch": opam.String(arch)}, Installed: map[string]opam.Package{}}
		for _, p := range packages {
			name, version, _ := strings.Cut(p, ".")
			s.Installed[name] = opam.Package{Version: version}
		}
		return s
	}
	tests := map[string]struct {
		scope   opam.Scope
		version string
		name    string
		want    string
	}{
		"native":        {with("x86_64", "ocaml-base-compiler.5.3.0"), "5.3.0", "native", "true"},
		"arm":           {with("arm64", "ocaml-base-compiler.5.3.0"), "5.3.0", "native-dynlink", "true"},
		"bytecode":      {with("x86_64", "ocaml-variants.5.3.0+options", "ocaml-option-bytecode-only.1"), "5.3.0", "native-tools", "false"},
		"options":       {with("x86_64", "ocaml-variants.5.3.0+options", "ocaml-option-flambda.1", "ocaml-option-static.1", "ocaml-option-musl.1"), "5.3.0", "compiler", "5.3.0+options+flambda+musl+static"},
		"system":        {with("x86_64", "ocaml-system.4.13.1"), "4.13.1", "compiler", "system"},
		"preinstalled":  {with("x86_64", "ocaml-system.4.13.1"), "4.13.1", "preinstalled", "true"},
		"system native": {with("x86_64", "ocaml-system.4.13.1"), "4.13.1", "native", "?"},
		"other arch":    {with("mips"), "5.3.0", "native", "?"},
		"newer stubs":   {with("x86_64"), "5.5.0", "stubsdir", "?"},
		"no such":       {with("x86_64"), "5.5.0", "nothing", "?"},
	}
	for name, tt := range tests {
		v, ok := opam.ConfigVariable("ocaml", tt.version, tt.name, tt.scope)
		got := "?"
		if ok {
			got = v.Text()
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
}

func TestAppendBindings(t *testing.T) {
	scope := opam.Scope{
		Prefix:    "/p",
		Globals:   map[string]opam.Value{"os": opam.String("linux"), "jobs": opam.RunTime("jobs")},
		Installed: map[string]opam.Package{"b": {Version: "2"}, "a": {Version: "1"}},
	}
	table, err := opam.AppendBindings(nil, scope.Bindings())
	if err != nil {
		t.Fatal(err)
	}
	text := string(table)
	if strings.Contains(text, "jobs") {
		t.Error("a run-time value in the table")
	}
	for _, line := range []string{"os\tlinux\n", "lib\t/p/lib\n", "a:version\t1\n", "b:installed\ttrue\n"} {
		if !strings.Contains(text, line) {
			t.Errorf("no line %q", line)
		}
	}
	if strings.Index(text, "a:version") > strings.Index(text, "b:version") {
		t.Error("not in the packages' order")
	}
	for range 25 {
		again, _ := opam.AppendBindings(nil, scope.Bindings())
		if string(again) != text {
			t.Fatal("another order")
		}
	}
	scope.Globals["os"] = opam.String(`li"nux`)
	if _, err := opam.AppendBindings(nil, scope.Bindings()); err == nil {
		t.Error("a quote in a value was accepted")
	}
}

func TestSubst(t *testing.T) {
	got, err := opam.Subst([]byte("a %{os}% b\n\n%{jo}bs\n%{u}%%%end"), sample)
	if err != nil {
		t.Fatal(err)
	}
	if want := "a linux b\n\n%{jo}bs\n%end\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := opam.Subst([]byte("%{jobs}%"), sample); err == nil {
		t.Error("a run-time value was accepted")
	}
}

func FuzzParseInstall(f *testing.F) {
	for _, text := range installSamples {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		in, err := opam.ParseInstall("fuzz", []byte(text))
		if err != nil {
			return
		}
		for _, e := range in.Entries {
			dst, ok := e.Target("/p", "pkg")
			if ok && (dst == "" || strings.HasPrefix(dst, "/") || strings.HasPrefix(dst, "..")) {
				t.Errorf("%q goes to %q", e.Dst, dst)
			}
		}
	})
}

func FuzzExpand(f *testing.F) {
	f.Add("a%{os}%%%{t?b:c}%")
	f.Fuzz(func(t *testing.T, text string) {
		w, err := opam.Expand(text, sample)
		if err == nil && !strings.Contains(text, "%") && w.String() != text {
			t.Errorf("%q became %q", text, w)
		}
	})
}
