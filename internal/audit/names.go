package audit

import (
	"fmt"
	"regexp"
	"strings"
)

// UnknownPolicyError says that no policy has a name.
type UnknownPolicyError struct {
	Name  string
	Known []string // examples: the names with a version in them are endless
}

func (e *UnknownPolicyError) Error() string { return fmt.Sprintf("unknown policy %q", e.Name) }

// PolicyNames lists policies that [Named] knows, with the usual versions.
func PolicyNames() []string {
	return []string{
		"static", "mostly-static", "glibc_2.31", "glibc_2.36",
		"manylinux_2_17", "manylinux_2_28", "manylinux_2_31", "manylinux_2_34",
	}
}

var (
	glibcName     = regexp.MustCompile(`^glibc_(2\.[0-9]+)$`)
	manylinuxName = regexp.MustCompile(`^manylinux_2_([0-9]+)(?:_(x86_64|aarch64))?$`)
)

// manylinuxOld are the names from before PEP 600, which maps them so.
var manylinuxOld = map[string]string{"manylinux1": "manylinux_2_5", "manylinux2010": "manylinux_2_12", "manylinux2014": "manylinux_2_17"}

// Named returns a policy by its name:
//
//   - static: no interpreter, nothing in NEEDED.
//   - mostly-static: nothing in NEEDED but libc's family.
//   - glibc_2.31: the same, with a glibc floor of at most 2.31.
//   - manylinux_2_28: what PEP 600 asks of wheels for glibc 2.28 and later, see
//     manylinux. With _x86_64 or _aarch64 behind it also the platform; manylinux1,
//     manylinux2010 and manylinux2014 are the older names of 2_5, 2_12 and 2_17.
//
// All but mostly-static are for Linux alone, and a static executable meets them
// all. The error is an [*UnknownPolicyError].
func Named(name string) (Policy, error) {
	p := Policy{Name: name, NoPrivate: true}
	switch name {
	case Static, MostlyStatic:
		p.Linkage = name
		return p, nil
	}
	p.OS = "linux"
	if m := glibcName.FindStringSubmatch(name); m != nil {
		p.Linkage, p.MaxGLIBC = MostlyStatic, m[1]
		return p, nil
	}
	full := name
	old, _, _ := strings.Cut(name, "_")
	if now, ok := manylinuxOld[old]; ok {
		full = now + strings.TrimPrefix(name, old)
	}
	m := manylinuxName.FindStringSubmatch(full)
	if m == nil {
		return Policy{}, &UnknownPolicyError{Name: name, Known: PolicyNames()}
	}
	if m[2] != "" {
		p.Platform = map[string]string{"x86_64": "linux/amd64", "aarch64": "linux/arm64"}[m[2]]
	}
	return p.manylinux("2." + m[1]), nil
}
