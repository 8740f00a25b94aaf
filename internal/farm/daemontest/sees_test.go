package daemontest

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/testworld/shellworld"
)

// sights are what testdata/sees prints, by name.
type sights map[string]string

// with are those whose names begin so, by the rest of the name.
func (s sights) with(prefix string) map[string]string {
	out := map[string]string{}
	for name, value := range s {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			out[rest] = value
		}
	}
	return out
}

func readSights(t *testing.T, text string) sights {
	t.Helper()
	out := sights{}
	for line := range strings.Lines(text) {
		name, quoted, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		value, err := strconv.Unquote(quoted)
		if _, twice := out[name]; err != nil || twice {
			t.Errorf("%q: %v", line, err)
		}
		out[name] = value
	}
	return out
}

// leftovers are files that steps try to leave for others.
var leftovers = []string{
	"/tmp/left", "/tmp/home/left", "left", "/dev/left", "/dev/shm/left",
	"/left", "/etc/left", "/usr/left", "/run/left", "/ofarm/left", "/ofarm/lib/left", "/ofarm/build/left", "/ofarm/dep/one.1/left",
}

// lookers are two packages and a project whose steps look around, each with what
// it sees as a file of the project's bin.
func lookers(t *testing.T) (one, two, app shellworld.Package) {
	t.Helper()
	file := program(t, "sees")
	look := func(name, script string, depends ...string) shellworld.Package {
		return shellworld.Package{Name: name, Depends: depends, Files: map[string]string{"sees": readFile(t, file)}, Script: script}
	}
	sees := func(at string) string {
		return `./sees "$OPAM_SWITCH_PREFIX/` + at + `" ` + strings.Join(leftovers, " ") + "\n"
	}
	return look("one", sees("lib/one/text")),
		look("two", sees("lib/two/text"), "one"),
		look("app", sees("bin/app")+`cp "$OPAM_SWITCH_PREFIX/lib/one/text" "$OPAM_SWITCH_PREFIX/bin/one"
cp "$OPAM_SWITCH_PREFIX/lib/two/text" "$OPAM_SWITCH_PREFIX/bin/two"
`, "two")
}

// TestStepSees holds the table "What a step sees" of package llb against the
// steps of a build whose user has another umask and other variables. What
// hostile programs get is TestHermetic's, and what is done to the files of
// dependencies is TestForestGuard's.
func TestStepSees(t *testing.T) {
	one, two, app := lookers(t)
	b := newBench(t, one, two)
	dir := b.project(app, "")
	for name, value := range map[string]string{
		"TZ": "Pacific/Apia", "LC_ALL": "tr_TR.UTF-8", "SOURCE_DATE_EPOCH": "1", "OFARM_LURE": secret, "TMPDIR": t.TempDir(),
	} {
		t.Setenv(name, value)
	}
	mask := syscall.Umask(0o077)
	start := time.Now().Unix()
	b.build(dir)
	syscall.Umask(mask)
	seen := map[string]sights{}
	for _, name := range []string{"one", "two", "app"} {
		seen[name] = readSights(t, exported(t, dir, alpine+"/bin/"+name))
		t.Run(name+" sees the same", func(t *testing.T) { sameEverywhere(t, seen[name]) })
		t.Run(name+" sees the machine", func(t *testing.T) { ofTheMachine(t, seen[name], b.farm.StateDir(), start) })
		t.Run(name+" may write", func(t *testing.T) { mayWrite(t, name, seen[name]) })
	}
	t.Run("environment", func(t *testing.T) { environments(t, seen) })
	t.Run("dependencies", func(t *testing.T) {
		for name, files := range map[string]string{
			"one": "no such file or directory", "two": "/ofarm/dep/one.1/lib/one/text",
			"app": "/ofarm/dep/one.1/lib/one/text /ofarm/dep/two.1/lib/two/text",
		} {
			if got := seen[name]["dependencies"]; got != files && (name != "one" || got != "") {
				t.Errorf("%s sees %q, want %q", name, got, files)
			}
		}
	})
}

