package llb

import (
	"fmt"
	"strconv"

	"github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/targets"
)

func ocispecPlatform(osName, arch string) ocispecs.Platform {
	return ocispecs.Platform{OS: osName, Architecture: arch}
}

// compileRoots makes the base first: the others stand on it.
func (c *compiler) compileRoots() error {
	for _, r := range c.plan.Roots {
		state, err := c.root(r)
		if err != nil {
			return fmt.Errorf("compiling root %s: %w", r.Name, err)
		}
		c.roots[r.Name] = state
	}
	return nil
}

func (c *compiler) root(r plan.Root) (llb.State, error) {
	image, err := c.image(c.images.Roots[r.Name], "root "+r.Name)
	if err != nil || c.plan.Release.Distro == targets.Alpine {
		return image, err
	}
	lib, err := c.image(c.images.RootLib, "the root library")
	if err != nil {
		return llb.State{}, err
	}
	if len(r.Depexts) == 0 {
		return image.Run(c.configure(r, lib, "configure.sh")...).Root(), nil
	}
	opts := append(c.configure(r, lib, "extra.sh"), llb.AddMount(debDir, image, llb.Readonly))
	return c.roots[c.plan.Roots[0].Name].Run(opts...).Root(), nil
}

// configure runs a script of package base in a writable root.
func (c *compiler) configure(r plan.Root, lib llb.State, script string) []llb.RunOption {
	args := []string{
		"/usr/bin/env", "-i",
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TZ=UTC",
		"DEBIAN_FRONTEND=noninteractive", "DEBCONF_NONINTERACTIVE_SEEN=true",
		"SOURCE_DATE_EPOCH=" + strconv.FormatInt(c.plan.Epoch, 10),
		"/bin/sh", rootLibDir + "/" + script,
	}
	if len(r.Depexts) > 0 {
		args = append(args, debDir)
	}
	opts := c.exec("configure root "+r.Name, "/", args)
	for _, m := range []mount{c.resolver(), tmp()} {
		opts = append(opts, llb.AddMount(m.target, m.source, m.opts...))
	}
	return append(opts, llb.AddMount(rootLibDir, lib, llb.Readonly))
}
