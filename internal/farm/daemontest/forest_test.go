package daemontest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/internal/testworld/shellworld"
	"github.com/ofarm/ofarm/llb"
)

// list is a package that installs a listing of what another one installed, as
// its dependents see it: type, mode, links, name, and where a symlink leads.
func list(of string) shellworld.Package {
	return shellworld.Package{
		Name: "list", Depends: []string{of},
		Script: `mkdir -p "$OPAM_SWITCH_PREFIX/lib/list"
cd /ofarm/dep/` + of + `.1
find . ! -type d -exec stat -c '%F|%a|%h|%N' {} + >/tmp/list
find . -mindepth 1 -type d -exec stat -c '%F|%a||%n' {} + >>/tmp/list
sort /tmp/list >"$OPAM_SWITCH_PREFIX/lib/list/text"
`,
	}
}

const showList = `mkdir -p "$OPAM_SWITCH_PREFIX/bin"
cp "$OPAM_SWITCH_PREFIX/lib/list/text" "$OPAM_SWITCH_PREFIX/bin/list"
`

// odd installs everything that a file system has.
const odd = `cd "$OPAM_SWITCH_PREFIX"
mkdir -p bin lib/odd/empty share/odd
cd lib/odd
echo plain >plain
echo read-only >read-only
chmod 444 read-only
mkdir closed
echo inside >closed/inside
chmod 555 closed
echo set >tool
chmod 4755 tool
ln plain hard
ln -s plain relative
ln -s ../../lib/odd/closed folder
ln -s "$OPAM_SWITCH_PREFIX/lib/odd/plain" absolute
ln -s "$OPAM_SWITCH_PREFIX/lib/d/text" other
ln -s nowhere dangling
echo blank >"with blanks  in it"
echo quote >"it's \"quoted\" \$HOME \\ *"
echo dash >-dash
echo line >"two
lines"
echo beside >../d/beside
`

// useOdd reads all of it through the prefix.
const useOdd = `cd "$OPAM_SWITCH_PREFIX/lib/odd"
[ -d empty ] && [ -d closed ] && [ -u tool ]
for f in plain hard relative absolute; do [ "$(cat $f)" = plain ]; done
[ "$(cat read-only)" = read-only ]
[ "$(cat folder/inside)" = inside ]
[ "$(cat closed/inside)" = inside ]
[ "$(cat other)" = d ]
[ -L dangling ]
[ "$(cat 'with blanks  in it')" = blank ]
[ "$(cat "it's \"quoted\" \$HOME \\ *")" = quote ]
[ "$(cat ./-dash)" = dash ]
[ "$(cat 'two
lines')" = line ]
[ "$(cat ../d/beside)" = beside ]
mkdir -p ../user
cat ../d/text ../d/beside >../user/text
`

// What a package installs, and nothing else, is its output (of folders that
// every prefix has, such as bin, those with files), whatever kind of
// files it has; and what depends on it finds all of that under the prefix.
func TestForest(t *testing.T) {
	b := newBench(t,
		shellworld.Package{Name: "d", Script: note("d", "d")},
		shellworld.Package{Name: "odd", Depends: []string{"d"}, Script: odd},
		shellworld.Package{Name: "user", Depends: []string{"odd"}, Script: useOdd},
		list("odd"),
	)
	dir := b.project(shellworld.Package{Name: "app", Depends: []string{"list", "user"}, Script: showList}, "")
	want(t, "all", b.build(dir), "app", "d.1", "list.1", "odd.1", "user.1")
	got := strings.Split(exported(t, dir, alpine+"/bin/list"), "\n")
	// Where stat quotes names differs; where links lead doesn't matter for it.
	for i := range got {
		got[i] = strings.ReplaceAll(got[i], "'", "")
	}
	expect := strings.Split(`directory|555||./lib/odd/closed
directory|755||./lib
directory|755||./lib/d
directory|755||./lib/odd
directory|755||./lib/odd/empty
directory|755||./share
directory|755||./share/odd
lines
regular file|444|1|./lib/odd/read-only
regular file|4755|1|./lib/odd/tool
regular file|644|1|./lib/d/beside
regular file|644|1|./lib/odd/-dash
regular file|644|1|./lib/odd/closed/inside
regular file|644|1|./lib/odd/its "quoted" $HOME \ *
regular file|644|1|./lib/odd/two
regular file|644|1|./lib/odd/with blanks  in it
regular file|644|2|./lib/odd/hard
regular file|644|2|./lib/odd/plain
symbolic link|777|1|./lib/odd/absolute -> /ofarm/switch/lib/odd/plain
symbolic link|777|1|./lib/odd/dangling -> nowhere
symbolic link|777|1|./lib/odd/folder -> ../../lib/odd/closed
symbolic link|777|1|./lib/odd/other -> /ofarm/switch/lib/d/text
symbolic link|777|1|./lib/odd/relative -> plain
`, "\n")
	if diff := cmp.Diff(expect, got); diff != "" {
		t.Errorf("output of odd (-want +got):\n%s", diff)
	}
}

