package daemontest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/internal/testworld/shellworld"
	"github.com/ofarm/ofarm/internal/verify"
)

// verify verifies a project, and shows what BuildKit said if the test fails.
func (b *bench) verify(o farm.VerifyOptions) *farm.Verified {
	b.t.Helper()
	var shown bytes.Buffer
	o.Stderr, o.Progress = &shown, "plain"
	v, err := b.farm.Verify(b.t.Context(), o)
	b.t.Cleanup(func() {
		if b.t.Failed() {
			b.t.Logf("verify: %v\n%s", err, shown.String())
		}
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// nothingLeft fails if verifying has left something.
func (b *bench) nothingLeft() {
	b.t.Helper()
	for _, dir := range []string{
		filepath.Join(b.farm.CacheDir, "again"), filepath.Join(b.farm.CacheDir, ".verify.*"), filepath.Join(b.dir, "state", "*"),
	} {
		if left, _ := filepath.Glob(dir); len(left) > 0 {
			b.t.Errorf("left: %q", left)
		}
	}
	// A daemon has a mount namespace of its own.
	for _, name := range []string{"mountinfo", "cmdline"} {
		files, err := filepath.Glob("/proc/[0-9]*/" + name)
		if err != nil || len(files) == 0 {
			b.t.Errorf("%q: %v", files, err)
		}
		for _, f := range files {
			if data, err := os.ReadFile(f); err == nil && bytes.Contains(data, []byte(b.dir)) {
				b.t.Errorf("%s: left: %q", f, data)
			}
		}
	}
}

// aspect returns a circumstance.
func aspect(t *testing.T, v *farm.Verified, what farm.Aspect) farm.Circumstance {
	t.Helper()
	i := slices.IndexFunc(v.Circumstances, func(c farm.Circumstance) bool { return c.What == what })
	if i < 0 {
		t.Fatalf("nothing is said of %s: %v", what, v.Circumstances)
	}
	return v.Circumstances[i]
}

// A project whose packages are well-behaved is the same again, step by step, in
// other circumstances, which its steps see.
func TestVerifyClean(t *testing.T) {
	b := newBench(t, ladder()...)
	dir := b.project(shellworld.Package{Name: "app", Depends: []string{"c", "z"}, Script: cat, Files: map[string]string{"data": "1\n"}}, "", alpine, alpine21)
	git(t, dir, "init", "-q")
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-qm", "one")
	write(t, dir, "untracked", "not of the project")

	v := b.verify(farm.VerifyOptions{BuildOptions: b.options(dir), Deep: true})
	if !v.Same() || !v.Built || v.Kept != "" || len(v.Differences)+len(v.Inputs) > 0 {
		t.Errorf("%+v", v)
	}
	if len(v.Artifacts) != 2 || v.Artifacts[0].Path != alpine+"/bin/all" || v.Artifacts[0].First == "" {
		t.Errorf("%+v", v.Artifacts)
	}
	var steps []string
	for _, s := range v.Steps {
		steps = append(steps, s.Target+" "+s.Step)
		if !s.Same() || s.First == verify.Tree(nil).Digest() {
			t.Errorf("%+v", s) // nobody read it
		}
	}
	var expect []string
	for _, target := range []string{alpine, alpine21} {
		for _, s := range []string{"root base", "a.1", "z.1", "b.1", "c.1", "app"} {
			expect = append(expect, target+" "+s)
		}
	}
	if !slices.Equal(steps, expect) {
		t.Errorf("compared %q, want %q", steps, expect)
	}
	checkAspects(t, v)
	b.nothingLeft()

	// What is there is taken as it is.
	again := b.verify(farm.VerifyOptions{BuildOptions: b.options(dir), Given: true, StateDir: filepath.Join(b.dir, "state")})
	if !again.Same() || again.Built || len(again.Steps) > 0 {
		t.Errorf("%+v", again)
	}
	if c := aspect(t, again, farm.FileSystem); c.First != "" || c.Again == "tmpfs" {
		t.Errorf("%+v", c)
	}
	b.nothingLeft()
}

// checkAspects checks what was varied.
func checkAspects(t *testing.T, v *farm.Verified) {
	t.Helper()
	varied := []farm.Aspect{farm.Clock, farm.Parallel, farm.Folder}
	if os.Getuid() == 0 { // nobody else can give files away
		varied = append(varied, farm.Owner)
	}
	if solve.FreeMemory() > 8<<30 {
		varied = append(varied, farm.FileSystem, farm.FolderOrder)
	}
	for _, what := range varied {
		if c := aspect(t, v, what); !c.Varied {
			t.Errorf("not varied: %+v", c)
		}
	}
	// Rootless, a newer runc gives steps all processors.
	if c := aspect(t, v, farm.Processors); c.Again != "1" && os.Getuid() == 0 {
		t.Errorf("%+v", c)
	}
	for _, what := range []farm.Aspect{farm.Kernel, farm.Processor, farm.Memory, farm.HostName} {
		if c := aspect(t, v, what); c.Varied || c.First == "" {
			t.Errorf("%+v", c)
		}
	}
}

// install is a script that installs a file NAME with what a command prints.
func install(name, command string) string {
	return `mkdir -p "$OPAM_SWITCH_PREFIX/lib/` + name + `"
` + command + ` >"$OPAM_SWITCH_PREFIX/lib/` + name + `/text"
`
}

// culprits are packages that write down what no input says, each with the cause
// and the beginning of the file's name that must be told, and with what must have
// been varied for that.
var culprits = map[string]struct {
	command string
	cause   verify.Cause
	file    string
	varied  farm.Aspect
}{
	"clock":  {`echo "built on $(sleep 1; date -u '+%Y-%m-%d %H:%M:%S')"`, verify.Timestamp, "lib/clock/text", farm.Clock},
	"temp":   {`echo "made $(mktemp)"`, verify.TempName, "lib/temp/text", farm.Clock},
	"cpus":   {`echo "with $(nproc) processors"`, verify.Machine, "lib/cpus/text", farm.Processors},
	"order":  {`mkdir d; for i in q w e r t y u i o p a s d f g h j k l; do : >d/$i; done; find d -type f`, verify.Ordering, "lib/order/text", farm.FolderOrder},
	"random": {`: >"$(mktemp "$OPAM_SWITCH_PREFIX/lib/random/tmp.XXXXXX")"; echo same`, verify.TempName, "lib/random/tmp.", farm.Clock},
}

// Each of them is named, with its file and the cause; one that only copies is
// not.
func TestVerifyFindsCulprits(t *testing.T) {
	b := newBench(t, shellworld.Package{Name: "good", Script: note("good", "good")})
	depends := []string{"good", "copier"}
	for name, p := range culprits {
		b.put(shellworld.Package{Name: name, Script: install(name, p.command)})
		depends = append(depends, name)
	}
	b.put(shellworld.Package{Name: "copier", Depends: []string{"clock"}, Script: note("copier", "copy of $(cat $OPAM_SWITCH_PREFIX/lib/clock/text)")})
	slices.Sort(depends)
	dir := b.project(shellworld.Package{Name: "app", Depends: depends, Script: cat}, "")

	v := b.verify(farm.VerifyOptions{BuildOptions: b.options(dir)})
	if v.Same() || len(v.Artifacts) != 1 || v.Artifacts[0].Same() {
		t.Fatalf("%+v", v)
	}
	checkBlamed(t, v)
	for _, s := range v.Steps {
		follows := s.Step == "copier.1" || s.Step == "app"
		good := s.Step == "good.1" || s.Step == "root base"
		if follows && s.Same() || good && !s.Same() || (len(s.After) > 0) != follows {
			t.Errorf("%+v", s)
		}
	}
	for _, name := range []string{"artifacts/bin/all", "artifacts-first/bin/all", "steps/clock.1/first/lib/clock/text", "steps/clock.1/again/lib/clock/text"} {
		if data, err := os.ReadFile(filepath.Join(v.Kept, alpine, name)); err != nil || len(data) == 0 {
			t.Errorf("%s isn't kept: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(v.Kept, alpine, "steps/random.1/first", lonely(t, v))); err != nil {
		t.Errorf("a file of one build only isn't kept: %v", err)
	}
	b.nothingLeft()
}

// lonely is a file that only the first build has.
func lonely(t *testing.T, v *farm.Verified) string {
	t.Helper()
	for _, d := range v.Differences {
		for _, c := range d.Changes {
			if d.Step == "random.1" && c.Kind == verify.OnlyFirst {
				return c.Path
			}
		}
	}
	t.Fatalf("%+v", v.Differences)
	return ""
}

// checkBlamed checks that the culprits are blamed, and nobody else.
func checkBlamed(t *testing.T, v *farm.Verified) {
	t.Helper()
	var blamed, expect []string
	for name, c := range culprits {
		if aspect(t, v, c.varied).Varied { // a machine may have one processor, or little memory
			expect = append(expect, name)
		}
	}
	for _, d := range v.Differences {
		name := strings.TrimSuffix(d.Step, ".1")
		want, ok := culprits[name]
		if !ok {
			t.Errorf("%s is blamed: %+v", d.Step, d.Explained)
			continue
		}
		blamed = append(blamed, name)
		e := d.Explained[0]
		if e.Cause != want.cause || d.Target != alpine || !strings.HasPrefix(e.File, want.file) {
			t.Errorf("%s: %+v", name, e)
		}
		t.Logf("%s: %s: %s: %s: %s; %s", d.Step, e.File, e.Where, e.What, e.CauseText, e.Advice)
	}
	slices.Sort(blamed)
	slices.Sort(expect)
	if !slices.Equal(blamed, expect) {
		t.Errorf("blamed are %q, want %q", blamed, expect)
	}
}

// Artifacts that were given, and were built otherwise, aren't compared.
func TestVerifyGiven(t *testing.T) {
	b := newBench(t, shellworld.Package{Name: "a", Script: note("a", "a")})
	dir := b.project(shellworld.Package{Name: "app", Depends: []string{"a"}, Script: cat, Files: map[string]string{"data": "1\n"}}, "")
	given := func() error {
		_, err := b.farm.Verify(t.Context(), farm.VerifyOptions{BuildOptions: b.options(dir), Given: true})
		return err
	}
	var none *farm.NothingToVerifyError
	if err := given(); !errors.As(err, &none) {
		t.Errorf("%v", err)
	}
	b.build(dir)
	write(t, dir, "data", "2\n")
	var other *farm.OtherBuildError
	if err := given(); !errors.As(err, &other) || !slices.Equal(other.From, []string{"from other files of the project"}) {
		t.Errorf("%v", err)
	}
	write(t, dir, "data", "1\n")
	write(t, dir, filepath.Join("dist", alpine, "bin", "all"), "forged")
	var changed *farm.GivenArtifactError
	if err := given(); !errors.As(err, &changed) || changed.Err != nil {
		t.Errorf("%v", err)
	}
	b.put(shellworld.Package{Name: "a", Script: note("a", "b")})
	b.lock(dir, []string{"a"})
	if err := given(); !errors.As(err, &other) || other.Lock == other.Built {
		t.Errorf("%v", err)
	}
	// Where none are given, the first ones are built; a file that no build makes
	// is a difference.
	if v := b.verify(farm.VerifyOptions{BuildOptions: b.options(dir)}); !v.Built || !v.Same() {
		t.Errorf("%+v", v)
	}
	write(t, dir, filepath.Join("dist", alpine, "bin", "added"), "by somebody")
	keep := t.TempDir()
	v := b.verify(farm.VerifyOptions{BuildOptions: b.options(dir), Given: true, Keep: keep})
	if v.Same() || len(v.Differences) != 1 || v.Differences[0].Changes[0].Path != alpine+"/bin/added" {
		t.Errorf("%+v", v)
	}
	for _, name := range []string{"artifacts/bin/all", "artifacts-first/bin/added"} {
		if data, err := os.ReadFile(filepath.Join(keep, alpine, name)); err != nil || len(data) == 0 {
			t.Errorf("%s isn't kept: %v", name, err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "dist", alpine, "bin", "added")); err != nil {
		t.Fatal(err)
	}
	// So is a program that may not be executed.
	if err := os.Chmod(filepath.Join(dir, "dist", alpine, "bin", "all"), 0o755); err != nil {
		t.Fatal(err)
	}
	v = b.verify(farm.VerifyOptions{BuildOptions: b.options(dir), Given: true})
	if v.Same() || len(v.Differences) != 1 || v.Differences[0].Changes[0].Kind != verify.OtherMode {
		t.Errorf("%+v", v)
	}
	// That is told, too, if looking deeper comes to nothing.
	state := b.farm.StateDir()
	begin := func(stage farm.VerifyStage) {
		if stage == farm.StageCompare {
			if err := errors.Join(os.RemoveAll(state), os.WriteFile(state, nil, 0o644)); err != nil {
				t.Error(err)
			}
		}
	}
	v, err := b.farm.Verify(t.Context(), farm.VerifyOptions{BuildOptions: b.options(dir), Given: true, Deep: true, Begin: begin})
	if !errors.Is(err, syscall.ENOTDIR) || v == nil || v.Same() || len(v.Steps) > 0 || len(v.Differences) != 1 {
		t.Fatalf("%+v, %v", v, err)
	}
	for _, name := range []string{"artifacts", "artifacts-first"} {
		if _, err := os.Stat(filepath.Join(v.Kept, alpine, name, "bin", "all")); err != nil || v.Kept != b.farm.VerifyDir() {
			t.Errorf("it isn't kept: %v", err)
		}
	}
	if err := os.Remove(state); err != nil {
		t.Fatal(err)
	}
	full := filepath.Join(b.dir, "full")
	write(t, full, "file", "of somebody")
	o := farm.VerifyOptions{BuildOptions: b.options(dir), Keep: full}
	var notEmpty *farm.NotEmptyError
	if _, err := b.farm.Verify(t.Context(), o); !errors.As(err, &notEmpty) {
		t.Errorf("%v", err)
	}
	b.nothingLeft()
}

// stopper cancels when something is shown.
type stopper struct {
	text string
	all  bytes.Buffer
	stop func()
}

func (s *stopper) Write(p []byte) (int, error) {
	s.all.Write(p)
	if strings.Contains(s.all.String(), s.text) {
		s.stop()
	}
	return len(p), nil
}

// inSecondBuild is a shell's test: where a daemon keeps its state is seen in the
// options of an overlay.
const inSecondBuild = "grep -q again/verify- /proc/self/mountinfo"

// An interruption in the midst of the second build leaves nothing.
func TestVerifyInterrupted(t *testing.T) {
	b := newBench(t, shellworld.Package{Name: "slow", Script: "! " + inSecondBuild + " || { echo now-it-sleeps; sleep 1000; }\n" + note("slow", "slow")})
	dir := b.project(shellworld.Package{Name: "app", Depends: []string{"slow"}, Script: cat}, "")
	b.build(dir)
	for _, state := range []string{"", filepath.Join(b.dir, "state")} {
		ctx, cancel := context.WithCancel(t.Context())
		o := farm.VerifyOptions{BuildOptions: b.options(dir), StateDir: state}
		o.Progress, o.Stderr = "plain", &stopper{text: "now-it-sleeps", stop: cancel}
		if _, err := b.farm.Verify(ctx, o); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		b.nothingLeft()
	}
}

// The command shows what was compared and varied, blames who began, and exits
// with 1.
func TestVerifyCommand(t *testing.T) {
	b := newBench(t,
		shellworld.Package{Name: "stamp", Script: install("stamp", `echo "built on $(sleep 1; date -u '+%Y-%m-%d %H:%M:%S')"`)},
		shellworld.Package{Name: "copier", Depends: []string{"stamp"}, Script: note("copier", "copy of $(cat $OPAM_SWITCH_PREFIX/lib/stamp/text)")},
	)
	dir := b.project(shellworld.Package{Name: "app", Depends: []string{"copier"}, Script: cat}, "")
	ofarm := program(t, "ofarm")
	if out, err := exec.Command(ofarm, b.flags("build", dir)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var stdout, stderr bytes.Buffer
	c := exec.Command(ofarm, append(b.flags("verify", filepath.Join(dir, "dist")), "--deep", "--addr", "private")...)
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); c.ProcessState.ExitCode() != 1 {
		t.Errorf("exit code %d: %v", c.ProcessState.ExitCode(), err)
	}
	t.Logf("%s%s", stdout.String(), stderr.String())
	contains(t, stdout.String(), "  DIFFERS\n", "stamp.1    alpine-3.20  DIFFERS\n", "copier.1   alpine-3.20  differs, after stamp.1\n",
		"root base  alpine-3.20  same\n", "processors        ", "what differs is in "+b.farm.CacheDir+"/verify\n")
	contains(t, stderr.String(), "ofarm: error: alpine-3.20: stamp.1 comes out otherwise when it is built again: lib/stamp/text: line 1: ",
		"ofarm: hint: take the time from SOURCE_DATE_EPOCH")
	if n := strings.Count(stderr.String(), "ofarm: error:"); n != 1 {
		t.Errorf("%d errors", n)
	}
	b.nothingLeft()
}

// A step that fails in the second build only is told with its log, which stays;
// where there was no more space, that is known too.
func TestVerifyFailsAgain(t *testing.T) {
	b := newBench(t, shellworld.Package{Name: "full", Script: "! " + inSecondBuild + " || { echo 'cp: No space left on device'; exit 1; }\n" + note("full", "full")})
	dir := b.project(shellworld.Package{Name: "app", Depends: []string{"full"}, Script: cat}, "")
	b.build(dir)
	var stages []farm.VerifyStage
	begin := func(s farm.VerifyStage) { stages = append(stages, s) }
	_, err := b.farm.Verify(t.Context(), farm.VerifyOptions{BuildOptions: b.options(dir), StateDir: filepath.Join(b.dir, "state"), Begin: begin})
	if !slices.Equal(stages, []farm.VerifyStage{farm.StageAgain}) {
		t.Errorf("%q: what is there is what a build would make", stages)
	}
	var again *farm.AgainError
	var step *solve.StepError
	if !errors.As(err, &again) || !errors.As(err, &step) || !again.NoSpace() || again.Memory != 0 {
		t.Fatalf("%v", err)
	}
	if data, err := os.ReadFile(step.LogFile); err != nil || !bytes.Contains(data, []byte("No space left")) {
		t.Errorf("its log: %q, %v", data, err)
	}
	b.nothingLeft()
}

// Nothing is left of a second build on disk either, whoever may read and write
// what its packages installed.
func TestVerifyRemovesClosed(t *testing.T) {
	b := newBench(t, shellworld.Package{Name: "closed", Script: note("closed", "closed") + `cd "$OPAM_SWITCH_PREFIX/lib/closed"
mkdir -p read-only/inside other/inside
chmod 555 read-only
chmod 700 other
chown -R 65534:65534 other
`})
	dir := b.project(shellworld.Package{Name: "app", Depends: []string{"closed"}, Script: cat}, "")
	v := b.verify(farm.VerifyOptions{BuildOptions: b.options(dir), Deep: true, StateDir: filepath.Join(b.dir, "state")})
	if !v.Same() {
		t.Errorf("%+v", v)
	}
	b.nothingLeft()
}
