package apk

import (
	"cmp"
	"regexp"
	"strings"
)

// versionForm is the grammar of a version: numbers after dots or letters, a letter, suffixes, a commit, a revision.
var versionForm = regexp.MustCompile(
	`^([0-9]+(?:\.[0-9]+|[a-z][0-9]+)*[a-z]?)((?:_[a-z]+[0-9]*)*)(?:~([0-9a-f]+))?(?:-r([0-9]+))?$`)

// versionPart is a part of what comes before the suffixes.
var versionPart = regexp.MustCompile(`\.?[0-9]+|[a-z]`)

// suffixRank orders the suffixes; those below zero come before the version without a suffix.
var suffixRank = map[string]int{
	"alpha": -4, "beta": -3, "pre": -2, "rc": -1,
	"cvs": 0, "svn": 1, "git": 2, "hg": 3, "p": 4,
}

// tokenKind says what a part of a version is. Where two versions part with different kinds, the smaller one is newer.
type tokenKind int

const (
	plainNumber tokenKind = iota // the first, or after a letter
	number                       // after a dot
	letter
	suffix
	suffixNumber
	commit
	revision
	end
)

// A token is one part of a version.
type token struct {
	kind tokenKind
	text string
}

// ValidVersion reports whether v is a version as Alpine writes them: 1.2.3a_rc1_p2~0a1b2c-r4.
func ValidVersion(v string) bool {
	_, ok := tokens(v)
	return ok
}

// CompareVersions orders versions as apk-tools does and returns -1, 0 or 1. 1.2 is newer than 1.2_rc1 and older than
// 1.2_p1 and 1.2a; a component after the first that starts with a zero is older than one that does not, the more zeros
// the older. Of a version and something that is no version, the version is newer; two that are none are ordered by
// their bytes.
func CompareVersions(a, b string) int {
	ta, okA := tokens(a)
	tb, okB := tokens(b)
	switch {
	case okA && okB:
		return compareTokens(ta, tb)
	case okA:
		return 1
	case okB:
		return -1
	}
	return strings.Compare(a, b)
}

// matchesFuzzy reports whether v starts with all parts of prefix, as the operator ~ asks: 1.2.3-r0 matches 1.2.
func matchesFuzzy(v, prefix string) bool {
	tv, okV := tokens(v)
	tp, okP := tokens(prefix)
	if !okV || !okP || len(tp) > len(tv) {
		return false
	}
	return compareTokens(tv[:len(tp)], tp) == 0
}

// tokens splits a version and reports whether it is one.
func tokens(v string) ([]token, bool) {
	m := versionForm.FindStringSubmatch(v)
	if m == nil {
		return nil, false
	}
	out, ok := appendSuffixes(leadingTokens(m[1]), m[2])
	if m[3] != "" {
		out = append(out, token{commit, m[3]})
	}
	if m[4] != "" {
		out = append(out, token{revision, m[4]})
	}
	return out, ok
}

// leadingTokens splits numbers and letters.
func leadingTokens(text string) []token {
	var out []token
	for _, part := range versionPart.FindAllString(text, -1) {
		switch c := part[0]; {
		case c == '.':
			out = append(out, token{number, part[1:]})
		case c >= 'a':
			out = append(out, token{letter, part})
		default:
			out = append(out, token{plainNumber, part})
		}
	}
	return out
}

// appendSuffixes adds the parts of _name1_name2… and reports whether all names are known.
func appendSuffixes(out []token, text string) ([]token, bool) {
	if text == "" {
		return out, true
	}
	for s := range strings.SplitSeq(text[1:], "_") {
		name := strings.TrimRight(s, "0123456789")
		if _, known := suffixRank[name]; !known {
			return nil, false
		}
		out = append(out, token{suffix, name})
		if n := s[len(name):]; n != "" {
			out = append(out, token{suffixNumber, n})
		}
	}
	return out, true
}

func compareTokens(a, b []token) int {
	for i := 0; i < len(a) || i < len(b); i++ {
		x, y := tokenAt(a, i), tokenAt(b, i)
		if x.kind != y.kind {
			return compareKinds(x, y)
		}
		if c := compareTexts(x.kind, x.text, y.text); c != 0 {
			return c
		}
	}
	return 0
}

func tokenAt(t []token, i int) token {
	if i < len(t) {
		return t[i]
	}
	return token{kind: end}
}

// compareKinds decides between two versions that go on differently.
func compareKinds(x, y token) int {
	switch {
	case x.isPrerelease():
		return -1
	case y.isPrerelease():
		return 1
	}
	return cmp.Compare(y.kind, x.kind)
}

func (t token) isPrerelease() bool {
	return t.kind == suffix && suffixRank[t.text] < 0
}

func compareTexts(kind tokenKind, x, y string) int {
	switch kind {
	case number:
		return compareComponents(x, y)
	case suffix:
		return cmp.Compare(suffixRank[x], suffixRank[y])
	case letter, commit:
		return strings.Compare(x, y)
	}
	return compareNumbers(x, y)
}

// compareComponents orders components after the first: leading zeros make a component older.
func compareComponents(x, y string) int {
	restX, restY := strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
	if c := cmp.Compare(len(y)-len(restY), len(x)-len(restX)); c != 0 {
		return c
	}
	return compareNumbers(restX, restY)
}

// compareNumbers orders decimal numbers of any length.
func compareNumbers(x, y string) int {
	x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
	return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y))
}
