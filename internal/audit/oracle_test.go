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
	PIE              bool
	RELRO            string
}

var (
	neededLine  = regexp.MustCompile(`\(NEEDED\).*\[(.*)\]`)
	runpathLine = regexp.MustCompile(`\(RUNPATH\).*\[(.*)\]`)
	interpLine  = regexp.MustCompile(`program interpreter: (.*)\]`)
	buildLine   = regexp.MustCompile(`Build ID: ([0-9a-f]+)`)
	needLine    = regexp.MustCompile(`Name: (\S+)\s+Flags`)
	bindLine    = regexp.MustCompile(`\((BIND_NOW|FLAGS|FLAGS_1)\)(.*)`)
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
	f.PIE = strings.Contains(out, "(FLAGS_1)") && regexp.MustCompile(`\(FLAGS_1\).*\bPIE\b`).MatchString(out)
	f.RELRO = relroOf(out)
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

// relroOf goes by the segment and by the three ways of saying "now".
func relroOf(out string) string {
	if !strings.Contains(out, "GNU_RELRO") {
		return RELRONone
	}
	for _, m := range bindLine.FindAllStringSubmatch(out, -1) {
		if m[1] == "BIND_NOW" || strings.Contains(m[2], "BIND_NOW") || m[1] == "FLAGS_1" && strings.Contains(m[2], "NOW") {
			return RELROFull
		}
	}
	return RELROPartial
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
		BuildID: r.BuildID, ExecStack: r.ExecStack, Floor: r.Floor, PIE: r.PIE, RELRO: r.RELRO,
	}
	for _, v := range r.Versions {
		f.Versions = append(f.Versions, v.Name)
	}
	slices.Sort(f.Versions)
	return f
}

// systemFiles gives a spread of this machine's ELF files: at least 50 executables
// of /usr/bin, always the same ones, and some libraries.
func systemFiles(t *testing.T) []string {
	t.Helper()
	return append(spread(t, "/usr/bin/*", 60), spread(t, "/lib/*/lib*.so.*", 15)...)
}

func spread(t *testing.T, pattern string, most int) []string {
	t.Helper()
	all, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	elfs := slices.DeleteFunc(all, func(path string) bool {
		f, err := elf.Open(path)
		if err == nil {
			f.Close()
		}
		return err != nil
	})
	var some []string
	for i := range min(most, len(elfs)) {
		some = append(some, elfs[i*len(elfs)/min(most, len(elfs))])
	}
	return some
}

func TestAgreesWithReadelf(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("readelf"); err != nil {
		t.Skip("readelf is not installed")
	}
	files := systemFiles(t)
	if len(files) < 50 {
		t.Skipf("only %d ELF files in /usr", len(files))
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

// TestSymbolsAgreeWithObjdump compares which symbol needs which version.
func TestSymbolsAgreeWithObjdump(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("objdump"); err != nil {
		t.Skip("objdump is not installed")
	}
	versioned := regexp.MustCompile(`\s\(?(GLIBC_[0-9.]+)\)?\s+(\S+)$`)
	for _, path := range spread(t, "/usr/bin/*", 20) {
		r, err := File(path, Options{})
		if err != nil {
			t.Errorf("File: %v", err)
			continue
		}
		out, err := exec.Command("objdump", "-T", path).Output()
		if err != nil && r.Linkage != Static {
			t.Fatal(err)
		}
		want, got := map[string][]string{}, map[string][]string{}
		for line := range strings.Lines(string(out)) {
			if m := versioned.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
				want[m[1]] = sortedUnique(append(want[m[1]], m[2]))
			}
		}
		for _, v := range r.Versions {
			if _, ok := glibcVersion(v.Name); ok && len(v.Symbols) > 0 {
				got[v.Name] = sortedUnique(append(got[v.Name], v.Symbols...))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: symbols (-objdump +ours)\n%s", path, diff)
		}
	}
}

// TestAgreesWithLdd: what ldd resolves is what NEEDED says, directly or through
// other libraries.
func TestAgreesWithLdd(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ldd"); err != nil {
		t.Skip("ldd is not installed")
	}
	for _, path := range spread(t, "/usr/bin/*", 12) {
		r, err := File(path, Options{})
		if err != nil {
			t.Errorf("File: %v", err)
			continue
		}
		cmd := exec.Command("ldd", path)
		cmd.Env = append(os.Environ(), "LC_ALL=C")
		out, err := cmd.CombinedOutput()
		text := string(out)
		if isStatic := err != nil || strings.Contains(text, "statically linked"); isStatic != (r.Linkage == Static) {
			t.Errorf("%s: linkage %s, and ldd says %q", path, r.Linkage, text)
		}
		for _, lib := range r.Needed {
			if !strings.Contains(text, lib) {
				t.Errorf("%s: ldd doesn't name %s", path, lib)
			}
		}
	}
}
