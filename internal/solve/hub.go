package solve

import (
	"context"
	"fmt"
	"io"
	"sort"
	"sync"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/progress/progressui"
	digest "github.com/opencontainers/go-digest"
)

// hub merges the progress of several solves into one display and the logs.
type hub struct {
	mu      sync.Mutex
	prefix  bool                  // more than one request: say whose is whose
	owners  map[digest.Digest]int // which solve tells about a vertex
	logs    *logs
	display chan *client.SolveStatus
	done    chan error
}

// newHub starts the display.
func newHub(requests int, o RunOptions) (*hub, error) {
	if o.Output == nil {
		o.Output, o.Progress = io.Discard, string(progressui.QuietMode)
	}
	d, err := progressui.NewDisplay(o.Output, progressui.DisplayMode(o.Progress))
	if err != nil {
		return nil, fmt.Errorf("showing progress as %q: %w", o.Progress, err)
	}
	h := &hub{
		prefix:  requests > 1,
		owners:  map[digest.Digest]int{},
		logs:    newLogs(o.LogDir),
		display: make(chan *client.SolveStatus),
		done:    make(chan error, 1),
	}
	go func() {
		// Not the run's context: a cancelled run is shown to its end.
		_, err := d.UpdateFrom(context.Background(), h.display)
		h.done <- err
	}()
	return h, nil
}

// close ends the display and waits until it has shown everything.
func (h *hub) close() error {
	close(h.display)
	if err := <-h.done; err != nil {
		return fmt.Errorf("showing progress: %w", err)
	}
	return h.logs.close()
}

// watch is one solve's view: the vertices it was told about.
type watch struct {
	hub      *hub
	index    int
	name     string
	graph    graph
	vertices map[digest.Digest]*client.Vertex
}

func (h *hub) watch(index int, name string, g graph) *watch {
	return &watch{hub: h, index: index, name: name, graph: g, vertices: map[digest.Digest]*client.Vertex{}}
}

// follow takes in a solve's progress until its end.
func (w *watch) follow(ch <-chan *client.SolveStatus) {
	for s := range ch {
		w.hub.update(w, s)
	}
	w.hub.leave(w)
}

// update takes in one message of a solve: vertices are noted for the solve,
// and what no other solve tells about goes to the logs and the display.
func (h *hub) update(w *watch, s *client.SolveStatus) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out client.SolveStatus
	for _, v := range s.Vertexes {
		w.vertices[v.Digest] = v
		if h.owns(w, v.Digest) {
			h.logs.name(v.Digest, v.Name)
			out.Vertexes = append(out.Vertexes, h.label(w, v))
			if v.Completed != nil {
				defer h.logs.pause(v.Digest)
			}
		}
	}
	for _, st := range s.Statuses {
		if h.owns(w, st.Vertex) {
			out.Statuses = append(out.Statuses, st)
		}
	}
	for _, l := range s.Logs {
		if h.owns(w, l.Vertex) {
			h.logs.write(l.Vertex, l.Data)
			out.Logs = append(out.Logs, l)
		}
	}
	for _, warning := range s.Warnings {
		if h.owns(w, warning.Vertex) {
			out.Warnings = append(out.Warnings, warning)
		}
	}
	if len(out.Vertexes)+len(out.Statuses)+len(out.Logs)+len(out.Warnings) > 0 {
		h.display <- &out
	}
}

// owns tells whether w tells about a vertex: the first that knows it does.
func (h *hub) owns(w *watch, d digest.Digest) bool {
	owner, ok := h.owners[d]
	if !ok {
		h.owners[d] = w.index
		return true
	}
	return owner == w.index
}

// leave gives the vertices that w's solve left unfinished to the others.
func (h *hub) leave(w *watch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for d, v := range w.vertices {
		if h.owners[d] == w.index && v.Completed == nil {
			delete(h.owners, d)
		}
	}
}

// label puts the request's name before a vertex that isn't the definition's:
// the definition's have names of their own, and may belong to several requests.
func (h *hub) label(w *watch, v *client.Vertex) *client.Vertex {
	if _, ok := w.graph[v.Digest]; ok || !h.prefix {
		return v
	}
	c := *v
	c.Name = "[" + w.name + "] " + v.Name
	return &c
}

// vertexName is the vertex's name, or its digest if nobody told about it.
func (w *watch) vertexName(d digest.Digest) string {
	if v := w.vertices[d]; v != nil {
		return v.Name
	}
	return d.String()
}

// result sums up a solve. In one that succeeded a vertex that wasn't started
// wasn't needed, because what depends on it was cached.
func (w *watch) result(ok bool) Result {
	r := Result{Name: w.name, Vertices: len(w.graph)}
	ran := 0
	for d, v := range w.vertices {
		known, inGraph := w.graph[d]
		if !inGraph {
			continue
		}
		s := newStep(v, known.exec)
		s.Cached = s.Cached || ok && v.Started == nil
		if !s.Cached {
			ran++
		}
		if s.Exec && !s.Cached && v.Started != nil {
			r.Executed = append(r.Executed, s.Name)
		}
		r.Steps = append(r.Steps, s)
	}
	if r.Cached = len(r.Steps) - ran; ok {
		r.Cached = r.Vertices - ran
	}
	sort.Strings(r.Executed)
	sort.Slice(r.Steps, func(i, j int) bool { return stepBefore(r.Steps[i], r.Steps[j]) })
	return r
}

func newStep(v *client.Vertex, exec bool) Step {
	s := Step{Name: v.Name, Digest: v.Digest.String(), Exec: exec, Cached: v.Cached}
	if v.Started != nil {
		s.Started = *v.Started
	}
	if v.Completed != nil {
		s.Completed = *v.Completed
	}
	return s
}

// stepBefore is the order of Result.Steps; the digest decides last.
func stepBefore(a, b Step) bool {
	if a.Started.IsZero() != b.Started.IsZero() {
		return b.Started.IsZero()
	}
	if !a.Started.Equal(b.Started) {
		return a.Started.Before(b.Started)
	}
	if a.Name != b.Name {
		return a.Name < b.Name
	}
	return a.Digest < b.Digest
}
