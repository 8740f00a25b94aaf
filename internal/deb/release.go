package deb

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Release is the verified text of a suite's InRelease file
// (https://wiki.debian.org/DebianRepository/Format).
type Release struct {
	Origin        string
	Label         string
	Suite         string // "oldstable"
	Codename      string // "bookworm"
	Version       string // "12.15", may be missing
	Date          time.Time
	ValidUntil    time.Time // zero if the release doesn't end
	Architectures []string
	Components    []string
	ByHash        bool        // indexes can be had by their hash
	Files         []IndexFile // the list SHA256, sorted by path
	Signers       []Key       // the trusted keys that signed it
}

// An IndexFile is a file that a Release lists.
type IndexFile struct {
	Path   string // relative to the folder of the InRelease file
	Size   int64  // bytes
	SHA256 string // 64 hex digits in lower case
}

// ByHashPath is where the file lies as long as any release that lists it, if
// [Release.ByHash] is set.
func (f IndexFile) ByHashPath() string {
	return path.Join(path.Dir(f.Path), "by-hash/SHA256", f.SHA256)
}

// ParseRelease reads an InRelease file whose cleartext signature must be good
// for at least one key of keys. Errors about who signed are of type
// *UnknownKeyError, *ExpiredKeyError and *BadSignatureError; mistakes in the
// text are of type *SyntaxError.
func ParseRelease(data []byte, keys Keyring) (*Release, error) {
	text, signers, err := verifyCleartext(data, keys)
	if err != nil {
		return nil, fmt.Errorf("InRelease: %w", err)
	}
	r, err := parseRelease(text)
	if err != nil {
		return nil, err
	}
	r.Signers = signers
	return r, nil
}

// parseRelease reads the signed text.
func parseRelease(text []byte) (*Release, error) {
	paras, err := ParseParagraphs("InRelease", text)
	if err != nil {
		return nil, err
	}
	if len(paras) != 1 {
		return nil, &SyntaxError{"InRelease", 1, fmt.Sprintf("%d paragraphs, want one", len(paras))}
	}
	p := paras[0]
	r := &Release{
		Origin: p.Get("Origin"), Label: p.Get("Label"), Suite: p.Get("Suite"),
		Codename: p.Get("Codename"), Version: p.Get("Version"),
		Architectures: strings.Fields(p.Get("Architectures")),
		Components:    strings.Fields(p.Get("Components")),
		ByHash:        p.Get("Acquire-By-Hash") == "yes",
	}
	seen := false
	for _, f := range p.Fields {
		switch f.Name {
		case "Date":
			seen = true
			r.Date, err = releaseTime(f)
		case "Valid-Until":
			r.ValidUntil, err = releaseTime(f)
		case "SHA256":
			r.Files, err = releaseFiles(f)
		}
		if err != nil {
			return nil, err
		}
	}
	if !seen || len(r.Files) == 0 {
		return nil, &SyntaxError{"InRelease", p.Line, "no Date or no SHA256 list"}
	}
	return r, nil
}

// releaseTime parses a time such as "Sat, 11 Jul 2026 10:16:37 UTC".
func releaseTime(f Field) (time.Time, error) {
	for _, layout := range []string{time.RFC1123, time.RFC1123Z, "Mon, _2 Jan 2006 15:04:05 MST"} {
		if t, err := time.Parse(layout, f.Value); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, &SyntaxError{"InRelease", f.Line, fmt.Sprintf("%s: %q is not a time", f.Name, f.Value)}
}

// releaseFiles parses the lines "sha256 size path" of the list SHA256.
func releaseFiles(f Field) ([]IndexFile, error) {
	var files []IndexFile
	for i, line := range strings.Split(f.Value, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		bad := &SyntaxError{"InRelease", f.Line + i, fmt.Sprintf("%q is not \"sha256 size path\"", shorten(line))}
		if len(words) != 3 || !isSHA256(words[0]) || !isLocalPath(words[2]) {
			return nil, bad
		}
		size, err := strconv.ParseInt(words[1], 10, 64)
		if err != nil || size < 0 {
			return nil, bad
		}
		files = append(files, IndexFile{Path: words[2], Size: size, SHA256: words[0]})
	}
	slices.SortFunc(files, func(a, b IndexFile) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// File finds a listed file by its path.
func (r *Release) File(path string) (IndexFile, bool) {
	i, ok := slices.BinarySearchFunc(r.Files, path, func(f IndexFile, p string) int { return strings.Compare(f.Path, p) })
	if !ok {
		return IndexFile{}, false
	}
	return r.Files[i], true
}

// Index returns the Packages index of a component ("main") for an architecture
// ("amd64") in the form that is read fastest: gzip, else xz, else plain. An
// index that the release doesn't list is an error.
func (r *Release) Index(component, arch string) (IndexFile, error) {
	base := component + "/binary-" + arch + "/Packages"
	for _, suffix := range []string{".gz", ".xz", ""} {
		if f, ok := r.File(base + suffix); ok {
			return f, nil
		}
	}
	return IndexFile{}, fmt.Errorf("release %q lists no %s (components: %s; architectures: %s)",
		r.Codename, base, strings.Join(r.Components, " "), strings.Join(r.Architectures, " "))
}

// CheckValid says whether the release has ended at a time: its Valid-Until has
// passed. Releases without one never end.
func (r *Release) CheckValid(at time.Time) error {
	if r.ValidUntil.IsZero() || !at.After(r.ValidUntil) {
		return nil
	}
	return &StaleReleaseError{Codename: r.Codename, ValidUntil: r.ValidUntil, At: at}
}

// A StaleReleaseError says that a mirror serves a release past its end.
type StaleReleaseError struct {
	Codename   string
	ValidUntil time.Time
	At         time.Time
}

func (e *StaleReleaseError) Error() string {
	return fmt.Sprintf("release %q was valid until %s, and it is %s", e.Codename,
		e.ValidUntil.Format(time.RFC3339), e.At.UTC().Format(time.RFC3339))
}
