// Package aptsources tells which mirrors of Debian's archives a machine's own
// apt uses.
//
// Machines on closed networks reach Debian under a name that only they know,
// and their apt already has it. ofarm tries those mirrors besides the
// configured ones: what it fetches is verified by hash, so a mirror needs no
// trust of its own, and the options of an apt source (signed-by, trusted) play
// no part.
//
// The formats are those of sources.list(5): the one-line style in
// sources.list and sources.list.d/*.list, and the deb822 style in
// sources.list.d/*.sources. Third parties' repositories are left out: a mirror
// counts only with a suite that Debian has and the component main.
package aptsources

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"
)

// The archives whose mirrors [Mirrors] tells apart.
const (
	Main     = "debian"
	Security = "debian-security"
)

// Mirrors reads the apt sources below fsys, the machine's /etc/apt, and
// returns the base URLs of each archive's mirrors, without a slash at the end:
// the URL of an index is the base URL, "/dists/", the suite, and so on.
//
// The order is apt's: sources.list, then the files of sources.list.d by name.
// But a base URL whose path ends in the archive's name comes before the
// others, which may be third parties' repositories that use Debian's suite
// names. Only http, https and file URLs are listed.
//
// Lines that can't be read are left out; the error joins one error of type
// [*SyntaxError] for each, and what was read is returned beside it. A machine
// without apt sources has no mirrors and no error.
func Mirrors(fsys fs.FS) (map[string][]string, error) {
	var found []source
	var mistakes []error
	names, err := sourceFiles(fsys)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("reading apt sources: %w", err))
			continue
		}
		parse := parseLines
		if path.Ext(name) == ".sources" {
			parse = parseStanzas
		}
		more, wrong := parse(name, string(text))
		found = append(found, more...)
		mistakes = append(mistakes, wrong...)
	}
	return byArchive(found), errors.Join(mistakes...)
}

// SyntaxError tells of a line that is not as sources.list(5) says.
type SyntaxError struct {
	// File is relative to the folder that was read: "sources.list".
	File string
	// Line counts from 1.
	Line int
	// Problem says what is wrong with it.
	Problem string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Problem)
}

// source is one repository as a file names it.
type source struct {
	uris, suites, components []string
}

func sourceFiles(fsys fs.FS) ([]string, error) {
	var names []string
	if _, err := fs.Stat(fsys, "sources.list"); err == nil {
		names = append(names, "sources.list")
	}
	entries, err := fs.ReadDir(fsys, "sources.list.d")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading apt sources: %w", err)
	}
	for _, e := range entries {
		ext := path.Ext(e.Name())
		if !e.IsDir() && (ext == ".list" || ext == ".sources") {
			names = append(names, path.Join("sources.list.d", e.Name()))
		}
	}
	return names, nil
}

func byArchive(found []source) map[string][]string {
	mirrors := map[string][]string{}
	for _, s := range found {
		if !slices.Contains(s.components, "main") {
			continue
		}
		for _, suite := range s.suites {
			archive := archiveOf(suite)
			if archive == "" {
				continue
			}
			for _, uri := range s.uris {
				if base := baseURL(uri); base != "" && !slices.Contains(mirrors[archive], base) {
					mirrors[archive] = append(mirrors[archive], base)
				}
			}
		}
	}
	for archive, bases := range mirrors {
		slices.SortStableFunc(bases, func(a, b string) int { return rank(archive, a) - rank(archive, b) })
	}
	return mirrors
}

func rank(archive, base string) int {
	if path.Base(base) == archive {
		return 0
	}
	return 1
}

// suites that Debian's archive has, by codename and by standing:
// https://www.debian.org/releases/.
var suites = []string{
	"buster", "bullseye", "bookworm", "trixie", "forky", "duke", "sid",
	"oldoldstable", "oldstable", "stable", "testing", "unstable", "experimental",
}

var mainSuffixes = []string{"", "-updates", "-backports", "-backports-sloppy", "-proposed-updates"}

var securitySuffixes = []string{"-security", "/updates"}

// archiveOf tells the archive that has a suite: "bookworm-security" lies in
// debian-security. It is empty for a suite that Debian doesn't have.
func archiveOf(suite string) string {
	for _, name := range suites {
		rest, ok := strings.CutPrefix(suite, name)
		switch {
		case !ok:
		case slices.Contains(mainSuffixes, rest):
			return Main
		case slices.Contains(securitySuffixes, rest):
			return Security
		}
	}
	return ""
}

// baseURL is empty for what ofarm can't fetch from.
func baseURL(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || !slices.Contains([]string{"http", "https", "file"}, u.Scheme) {
		return ""
	}
	return strings.TrimRight(uri, "/")
}
