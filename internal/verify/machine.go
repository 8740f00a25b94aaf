package verify

import (
	"regexp"
	"strconv"
	"strings"
)

// hosts tells the machines' names.
func (x *explainer) hosts(t twoTexts) (verdict, bool) {
	f, g := x.hints.First.Host, x.hints.Again.Host
	if f == "" || g == "" || f == g || !strings.Contains(t.a, f) || !strings.Contains(t.b, g) {
		return verdict{}, false
	}
	return because(Machine, "the machine's name"), true
}

var (
	numeral = regexp.MustCompile(`\d+`)
	// parallel and machine match words of their own: "num_cpus = ", not "camlCpus__".
	parallel = regexp.MustCompile(wordStart + `(?:n?cpus?|nproc|n?processors?|n?cores?|n?jobs?|n?threads?|workers?|domains?|parallel\w*)\W+$|(?:^|\W)-j\W*$`)
	machine  = regexp.MustCompile(wordStart + `(?:linux|kernel|uname|host(?:name)?|user(?:name)?|login|umask|[ug]id|cpu\w*|model name|mem(?:ory|total)|locale)\W+(?:\w+\W*)?$`)
	release  = regexp.MustCompile(`\b\d+\.\d+\.\d+-[\w.+~-]+`)
	atHost   = regexp.MustCompile(`\b[a-z_][a-z0-9_.-]{2,}@[a-z0-9][a-z0-9.-]{2,}\b`)
)

// wordStart is where a word starts, behind "_" too, and makes case no matter.
const wordStart = `(?i)(?:^|[^a-z0-9])`

// processors tells counts of them: numbers behind such a word, or those that the
// builds are known to have had.
func (x *explainer) processors(t twoTexts) (verdict, bool) {
	a, b, ok := t.match(numeral)
	if !ok || len(a) > 4 || len(b) > 4 {
		return verdict{}, false
	}
	f, g := x.hints.First.Processors, x.hints.Again.Processors
	known := f != g && a == strconv.Itoa(f) && b == strconv.Itoa(g)
	return because(Machine, "how many processors there were, or jobs"), known && alone(t) || parallel.MatchString(t.before(24))
}

// alone tells whether the difference is one of digits only, and no part of a word
// or of a longer number.
func alone(t twoTexts) bool {
	if strings.Trim(t.a[t.from:t.toA]+t.b[t.from:t.toB], "0123456789") != "" {
		return false
	}
	at := t.from
	for at > 0 && t.a[at-1] >= '0' && t.a[at-1] <= '9' {
		at--
	}
	return (at == 0 || !nameByte(t.a[at-1]) || at > 1 && t.a[at-2:at] == "-j") && (t.toA == len(t.a) || !nameByte(t.a[t.toA]))
}

// machines tells what stands behind a word for a property of the machine, versions
// of kernels, and "user@host".
func machines(t twoTexts) (verdict, bool) {
	if machine.MatchString(t.before(40)) {
		return verdicts[Machine], true
	}
	if _, _, ok := t.match(atHost); ok {
		return because(Machine, "who built it, and on which machine"), true
	}
	_, _, ok := t.match(release)
	return because(Machine, "the version of the kernel"), ok && strings.Contains(strings.ToLower(t.a), "linux")
}
