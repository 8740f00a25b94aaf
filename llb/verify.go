package llb

import (
	"fmt"
	"strings"

	"github.com/hashicorp/go-multierror"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
)

// VerifyError says how a vertex breaks a rule of [Verify].
type VerifyError struct {
	// Vertex is the digest of the vertex, Name what progress calls it.
	Vertex digest.Digest
	Name   string
	// What is wrong.
	What string
}

func (e *VerifyError) Error() string {
	return fmt.Sprintf("vertex %q (%s): %s", e.Name, e.Vertex.Encoded()[:12], e.What)
}

// Verify checks what every definition of ofarm must keep, whoever made it:
//
//   - no exec has a network, more rights than the sandbox gives, a device, a
//     secret, an agent, or a cache mount (whose content would be an input that
//     nobody locked);
//   - every source is named by the digest of its content: an OCI layout or an
//     image by digest, or an HTTP source with a checksum;
//   - nothing else makes anything, least of all a definition within it.
//
// All broken rules are reported at once, as [*VerifyError].
func Verify(def *Definition) error {
	vertices, err := decode(def)
	if err != nil {
		return err
	}
	var errs *multierror.Error
	for _, v := range vertices {
		for _, what := range broken(v.op) {
			errs = multierror.Append(errs, &VerifyError{Vertex: v.digest, Name: v.name, What: what})
		}
	}
	return errs.ErrorOrNil()
}

func broken(op *pb.Op) []string {
	switch o := op.Op.(type) {
	case *pb.Op_Exec:
		return brokenExec(o.Exec)
	case *pb.Op_Source:
		return brokenSource(o.Source)
	case *pb.Op_File, *pb.Op_Merge, *pb.Op_Diff:
		return nil
	}
	return []string{fmt.Sprintf("it is of a kind that ofarm doesn't use, %T", op.Op)}
}

func brokenExec(e *pb.ExecOp) []string {
	var out []string
	if e.Network != pb.NetMode_NONE {
		out = append(out, fmt.Sprintf("its exec has network %s", e.Network))
	}
	if e.Security != pb.SecurityMode_SANDBOX {
		out = append(out, fmt.Sprintf("its exec has security mode %s", e.Security))
	}
	if len(e.Secretenv) > 0 {
		out = append(out, "its exec has secrets in its environment")
	}
	if len(e.CdiDevices) > 0 {
		out = append(out, "its exec has devices of the host")
	}
	for _, m := range e.Mounts {
		if m.MountType != pb.MountType_BIND && m.MountType != pb.MountType_TMPFS {
			out = append(out, fmt.Sprintf("its mount %s has type %s", m.Dest, m.MountType))
		}
	}
	return out
}

func brokenSource(s *pb.SourceOp) []string {
	scheme, rest, _ := strings.Cut(s.Identifier, "://")
	switch scheme {
	case "oci-layout", "docker-image":
		_, sum, ok := strings.Cut(rest, "@")
		if ok && digest.Digest(sum).Validate() == nil {
			return nil
		}
	case "http", "https":
		if digest.Digest(s.Attrs[pb.AttrHTTPChecksum]).Validate() == nil {
			return nil
		}
	default:
		return []string{fmt.Sprintf("its source %s is of a kind that ofarm doesn't use", s.Identifier)}
	}
	return []string{fmt.Sprintf("its source %s is not named by its content", s.Identifier)}
}

// vertex is a decoded op of a definition.
type vertex struct {
	digest digest.Digest
	name   string
	op     *pb.Op
}

// decode reads a definition's ops, in its order, without the last one, which
// only points at the result.
func decode(def *Definition) ([]vertex, error) {
	var out []vertex
	for _, dt := range def.Def {
		op := &pb.Op{}
		if err := op.UnmarshalVT(dt); err != nil {
			return nil, fmt.Errorf("decoding a definition: %w", err)
		}
		if op.Op == nil {
			continue
		}
		d := digest.FromBytes(dt)
		out = append(out, vertex{digest: d, name: def.Metadata[d].Description["llb.customname"], op: op})
	}
	return out, nil
}
