package verify

import (
	"cmp"
	"slices"
)

// item is one of a list of texts, such as a line or a symbol, with its number or
// offset.
type item struct {
	text string
	at   int
}

// pair holds items of the two sides that may stand for each other; one of them
// may be zero.
type pair struct{ a, b item }

// maxItems is how many items of a side, from the first that differs on, are compared
// with those of the other.
const maxItems = 1 << 18

// diffItems pairs what only one side has, in order. If both have the same items,
// each as often, it returns the first two that stand in another order, and true. Of
// more than maxItems it returns the first two that differ.
func diffItems(a, b []item) (pairs []pair, reordered bool) {
	for len(a) > 0 && len(b) > 0 && a[0].text == b[0].text {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1].text == b[len(b)-1].text {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if max(len(a), len(b)) > maxItems {
		return inOrder(a[:min(len(a), 1)], b[:min(len(b), 1)]), false
	}
	onlyA, onlyB := without(a, b), without(b, a)
	if len(onlyA) == 0 && len(onlyB) == 0 {
		if len(a) == 0 {
			return nil, false
		}
		return []pair{{a[0], b[0]}}, true
	}
	return pairUp(onlyA, onlyB), false
}

// reach is how far two items may be apart in what only their sides have, to be
// taken for the same one, changed.
const reach = 16

// pairUp pairs each item with a similar one of the other side, then what is left,
// in order, with what is left there.
func pairUp(a, b []item) []pair {
	var pairs []pair
	var restA, restB []item
	used := make([]bool, len(b))
	from := 0
	for _, i := range a {
		j := similar(i, b[from:min(from+reach, len(b))])
		if j < 0 {
			restA = append(restA, i)
			continue
		}
		from += j + 1
		used[from-1] = true
		pairs = append(pairs, pair{i, b[from-1]})
	}
	for j, i := range b {
		if !used[j] {
			restB = append(restB, i)
		}
	}
	pairs = append(pairs, inOrder(restA, restB)...)
	slices.SortStableFunc(pairs, func(p, q pair) int { return cmp.Compare(p.at(), q.at()) })
	return pairs
}

// at is where the pair is in the first build's file, or else in the other.
func (p pair) at() int {
	if p.a.text == "" {
		return p.b.at
	}
	return p.a.at
}

func inOrder(a, b []item) []pair {
	var pairs []pair
	for i := range max(len(a), len(b)) {
		var p pair
		if i < len(a) {
			p.a = a[i]
		}
		if i < len(b) {
			p.b = b[i]
		}
		pairs = append(pairs, p)
	}
	return pairs
}

// similar is the index of the first item that shares at least half of its bytes
// with i, at the start and the end; or -1.
func similar(i item, among []item) int {
	return slices.IndexFunc(among, func(j item) bool {
		start := commonPrefix(i.text, j.text)
		end := commonSuffix(i.text[start:], j.text[start:])
		return 2*(start+end) >= max(len(i.text), len(j.text))
	})
}

// without lists what a has more often than b.
func without(a, b []item) []item {
	count := make(map[string]int, len(b))
	for _, i := range b {
		count[i.text]++
	}
	var out []item
	for _, i := range a {
		if count[i.text]--; count[i.text] < 0 {
			out = append(out, i)
		}
	}
	return out
}

// maxPairs is how many pairs are looked at for a cause.
const maxPairs = 1000

// items explains two lists of texts; where names the place of an item of the
// first build's list. It reports whether they differ at all.
func (x *explainer) items(a, b []item, where func(i item) string) bool {
	pairs, reordered := diffItems(a, b)
	if len(pairs) == 0 {
		return false
	}
	best, v := pairs[0], verdicts[Ordering]
	if !reordered {
		best, v = x.judgePairs(pairs)
	}
	place := best.a
	if place.text == "" {
		place = best.b
	}
	x.add(finding{where: where(place), what: sides(best.a.text, best.b.text), verdict: v, textual: true})
	return true
}

// judgePairs returns the first pair with a cause that isn't a digest, else the
// first without one, else the first.
func (x *explainer) judgePairs(pairs []pair) (pair, verdict) {
	best, v := pair{}, verdict{}
	for i, p := range pairs[:min(len(pairs), maxPairs)] {
		w := x.judge(p.a.text, p.b.text)
		if w.cause != Unknown && w.cause != Digest {
			return p, w
		}
		if i == 0 || v.cause == Digest && w.cause == Unknown {
			best, v = p, w
		}
	}
	return best, v
}