// environments compares whole environments, without what the root's shell adds.
func environments(t *testing.T, seen map[string]sights) {
	shells := []string{"PWD", "OLDPWD", "SHLVL", "_"}
	want := map[string]string{
		"CDPATH": "", "DUNE_CACHE": "disabled", "HOME": "/tmp/home", "LC_ALL": "C.UTF-8", "LOGNAME": "root",
		"MAKEFLAGS": "", "MAKELEVEL": "", "OPAMCLI": "2.0", "OPAMSWITCH": "ofarm", "OPAM_SWITCH_PREFIX": "/ofarm/switch",
		"PATH":              "/ofarm/switch/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"SOURCE_DATE_EPOCH": "1704067200", "TERM": "dumb", "TMPDIR": "/tmp", "TZ": "UTC", "USER": "root",
		"OPAM_PACKAGE_VERSION": shellworld.Version, "jobs": strconv.Itoa(max(2, runtime.NumCPU())),
	}
	compare := func(name string) {
		got := seen[name].with("env ")
		maps.DeleteFunc(got, func(k, _ string) bool { return slices.Contains(shells, k) })
		want["OPAM_PACKAGE_NAME"] = name
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	compare("one")
	compare("two")
	maps.Copy(want, map[string]string{
		"OPAM_PACKAGE_VERSION": "dev", "PATH": "/ofarm/cc:" + want["PATH"],
		"BUILD_PATH_PREFIX_MAP": "app=/ofarm/build/app",
		"LINKING_MODE":          "static", "OFARM_LINK_MODE": "static", "OFARM_LINK_RECORDS": "/ofarm/out/.ofarm/link",
	})
	compare("app")
}

// devices are a step's own.
var devices = []string{"/dev/full", "/dev/null", "/dev/random", "/dev/tty", "/dev/urandom", "/dev/zero"}

// sameEverywhere is about what no machine changes.
func sameEverywhere(t *testing.T, seen sights) {
	name := seen["env OPAM_PACKAGE_NAME"]
	if name != "app" {
		name += ".1"
	}
	const gone = "no such file or directory"
	images := strconv.FormatInt(time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), 10)
	want := map[string]string{
		"user": "0:0 groups [0]", "umask": "022", "folder": "/ofarm/build/" + name,
		"host name": "buildkitsandbox", "domain name": "(none)",
		"file /etc/resolv.conf": "# A step of a build has no network, and so no name servers.\n",
		"file /etc/hosts":       "127.0.0.1\tlocalhost buildkitsandbox\n::1\tlocalhost ip6-localhost ip6-loopback\n",
		"file /etc/hostname":    gone, "file /etc/machine-id": gone, "file /etc/localtime": gone,
		"folder /sys/class/net":      "lo",
		"folder /dev":                "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero",
		"time of build.sh":           images,
		"time of /etc/resolv.conf":   images,
		"time of /ofarm/lib/step.sh": images,
		"mount /tmp":                 "tmpfs",
	}
	if os.Getuid() != 0 {
		want["folder /sys/class/net"] = gone // there is no /sys
	}
	if name != "one.1" {
		want["mount /ofarm/switch"] = "tmpfs"
	}
	for what, value := range want {
		if got := seen[what]; got != value {
			t.Errorf("%s: %q, want %q", what, got, value)
		}
	}
	for _, what := range []string{"temporary folder 0", "temporary folder 1"} {
		if got := seen[what]; filepath.Dir(got) != "/tmp" {
			t.Errorf("%s: %q", what, got)
		}
	}
}

// ofTheMachine is about what is the machine's. That it is, is no wish: the table
// says so, and a build that writes it into what it installs is found by building
// twice.
func ofTheMachine(t *testing.T, seen sights, state string, start int64) {
	var u syscall.Utsname
	if err := syscall.Uname(&u); err != nil {
		t.Fatal(err)
	}
	var release strings.Builder
	for _, c := range u.Release {
		if c != 0 {
			release.WriteByte(byte(c))
		}
	}
	var stack syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_STACK, &stack); err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]string{
		"kernel": release.String(), "processors": strconv.Itoa(runtime.NumCPU()), "limit stack": strconv.FormatUint(stack.Max, 10),
	} {
		if seen[what] != want {
			t.Errorf("%s: %q, want %q", what, seen[what], want)
		}
	}
	if model := modelName(readFile(t, "/proc/cpuinfo")); modelName(seen["file /proc/cpuinfo"]) != model {
		t.Errorf("processor %q", modelName(seen["file /proc/cpuinfo"]))
	}
	clocks := maps.Clone(seen.with("time of /ofarm/dep/"))
	clocks["clock"] = seen["clock"]
	for what, at := range clocks {
		if n, err := strconv.ParseInt(at, 10, 64); err != nil || n < start || n > time.Now().Unix() {
			t.Errorf("%s: %q is not now", what, at)
		}
	}
	if !strings.Contains(seen["origin /"], state) {
		t.Errorf("the root's mount no longer tells where the daemon keeps it (%s): %s", state, seen["origin /"])
	}
	if seen["temporary folder 0"] == seen["temporary folder 1"] {
		t.Errorf("temporary names are no longer random: %q", seen["temporary folder 0"])
	}
}

// modelName is the first line of cpuinfo that names the processor.
func modelName(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		if strings.HasPrefix(line, "model name") {
			return line
		}
	}
	return ""
}

// mayWrite is about where a step can make files, and that nobody finds them.
func mayWrite(t *testing.T, name string, seen sights) {
	id := name + ".1"
	want := []string{"/dev", "/dev/mqueue", "/dev/shm", "/ofarm/build/" + id, "/ofarm/installed", "/ofarm/switch", "/tmp"}
	switch name {
	case "one":
		want = slices.DeleteFunc(want, func(s string) bool { return s == "/ofarm/installed" })
	case "app":
		want[3], want[4] = "/ofarm/build/app", "/ofarm/out"
	}
	var got []string
	for at, answer := range seen.with("write ") {
		switch {
		case strings.HasPrefix(at, "/proc") || strings.HasPrefix(at, "/sys"):
			// Which files of these the runtime covers by a mount is its own affair.
		case os.Getuid() != 0 && slices.Contains(devices, at):
			// Who isn't root can't make devices: each is a mount of the machine's.
		case answer == "yes":
			got = append(got, at)
		case answer != "read-only file system" && answer != "permission denied":
			t.Errorf("%s: %s", at, answer)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for i, file := range leftovers {
		want := "made"
		if i >= 5 {
			want = "read-only file system"
		}
		if got := seen["leftover "+file]; got != want {
			t.Errorf("leaving %s: %s, want %s", file, got, want)
		}
	}
	if _, err := os.Stat("/tmp/left"); err == nil {
		t.Error("a step wrote to the machine's /tmp")
	}
}
