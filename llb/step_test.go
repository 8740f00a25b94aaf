package llb

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stage is a scratch folder in which the functions of step.sh run as in a
// step: "/ofarm" and "/tmp" are folders below it.
type stage struct {
	t     *testing.T
	shell []string
	root  string
}

// onShells runs a test on each shell that is installed, with a stage of its
// own.
func onShells(t *testing.T, test func(t *testing.T, s stage)) {
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			s := stage{t, shell, t.TempDir()}
			for _, dir := range []string{"ofarm/switch", "ofarm/dep", "ofarm/lib", "ofarm/out", "ofarm/build", "tmp"} {
				s.mkdir(dir)
			}
			for _, f := range StepLib() {
				s.write("ofarm/lib/"+f.Name, s.place(f.Data))
			}
			if shell[0] != "" && name == "busybox" {
				s.applets()
			}
			test(t, s)
		})
	}
}

// applets puts busybox's own programs first on PATH, as in Alpine.
func (s stage) applets() {
	s.mkdir("bin")
	for _, name := range []string{"awk", "cat", "chmod", "cmp", "cp", "dirname", "find", "head", "ls", "mkdir", "nproc", "patch", "readlink", "rm", "rmdir", "sed", "sort", "tail", "tr", "uniq", "xargs"} {
		if err := os.Symlink(s.shell[0], filepath.Join(s.root, "bin", name)); err != nil {
			s.t.Fatal(err)
		}
	}
}

// place moves a script's fixed folders below the stage.
func (s stage) place(script string) string {
	return strings.NewReplacer("/ofarm/", s.root+"/ofarm/", "/tmp/.ofarm", s.root+"/tmp/state").Replace(script)
}

func (s stage) mkdir(path string) {
	s.t.Helper()
	if err := os.MkdirAll(filepath.Join(s.root, path), 0o755); err != nil {
		s.t.Fatal(err)
	}
}

