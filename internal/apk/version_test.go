package apk

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestCompareVersions(t *testing.T) {
	// Each list is in rising order.
	lists := [][]string{
		{"1.0_alpha", "1.0_alpha1", "1.0_alpha1_p1", "1.0_beta", "1.0_pre", "1.0_rc1", "1.0_rc2", "1.0", "1.0-r0", "1.0-r1",
			"1.0-r10", "1.0_cvs", "1.0_svn", "1.0_git20240101", "1.0_hg", "1.0_p", "1.0_p1", "1.0a", "1.0b", "1.0.0", "1.1", "1.10", "2"},
		{"1.00", "1.001", "1.0", "1.01", "1.010", "1.1", "1.10"},
		{"12.2.1_git20220924-r4", "12.2.1_git20231014-r0", "13"},
		{"99999999999999999998", "99999999999999999999"},
		{"", "foo", "0"},
		{"0.99f6", "0.99f7-r1", "0.99f7.1", "0.99f10"},
	}
	for _, list := range lists {
		for i, a := range list {
			for j, b := range list {
				if got, want := CompareVersions(a, b), cmp.Compare(i, j); got != want {
					t.Errorf("CompareVersions(%q, %q) = %d, want %d", a, b, got, want)
				}
			}
		}
	}
}

func TestCompareVersionsEqual(t *testing.T) {
	for _, pair := range [][2]string{{"01", "1"}, {"1.0-r01", "1.0-r1"}, {"1_p01", "1_p1"}, {"x", "x"}} {
		if got := CompareVersions(pair[0], pair[1]); got != 0 {
			t.Errorf("CompareVersions(%q, %q) = %d, want 0", pair[0], pair[1], got)
		}
	}
}

func TestValidVersion(t *testing.T) {
	for v, want := range map[string]bool{
		"1": true, "1.2.3a_rc1_p2~0a1b2c-r4": true, "0.0.20240101-r0": true, "1.0_git": true,
		"": false, "a": false, "1.": false, "1..2": false, "1ab": false, "1_foo": false, "1-1": false, "1-r": false,
		"1-r1_p1": false, "1.a": false, "1 ": false, "1\n": false, "1_": false, "1:2": false,
	} {
		if got := ValidVersion(v); got != want {
			t.Errorf("ValidVersion(%q) = %t", v, got)
		}
	}
}

func TestVersionOrderIsTotal(t *testing.T) {
	gen := rapid.OneOf(versionGen(), rapid.StringMatching(`[0-9a-z._~-]{0,5}`))
	rapid.Check(t, func(t *rapid.T) {
		v := []string{gen.Draw(t, "a"), gen.Draw(t, "b"), gen.Draw(t, "c")}
		if CompareVersions(v[0], v[1]) != -CompareVersions(v[1], v[0]) {
			t.Fatalf("%q and %q: not antisymmetric", v[0], v[1])
		}
		slices.SortFunc(v, CompareVersions)
		if CompareVersions(v[0], v[2]) > 0 {
			t.Fatalf("%q: not transitive", v)
		}
	})
}

func FuzzCompareVersions(f *testing.F) {
	f.Add("1.2.3a_rc1_p2~0a1b2c-r4", "1.02")
	f.Fuzz(func(t *testing.T, a, b string) {
		if CompareVersions(a, b) != -CompareVersions(b, a) || CompareVersions(a, a) != 0 {
			t.Errorf("%q, %q: no order", a, b)
		}
	})
}
