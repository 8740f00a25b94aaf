package deb

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGroups(t *testing.T) {
	got, err := Relations("libc6 (>= 2.34),\n python3:any(<<3.12) | python3.11 , old (< 1), bare (1),").Groups()
	if err != nil {
		t.Fatal(err)
	}
	want := []Group{
		{{Name: "libc6", Op: ">=", Version: "2.34"}},
		{{Name: "python3", Qualifier: "any", Op: "<<", Version: "3.12"}, {Name: "python3.11"}},
		{{Name: "old", Op: "<=", Version: "1"}},
		{{Name: "bare", Op: "=", Version: "1"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if none, err := Relations(" \n").Groups(); none != nil || err != nil {
		t.Errorf("an empty field has %v, %v", none, err)
	}
}

func TestGroupsErrors(t *testing.T) {
	for field, want := range map[string]string{
		"a (>= 1":     `relation "a (>= 1": no closing parenthesis`,
		"a (=> 1)":    `relation "a (=> 1)": "=>" is not one of <<, <=, =, >=, >>`,
		"a (>=)":      `relation "a (>=)": "" is not a version`,
		"a b":         `relation "a b": "a b" is not a package name`,
		"a | , b":     `relation "": "" is not a package name`,
		"a [amd64]":   `relation "a [amd64]": "a [amd64]" is not a package name`,
		"${misc} (1)": `relation "${misc} (1)": "${misc}" is not a package name`,
	} {
		if _, err := Relations(field).Groups(); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", field, err, want)
		}
	}
}

func TestAdmits(t *testing.T) {
	for constraint, versions := range map[string]string{
		"a":         "0 1 2",
		"a (<< 1)":  "0",
		"a (<= 1)":  "0 1",
		"a (= 1)":   "1",
		"a (>= 1)":  "1 2",
		"a (>> 1)":  "2",
		"a (>> 1~)": "1 2",
	} {
		g, err := Relations(constraint).Groups()
		if err != nil {
			t.Fatal(err)
		}
		var admitted []string
		for _, v := range []string{"0", "1", "2"} {
			if g[0][0].Admits(v) {
				admitted = append(admitted, v)
			}
		}
		if got := strings.Join(admitted, " "); got != versions {
			t.Errorf("%s admits %q, want %q", constraint, got, versions)
		}
	}
}

func FuzzGroups(f *testing.F) {
	f.Add("libc6 (>= 2.34), a:any | b")
	f.Add("a (1), ")
	f.Fuzz(func(t *testing.T, field string) {
		groups, err := Relations(field).Groups()
		if err != nil {
			return
		}
		var s []string
		for _, g := range groups {
			s = append(s, g.String())
		}
		again, err := Relations(strings.Join(s, ", ")).Groups()
		if err != nil {
			t.Fatalf("%q was accepted, its spelling %q isn't: %v", field, s, err)
		}
		if diff := cmp.Diff(groups, again); diff != "" {
			t.Errorf("%q changes by spelling it:\n%s", field, diff)
		}
	})
}
