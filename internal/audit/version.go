package audit

import (
	"cmp"
	"slices"
	"strings"
)

const (
	glibcPrefix  = "GLIBC_"
	glibcABI     = "GLIBC_ABI_"
	glibcPrivate = "GLIBC_PRIVATE"
)

// CompareVersions orders two dotted numbers such as "2.4" and "2.29", number by
// number: it returns -1, 0 or +1. A missing number counts as 0, and a part that
// is no number is older than every number.
func CompareVersions(a, b string) int {
	for a != "" || b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		if c := comparePart(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// comparePart compares runs of digits of any length without converting them.
func comparePart(x, y string) int {
	nx, ny := x == "" || isNumber(x), y == "" || isNumber(y)
	switch {
	case !nx && !ny:
		return cmp.Compare(x, y)
	case !nx:
		return -1
	case !ny:
		return +1
	}
	x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// glibcVersion returns the x.y of GLIBC_x.y, and false for every other name.
func glibcVersion(name string) (string, bool) {
	v, ok := strings.CutPrefix(name, glibcPrefix)
	if !ok {
		return "", false
	}
	for part := range strings.SplitSeq(v, ".") {
		if !isNumber(part) {
			return "", false
		}
	}
	return v, true
}

func sortedUnique(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}
