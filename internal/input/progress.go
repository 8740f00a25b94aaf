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

// Run is one call of [Fetcher.Fetch]. Its address tells it from others.
type Run struct{ _ byte }

// Event is a step of a Fetch.
type Event struct {
	// Run is the Fetch it belongs to.
	Run *Run
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
	// patience is how long fetching goes on before a terminal shows it: what
	// takes less isn't worth a flicker.
	patience = 300 * time.Millisecond
	// calm is the time between two lines elsewhere, and before the first.
	calm = 5 * time.Second
)

// Meter shows the events of any number of Fetches, as one line that changes on
// a terminal, and elsewhere as a line every few seconds and one at the end of a
// Fetch. What is quick is not shown at all.
type Meter struct {
	w     io.Writer
	tty   bool
	now   func() time.Time
	mu    sync.Mutex
	files map[file]Event // those of the Fetches that are under way
	ended int            // those of them that are done or have failed
	begun time.Time      // when the first of them began
	drawn time.Time      // the last picture or line; zero if none is to be seen
	lined bool           // whether a line was written of them

	doing, did string // what is said of it
}

// file names an input of a Fetch.
type file struct {
	run *Run
	id  int
}

// NewMeter returns a meter that writes to w by the clock now. Call Close when
// the last Fetch has returned, and before somebody else writes to w.
func NewMeter(w io.Writer, tty bool, now func() time.Time) *Meter {
	return &Meter{w: w, tty: tty, now: now, files: map[file]Event{}, doing: "fetching", did: "fetched"}
}

// Sending lets the meter speak of what is sent.
func (m *Meter) Sending() *Meter {
	m.doing, m.did = "sending", "sent"
	return m
}

// Event takes notice of an event; it is a [Fetcher.Progress].
func (m *Meter) Event(e Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	if len(m.files) == 0 {
		m.begun = now
	}
	m.note(e)
	switch {
	case m.ended == len(m.files):
		m.rest()
	case m.tty && now.Sub(m.begun) >= patience && now.Sub(m.drawn) >= redraw:
		m.drawn = now
		fmt.Fprintf(m.w, "\r\x1b[K%s", m.line())
	case !m.tty && now.Sub(m.begun) >= calm && now.Sub(m.drawn) >= calm:
		m.drawn, m.lined = now, true
		fmt.Fprintln(m.w, m.line())
	}
}

// note counts an event.
func (m *Meter) note(e Event) {
	f := file{e.Run, e.ID}
	e.Total = cmp.Or(e.Total, m.files[f].Total)
	m.files[f] = e
	if e.State >= Done {
		m.ended++
	}
}

// rest follows the end of everything that was under way: others may use the
// terminal until the next Fetch.
func (m *Meter) rest() {
	if m.lined {
		fmt.Fprintln(m.w, m.summary())
	}
	clear(m.files)
	m.ended, m.lined = 0, false
	m.erase()
}

// summary tells what was fetched.
func (m *Meter) summary() string {
	var count int
	var size int64
	for _, e := range m.files {
		if e.State == Done {
			count++
			size += e.Done
		}
	}
	return fmt.Sprintf("%s %s, %s", m.did, counted(count, "file", "files"), humanize.Bytes(uint64(size)))
}

// erase takes the changing line off the terminal.
func (m *Meter) erase() {
	if m.tty && !m.drawn.IsZero() {
		fmt.Fprint(m.w, "\r\x1b[K")
		m.drawn = time.Time{}
	}
}

// Close takes what is left of an interrupted Fetch off the terminal.
func (m *Meter) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.erase()
}

// line describes where the Fetches stand.
func (m *Meter) line() string {
	var done, total int64
	for _, e := range m.files {
		done += e.Done
		total += max(e.Total, e.Done)
	}
	return fmt.Sprintf("%s %d/%d files, %s of %s", m.doing, m.ended, len(m.files),
		humanize.Bytes(uint64(done)), humanize.Bytes(uint64(total)))
}
