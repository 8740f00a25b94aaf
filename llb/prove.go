package llb

import (
	"context"
	"fmt"
	"path"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"

	"github.com/ofarm/ofarm/targets"
)

const (
	// ProgramsDir is where a probe's root has the files of [Probe.Files].
	ProgramsDir = "/artifact"
	// workDir is the folder a probe's program starts in: empty, writable and
	// thrown away.
	workDir = "/work"
)

// Probe is one program that is run in a bare root.
type Probe struct {
	// Name is what errors call it, Platform what it runs on.
	Name     string
	Platform targets.Platform
	// Root is the image of the root. BuildKit can't run anything in a root
	// without an image; that of an empty one has an empty layer.
	Root digest.Digest
	// Files is the image that has the program, at [ProgramsDir].
	Files digest.Digest
	// Args is the command line; nothing stands before it, since a bare root
	// may have neither env nor a shell.
	Args []string
	// Fresh runs it even if BuildKit knows that it succeeded before.
	Fresh bool
}

// CompileProbe makes the definition of a probe: one exec vertex, without
// network, in a root that it can't write to. It also returns the vertex's
// digest ("sha256:…"), which doesn't depend on Name and Fresh: probes that do
// the same have the same one.
//
// BuildKit makes no vertex without an output, so the program's folder is one.
func CompileProbe(ctx context.Context, p Probe) (*Definition, string, error) {
	if err := p.check(); err != nil {
		return nil, "", fmt.Errorf("compiling %s: %w", p.Name, err)
	}
	osName, arch := path.Split(string(p.Platform))
	platform := llb.Platform(ocispecPlatform(path.Clean(osName), arch))
	root := probeImage(p.Root, "the root of "+p.Name, platform)
	files := probeImage(p.Files, "the files of "+p.Name, platform)
	ex := root.Run(probeOptions(p, files, platform)...)
	def, err := ex.GetMount(workDir).Marshal(ctx, platform)
	if err != nil {
		return nil, "", fmt.Errorf("compiling %s: %w", p.Name, err)
	}
	vertex, err := execVertex(def)
	return def, vertex, err
}

// check says which image a probe lacks.
func (p Probe) check() error {
	switch {
	case p.Root == "":
		return &MissingImageError{Of: "its root"}
	case p.Files == "":
		return &MissingImageError{Of: "its files"}
	}
	return nil
}

func probeImage(d digest.Digest, name string, platform llb.ConstraintsOpt) llb.State {
	ref := fmt.Sprintf("local/%s@%s", Store, d)
	return llb.OCILayout(ref, llb.OCIStore("", Store), platform, llb.WithCustomName("load "+name))
}

// probeOptions are those of a probe's exec, mounts sorted by target.
func probeOptions(p Probe, files llb.State, platform llb.ConstraintsOpt) []llb.RunOption {
	opts := []llb.RunOption{
		llb.Args(p.Args),
		llb.Dir(workDir),
		llb.AddEnv("HOME", "/tmp"),
		llb.AddEnv("LC_ALL", "C"),
		llb.AddEnv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
		llb.AddEnv("TZ", "UTC"),
		llb.Network(pb.NetMode_NONE),
		llb.ReadonlyRootFS(),
		llb.WithCustomName(p.Name),
		platform,
		llb.AddMount(ProgramsDir, files, llb.Readonly),
	}
	for _, m := range []mount{resolver(platform, llb.WithCustomName("make resolv.conf")), tmp()} {
		opts = append(opts, llb.AddMount(m.target, m.source, m.opts...))
	}
	opts = append(opts, llb.AddMount(workDir, llb.Scratch()))
	if p.Fresh {
		opts = append(opts, llb.IgnoreCache)
	}
	return opts
}

// execVertex is the digest of a definition's last exec.
func execVertex(def *Definition) (string, error) {
	vertices, err := decode(def)
	if err != nil {
		return "", err
	}
	found := ""
	for _, v := range vertices {
		if v.op.GetExec() != nil {
			found = v.digest.String()
		}
	}
	return found, nil
}
