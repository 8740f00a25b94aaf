package solve

import (
	"path/filepath"
	"strings"
)

// Programs finds the programs of a private daemon that could go along with
// ofarm, as files: buildkitd, and runc or crun. The others (a shell, flock and
// mount; rootlesskit and newuidmap for who isn't root) are of the machine. Those
// that are missing are a [*MissingError].
func Programs(o Options) ([]string, error) {
	h := thisHost(o)
	lacks := &MissingError{}
	var out []string
	for _, want := range []struct {
		names []string
		pkg   string
	}{{[]string{"buildkitd"}, ""}, {[]string{"runc", "crun"}, "runc"}} {
		file := ""
		for _, name := range want.names {
			if file == "" {
				file = h.look(name)
			}
		}
		if file == "" {
			what := strings.Join(want.names, " or ")
			lacks.Missing = append(lacks.Missing, Requirement{What: what, Package: want.pkg, Detail: "not in " + h.path})
			continue
		}
		out = append(out, filepath.Clean(file))
	}
	if len(lacks.Missing) > 0 {
		return nil, lacks
	}
	return out, nil
}
