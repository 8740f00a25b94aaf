package audit

import "slices"

// Origin is an input of a link from which a need comes.
type Origin struct {
	File    string `json:"file"`              // "/x/stub.o", or "/x/libx.a(stub.o)" for a member of an archive
	Library string `json:"library,omitempty"` // "x" of libx.a and -lx; empty for a plain object
	Package string `json:"package,omitempty"` // the opam package it belongs to, where known
	By      string `json:"by,omitempty"`      // the word of the link line, or the .pc file, that asks for it
}

// Origins knows the link of one executable: [LinkRecord] and [LinkMap] do.
// Both methods return nothing for what they don't know.
type Origins interface {
	// Symbol returns the inputs that refer to a symbol, "pthread_create" and
	// "GLIBC_2.34", in the order of the link.
	Symbol(name, version string) []Origin
	// Library returns the inputs by which a shared library came in.
	Library(soname string) []Origin
}

// SymbolOrigin is a symbol with the inputs that refer to it.
type SymbolOrigin struct {
	Symbol string   `json:"symbol"`
	From   []Origin `json:"from"`
}

// LibraryOrigin is an entry of NEEDED with the inputs that brought it.
type LibraryOrigin struct {
	Library string   `json:"library"`
	From    []Origin `json:"from"`
}

// startSymbol is what the compiler's start code calls. GNU ld leaves it out of
// cross references, and every executable has it from there.
const startSymbol = "__libc_start_main"

var startCode = Origin{File: "crt1.o", By: "the compiler"}

// annotate adds to a report what is known of its link.
func (r *Report) annotate(o Origins) {
	if o == nil {
		return
	}
	for i, v := range r.Versions {
		for _, s := range v.Symbols {
			from := o.Symbol(s, v.Name)
			if len(from) == 0 && s == startSymbol {
				from = []Origin{startCode}
			}
			if len(from) > 0 {
				r.Versions[i].Origins = append(r.Versions[i].Origins, SymbolOrigin{s, from})
			}
		}
	}
	for _, lib := range r.Needed {
		if from := o.Library(lib); len(from) > 0 {
			r.Sources = append(r.Sources, LibraryOrigin{lib, from})
		}
	}
}

// Culprits returns all inputs that refer to one of the version's symbols, each
// once, in the order of the symbols.
func (v Version) Culprits() []Origin {
	var out []Origin
	for _, s := range v.Origins {
		for _, o := range s.From {
			if !slices.Contains(out, o) {
				out = append(out, o)
			}
		}
	}
	return out
}

// sourcesOf returns the inputs that brought a shared library.
func (r *Report) sourcesOf(lib string) []Origin {
	for _, s := range r.Sources {
		if s.Library == lib {
			return s.From
		}
	}
	return nil
}
