package llb

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
)

// Dump describes a definition as text, a paragraph for each vertex in
// topological order: for reading, and for comparing two graphs in a diff. It
// shows all that BuildKit's cache key of ofarm's own vertices depends on; of
// other kinds of vertex it shows which they are.
func Dump(def *Definition) (string, error) {
	vertices, err := decode(def)
	if err != nil {
		return "", err
	}
	names := map[digest.Digest]string{}
	for i, v := range vertices {
		names[v.digest] = fmt.Sprintf("%d", i)
	}
	var b strings.Builder
	for i, v := range vertices {
		fmt.Fprintf(&b, "%d %s\n", i, v.name)
		fmt.Fprintf(&b, "  platform %s/%s\n", v.op.GetPlatform().GetOS(), v.op.GetPlatform().GetArchitecture())
		dumpInputs(&b, v.op, names)
		switch o := v.op.Op.(type) {
		case *pb.Op_Exec:
			dumpExec(&b, o.Exec)
		case *pb.Op_Source:
			dumpSource(&b, o.Source)
		case *pb.Op_File:
			dumpFiles(&b, o.File)
		default:
			fmt.Fprintf(&b, "  %T\n", o)
		}
	}
	return b.String(), nil
}

func dumpInputs(b *strings.Builder, op *pb.Op, names map[digest.Digest]string) {
	for i, in := range op.Inputs {
		fmt.Fprintf(b, "  input %d: %s output %d\n", i, names[digest.Digest(in.Digest)], in.Index)
	}
}

func dumpSource(b *strings.Builder, s *pb.SourceOp) {
	fmt.Fprintf(b, "  source %s\n", s.Identifier)
	for _, k := range slices.Sorted(maps.Keys(s.Attrs)) {
		fmt.Fprintf(b, "    %s = %s\n", k, s.Attrs[k])
	}
}

// dumpFiles shows the files that a vertex makes, and the kinds of what else it does.
func dumpFiles(b *strings.Builder, f *pb.FileOp) {
	for _, a := range f.Actions {
		made := a.GetMkfile()
		if made == nil {
			fmt.Fprintf(b, "  %T\n", a.Action)
			continue
		}
		fmt.Fprintf(b, "  file %s, mode %o, time %d: %q\n", made.Path, made.Mode, time.Unix(0, made.Timestamp).Unix(), made.Data)
	}
}

func dumpExec(b *strings.Builder, e *pb.ExecOp) {
	fmt.Fprintf(b, "  exec in %s, network %s\n", e.Meta.Cwd, e.Network)
	for _, v := range e.Meta.Env {
		fmt.Fprintf(b, "    env %s\n", v)
	}
	for _, a := range e.Meta.Args {
		fmt.Fprintf(b, "    %s\n", strings.ReplaceAll(strings.TrimSuffix(a, "\n"), "\n", "\n      "))
	}
	mounts := slices.Clone(e.Mounts)
	slices.SortFunc(mounts, func(a, c *pb.Mount) int { return cmp.Compare(a.Dest, c.Dest) })
	for _, m := range mounts {
		fmt.Fprintf(b, "  mount %s: %s\n", m.Dest, mountText(m))
	}
}

func mountText(m *pb.Mount) string {
	words := []string{strings.ToLower(m.MountType.String())}
	if m.Input >= 0 {
		words = append(words, fmt.Sprintf("input %d", m.Input))
	}
	if m.Selector != "" {
		words = append(words, "of it "+m.Selector)
	}
	if m.Readonly {
		words = append(words, "read-only")
	}
	if m.Output >= 0 {
		words = append(words, fmt.Sprintf("output %d", m.Output))
	}
	if m.ContentCache != pb.MountContentCache_DEFAULT {
		words = append(words, "content cache "+strings.ToLower(m.ContentCache.String()))
	}
	return strings.Join(words, ", ")
}
