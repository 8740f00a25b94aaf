package audit

import (
	"regexp"
	"slices"
	"strings"
)

// places are where builds usually lie: home folders, and the work folders of
// ofarm, Debian's and other distros' builders, and of hosted CI services.
var places = []string{
	"/ofarm/build/", "/home/", "/root/", "/Users/", "/build/", "/builds/", "/usr/src/", "/workspace/",
	"/github/", "/__w/", "/nix/store/", "/private/var/folders/", "/var/folders/",
}

// Places lists the folders below which [Options.Places] takes a path for one of
// the build, if at least two names follow and nothing in it is filled in later
// (no "%").
func Places() []string { return slices.Clone(places) }

func placesOf(o Options) []string {
	if o.Places {
		return places
	}
	return nil
}

// leakText takes what starts with a prefix that the caller knows as it is, and
// anything else only if it looks like a path of a build.
func leakText(prefixes []string) func(before byte, w []byte) string {
	return func(before byte, w []byte) string {
		text := printable(w)
		for _, p := range prefixes {
			if strings.HasPrefix(text, p) {
				return text
			}
		}
		if inPath(before) {
			return "" // the end of another path
		}
		return placeText(text)
	}
}

var pathBytes = regexp.MustCompile(`^(?:/[A-Za-z0-9_.+@~=-]+){3,}`)

// inPath tells whether a byte can be in a name of a path.
func inPath(b byte) bool { return pathByte.Match([]byte{b}) }

var pathByte = regexp.MustCompile(`[A-Za-z0-9_.+@~=-]`)

func placeText(text string) string {
	path := pathBytes.FindString(text)
	if strings.HasPrefix(text[len(path):], "%") {
		return ""
	}
	return path
}

// tempAnchors start names of temporary files: folders, and the stems of the
// files that ocamlopt makes in between.
var tempAnchors = []string{
	"/tmp/", "/var/tmp/", "/private/tmp/", "/private/var/folders/", "/var/folders/",
	"camlstartup", "camlasm", "camlprim", "camlppx",
}

// A name is a temporary file's by the random part that mkstemp and its like give
// it: GCC's "ccAbC123.o", and runs of six hexadecimal digits or more, as OCaml's
// Filename.temp_file, dune ("build_1a2b3c_dune") and Go make them.
var (
	tempPath = regexp.MustCompile(`^(?:/[A-Za-z0-9_.+@~=-]+)+`)
	tempName = regexp.MustCompile(`^caml[a-z]+[0-9a-f]{6}[A-Za-z0-9_.]*`)
	tempPart = regexp.MustCompile(`(?:^|[^A-Za-z0-9])cc[A-Za-z0-9]{6}\.[a-z]|[0-9a-f]{6}`)
	digit    = regexp.MustCompile(`[0-9]`)
)

func tempText(before byte, w []byte) string {
	text := printable(w)
	switch {
	case inPath(before):
		return ""
	case !strings.HasPrefix(text, "/"):
		return tempName.FindString(text)
	}
	path := tempPath.FindString(text)
	if part := tempPart.FindString(path); strings.Contains(part, ".") || digit.MatchString(part) {
		return path
	}
	return ""
}
