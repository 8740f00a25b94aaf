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
	libc := "libc6"
	if r.Libc == targets.Musl {
		libc = "musl"
	}
	return BareRoot{r.Name, r, []string{libc}}, err
}

// ProveRoots are the roots of a lock for a platform, the empty one first.
func ProveRoots(l *lock.File, platform targets.Platform) ([]ProveRoot, error) {
	out := []ProveRoot{{Root: prove.Root{Name: config.RootEmpty, Platform: platform}}}
	for _, t := range l.Roots {
		if t.Platform != string(platform) {
			continue
		}
		bare, err := bareRoot(t.Name, l.TargetNames())
		if err != nil {
			return nil, err
		}
		root := prove.Root{Name: t.Name, Platform: platform, Libc: bare.Release.Libc}
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
