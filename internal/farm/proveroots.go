package farm

import (
	"slices"

	"github.com/ofarm/ofarm/internal/config"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/prove"
	"github.com/ofarm/ofarm/targets"
)

// BareRoot says what a bare root is made of.
type BareRoot struct {
	// Name is its name in a lock: a release's, or "busybox".
	Name    string
	Release targets.Release
	// Packages are what it has, without what these need.
	Packages []string
}

// BareRoots finds the roots that names and aliases mean, each once: a release's
// has its libc alone, busybox one static program of the newest Debian. The empty
// root is none of them, since it is made of nothing.
//
// Errors: [*targets.UnknownError].
func BareRoots(names, locked []string) ([]BareRoot, error) {
	var out []BareRoot
	for _, name := range names {
		if name == config.RootEmpty {
			continue
		}
		r, err := bareRoot(name, locked)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(out, func(o BareRoot) bool { return o.Name == r.Name }) {
			out = append(out, r)
		}
	}
	return out, nil
}

func bareRoot(name string, locked []string) (BareRoot, error) {
	if name == config.RootBusybox {
		r, err := targets.Find("debian-stable", nil)
		return BareRoot{name, r, []string{"busybox-static"}}, err
	}
	r, err := targets.Find(name, locked)
	return BareRoot{r.Name, r, r.BareRoot}, err
}

// ProveRoots are the roots of a lock, an empty one for each platform first.
func ProveRoots(l *lock.File) ([]ProveRoot, error) {
	var out []ProveRoot
	for _, t := range l.Targets {
		empty := EmptyRoot(targets.Platform(t.Platform))
		if !slices.ContainsFunc(out, func(r ProveRoot) bool { return r.Platform == empty.Platform }) {
			out = append(out, empty)
		}
	}
	for _, t := range l.Roots {
		bare, err := bareRoot(t.Name, l.TargetNames())
		if err != nil {
			return nil, err
		}
		root := prove.Root{Name: t.Name, Platform: targets.Platform(t.Platform), Libc: bare.Release.Libc}
		if t.Name == config.RootBusybox {
			root.Libc = ""
		}
		out = append(out, ProveRoot{
			Root: root, Distro: bare.Release.Distro, Archives: t.Archives, Packages: t.Base, Epoch: l.Epoch,
		})
	}
	return out, nil
}

// Smokes are the project's ways to try its executables, by file name.
func (p *Project) Smokes() map[string]prove.Smoke {
	out := map[string]prove.Smoke{}
	for name, s := range p.Config.Smoke {
		out[name] = prove.Smoke{Args: s.Args, Expect: s.Expect}
	}
	return out
}
