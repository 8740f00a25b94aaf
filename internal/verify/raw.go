package verify

import "fmt"

// region is a byte string of both files, such as a section.
type region struct {
	a, b []byte
	// where names the place of an offset of a.
	where   func(off int) string
	follows bool // see finding
	code    bool // instructions or addresses, in which what looks like text is none
	digest  int  // how many bytes at the end are a digest of those before
}

// raw explains bytes of which nothing is known, by the texts and numbers in them.
func (x *explainer) raw(r region) {
	lists := r.lists()
	if pairs, reordered := diffItems(lists[0], lists[1]); reordered {
		x.add(finding{where: r.where(pairs[0].a.at), what: sides(pairs[0].a.text, pairs[0].b.text),
			verdict: verdicts[Ordering], textual: true, follows: r.follows})
		return
	}
	var f finding
	if len(r.a) == len(r.b) {
		f = x.spots(r)
	} else {
		f = x.shifted(r, lists)
	}
	f.follows = r.follows
	x.add(f)
}

// lists returns the texts of both sides, apart from those of the parts that both
// start and end with.
func (r region) lists() [2][]item {
	if r.code {
		return [2][]item{}
	}
	start := commonPrefix(r.a, r.b)
	end := commonSuffix(r.a[start:], r.b[start:])
	for start > 0 && printable(r.a[start-1]) {
		start--
	}
	for end > 0 && printable(r.a[len(r.a)-end]) {
		end--
	}
	return [2][]item{texts(r.a[:len(r.a)-end], start), texts(r.b[:len(r.b)-end], start)}
}

// minText is how long a run of printable bytes must be to be taken for a text;
// shorter ones are frequent in random bytes.
const minText = 6

// texts lists the runs of printable bytes in b from an offset on, and one more than
// maxItems if there are more.
func texts(b []byte, from int) []item {
	var out []item
	for i := from; i < len(b) && len(out) <= maxItems; i++ {
		start := i
		for i < len(b) && printable(b[i]) {
			i++
		}
		if i-start >= minText {
			out = append(out, item{string(b[start:i]), start})
		}
	}
	return out
}

func printable(c byte) bool { return c >= 0x20 && c < 0x7f || c == '\t' }

// shifted explains regions of different sizes, where offsets say nothing.
func (x *explainer) shifted(r region, lists [2][]item) finding {
	start := commonPrefix(r.a, r.b)
	f := finding{where: r.where(start), verdict: unknown}
	pairs, _ := diffItems(lists[0], lists[1])
	if len(pairs) == 0 {
		f.what = fmt.Sprintf("%s, of %d and %d bytes", bytesSides(r.a[start:], r.b[start:]), len(r.a), len(r.b))
		return f
	}
	p, v := x.judgePairs(pairs)
	if v.cause == Unknown && p.a.text == "" {
		f.what = sides(p.a.text, p.b.text)
		f.textual = true
		return f
	}
	return finding{where: r.where(p.a.at), what: sides(p.a.text, p.b.text), verdict: v, textual: true}
}

// spots explains regions of one size, byte against byte.
func (x *explainer) spots(r region) finding {
	var best finding
	at := 0
	for i, s := range r.differing() {
		f := x.spot(r, s)
		if i == 0 || f.weight() < best.weight() {
			best, at = f, s.from
		}
		if f.weight() == 0 {
			break
		}
	}
	best.where = r.where(at)
	return best
}

// span is a part of a region, from its first to behind its last byte.
type span struct{ from, to int }

// differing lists the parts in which the sides differ, at most maxPairs. Equal
// bytes between two of them belong to the part if they are fewer than four: they
// are so by chance.
func (r region) differing() []span {
	const gap = 4
	var out []span
	for i := commonPrefix(r.a, r.b); i < len(r.a); i += commonPrefix(r.a[i:], r.b[i:]) {
		s := span{i, i + 1}
		for i++; i < len(r.a) && i-s.to < gap; i++ {
			if r.a[i] != r.b[i] {
				s.to = i + 1
			}
		}
		if out = append(out, s); len(out) == maxPairs {
			break
		}
	}
	return out
}

// spot explains a part; what to call its place takes long, and is left to spots.
func (x *explainer) spot(r region, s span) finding {
	f := finding{verdict: unknown}
	if v, what, ok := x.binaryTime(r, s); ok {
		f.verdict, f.what = v, what
		return f
	}
	a, b := textAt(r.a, s.from), textAt(r.b, s.from)
	if f.textual = !r.code && len(a) >= minText && len(b) >= minText; f.textual {
		f.what, f.verdict = sides(a, b), x.judge(a, b)
		return f
	}
	f.what = bytesSides(r.a[s.from:s.to], r.b[s.from:s.to])
	if r.camlDigest(s) || s.from >= len(r.a)-r.digest {
		f.verdict = because(Digest, "OCaml's digest of an interface or implementation that differs")
	}
	return f
}

// textAt is the run of printable bytes at i, or the one that ends there, as far as
// it is near.
func textAt(b []byte, i int) string {
	from, to := i, i
	for from > max(i-nearby, 0) && printable(b[from-1]) {
		from--
	}
	for to < min(i+nearby, len(b)) && printable(b[to]) {
		to++
	}
	return string(b[from:to])
}

// camlDigest tells whether a part is most of a string of 16 bytes as OCaml
// marshals it, with a byte for its length in front (intext.h:
// PREFIX_SMALL_STRING).
func (r region) camlDigest(s span) bool {
	const size, prefix = 16, 0x20 + 16
	for p := max(s.from-3, 0); p < s.from; p++ {
		if r.a[p] == prefix && r.b[p] == prefix && s.to <= p+1+size && s.to-s.from >= size-6 {
			return true
		}
	}
	return false
}
