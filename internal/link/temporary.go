package link

import (
	"regexp"
	"slices"
	"strings"
)

// temporary matches what changes in a temporary file's name: six digits of
// OCaml's and dune's (camlstartupc9267f.o, build8eb7e5.dune), six letters and
// digits of GCC's (ccAb3dE9.o).
var temporary = regexp.MustCompile(`[0-9a-f]{6}([._/)]|$)|/cc[0-9A-Za-z]{6}\.`)

// steady replaces what changes from link to link in the name of a file below a
// folder of temporary files, so that the same link gives the same record. The
// folder may be dune's own, with such a name itself.
func steady(s, tmp string) string {
	i := strings.Index(s, tmp+"/")
	if i < 0 {
		return s
	}
	return s[:i] + temporary.ReplaceAllStringFunc(s[i:], func(m string) string {
		if strings.HasPrefix(m, "/cc") {
			return "/ccXXXXXX."
		}
		return "XXXXXX" + m[6:]
	})
}

// Steady replaces in a record what the names of temporary files below tmp have
// at random.
func (r *Record) Steady(tmp string) {
	tmp = strings.TrimRight(tmp, "/")
	each := func(list []string) []string {
		list = slices.Clone(list)
		for i := range list {
			list[i] = steady(list[i], tmp)
		}
		return list
	}
	r.Seen, r.Used = each(r.Seen), each(r.Used)
	for i := range r.Inputs {
		in := &r.Inputs[i]
		in.Name, in.Path, in.By = steady(in.Name, tmp), steady(in.Path, tmp), steady(in.By, tmp)
	}
	for i := range r.Undefined {
		from := each(r.Undefined[i].From)
		slices.Sort(from)
		r.Undefined[i].From = slices.Compact(from)
	}
}
