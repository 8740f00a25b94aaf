package verify

import (
	"path"
	"regexp"
	"strings"

	"github.com/ofarm/ofarm/internal/audit"
)

// tempNames match the names that well-known programs give temporary files, with
// what is random in them as a group.
var tempNames = []*regexp.Regexp{
	// OCaml's Filename.temp_file: the compiler's own files, and a program's.
	regexp.MustCompile(`\b(?:caml(?:startup|asm|primc?|ppx|obj|dep|inspect|tmp)|ocaml[a-z]*)([0-9a-f]{6})(?:\b|_)`),
	// GCC and binutils (libiberty's make_temp_file).
	regexp.MustCompile(`\bcc([A-Za-z0-9]{6})\.[A-Za-z0-9.]+\b`),
	// dune: build_1a2b3c_dune, dune_1a2b3c_…
	regexp.MustCompile(`\b(?:[a-z]+_([0-9a-f]{6})_dune|dune_([0-9a-f]{6})_[a-z]+|\.?dune[a-z]*([0-9a-f]{6}))\b`),
	// mktemp, Python's tempfile, Go, autoconf's conf12345.
	regexp.MustCompile(`\b(?:tmp\.([A-Za-z0-9]{6,12})|tmp([a-z0-9_]{8})|go-build([0-9]+)|conf([0-9]{3,7}))\b`),
}

// tempFolders match paths below the folders for temporary files.
var tempFolders = regexp.MustCompile(`(?:/var|/private)?/(?:tmp|dev/shm)/[^\s"'<>:;,()=]+`)

// temps tells random names of temporary files.
func temps(t twoTexts) (verdict, bool) {
	for _, re := range tempNames {
		if a, b, ok := t.match(re); ok && len(a) == len(b) && strings.ContainsAny(group(re, a)+group(re, b), notInWords) {
			return verdicts[TempName], true
		}
	}
	a, b, ok := t.match(tempFolders)
	return verdicts[TempName], ok && oneRandomName(a, b)
}

// group is what the groups of an expression match in s.
func group(re *regexp.Regexp, s string) string {
	m := re.FindStringSubmatch(s)
	return strings.Join(m[min(len(m), 1):], "")
}

// oneRandomName tells whether two paths differ in one name only, and there in one
// part that is random on both sides.
func oneRandomName(a, b string) bool {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	if len(as) != len(bs) {
		return false
	}
	differ := 0
	for i := range as {
		if as[i] == bs[i] {
			continue
		}
		if differ++; differ > 1 || !randomParts(as[i], bs[i]) {
			return false
		}
	}
	return differ == 1
}

// randomParts tells whether the letters and digits in which two names differ look
// random: six or more with a digit or a capital among them, as many on both sides,
// or a number of four digits or more, such as a process's.
func randomParts(a, b string) bool {
	from := commonPrefix(a, b)
	end := commonSuffix(a[from:], b[from:])
	for from > 0 && alphanumeric(a[from-1]) {
		from--
	}
	for end > 0 && alphanumeric(a[len(a)-end]) {
		end--
	}
	a, b = a[from:len(a)-end], b[from:len(b)-end]
	return len(a) == len(b) && randomPart.MatchString(a) && randomPart.MatchString(b) && strings.ContainsAny(a+b, notInWords) ||
		pidPart.MatchString(a) && pidPart.MatchString(b)
}

const notInWords = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

var (
	randomPart = regexp.MustCompile(`^[A-Za-z0-9]{6,}$`)
	pidPart    = regexp.MustCompile(`^[0-9]{4,}$`)
)

func alphanumeric(c byte) bool { return c != '_' && c != '-' && c != '.' && nameByte(c) }

// folders tells the folders that only one of the builds had.
func (x *explainer) folders(t twoTexts) (verdict, bool) {
	for _, f := range x.hints.First.Folders {
		for _, g := range x.hints.Again.Folders {
			if f != "" && g != "" && f != g && strings.Contains(t.a, f) && strings.Contains(t.b, g) {
				return because(BuildPath, "a folder that only one build had: the file says where it was built"), true
			}
		}
	}
	if x.strays(t) {
		return because(BuildPath, "a path of the build on one side only: the file says where it was built"), true
	}
	return verdict{}, false
}

// strays tells whether one side has a path of the build where the other has none.
func (x *explainer) strays(t twoTexts) bool {
	var a, b bool
	for _, p := range x.hints.Paths {
		a = a || contains(t.a, p, t.from, t.toA)
		b = b || contains(t.b, p, t.from, t.toB)
	}
	return a != b
}

// contains tells whether a folder is in s, as a whole and touching from…to.
func contains(s, folder string, from, to int) bool {
	folder = strings.TrimSuffix(folder, "/")
	for at := 0; folder != ""; at++ {
		i := strings.Index(s[at:], folder)
		if i < 0 {
			return false
		}
		at += i
		end := at + len(folder)
		if at <= to && end > from && (end == len(s) || !nameByte(s[end])) {
			return true
		}
	}
	return false
}

func nameByte(c byte) bool {
	return c == '_' || c == '-' || c == '.' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

var absolute = regexp.MustCompile(`(?:/[A-Za-z0-9_.+@~=%-]+){2,}`)

// knownPaths tells paths in different folders, those within one folder of the
// builds aside; paths of which one only is in a usual place of builds; and paths in
// folders for temporary files, which nothing that lasts should name.
func (x *explainer) knownPaths(t twoTexts) (verdict, bool) {
	a, b, ok := t.match(absolute)
	if !ok {
		return verdict{}, false
	}
	moved := path.Base(a) == path.Base(b) || otherFolder(a, b) && !x.within(a, b)
	temporary := tempFolders.MatchString(a) && tempFolders.MatchString(b)
	return verdicts[BuildPath], moved || temporary || inPlaces(a) != inPlaces(b)
}

// otherFolder tells whether the first names that differ in two paths are those of
// folders.
func otherFolder(a, b string) bool {
	n := commonPrefix(a, b)
	return strings.Contains(a[n:], "/") && strings.Contains(b[n:], "/")
}

// within tells whether two paths are in the same folder of the builds.
func (x *explainer) within(a, b string) bool {
	for _, p := range x.hints.Paths {
		p = strings.TrimSuffix(p, "/") + "/"
		if strings.HasPrefix(a, p) && strings.HasPrefix(b, p) {
			return true
		}
	}
	return false
}

func inPlaces(p string) bool {
	for _, place := range audit.Places() {
		if strings.HasPrefix(p, place) {
			return true
		}
	}
	return false
}
