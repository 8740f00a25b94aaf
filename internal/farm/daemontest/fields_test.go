package daemontest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/testworld/shellworld"
)

// full uses what opam files can say of building.
func full() shellworld.Package {
	return shellworld.Package{
		Name: "full", Depends: []string{"d", "conf-idle", "conf-busy"},
		Fields: `build-env: [FULL = "of %{name}%"]
substs: ["conf"]
patches: ["fix.patch" "other.patch" {os = "win32"}]
build: [
  ["sh" "-eu" "build.sh" jobs "%{jobs}%" prefix "%{name}%.%{version}%" d:version]
  ["false"] {os != "linux"}
]
install: ["cp" "installed by command" "%{lib}%/command"]`,
		Beside: map[string]string{"fix.patch": "--- a/old\n+++ b/old\n@@ -1 +1 @@\n-before\n+after\n"},
		Extra:  map[string]string{"data/more.txt": "more\n"},
		Files: map[string]string{
			"old":     "before\n",
			"conf.in": "%{name}% %{version}% in %{prefix}% on %{os}% d=%{d:installed}%\n",
			"build.sh": `{
	cat old conf data/more.txt
	echo "FULL=$FULL D=$D_VAR PATH=$(echo "$PATH" | cut -d: -f1)"
	[ "$1" = "$2" ]
	[ "$1" = "$jobs" ]
	[ "$1" -ge "$(nproc)" ]
	[ "$1" -ge 2 ]
	shift 2
	echo "$@"
	echo "name $OPAM_PACKAGE_NAME version $OPAM_PACKAGE_VERSION"
} >text
echo tool >tool.exe
touch "installed by command"
`,
			"full.install": `bin: ["tool.exe" {"tool"} "?missing"]
lib: ["text" "?none" {"some"}]
share: ["old" {"sub/renamed"}]
`,
		},
	}
}

// What an opam file says of sources, patches, substs, environment, commands
// and installed files reaches the step.
func TestOpamFields(t *testing.T) {
	if !needKit(t).root.Has("usr/bin/patch") {
		t.Skip("the root has no patch: install a static busybox")
	}
	b := newBench(t,
		shellworld.Package{Name: "d", Script: note("d", "d"), Fields: "setenv: [[D_VAR = \"set by d\"] [PATH += \"/d/bin\"]]"},
		shellworld.Package{Name: "conf-idle"},
		shellworld.Package{Name: "conf-busy", Fields: `build: ["sh" "-c" "test -x /bin/busybox"]`},
		full(), list("full"),
	)
	app := shellworld.Package{
		Name: "app", Depends: []string{"list"}, Script: showList + `cp "$OPAM_SWITCH_PREFIX/lib/full/text" "$OPAM_SWITCH_PREFIX/bin/text"`,
	}
	dir := b.project(app, "")
	want(t, "all", b.build(dir), "app", "conf-busy.1", "d.1", "full.1", "list.1")
	const text = `after
full 1 in /ofarm/switch on linux d=true
more
FULL=of full D=set by d PATH=/d/bin
/ofarm/switch full.1 1
name full version 1
`
	if diff := cmp.Diff(text, exported(t, dir, alpine+"/bin/text")); diff != "" {
		t.Errorf("what the step saw (-want +got):\n%s", diff)
	}
	var files []string
	for line := range strings.Lines(exported(t, dir, alpine+"/bin/list")) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if f[0] == "regular file" || f[0] == "regular empty file" {
			files = append(files, f[1]+" "+strings.Trim(f[3], "'"))
		}
	}
	installed := []string{"644 ./lib/command", "644 ./lib/full/text", "644 ./share/full/sub/renamed", "755 ./bin/tool"}
	if diff := cmp.Diff(installed, files); diff != "" {
		t.Errorf("installed (-want +got):\n%s", diff)
	}
}

// Mistakes of packages are told with the package and the file.
func TestOpamMistakes(t *testing.T) {
	cases := map[string]struct {
		pkg  shellworld.Package
		want string
	}{
		"no file to install": {
			shellworld.Package{Files: map[string]string{"p.install": `lib: ["gone"]`}},
			"p.install: there is no file gone",
		},
		"bad .install": {
			shellworld.Package{Files: map[string]string{"p.install": "lib: [\n\"gone\n"}},
			"p.install:",
		},
		"no file to substitute": {
			shellworld.Package{Files: map[string]string{"x": ""}, Fields: `substs: ["conf"]`},
			"substs: there is no file conf.in",
		},
		"patch that doesn't fit": {
			shellworld.Package{
				Files: map[string]string{"old": "something else\n"}, Fields: `patches: ["fix.patch"]`,
				Beside: map[string]string{"fix.patch": "--- a/old\n+++ b/old\n@@ -1 +1 @@\n-before\n+after\n"},
			},
			"+ patch -p1 -i fix.patch",
		},
		"no such program": {
			shellworld.Package{Files: map[string]string{"x": ""}, Fields: `build: ["no-such-program" "x"]`},
			"no-such-program: not found",
		},
	}
	b := newBench(t)
	for name, c := range cases {
		c.pkg.Name = "p"
		b.put(c.pkg)
		app := shellworld.Package{Name: "app", Depends: []string{"p"}, Script: cat}
		if _, err := b.try(b.project(app, "")); err == nil {
			t.Errorf("%s: it builds", name)
		} else {
			contains(t, err.Error(), "p.1: exit code", c.want)
		}
	}
}
