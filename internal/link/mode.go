package link

import "fmt"

// Mode is the way in which a target's executables are linked.
type Mode string

// The link modes; the package comment says what each does.
const (
	Static       Mode = "static"
	StaticPIE    Mode = "static-pie"
	MostlyStatic Mode = "mostly-static"
	Dynamic      Mode = "dynamic"
	Project      Mode = "project"
)

// Modes lists all modes, for messages.
func Modes() []Mode {
	return []Mode{Static, StaticPIE, MostlyStatic, Dynamic, Project}
}

// ParseMode reads a mode's name.
func ParseMode(s string) (Mode, error) {
	for _, m := range Modes() {
		if s == string(m) {
			return m, nil
		}
	}
	return "", fmt.Errorf("unknown link mode %q (one of %q)", s, Modes())
}

// static reports whether nothing stays dynamic.
func (m Mode) static() bool { return m == Static || m == StaticPIE }

// archives reports whether the mode replaces libraries by their archives.
func (m Mode) archives() bool {
	return m.static() || m == MostlyStatic
}