func (s stage) write(path, text string) {
	s.t.Helper()
	s.mkdir(filepath.Dir(path))
	if err := os.WriteFile(filepath.Join(s.root, path), []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// run runs a script after step.sh, in the folder of the package's source.
func (s stage) run(script string) (string, error) {
	s.t.Helper()
	text := ". /ofarm/lib/step.sh\npackage pkg 1\nlink_dependencies\ncd /ofarm/build\n" + script
	args := append(slices.Clone(s.shell[1:]), "-euc", s.place(text))
	c := exec.Command(s.shell[0], args...)
	c.Dir = s.root
	c.Env = []string{"PATH=" + filepath.Join(s.root, "bin") + ":/usr/bin:/bin", "HOME=" + filepath.Join(s.root, "tmp/home"), "LC_ALL=C.UTF-8"}
	out, err := c.CombinedOutput()
	return strings.ReplaceAll(string(out), s.root, ""), err
}

func (s stage) mustRun(script string) string {
	s.t.Helper()
	out, err := s.run(script)
	if err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// mustFail wants an error with all of these words.
func (s stage) mustFail(script string, want ...string) {
	s.t.Helper()
	out, err := s.run(script)
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		s.t.Fatalf("got %v\n%s", err, out)
	}
	for _, w := range want {
		if !strings.Contains(out, w) {
			s.t.Errorf("no %q in\n%s", w, out)
		}
	}
}

// tree lists what is below a folder: folders end in "/", links in "@", files
// in "=" and their text.
func (s stage) tree(dir string) []string {
	s.t.Helper()
	var out []string
	root := filepath.Join(s.root, dir)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		name, _ := filepath.Rel(root, path)
		switch {
		case d.IsDir():
			out = append(out, name+"/")
		case d.Type() == fs.ModeSymlink:
			out = append(out, name+"@")
		default:
			data, err := os.ReadFile(path)
			out = append(out, name+"="+string(data))
			return err
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

func (s stage) wantTree(dir string, want ...string) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.tree(dir)); diff != "" {
		s.t.Errorf("%s (-want +got):\n%s", dir, diff)
	}
}

// dependencies are two, with a file name that is hard to handle and a link.
func (s stage) dependencies() {
	s.write("ofarm/dep/one.1/lib/one/META", "one")
	s.write("ofarm/dep/one.1/share/a b -> c", "blanks")
	s.write("ofarm/dep/two.2/lib/two/META", "two")
	s.mkdir("ofarm/dep/two.2/empty")
	if err := os.Symlink("META", filepath.Join(s.root, "ofarm/dep/two.2/lib/two/link")); err != nil {
		s.t.Fatal(err)
	}
}

func TestStepSeesDependenciesAndLeavesItsOwn(t *testing.T) {
	onShells(t, func(t *testing.T, s stage) {
		s.dependencies()
		out := s.mustRun(`
cat "$prefix/lib/one/META" "$prefix/lib/two/link" "$prefix/share/a b -> c"
mkdir -p "$prefix/lib/own"
echo mine >"$prefix/lib/own/META"
echo beside >"$prefix/lib/one/more"
unlink_dependencies
`)
		if out != "onetwoblanks" {
			t.Errorf("read %q", out)
		}
		s.wantTree("ofarm/switch", "lib/", "lib/one/", "lib/one/more=beside\n", "lib/own/", "lib/own/META=mine\n")
	})
}

func TestStepWithoutDependencies(t *testing.T) {
	onShells(t, func(t *testing.T, s stage) {
		s.mustRun("echo mine >\"$prefix/file\"\nunlink_dependencies\n")
		s.wantTree("ofarm/switch", "file=mine\n")
	})
}

func TestStepMayNotChangeDependencies(t *testing.T) {
	changes := map[string]string{
		"replaces":       `rm "$prefix/lib/one/META"; echo new >"$prefix/lib/one/META"`,
		"moves over":     `echo new >new; mv -f new "$prefix/lib/one/META"`,
		"removes":        `rm "$prefix/lib/one/META"`,
		"links anew":     `ln -sf elsewhere "$prefix/lib/one/META"`,
		"removes folder": `rm -r "$prefix/lib/one"`,
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			onShells(t, func(t *testing.T, s stage) {
				s.dependencies()
				s.mustFail(change+"\nunlink_dependencies\n",
					"pkg changes the file lib/one/META of one.1", "a package may not change the files of its dependencies")
			})
		})
	}
	onShells(t, func(t *testing.T, s stage) {
		s.dependencies()
		s.mustFail(`rm "$prefix/share/a b -> c"; unlink_dependencies`, "ofarm: error: pkg changes the file share/a b")
	})
}

func TestTwoDependenciesWithOneFile(t *testing.T) {
	onShells(t, func(t *testing.T, s stage) {
		s.write("ofarm/dep/one.1/bin/a tool", "1")
		s.write("ofarm/dep/two.2/bin/a tool", "2")
		s.write("ofarm/dep/three.3/bin/other", "3")
		s.mustFail("", "bin/a tool is a file of more than one dependency: one.1 two.2", "hint: opam would")
	})
}

func TestRunIsForProgramsOnly(t *testing.T) {
	onShells(t, func(t *testing.T, s stage) {
		s.mustFail("run package other 2\n", "package")
		s.mustFail("run cd /\n", "cd")
		s.mustFail("run false\necho went on\n")
		out := s.mustRun(`run sh -c 'printf "%s," "$@"' x '' 'a\nb' '*'` + "\npwd\n")
		if out != "+ sh -c printf \"%s,\" \"$@\" x  a\\nb *\n,a\\nb,*,/ofarm/build\n" {
			t.Errorf("got %q", out)
		}
	})
}

