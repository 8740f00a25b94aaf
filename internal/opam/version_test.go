package opam_test

import (
	"errors"
	"os/exec"
	"testing"

	"github.com/ofarm/ofarm/internal/opam"
	"pgregory.net/rapid"
)

// TestVersionOrder has chains in rising order, as opam's own comparison gives
// them.
func TestVersionOrder(t *testing.T) {
	chains := [][]string{
		{"1.0~~", "1.0~", "1.0~beta", "1.0~beta2", "1.0~rc1", "1.0", "1.0-1", "1.0-rc1", "1.0a", "1.0+x", "1.0.0", "1.0.1", "1.1", "1.10", "2", "v0.17"},
		{"9999", "v0.1", "v0.9", "v0.10", "v0.17.0"},
		{"4.08.1", "4.09", "4.10", "4.13.0~alpha1", "4.13.0", "4.13.1", "5.0.0~~", "5.0.0"},
		{"base", "transition"},
		{"20240101", "20240102"},
	}
	for _, chain := range chains {
		for i, a := range chain {
			for j, b := range chain {
				if got := sign(opam.CompareVersions(a, b)); got != sign(i-j) {
					t.Errorf("%q and %q: got %d, want %d", a, b, got, sign(i-j))
				}
			}
		}
	}
	for _, same := range [][2]string{{"1.0", "1.0-0"}, {"0.05", "0.5"}, {"1.0", "1.0-"}, {"1", "1"}, {"1.00", "1.0"}, {"", ""}} {
		if opam.CompareVersions(same[0], same[1]) != 0 {
			t.Errorf("%q and %q differ", same[0], same[1])
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

func drawVersion(t *rapid.T, label string) string {
	return rapid.StringMatching(`[0-9][0-9a-c.+~]{0,5}(-[0-9a-c][0-9a-c.+~]{0,3})?`).Draw(t, label)
}

func TestVersionOrderIsTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawVersion(t, "a"), drawVersion(t, "b"), drawVersion(t, "c")
		ab, ba := sign(opam.CompareVersions(a, b)), sign(opam.CompareVersions(b, a))
		if ab != -ba {
			t.Fatalf("%q and %q: %d one way, %d the other", a, b, ab, ba)
		}
		bc, ac := sign(opam.CompareVersions(b, c)), sign(opam.CompareVersions(a, c))
		if ab <= 0 && bc <= 0 && ac > 0 || ab >= 0 && bc >= 0 && ac < 0 {
			t.Fatalf("not transitive: %q %q %q", a, b, c)
		}
	})
}

// TestVersionOrderLikeDpkg compares with dpkg, whose order is the same for
// versions that begin with a digit and have no epoch.
func TestVersionOrderLikeDpkg(t *testing.T) {
	dpkg, err := exec.LookPath("dpkg")
	if err != nil {
		t.Skip(err)
	}
	checks := 0
	rapid.Check(t, func(t *rapid.T) {
		if checks++; checks > 60 {
			return // a process for each
		}
		a, b := drawVersion(t, "a"), drawVersion(t, "b")
		op := []string{"lt", "eq", "gt"}[sign(opam.CompareVersions(a, b))+1]
		err := exec.Command(dpkg, "--compare-versions", a, op, b).Run()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("dpkg denies %q %s %q", a, op, b)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzCompareVersions(f *testing.F) {
	f.Add("1.0~beta", "1.0-1")
	f.Fuzz(func(t *testing.T, a, b string) {
		if sign(opam.CompareVersions(a, b)) != -sign(opam.CompareVersions(b, a)) {
			t.Errorf("%q and %q", a, b)
		}
	})
}
