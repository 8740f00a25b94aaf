package deb

import (
	"errors"
	"os/exec"
	"testing"

	"pgregory.net/rapid"
)

func TestCompareVersions(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"1.0", "1.0", 0},
		{"1.0", "1.0-0", 0},
		{"0:1.0", "1.0", 0},
		{"1.0~rc1", "1.0", -1},
		{"1.0~~", "1.0~", -1},
		{"1.0", "1.0a", -1},
		{"1.0a", "1.0+", -1},
		{"1.0+b1", "1.0-1", 1},
		{"1.9", "1.10", -1},
		{"1.09", "1.9", 0},
		{"1:0", "99", 1},
		{"10:1", "9:1", 1},
		{"2.31-13+deb11u9", "2.31-13+deb11u14", -1},
		{"1.2.11.dfsg-2+deb11u2", "1.2.11-1", 1},
		{"1-2-3", "1-2", 1},
		{"99999999999999999999999:1", "99999999999999999999998:1", 1},
		{"", "0", 0},
		{"", "~", 1},
		{"a:1", "a:1", 0},
	}
	for _, tt := range tests {
		if got := sign(CompareVersions(tt.a, tt.b)); got != tt.want {
			t.Errorf("CompareVersions(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := sign(CompareVersions(tt.b, tt.a)); got != -tt.want {
			t.Errorf("CompareVersions(%q, %q) = %d, want %d", tt.b, tt.a, got, -tt.want)
		}
	}
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// drawVersion draws versions that are close to each other.
func drawVersion(t *rapid.T, label string) string {
	epoch := rapid.SampledFrom([]string{"", "", "0:", "1:", "02:"}).Draw(t, label+" epoch")
	upstream := rapid.StringMatching(`[0-2][0-2a~+.]{0,5}`).Draw(t, label+" upstream")
	revision := rapid.SampledFrom([]string{"", "-0", "-1", "-1~a", "-1+b1", "-01"}).Draw(t, label+" revision")
	return epoch + upstream + revision
}

func TestVersionsAreTotallyOrdered(t *testing.T) {
	any := rapid.OneOf(rapid.Custom(func(t *rapid.T) string { return drawVersion(t, "v") }), rapid.StringN(0, 6, -1))
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := any.Draw(t, "a"), any.Draw(t, "b"), any.Draw(t, "c")
		ab, bc, ac := CompareVersions(a, b), CompareVersions(b, c), CompareVersions(a, c)
		if sign(ab) != -sign(CompareVersions(b, a)) {
			t.Errorf("%q and %q: not antisymmetric", a, b)
		}
		if ab <= 0 && bc <= 0 && ac > 0 {
			t.Errorf("%q <= %q <= %q, but not %q <= %q", a, b, c, a, c)
		}
		if ab == 0 && bc == 0 && ac != 0 {
			t.Errorf("%q, %q, %q: equality isn't transitive", a, b, c)
		}
	})
}

func TestVersionsAsDpkg(t *testing.T) {
	if _, err := exec.LookPath("dpkg"); err != nil {
		t.Skip("no dpkg")
	}
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		if n++; n > 40 {
			return // each asks dpkg thrice
		}
		a, b := drawVersion(t, "a"), drawVersion(t, "b")
		got := sign(CompareVersions(a, b))
		for op, want := range map[string]int{"lt": -1, "eq": 0, "gt": 1} {
			if dpkgSays(t, a, op, b) != (got == want) {
				t.Errorf("CompareVersions(%q, %q) = %d; dpkg --compare-versions %s differs", a, b, got, op)
			}
		}
	})
}

func dpkgSays(t *rapid.T, a, op, b string) bool {
	err := exec.Command("dpkg", "--compare-versions", a, op, b).Run()
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) {
		t.Fatalf("dpkg --compare-versions %s %s %s: %v", a, op, b, err)
	}
	return err == nil
}

func TestCheckVersion(t *testing.T) {
	for v, ok := range map[string]bool{
		"1.0": true, "1:2.3-4": true, "1.0~rc1+dfsg-1+deb11u1": true, "2:1:1-1": true,
		"": false, "a": false, ":1": false, "x:1": false, "1.0-": false, "1 0": false, "1-1_2": false, "1_0": false,
	} {
		if err := CheckVersion(v); (err == nil) != ok {
			t.Errorf("CheckVersion(%q) = %v", v, err)
		}
	}
}

func FuzzCompareVersions(f *testing.F) {
	f.Add("1.0-1", "1.0~rc1-1")
	f.Add("1:9", "9:1")
	f.Add("é", "-")
	f.Fuzz(func(t *testing.T, a, b string) {
		if sign(CompareVersions(a, b)) != -sign(CompareVersions(b, a)) {
			t.Errorf("%q and %q: not antisymmetric", a, b)
		}
	})
}
