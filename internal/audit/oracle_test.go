package audit

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// facts is what readelf tells of a file, in our words.
type facts struct {
	Needed, Versions []string
	Interpreter      string
	RunPath          string
	BuildID          string
	ExecStack        bool
	Floor            string
}

var (
	neededLine  = regexp.MustCompile(`\(NEEDED\).*\[(.*)\]`)
	runpathLine = regexp.MustCompile(`\(RUNPATH\).*\[(.*)\]`)
	interpLine  = regexp.MustCompile(`program interpreter: (.*)\]`)
	buildLine   = regexp.MustCompile(`Build ID: ([0-9a-f]+)`)
	needLine    = regexp.MustCompile(`Name: (\S+)\s+Flags`)
	stackLine   = regexp.MustCompile(`GNU_STACK\s+0x\S+ 0x\S+ 0x\S+\s+\S+ \S+ (\S+)`)
)

func readelf(t *testing.T, path string) facts {
	t.Helper()
	cmd := exec.Command("readelf", "-W", "-d", "-l", "-n", "-V", path)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("readelf %s: %v", path, err)
	}
	out := string(b)
	first := func(re *regexp.Regexp) string {
		if m := re.FindStringSubmatch(out); m != nil {
			return m[1]
		}
		return ""
	}
	f := facts{
		Interpreter: first(interpLine),
		RunPath:     first(runpathLine),
		BuildID:     first(buildLine),
		ExecStack:   first(stackLine) == "" || strings.Contains(first(stackLine), "E"),
	}
	for _, m := range neededLine.FindAllStringSubmatch(out, -1) {
		f.Needed = append(f.Needed, m[1])
	}
	_, needs, _ := strings.Cut(out, "Version needs section")
	for _, m := range needLine.FindAllStringSubmatch(needs, -1) {
		f.Versions = append(f.Versions, m[1])
		if m[1] != "GLIBC_PRIVATE" && strings.HasPrefix(m[1], "GLIBC_") && !strings.HasPrefix(m[1], "GLIBC_ABI") {
			f.Floor = maxDotted(f.Floor, strings.TrimPrefix(m[1], "GLIBC_"))
		}
	}
	slices.Sort(f.Versions)
	return f
}

// maxDotted is the plain way of comparing, for small numbers.
func maxDotted(a, b string) string {
	score := func(s string) (n int) {
		for i, p := range strings.SplitN(s+".0.0", ".", 4)[:3] {
			v, _ := strconv.Atoi(p)
			n += v * []int{1_000_000, 1000, 1}[i]
		}
		return n
	}
	if score(b) > score(a) {
		return b
	}
	return a
}

func ours(r *Report) facts {
	f := facts{
		Needed: r.Needed, Interpreter: r.Interpreter, RunPath: strings.Join(r.RunPath, ""),
		BuildID: r.BuildID, ExecStack: r.ExecStack, Floor: r.Floor,
	}
	for _, v := range r.Versions {
		f.Versions = append(f.Versions, v.Name)
	}
	slices.Sort(f.Versions)
	return f
}

// systemFiles gives a spread of this machine's executables and libraries.
func systemFiles(t *testing.T) []string {
	t.Helper()
	var elfs []string
	for _, pattern := range []string{"/usr/bin/*", "/usr/sbin/*", "/lib/*/lib*.so.*"} {
		all, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		var some []string
		for i := 0; i < len(all); i += max(1, len(all)/15) {
			if f, err := elf.Open(all[i]); err == nil {
				f.Close()
				some = append(some, all[i])
			}
		}
		elfs = append(elfs, some...)
	}
	return elfs
}

func TestAgreesWithReadelf(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("readelf"); err != nil {
		t.Skip("readelf is not installed")
	}
	files := systemFiles(t)
	if len(files) == 0 {
		t.Skip("no ELF files in /usr")
	}
	for _, path := range files {
		r, err := File(path, Options{})
		if err != nil {
			t.Errorf("File: %v", err)
			continue
		}
		if diff := cmp.Diff(readelf(t, path), ours(r)); diff != "" {
			t.Errorf("%s: (-readelf +ours)\n%s", path, diff)
		}
	}
}

func TestSymbolsAgreeWithObjdump(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("objdump"); err != nil {
		t.Skip("objdump is not installed")
	}
	const path = "/bin/ls"
	r, err := File(path, Options{})
	if err != nil {
		t.Skip(err)
	}
	out, err := exec.Command("objdump", "-T", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	versioned := regexp.MustCompile(`\(?GLIBC_` + regexp.QuoteMeta(r.Floor) + `\)?\s+(\S+)$`)
	for line := range strings.Lines(string(out)) {
		if m := versioned.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			want = append(want, m[1])
		}
	}
	if diff := cmp.Diff(sortedUnique(want), r.FloorSymbols); diff != "" || len(want) == 0 {
		t.Errorf("symbols of the floor %s: (-objdump +ours)\n%s", r.Floor, diff)
	}
}
