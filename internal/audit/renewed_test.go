package audit

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestRenewedAgreesWithLibc takes the symbols of this machine's glibc: one that
// is said to be in older glibcs has an older version in the same library, unless
// headers lead another name to it.
func TestRenewedAgreesWithLibc(t *testing.T) {
	t.Parallel()
	libs := systemLibraries(t, "libc.so.6", "libm.so.6")
	redirected := regexp.MustCompile(`^(fcntl64|l?f?stat(at)?(64)?|mknod(at)?|__isoc23_.*|res_.*|dn_.*)$`)
	line := regexp.MustCompile(`\(?(GLIBC_[0-9.]+)\)?\s+(\S+)$`)
	seen := 0
	for _, lib := range libs {
		out, err := exec.Command("objdump", "-T", lib).Output()
		if err != nil {
			t.Fatal(err)
		}
		versions := map[string][]string{}
		for l := range strings.Lines(string(out)) {
			if m := line.FindStringSubmatch(strings.TrimSpace(l)); m != nil && !strings.Contains(l, "*UND*") {
				versions[m[2]] = append(versions[m[2]], m[1])
			}
		}
		for symbol, all := range versions {
			for _, v := range all {
				if !Renewed(symbol, v) || redirected.MatchString(symbol) {
					continue
				}
				seen++
				if !hasOlder(all, v) {
					t.Errorf("%s: %s@%s has no older version, only %v", lib, symbol, v, all)
				}
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d symbols were compared", seen)
	}
}

func hasOlder(all []string, version string) bool {
	for _, v := range all {
		if compareNames(v, version) < 0 {
			return true
		}
	}
	return false
}

// systemLibraries finds glibc's libraries where the machine's compiler does.
func systemLibraries(t *testing.T, names ...string) []string {
	t.Helper()
	var out []string
	for _, tool := range []string{"objdump", "gcc"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	for _, name := range names {
		path, err := exec.Command("gcc", "-print-file-name="+name).Output()
		if err != nil {
			t.Fatal(err)
		}
		file := strings.TrimSpace(string(path))
		if file == name {
			t.Skipf("gcc has no %s", name)
		}
		out = append(out, file)
	}
	return out
}
