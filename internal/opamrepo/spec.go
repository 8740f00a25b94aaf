package opamrepo

import (
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/ofarm/ofarm/internal/lock"
)

// Kind is what a repository's URL names.
type Kind int

// The kinds of repositories.
const (
	Folder Kind = iota
	Tarball
	GitCommit
)

// Spec is a repository as a user names it.
type Spec struct {
	// Name stands for it in the lock, such as "main".
	Name string
	// URL is a folder or a tarball by its path, a tarball by its URL, or a git
	// remote with an optional ref: "git+https://host/path#REF".
	URL string
}

// String is "NAME (URL)" for messages, without a password.
func (s Spec) String() string { return s.Name + " (" + redact(s.URL) + ")" }

// ParseKind tells what a URL names, and that nothing else is wrong with it; the
// error is a [*SpecError]. It looks at the text alone.
func ParseKind(text string) (Kind, error) {
	p, err := parsePlace(text)
	return p.kind, err
}

// FromLock names a lock's repositories as they were named when it was made. They
// are opened as locked when the same list is [Options.Locked].
func FromLock(locked []lock.Repository) []Spec {
	var specs []Spec
	for _, r := range locked {
		s := Spec{Name: r.Name, URL: r.URL}
		if p, err := parsePlace(r.URL); err == nil && p.kind == GitCommit {
			s.URL, _, _ = strings.Cut(r.URL, "#")
			if r.Ref != "" {
				s.URL += "#" + r.Ref
			}
		}
		specs = append(specs, s)
	}
	return specs
}

// Relative returns the spec as a lock has it: with the path of a folder or
// tarball relative to the project's folder. Others stay as they are.
func (s Spec) Relative(project string) (Spec, error) {
	p, err := parsePlace(s.URL)
	if err != nil || !p.isPath() {
		return s, err
	}
	s.URL = p.base
	name := filepath.FromSlash(p.base)
	if !filepath.IsAbs(name) {
		return s, nil
	}
	from, err := filepath.Abs(project)
	if err == nil {
		name, err = filepath.Rel(from, name)
	}
	s.URL = filepath.ToSlash(name)
	return s, err
}

// Satisfied reports whether the lock's entry is of the repository that s, with
// a relative path, asks for, whatever their names: the same folder; the same
// URL of a tarball; the same git remote, and the same commit if s names a whole
// one, or the same branch or tag otherwise.
func (s Spec) Satisfied(locked lock.Repository) bool {
	want, err := parsePlace(s.URL)
	if err != nil {
		return false
	}
	have, err := parsePlace(locked.URL)
	if err != nil || have.kind != want.kind || have.base != want.base {
		return false
	}
	switch want.kind {
	case GitCommit:
		return isCommit(have.ref) && (have.ref == want.ref || !isCommit(want.ref) && want.ref == locked.Ref)
	case Tarball:
		return locked.SHA256 != ""
	}
	return true
}

// LockedURL is the URL of a git remote with the commit for its ref, in the one
// spelling that a lock has.
func LockedURL(url, commit string) (string, error) {
	p, err := parsePlace(url)
	if err != nil {
		return "", err
	}
	return p.lockedURL(commit), nil
}

// place is a URL taken apart.
type place struct {
	kind Kind
	// base is a path or a URL; git's is what the git program understands.
	base string
	// ref is a git branch, tag or commit; empty for HEAD.
	ref string
}

func (p place) lockedURL(commit string) string {
	if strings.HasPrefix(p.base, "git://") {
		return p.base + "#" + commit
	}
	return "git+" + p.base + "#" + commit
}

// isPath reports whether the place has no scheme.
func (p place) isPath() bool { return !strings.Contains(p.base, "://") }

