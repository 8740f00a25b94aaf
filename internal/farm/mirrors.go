package farm

import (
	"strings"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
)

// Places where distro packages are, unless a user names others.
const (
	snapshotURL = "https://snapshot.debian.org/archive/"
	alpineURL   = "https://dl-cdn.alpinelinux.org/alpine"
)

// Mirrors are the mirrors that a user, a project and a machine name.
type Mirrors struct {
	// ByHash are mirrors of any input.
	ByHash []string
	// Archives are base URLs by the name of a distro's archive ("debian",
	// "debian-security", "alpine"), in the order in which they are tried. The
	// default ones follow by themselves.
	Archives map[string][]string
}

// ArchiveAt names an archive at a point in time, as a key of
// [input.Mirrors.Archives]. Timestamp is a snapshot's, or "-".
func ArchiveAt(name, timestamp string) string { return name + "@" + timestamp }

// For lists the places for the archives of some targets.
//
// The mirrors that were named come first, the timestamped archive last: it has
// everything, and is slow, and limits how often it is asked. What is fetched
// is verified by hash wherever it is from.
func (m Mirrors) For(list []lock.Target) input.Mirrors {
	out := input.Mirrors{Archives: map[string][]string{}}
	for _, u := range m.ByHash {
		out.ByHash = append(out.ByHash, input.Mirror{URL: u})
	}
	for _, t := range list {
		for _, a := range t.Archives {
			out.Archives[ArchiveAt(a.Name, a.Timestamp)] = m.at(a.Name, a.Timestamp)
		}
	}
	return out
}

func (m Mirrors) at(name, timestamp string) []string {
	urls := append([]string(nil), m.Archives[name]...)
	if strings.HasPrefix(name, "debian") {
		return append(urls, snapshotURL+name+"/"+timestamp)
	}
	return append(urls, alpineURL)
}
