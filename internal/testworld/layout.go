package testworld

import (
	"bytes"
	_ "embed"
	"path"
	"strings"
)

//go:embed data/layout.tsv
var layoutTable []byte

// layout tells where the files of Debian's packages lie in Alpine: a list of
// rules, the first that fits counts.
type layout []rule

// rule moves what fits a pattern of path.Match, or drops it where to is empty.
// A pattern with a slash at the end fits everything below such folders, "*"
// alone everything.
type rule struct{ from, to string }

func readLayout() (layout, error) {
	t, err := readTable("layout.tsv", bytes.NewReader(layoutTable))
	if err != nil {
		return nil, err
	}
	rows, err := t.pick("from", "to")
	if err != nil {
		return nil, err
	}
	var l layout
	for _, row := range rows {
		l = append(l, rule{row[0], row[1]})
	}
	return l, nil
}

// place gives a path's place, "" for nowhere.
func (l layout) place(name string) string {
	for _, r := range l {
		if to, fits := r.place(name); fits {
			return to
		}
	}
	return ""
}

func (r rule) place(name string) (string, bool) {
	if r.from == "*" {
		return r.to, true
	}
	folder, isFolder := strings.CutSuffix(r.from, "/")
	if !isFolder {
		ok, _ := path.Match(r.from, name)
		return r.to, ok
	}
	parts := strings.Split(name, "/")
	depth := strings.Count(r.from, "/")
	if len(parts) <= depth {
		return "", false
	}
	if ok, _ := path.Match(folder, strings.Join(parts[:depth], "/")); !ok {
		return "", false
	}
	if r.to == "" {
		return "", true
	}
	return r.to + strings.Join(parts[depth:], "/"), true
}
