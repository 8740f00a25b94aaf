package input

import (
	"cmp"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
)

// State is where an input stands on its way into the store.
type State int

// The states in the order in which an input passes through them. The ones that
// the store has already pass through none.
const (
	Queued State = iota
	Fetching
	Done
	Failed
)

// Event is a step of a Fetch.
type Event struct {
	// ID tells the inputs of one Fetch apart: the position of the request, or
	// of the first of several for the same input.
	ID int
	// Name is the request's.
	Name string
	// State is the new state.
	State State
	// Done is how many bytes are there. A transfer that has to begin anew
	// falls back.
	Done int64
	// Total is the size in bytes, or 0 as long as it isn't known.
	Total int64
	// From is the place that is asked.
	From string
}

const (
	// redraw is the least time between two pictures on a terminal.
	redraw = 100 * time.Millisecond
	// plainLines is about how many lines a Fetch writes elsewhere.
	plainLines = 10
)

// Meter shows the events of one Fetch, as one line that changes on a terminal
// and as a line every so often elsewhere.
type Meter struct {
	w     io.Writer
	tty   bool
	now   func() time.Time
	mu    sync.Mutex
	files map[int]Event
	ended int       // files that are done or have failed
	drawn time.Time // last picture on the terminal
	lined int       // ended files at the last plain line
}

// NewMeter returns a meter that writes to w. On a terminal, now limits how
// often it does so. Call Close when the Fetch has returned.
func NewMeter(w io.Writer, tty bool, now func() time.Time) *Meter {
	return &Meter{w: w, tty: tty, now: now, files: map[int]Event{}}
}

// Event takes notice of an event; it is a [Fetcher.Progress].
func (m *Meter) Event(e Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e.Total = cmp.Or(e.Total, m.files[e.ID].Total)
	m.files[e.ID] = e
	if e.State >= Done {
		m.ended++
	}
	if m.tty {
		m.draw()
	} else if m.ended > m.lined && (m.ended == len(m.files) || m.ended-m.lined >= m.every()) {
		m.lined = m.ended
		fmt.Fprintln(m.w, m.line())
	}
}

// Close takes the changing line off the terminal.
func (m *Meter) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tty && !m.drawn.IsZero() {
		fmt.Fprint(m.w, "\r\x1b[K")
	}
}

// draw renews the line on the terminal, unless that was done just now.
func (m *Meter) draw() {
	now := m.now()
	if now.Sub(m.drawn) < redraw && !m.drawn.IsZero() {
		return
	}
	m.drawn = now
	fmt.Fprintf(m.w, "\r\x1b[K%s", m.line())
}

// every is how many files lie between two plain lines.
func (m *Meter) every() int { return max(1, len(m.files)/plainLines) }

// line describes where the Fetch stands.
func (m *Meter) line() string {
	var done, total int64
	for _, e := range m.files {
		done += e.Done
		total += max(e.Total, e.Done)
	}
	return fmt.Sprintf("fetching %d/%d files, %s of %s", m.ended, len(m.files),
		humanize.Bytes(uint64(done)), humanize.Bytes(uint64(total)))
}
