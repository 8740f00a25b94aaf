package verify

// Kind is how an entry differs.
type Kind string

// The kinds of changes. Where an entry differs in more than one way, the first of
// these counts.
const (
	OnlyFirst    Kind = "only in the first"
	OnlyAgain    Kind = "only again"
	OtherType    Kind = "type"
	OtherContent Kind = "content"
	OtherLink    Kind = "link"
	OtherMode    Kind = "mode"
	OtherOwner   Kind = "owner"
)

// Change is a path at which two trees differ.
type Change struct {
	Path string `json:"path"`
	Kind Kind   `json:"kind"`
	// First and Again are the entries of the two trees; of a kind "only …" one of
	// them is zero.
	First Entry `json:"first,omitzero"`
	Again Entry `json:"again,omitzero"`
}

// Compare lists where two trees differ, sorted by path, one change per path.
func Compare(first, again Tree) []Change {
	var out []Change
	for i, j := 0, 0; i < len(first) || j < len(again); {
		switch {
		case j == len(again) || i < len(first) && first[i].Path < again[j].Path:
			out = append(out, Change{Path: first[i].Path, Kind: OnlyFirst, First: first[i]})
			i++
		case i == len(first) || again[j].Path < first[i].Path:
			out = append(out, Change{Path: again[j].Path, Kind: OnlyAgain, Again: again[j]})
			j++
		default:
			if k := kindOf(first[i], again[j]); k != "" {
				out = append(out, Change{Path: first[i].Path, Kind: k, First: first[i], Again: again[j]})
			}
			i++
			j++
		}
	}
	return out
}

// kindOf is empty for entries that are the same.
func kindOf(a, b Entry) Kind {
	switch {
	case a.Type != b.Type:
		return OtherType
	case a.SHA256 != b.SHA256 || a.Size != b.Size:
		return OtherContent
	case a.Linkname != b.Linkname:
		return OtherLink
	case a.Mode != b.Mode:
		return OtherMode
	case a.Owner != b.Owner:
		return OtherOwner
	}
	return ""
}
