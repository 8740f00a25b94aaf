package llb

import (
	"strings"

	"github.com/moby/buildkit/client/llb"

	"github.com/ofarm/ofarm/internal/plan"
)

// Commands tells what the steps of a plan run, by the digest of their vertex
// ("sha256:…"): the commands of their opam files, as a shell takes them, one
// after another. An exec's own arguments have ofarm's script around them.
func Commands(def *llb.Definition, p *plan.Plan) (map[string]string, error) {
	vertices, err := decode(def)
	if err != nil {
		return nil, err
	}
	steps := map[string]plan.Step{}
	for _, s := range p.Steps {
		steps[stepName(p, s.Name)] = s
	}
	out := map[string]string{}
	for _, v := range vertices {
		s, ok := steps[v.name]
		if ok && v.op.GetExec() != nil {
			out[v.digest.String()] = commandsOf(s)
		}
	}
	return out, nil
}

func commandsOf(s plan.Step) string {
	var list []string
	for _, part := range s.Parts {
		for _, c := range append(part.Build[:len(part.Build):len(part.Build)], part.Install...) {
			var b strings.Builder
			writeCommand(&b, c)
			list = append(list, strings.TrimSpace(strings.TrimPrefix(b.String(), "run ")))
		}
	}
	return strings.Join(list, " && ")
}
