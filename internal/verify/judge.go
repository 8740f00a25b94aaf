package verify

import (
	"regexp"
	"slices"
	"strings"
)

// judged is how much of two texts is looked at, around where they differ.
const judged = 400

// judge names the likely cause for two texts to stand at the same place. What
// only one side has tells nothing.
func (x *explainer) judge(a, b string) verdict {
	if a == "" || b == "" || a == b {
		return unknown
	}
	if sameWords(a, b) {
		return verdicts[Ordering]
	}
	t := around(a, b)
	for _, rule := range []func(twoTexts) (verdict, bool){
		x.folders, temps, x.dates, randomIDs, x.epochs, x.hosts, hexDigests, x.knownPaths, x.processors, machines,
	} {
		if v, ok := rule(t); ok {
			return v
		}
	}
	return unknown
}

// twoTexts are two texts with the part of each, from and to, that the other
// doesn't share.
type twoTexts struct {
	a, b     string
	from     int
	toA, toB int
}

// around cuts two texts to what surrounds their difference.
func around(a, b string) twoTexts {
	from := commonPrefix(a, b)
	end := commonSuffix(a[from:], b[from:])
	cut := max(from-judged, 0)
	toA, toB := min(len(a), len(a)-end+judged), min(len(b), len(b)-end+judged)
	t := twoTexts{from: from - cut, toA: len(a) - end - cut, toB: len(b) - end - cut}
	t.a, t.b = a[cut:toA], b[cut:toB]
	if len(t.a) > 4*judged || len(t.b) > 4*judged {
		t.a, t.b = t.a[:min(len(t.a), 4*judged)], t.b[:min(len(t.b), 4*judged)]
		t.toA, t.toB = min(t.toA, len(t.a)), min(t.toB, len(t.b))
	}
	return t
}

// match returns the first two texts that an expression finds at the difference, on
// either side, and that aren't the same.
func (t twoTexts) match(re *regexp.Regexp) (a, b string, ok bool) {
	as := finds(re, t.a, t.from, t.toA)
	if len(as) == 0 {
		return "", "", false
	}
	bs := finds(re, t.b, t.from, t.toB)
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			return as[i], bs[i], true
		}
	}
	return "", "", false
}

// finds lists what an expression finds in s that touches the part from…to.
func finds(re *regexp.Regexp, s string, from, to int) []string {
	var out []string
	for _, m := range re.FindAllStringIndex(s, -1) {
		if m[1] >= from && m[0] <= to {
			out = append(out, s[m[0]:m[1]])
		}
	}
	return out
}

// before is what stands before the difference, at most n bytes.
func (t twoTexts) before(n int) string { return t.a[max(t.from-n, 0):t.from] }

// sameWords tells whether two texts hold the same words, two or more, in another
// order.
func sameWords(a, b string) bool {
	if len(a) != len(b) || len(a) > 1<<16 {
		return false
	}
	as, bs := words(a), words(b)
	if len(as) < 2 || slices.Equal(as, bs) {
		return false
	}
	slices.Sort(as)
	slices.Sort(bs)
	return slices.Equal(as, bs)
}

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;:|=\"'()[]{}", r) })
}

// randomID matches a UUID of version 4, which is random (RFC 9562, section 5.4).
var randomID = regexp.MustCompile(`(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b`)

func randomIDs(t twoTexts) (verdict, bool) {
	_, _, ok := t.match(randomID)
	return verdicts[Random], ok
}

// hexDigest matches what is as long as the digests in use: MD5's 128 bits to
// SHA-512's.
var hexDigest = regexp.MustCompile(`\b(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})\b`)

func hexDigests(t twoTexts) (verdict, bool) {
	_, _, ok := t.match(hexDigest)
	return verdicts[Digest], ok
}