// parsePlace takes a URL apart.
func parsePlace(text string) (place, error) {
	if reason := wrongText(text); reason != "" {
		return place{}, &SpecError{URL: text, Reason: reason}
	}
	scheme, _, ok := strings.Cut(text, "://")
	if !ok {
		return parsePath(text)
	}
	u, err := url.Parse(text)
	if err != nil {
		return place{}, &SpecError{URL: text, Reason: "is not a URL"}
	}
	git := strings.TrimPrefix(scheme, "git+")
	switch {
	case scheme == "git", git != scheme && slices.Contains(gitSchemes(), git), slices.Contains(gitSchemes(), scheme) && path.Ext(u.Path) == ".git":
		return parseGit(text)
	case scheme == "file":
		return parseFile(text, u)
	case scheme != "http" && scheme != "https":
		return place{}, &SpecError{URL: text, Reason: "has the scheme " + quoted(scheme) + ", which is none of file, http, https, git, git+https, git+ssh, git+file"}
	case isTarball(u.Path):
		return place{kind: Tarball, base: text}, nil
	}
	return place{}, &SpecError{URL: text, Reason: "is neither a tarball (https://…/index.tar.gz) nor a git repository (git+https://…)"}
}

// gitSchemes are the ways on which git reaches a remote.
func gitSchemes() []string { return []string{"https", "ssh", "file", "http"} }

// wrongText says what no URL may have; a lock separates its fields by blanks.
func wrongText(text string) string {
	switch {
	case text == "":
		return "is empty"
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return "has a blank in it, which no lock can hold"
	}
	return ""
}

func parsePath(text string) (place, error) {
	head, _, _ := strings.Cut(text, "/")
	if strings.HasPrefix(text, "git+") || strings.Contains(head, "@") && strings.Contains(head, ":") {
		return place{}, &SpecError{URL: text, Reason: "is not a URL; git's is git+ssh://user@host/path or git+https://host/path"}
	}
	p := place{kind: Folder, base: filepath.ToSlash(filepath.Clean(text))}
	if isTarball(text) {
		p.kind = Tarball
	}
	return p, nil
}

func parseFile(text string, u *url.URL) (place, error) {
	switch {
	case u.Host != "" && u.Host != "localhost":
		return place{}, &SpecError{URL: text, Reason: "is on the host " + quoted(u.Host) + ", and a file URL is of this machine only"}
	case isTarball(u.Path):
		return place{kind: Tarball, base: text}, nil
	}
	return place{kind: Folder, base: path.Clean(u.Path)}, nil
}

// parseGit takes the ref off a remote.
func parseGit(text string) (place, error) {
	base, ref, _ := strings.Cut(strings.TrimPrefix(text, "git+"), "#")
	if reason := wrongRef(ref); reason != "" {
		return place{}, &SpecError{URL: text, Reason: reason}
	}
	if isHex(ref) && len(ref) == commitLen {
		ref = strings.ToLower(ref)
	}
	return place{kind: GitCommit, base: base, ref: ref}, nil
}

// wrongRef says what is wrong with a ref (git-check-ref-format(1)); git would
// take some of these for options or refspecs.
func wrongRef(ref string) string {
	if strings.HasPrefix(ref, "-") || strings.HasPrefix(ref, "+") || strings.Contains(ref, "..") || strings.ContainsAny(ref, `~^:?*[\`) {
		return "has the ref " + quoted(ref) + ", which no branch, tag or commit is called"
	}
	return ""
}

// isTarball reports whether a path's suffix is that of a tar.
func isTarball(p string) bool {
	suffixes := []string{".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz", ".tar.zst"}
	return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(p, s) })
}

// commitLen is the length of a commit's name in hexadecimal digits.
const commitLen = 40

// isCommit reports whether the ref is a whole commit.
func isCommit(ref string) bool { return len(ref) == commitLen && isHex(ref) }

func isHex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// redact takes a password out of a URL.
func redact(text string) string {
	if u, err := url.Parse(text); err == nil && u.User != nil {
		return u.Redacted()
	}
	return text
}
