package apk

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// versionGen makes versions whose numbers stay below 2^31, apk 2.14's limit, without commits, which it doesn't know.
func versionGen() *rapid.Generator[string] {
	return rapid.StringMatching(`(0|[1-9][0-9]?)(\.(0{0,2}[0-9]|[1-9][0-9])){0,3}([ab]0?[0-9])?[ab]?(_(alpha|beta|pre|rc|cvs|svn|git|hg|p)(0|1|01|2)?){0,2}(-r(0|1|10|01))?`)
}

func TestCompareVersionsAsApkDoes(t *testing.T) {
	apk := realApk(t)
	gen := versionGen()
	for i := range 300 {
		a := gen.Example(i)
		b := gen.Example(i + 1000)
		if i%2 == 0 { // a near relative shows more than a stranger
			b = a[:len(a)/2] + b[len(b)/2:]
		}
		if !ValidVersion(b) {
			continue
		}
		out := strings.TrimSpace(apk.output(t, "version", "-t", a, b))
		want := map[string]int{"<": -1, "=": 0, ">": 1}[out]
		if got := CompareVersions(a, b); got != want {
			t.Errorf("CompareVersions(%q, %q) = %d, apk says %s", a, b, got, out)
		}
	}
}
