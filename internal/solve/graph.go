package solve

import (
	"fmt"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"mvdan.cc/sh/v3/syntax"
)

// graph is a definition as far as its solve is told about: its vertices by
// digest.
type graph map[digest.Digest]vertex

// vertex is one vertex of a definition.
type vertex struct {
	exec    bool
	command string // of an exec, as one would type it in a shell
}

// readGraph reads a definition. Its last operation is the result and no
// vertex.
func readGraph(def *llb.Definition) (graph, error) {
	g := graph{}
	for i, data := range def.Def {
		var op pb.Op
		if err := op.UnmarshalVT(data); err != nil {
			return nil, fmt.Errorf("reading the definition's operation %d: %w", i, err)
		}
		if op.Op == nil {
			continue
		}
		v := vertex{exec: op.GetExec() != nil}
		if v.exec {
			v.command = quote(op.GetExec().GetMeta().GetArgs())
		}
		g[digest.FromBytes(data)] = v
	}
	return g, nil
}

// quote spells a command so that a shell reads the same words.
func quote(args []string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		word, err := syntax.Quote(arg, syntax.LangBash)
		if err != nil {
			word = fmt.Sprintf("%q", arg)
		}
		words[i] = word
	}
	return strings.Join(words, " ")
}
