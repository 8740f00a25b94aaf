package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"strings"
)

// LinkRecord is what the linker shim writes down of a link (internal/link has
// the whole format), as far as it tells where an executable's needs come from.
type LinkRecord struct {
	Inputs    []LinkInput  `json:"inputs"`
	Undefined []LinkSymbol `json:"undefined"`
}

// LinkInput is a library of the link.
type LinkInput struct {
	Name    string `json:"name"` // "ssl" of -lssl and libssl.a
	Path    string `json:"path"` // the file that was taken; may be empty
	Linkage string `json:"linkage"`
	By      string `json:"by"`
	Package string `json:"package"`
}

// LinkSymbol is a symbol that the executable asks a shared library for, with the
// objects and members of archives ("/x/libx.a(y.o)") that refer to it.
type LinkSymbol struct {
	Symbol  string   `json:"symbol"`
	Version string   `json:"version"` // empty for one without
	From    []string `json:"from"`
}

// ParseLink reads a link's record, or a map of GNU ld or lld with a cross
// reference table, and tells them apart by the first byte.
func ParseLink(data []byte) (Origins, error) {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		r := new(LinkRecord)
		if err := json.Unmarshal(data, r); err != nil {
			return nil, fmt.Errorf("reading a link's record: %w", err)
		}
		return r, nil
	}
	return parseMap(data)
}

// Symbol implements [Origins]. A row without a version stands for all of them.
func (r *LinkRecord) Symbol(name, version string) []Origin {
	var out []Origin
	for _, u := range r.Undefined {
		if u.Symbol != name || u.Version != "" && u.Version != version {
			continue
		}
		for _, file := range u.From {
			out = append(out, r.origin(file))
		}
	}
	return out
}

// origin finds the row of an object's library.
func (r *LinkRecord) origin(file string) Origin {
	o := Origin{File: file, Library: libraryName(file)}
	archive, _, _ := strings.Cut(file, "(")
	for _, in := range r.Inputs {
		if in.Path == archive || in.Path == "" && in.Name != "" && in.Name == o.Library {
			o.Package, o.By = in.Package, in.By
			break
		}
	}
	return o
}

// Library implements [Origins].
func (r *LinkRecord) Library(soname string) []Origin {
	var out []Origin
	for _, in := range r.Inputs {
		if in.Linkage == "static" || !names(in, soname) {
			continue
		}
		file := in.Path
		if file == "" {
			file = in.By
		}
		out = append(out, Origin{File: file, Library: in.Name, Package: in.Package, By: in.By})
	}
	return out
}

func names(in LinkInput, soname string) bool {
	return in.Name != "" && "lib"+in.Name == stem(soname) || strings.TrimPrefix(in.Name, ":") == soname ||
		in.Path != "" && (path.Base(in.Path) == soname || stem(path.Base(in.Path)) == stem(soname))
}

// stem is a shared library's name up to ".so": "libssl" of "libssl.so.3".
func stem(name string) string {
	if i := strings.Index(name, ".so"); i >= 0 {
		return name[:i]
	}
	return name
}

// libraryName is "x" of "/y/libx.a(z.o)" and empty for a plain object.
func libraryName(file string) string {
	archive, _, _ := strings.Cut(file, "(")
	name, isArchive := strings.CutSuffix(path.Base(archive), ".a")
	if !isArchive {
		return ""
	}
	return strings.TrimPrefix(name, "lib")
}
