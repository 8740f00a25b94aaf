package llb

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/moby/buildkit/client/llb"

	"github.com/ofarm/ofarm/internal/plan"
)

//go:embed scripts/machine.sh
var machineScript string

// CompileMachine makes the definition of an exec that writes down what steps of
// a plan see of the machine they run on, in the plan's first root. BuildKit
// runs it each time, whatever it remembers. Its result has these files:
//
//	processors  their number (nproc)
//	order       the files of a folder in its order, a line each
//	cpuinfo meminfo mountinfo hostname osrelease
//	            those of /proc, /proc/self and /proc/sys/kernel
func CompileMachine(ctx context.Context, p *plan.Plan, images Images) (*Definition, error) {
	c := newCompiler(p, images)
	if err := c.compileRoots(); err != nil {
		return nil, err
	}
	if len(p.Roots) == 0 {
		return nil, fmt.Errorf("compiling: the plan has no root")
	}
	args := []string{
		"/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TZ=UTC",
		"/bin/sh", "-euc", machineScript,
	}
	opts := append(c.exec("look at the machine", "/", args), llb.ReadonlyRootFS(), llb.IgnoreCache)
	for _, m := range []mount{c.resolver(), tmp()} {
		opts = append(opts, llb.AddMount(m.target, m.source, m.opts...))
	}
	ex := c.roots[p.Roots[0].Name].Run(opts...)
	return ex.AddMount(outDir, llb.Scratch()).Marshal(ctx, c.platform())
}
