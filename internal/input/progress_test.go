package input

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// feed gives a meter the events of 20 files of 1 MB each.
func feed(m *Meter) {
	for id := range 20 {
		m.Event(Event{ID: id, State: Queued, Total: 1e6})
	}
	for id := range 20 {
		m.Event(Event{ID: id, State: Fetching, Done: 5e5})
		m.Event(Event{ID: id, State: Done, Done: 1e6, Total: 1e6})
	}
	m.Close()
}

func TestPlainMeter(t *testing.T) {
	var out bytes.Buffer
	feed(NewMeter(&out, false, nil))
	want := `fetching 2/20 files, 2.0 MB of 20 MB
fetching 4/20 files, 4.0 MB of 20 MB
fetching 6/20 files, 6.0 MB of 20 MB
fetching 8/20 files, 8.0 MB of 20 MB
fetching 10/20 files, 10 MB of 20 MB
fetching 12/20 files, 12 MB of 20 MB
fetching 14/20 files, 14 MB of 20 MB
fetching 16/20 files, 16 MB of 20 MB
fetching 18/20 files, 18 MB of 20 MB
fetching 20/20 files, 20 MB of 20 MB
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTerminalMeter(t *testing.T) {
	var out bytes.Buffer
	clock := time.Unix(0, 0)
	feed(NewMeter(&out, true, func() time.Time {
		clock = clock.Add(redraw / 20)
		return clock
	}))
	want := "\r\x1b[Kfetching 0/1 files, 0 B of 1.0 MB" +
		"\r\x1b[Kfetching 0/20 files, 500 kB of 20 MB" +
		"\r\x1b[Kfetching 10/20 files, 11 MB of 20 MB\r\x1b[K"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
