package input

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
)

// Request asks for one input.
type Request struct {
	// Name is what messages call the input, such as "dune.3.17.2".
	Name string
	// Sum is the input's digest. Zero, while a lock is being made, means that
	// Checksums decide.
	Sum Digest
	// Checksums are further sums that the input must have.
	Checksums []Checksum
	// Unchecked allows a request without any sum, for a file that its reader
	// verifies by a signature. The store isn't asked for such a file.
	Unchecked bool
	// Size is the input's size in bytes, or 0 if it isn't known.
	Size int64
	// URLs are places of this input, as in the lock: file:// and http(s)://.
	URLs []string
	// Archive names the archive that the input is in, a key of
	// [Mirrors.Archives], such as "debian".
	Archive string
	// Path is the input's path in the archive, such as "pool/main/z/zlib/…".
	Path string
}

// Result is an input that is in the store now.
type Result struct {
	// Sum is its digest.
	Sum Digest
	// Size is its size in bytes.
	Size int64
	// From is the place that gave it, empty if the store had it already.
	From string
}

// Mirror is a by-hash mirror: a server or a folder in opam's cache layout.
type Mirror struct {
	// URL is the folder that holds sha256/, file:// or http(s)://.
	URL string
	// First asks the mirror before the URLs in the lock. A local mirror always
	// is first.
	First bool
}

// Mirrors are the places that hold copies.
type Mirrors struct {
	// ByHash are asked for any input, in this order.
	ByHash []Mirror
	// Archives has, for every archive's name, base URLs below which the paths
	// of its inputs are looked for, in this order.
	Archives map[string][]string
}

// checksums returns all sums of the request, strongest first.
func (r Request) checksums() []Checksum {
	sums := slices.Clone(r.Checksums)
	if !r.Sum.IsZero() {
		sums = append(sums, r.Sum.Checksum())
	}
	return sortChecksums(sums)
}

// digest returns the request's sha256, if one of its sums is one.
func (r Request) digest() Digest {
	for _, c := range r.checksums() {
		if c.Kind == SHA256 {
			d, _ := ParseDigest(digestPrefix + c.Hex)
			return d
		}
	}
	return Digest{}
}

// check says what is wrong with a request.
func (r Request) check() error {
	if len(r.checksums()) == 0 && !r.Unchecked {
		return fmt.Errorf("%s: no checksum to verify it by", r.Name)
	}
	seen := map[Kind]string{}
	for _, c := range r.checksums() {
		if err := c.check(); err != nil {
			return fmt.Errorf("%s: checksum %s: %w", r.Name, c, err)
		}
		if seen[c.Kind] != "" {
			return fmt.Errorf("%s: two different sums: %s=%s and %s", r.Name, c.Kind, seen[c.Kind], c)
		}
		seen[c.Kind] = c.Hex
	}
	if r.Path != "" && (path.IsAbs(r.Path) || path.Clean(r.Path) != r.Path || strings.HasPrefix(r.Path, "..")) {
		return fmt.Errorf("%s: path %q is not a clean path below an archive", r.Name, r.Path)
	}
	return nil
}

// places lists where to ask for the request, in the order that the package
// comment gives.
func (m Mirrors) places(r Request) []string {
	var first, last, all []string
	for _, mirror := range m.ByHash {
		if urls := mirror.urls(r.checksums()); mirror.First || isLocal(mirror.URL) {
			first = append(first, urls...)
		} else {
			last = append(last, urls...)
		}
	}
	all = append(first, r.URLs...)
	if r.Path != "" {
		for _, base := range m.Archives[r.Archive] {
			all = append(all, joinURL(base, r.Path))
		}
	}
	return unique(append(all, last...))
}

// urls lists the names that an input with these sums may have in a mirror.
func (m Mirror) urls(sums []Checksum) []string {
	var urls []string
	for _, c := range sums {
		urls = append(urls, joinURL(m.URL, c.path()))
	}
	return urls
}

// joinURL appends a plain path, in which nothing is escaped, to a base URL.
func joinURL(base, p string) string {
	return strings.TrimRight(base, "/") + "/" + (&url.URL{Path: p}).EscapedPath()
}

// isLocal reports whether asking the URL leaves this machine alone: it is a
// file, or on a loopback address.
func isLocal(place string) bool {
	u, err := url.Parse(place)
	if err != nil {
		return false
	}
	if u.Scheme == "file" || u.Hostname() == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return err == nil && addr.IsLoopback()
}

// unique drops repetitions and keeps the order.
func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// filePath returns the path of a file:// URL.
func filePath(u *url.URL) (string, error) {
	if u.Host != "" && u.Host != "localhost" {
		return "", fmt.Errorf("a file URL with the host %q", u.Host)
	}
	if !path.IsAbs(u.Path) {
		return "", errors.New("a file URL without an absolute path")
	}
	return u.Path, nil
}