func TestSubstituteAndPatch(t *testing.T) {
	onShells(t, func(t *testing.T, s stage) {
		s.write("ofarm/build/META.in", "v %{version}% j %{jobs}%\n")
		s.write("ofarm/build/other.in", "n %{name}%\n")
		s.write("ofarm/build/fix.patch", "--- a/META\n+++ b/META\n@@ -1 +1,2 @@\n v 1 j 3\n+patched\n")
		s.mustRun("jobs=3\nvariables <<'E'\nversion\t1\nname\tpkg\nE\nsubstitute META\nsubstitute other\napply_patch fix.patch\n")
		s.wantTree("ofarm/build", "META=v 1 j 3\npatched\n", "META.in=v %{version}% j %{jobs}%\n",
			"fix.patch=--- a/META\n+++ b/META\n@@ -1 +1,2 @@\n v 1 j 3\n+patched\n", "other=n pkg\n", "other.in=n %{name}%\n")
		s.mustFail("substitute missing </dev/null\n", "there is no file missing.in in the source of pkg")
	})
}

func TestInstallFiles(t *testing.T) {
	onShells(t, func(t *testing.T, s stage) {
		s.dependencies()
		s.write("ofarm/build/pkg.install", `lib: ["META" "?missing" "my file" {"sub/file"}] bin: ["tool" {"pkg"}]`)
		s.write("ofarm/build/META", "meta")
		s.write("ofarm/build/my file", "blanks")
		s.write("ofarm/build/tool", "#!/bin/sh\n")
		s.mustRun("install_files pkg\ninstall_files none\nunlink_dependencies\n")
		s.wantTree("ofarm/switch", "bin/", "bin/pkg=#!/bin/sh\n", "lib/", "lib/pkg/", "lib/pkg/META=meta", "lib/pkg/sub/", "lib/pkg/sub/file=blanks")
		info, err := os.Stat(filepath.Join(s.root, "ofarm/switch/bin/pkg"))
		if err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%v %v", info, err)
		}
		s.write("ofarm/build/bad.install", `lib: ["nowhere"]`)
		s.mustFail("install_files bad\n", "bad.install: there is no file nowhere")
	})
}

func TestInstallOverADependency(t *testing.T) {
	onShells(t, func(t *testing.T, s stage) {
		s.dependencies()
		s.write("ofarm/build/pkg.install", `lib_root: ["META" {"one/META"}]`)
		s.write("ofarm/build/META", "mine")
		s.mustFail("install_files pkg\nunlink_dependencies\n", "pkg changes the file lib/one/META of one.1")
		if data, err := os.ReadFile(filepath.Join(s.root, "ofarm/dep/one.1/lib/one/META")); err != nil || string(data) != "one" {
			t.Errorf("the dependency's own file is %q (%v)", data, err)
		}
	})
}

func TestExportFiles(t *testing.T) {
	onShells(t, func(t *testing.T, s stage) {
		s.write("ofarm/switch/bin/tool", "tool")
		s.write("ofarm/switch/share/my data/a b", "x")
		if err := os.Symlink("tool", filepath.Join(s.root, "ofarm/switch/bin/link")); err != nil {
			t.Fatal(err)
		}
		s.mustRun("export_files 'bin/*' bin 'share/my data/*'\nunlink_dependencies\n")
		s.wantTree("ofarm/out", "bin/", "bin/link=tool", "bin/tool=tool", "share/", "share/my data/", "share/my data/a b=x")
		s.mustFail("export_files 'sbin/*'\n", "the project installed nothing that matches sbin/*", "hint: an executable is installed with")
	})
}

func TestStripFiles(t *testing.T) {
	if _, err := exec.LookPath("strip"); err != nil {
		t.Skip("strip is not installed")
	}
	onShells(t, func(t *testing.T, s stage) {
		s.write("ofarm/out/bin/script", "#!/bin/sh\n")
		s.write("ofarm/out/bin/byte code", "\x7fELF, in fact not\x00Caml1999X031")
		s.write("ofarm/out/bin/tiny", "x")
		s.write("ofarm/out/.ofarm/link/record", "\x7fELF, in fact not")
		out := s.mustRun("strip_files\n")
		if out != "not stripped, for the bytecode at its end: /ofarm/out/bin/byte code\n" {
			t.Errorf("got %q", out)
		}
		s.write("ofarm/out/bin/broken", "\x7fELF, in fact not")
		s.mustFail("strip_files\n", "broken")
	})
}
