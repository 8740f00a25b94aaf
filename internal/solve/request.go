package solve

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/docker/cli/cli/config"
	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth/authprovider"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/util/grpcerrors"
	digest "github.com/opencontainers/go-digest"
	"github.com/tonistiigi/fsutil"
	"google.golang.org/grpc/codes"
)

// solve solves one request and exports its result.
func (e *Engine) solve(ctx context.Context, r Request, h *hub, index int, o RunOptions) (Result, error) {
	g, err := readGraph(r.Definition)
	if err != nil {
		return Result{Name: r.Name}, &RequestError{r.Name, err}
	}
	w := h.watch(index, r.Name, g)
	opt, err := solveOpt(r, o)
	if err != nil {
		return w.result(false), &RequestError{r.Name, err}
	}
	s, err := newStage(r.Export)
	if err != nil {
		return w.result(false), &RequestError{r.Name, err}
	}
	defer s.discard()
	tar := &tarStream{read: r.Tar}
	opt.Exports = append(s.export(), tar.export()...)
	statuses := make(chan *client.SolveStatus)
	followed := make(chan struct{})
	go func() { defer close(followed); w.follow(statuses) }()
	response, err := e.client.Solve(ctx, r.Definition, opt, statuses)
	<-followed
	err = tar.finish(err)
	res := w.result(err == nil)
	if len(res.Executed) > 0 {
		e.executed.Store(true)
	}
	if err != nil {
		return res, e.explain(ctx, r, w, err, o)
	}
	res.Exporter = response.ExporterResponse
	if res.Files, err = s.finish(ctx, r.OnExport, o.ModTime); err != nil {
		return res, &RequestError{r.Name, err}
	}
	return res, nil
}

// solveOpt makes the client's options, without the export.
func solveOpt(r Request, o RunOptions) (client.SolveOpt, error) {
	opt := client.SolveOpt{
		Internal:     true,
		OCIStores:    map[string]content.Store{},
		LocalMounts:  map[string]fsutil.FS{},
		CacheImports: cacheEntries(r.CacheFrom),
		CacheExports: cacheEntries(r.CacheTo),
	}
	for _, name := range slices.Sorted(maps.Keys(r.OCIStores)) {
		store, err := openLayout(r.OCIStores[name])
		if err != nil {
			return opt, fmt.Errorf("opening the image folder %q: %w", r.OCIStores[name], err)
		}
		opt.OCIStores[name] = store
	}
	for _, name := range slices.Sorted(maps.Keys(r.LocalDirs)) {
		dir, err := fsutil.NewFS(r.LocalDirs[name])
		if err != nil {
			return opt, fmt.Errorf("opening the folder %q: %w", r.LocalDirs[name], err)
		}
		opt.LocalMounts[name] = dir
	}
	if o.DockerConfig == "" {
		return opt, nil
	}
	logins, err := config.Load(o.DockerConfig)
	if err != nil {
		return opt, fmt.Errorf("reading docker's logins: %w", err)
	}
	opt.Session = []session.Attachable{authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{
		AuthConfigProvider: authprovider.LoadAuthConfig(logins),
	})}
	return opt, nil
}

// cacheEntries copies entries for the client, which writes into their
// attributes.
func cacheEntries(list []CacheEntry) []client.CacheOptionsEntry {
	var out []client.CacheOptionsEntry
	for _, c := range list {
		attrs := maps.Clone(c.Attrs)
		if attrs == nil {
			attrs = map[string]string{}
		}
		out = append(out, client.CacheOptionsEntry{Type: c.Type, Attrs: attrs})
	}
	return out
}

// explain tells what a failed solve failed at: a step, the daemon, or
// something else.
func (e *Engine) explain(ctx context.Context, r Request, w *watch, err error, o RunOptions) error {
	var step *errdefs.VertexError
	switch {
	case errors.As(err, &step):
		return w.stepError(r, digest.Digest(step.Vertex.Digest), err, o)
	case ctx.Err() == nil && grpcerrors.Code(err) == codes.Unavailable:
		lost := &LostError{Addr: e.Addr, Err: err}
		if e.daemon != nil {
			lost.LogFile = e.daemon.places.log()
			lost.Tail = fileTail(lost.LogFile, daemonTail)
		}
		return &RequestError{r.Name, lost}
	}
	return &RequestError{r.Name, err}
}

// stepError is a failed step with its command and the end of its log.
func (w *watch) stepError(r Request, d digest.Digest, err error, o RunOptions) error {
	s := &StepError{Request: r.Name, Vertex: w.vertexName(d), Digest: d.String(), ExitCode: -1, Err: err}
	if o.Describe != nil {
		s.Command = o.Describe(s.Digest)
	}
	if s.Command == "" {
		s.Command = w.graph[d].command
	}
	var exit *gateway.ExitError
	if errors.As(err, &exit) {
		s.ExitCode = int(exit.ExitCode)
	}
	s.Tail, s.LogFile = w.hub.logs.end(d, tailLines(o))
	return s
}

func tailLines(o RunOptions) int {
	if o.Tail == 0 {
		return DefaultTail
	}
	return o.Tail
}
