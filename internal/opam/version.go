package opam

import "strings"

// CompareVersions orders two versions as opam does: negative when a comes
// before b, 0 when they are the same version, positive otherwise.
//
// It is Debian's order without epochs. The text after the last "-" is a
// revision, compared after the rest. Both are read as alternating texts and
// numbers; in texts "~" comes before everything, even the end, then letters,
// then other characters; numbers compare by value, a missing one is 0.
// So 1.0~beta < 1.0 = 1.0-0 < 1.0-1 < 1.0a < 1.0+x, and 9999 < v0.1.
func CompareVersions(a, b string) int {
	if a == b {
		return 0
	}
	a, aRev := cutRevision(a)
	b, bRev := cutRevision(b)
	if c := compareChunks(a, b); c != 0 {
		return c
	}
	return compareChunks(aRev, bRev)
}

func cutRevision(v string) (version, revision string) {
	if i := strings.LastIndexByte(v, '-'); i >= 0 {
		return v[:i], v[i+1:]
	}
	return v, ""
}

func compareChunks(a, b string) int {
	for a != "" || b != "" {
		for (a != "" && !isDigit(a[0])) || (b != "" && !isDigit(b[0])) {
			if c := rank(a) - rank(b); c != 0 {
				return c
			}
			a, b = a[1:], b[1:]
		}
		var x, y string
		x, a = cutNumber(a)
		y, b = cutNumber(b)
		if len(x) != len(y) {
			return len(x) - len(y)
		}
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// rank orders the first byte of a text: "~", then the end of the text (which
// a digit or the end of the version is), then letters, then the others.
func rank(s string) int {
	switch {
	case s == "" || isDigit(s[0]):
		return 0
	case s[0] == '~':
		return -1
	case isLetter(s[0]):
		return int(s[0])
	}
	return 256 + int(s[0])
}

// cutNumber takes the digits off the front of s and drops their leading zeros.
func cutNumber(s string) (digits, rest string) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return strings.TrimLeft(s[:i], "0"), s[i:]
}