// A package can't change what it depends on. What it tries on a dependency's
// file itself, the file system refuses; what it does to the link in the
// prefix, the step's end finds, and names both packages.
func TestForestGuard(t *testing.T) {
	const refused = "lib/d/text: Read-only file system"
	const found = "p changes the file lib/d/text of d.1"
	cases := map[string]struct {
		script string
		want   string
	}{
		"written over":  {`echo p >"$OPAM_SWITCH_PREFIX/lib/d/text"`, refused},
		"appended to":   {`echo p >>"$OPAM_SWITCH_PREFIX/lib/d/text"`, refused},
		"mode changed":  {`chmod 600 "$OPAM_SWITCH_PREFIX/lib/d/text"`, refused},
		"in its folder": {`echo p >/ofarm/dep/d.1/lib/d/new`, "Read-only file system"},
		"removed":       {`rm "$OPAM_SWITCH_PREFIX/lib/d/text"`, found},
		"moved":         {`mv "$OPAM_SWITCH_PREFIX/lib/d/text" "$OPAM_SWITCH_PREFIX/lib/d/other"`, found},
		"replaced":      {`cd "$OPAM_SWITCH_PREFIX/lib/d"; rm text; echo d >text`, found},
		"linked":        {`ln -sf /etc/passwd "$OPAM_SWITCH_PREFIX/lib/d/text"`, found},
		"renamed onto":  {`echo d >/tmp/x; mv -f /tmp/x "$OPAM_SWITCH_PREFIX/lib/d/text"`, found},
		"all removed":   {`rm -rf "$OPAM_SWITCH_PREFIX/lib"`, found},
		"odd name":      {`rm "$OPAM_SWITCH_PREFIX/lib/d/a -> b's \"c\""`, `p changes the file lib/d/a -> b's "c" of d.1`},
		"install": {`echo p >p.txt
echo 'lib_root: "p.txt" {"d/text"}' >p.install`, "p changes the file lib/d/text of d.1"},
	}
	b := newBench(t, shellworld.Package{
		Name: "d", Script: note("d", "d") + `echo >"$OPAM_SWITCH_PREFIX/lib/d/a -> b's \"c\""`,
	})
	for name, c := range cases {
		b.put(shellworld.Package{Name: "p", Depends: []string{"d"}, Script: c.script + "\n"})
		app := shellworld.Package{Name: "app", Depends: []string{"p"}, Script: cat}
		_, err := b.try(b.project(app, ""))
		if err == nil {
			t.Errorf("%s: it builds", name)
			continue
		}
		var step *solve.StepError
		if !errors.As(err, &step) || step.Vertex != "["+alpine+"] p.1" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: no %q in: %v", name, c.want, err)
		}
	}
}

// Two packages that bring one file, or a file where the other has a folder,
// can't be in one prefix.
func TestForestCollisions(t *testing.T) {
	install := func(name, path string) shellworld.Package {
		return shellworld.Package{Name: name, Script: `f="$OPAM_SWITCH_PREFIX/` + path + `"
mkdir -p "$(dirname "$f")"
echo same >"$f"
`}
	}
	b := newBench(t, install("d", "lib/x/same"), install("e", "lib/x/same"), install("f", "lib/x"))
	same := b.project(shellworld.Package{Name: "same", Depends: []string{"d", "e"}, Script: cat}, "")
	b.fails(same, "same: exit code 1", "lib/x/same is a file of more than one dependency: d.1 e.1")
	folder := b.project(shellworld.Package{Name: "folder", Depends: []string{"d", "f"}, Script: cat}, "")
	b.fails(folder, "folder: exit code 1", "lib/x is a file of one dependency and a folder of another: d.1 f.1")
}

// A package's own step is exported where it is the last one of a definition.
func TestStopAtPackage(t *testing.T) {
	b := newBench(t, ladder()...)
	dir := b.project(shellworld.Package{Name: "app", Depends: []string{"c"}, Script: cat}, "")
	o := b.options(dir)
	plans, err := b.farm.Plans(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	images, err := b.farm.Images(t.Context(), o.Project, o.Lock, plans)
	if err != nil {
		t.Fatal(err)
	}
	def, err := llb.Compile(t.Context(), plans[0], llb.Options{Images: images[0], Stop: "b.1"})
	if err != nil {
		t.Fatal(err)
	}
	e := engine()
	e.StateDir, e.BinDir = b.farm.StateDir(), b.farm.BinDir
	daemon, err := solve.Find(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	defer daemon.Close()
	out := filepath.Join(b.dir, "b")
	results, err := daemon.Run(t.Context(), []solve.Request{{
		Name: "b", Definition: def, OCIStores: map[string]string{llb.Store: b.farm.Layout.Dir()}, Export: out,
	}}, solve.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"lib/b/text"}, results[0].Files); diff != "" {
		t.Errorf("files of b (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(out, "lib/a")); !os.IsNotExist(err) {
		t.Errorf("a folder of a dependency is left: %v", err)
	}
}
