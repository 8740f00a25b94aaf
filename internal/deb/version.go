package deb

import (
	"fmt"
	"strings"
)

// CompareVersions orders two versions as deb-version(7) says: epoch, then
// upstream version, then revision, "~" before everything, even the end. It
// returns a negative number, zero or a positive number. Strings that are no
// versions are ordered too; the order is total over all strings up to
// spellings dpkg holds equal, such as "1.0" and "1.0-0".
func CompareVersions(a, b string) int {
	ea, ua, ra := splitVersion(a)
	eb, ub, rb := splitVersion(b)
	if c := comparePart(ea, eb); c != 0 {
		return c
	}
	if c := comparePart(ua, ub); c != 0 {
		return c
	}
	return comparePart(ra, rb)
}

// splitVersion cuts a version into epoch, upstream version and revision; a
// missing epoch or revision is empty, which compares as "0".
func splitVersion(v string) (epoch, upstream, revision string) {
	if e, rest, ok := strings.Cut(v, ":"); ok && allDigits(e) {
		epoch, v = e, rest
	}
	if i := strings.LastIndexByte(v, '-'); i >= 0 {
		return epoch, v[:i], v[i+1:]
	}
	return epoch, v, ""
}

// comparePart compares alternately the longest prefixes without digits, byte
// by byte in the order of rank, and the longest prefixes of digits, as numbers.
func comparePart(a, b string) int {
	for a != "" || b != "" {
		for (a != "" && !isDigit(a[0])) || (b != "" && !isDigit(b[0])) {
			if c := rank(a) - rank(b); c != 0 {
				return c
			}
			a, b = a[1:], b[1:]
		}
		var na, nb string
		na, a = cutNumber(a)
		nb, b = cutNumber(b)
		if len(na) != len(nb) {
			return len(na) - len(nb)
		}
		if c := strings.Compare(na, nb); c != 0 {
			return c
		}
	}
	return 0
}

// rank is the place of the first byte of s outside of numbers: "~", then the
// end of the part or a digit, then letters, then everything else.
func rank(s string) int {
	switch {
	case s == "" || isDigit(s[0]):
		return 0
	case s[0] == '~':
		return -1
	case isLetter(s[0]):
		return int(s[0])
	default:
		return int(s[0]) + 256
	}
}

// cutNumber cuts the leading digits from s, without their leading zeros.
func cutNumber(s string) (number, rest string) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return strings.TrimLeft(s[:i], "0"), s[i:]
}

// CheckVersion says what keeps v from being a version in the sense of
// deb-version(7): an epoch that is no number, an upstream version that is empty
// or doesn't start with a digit, a byte outside the allowed ones.
func CheckVersion(v string) error {
	if i := strings.IndexByte(v, ':'); i >= 0 && (i == 0 || !allDigits(v[:i])) {
		return fmt.Errorf("version %q: epoch %q is not a number", v, v[:i])
	}
	_, upstream, revision := splitVersion(v)
	if upstream == "" || !isDigit(upstream[0]) {
		return fmt.Errorf("version %q: upstream version %q does not start with a digit", v, upstream)
	}
	if i := strings.LastIndexByte(v, '-'); i >= 0 && revision == "" {
		return fmt.Errorf("version %q: empty revision", v)
	}
	for _, c := range []byte(upstream) {
		if !isAlnum(c) && !strings.ContainsRune(".+-~:", rune(c)) {
			return fmt.Errorf("version %q: %q is not allowed in a version", v, c)
		}
	}
	for _, c := range []byte(revision) {
		if !isAlnum(c) && !strings.ContainsRune(".+~", rune(c)) {
			return fmt.Errorf("version %q: %q is not allowed in a revision", v, c)
		}
	}
	return nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isAlnum(c byte) bool  { return isDigit(c) || isLetter(c) }
