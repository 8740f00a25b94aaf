package input

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ticking is a clock that goes on by a step whenever it is read.
func ticking(step time.Duration) func() time.Time {
	clock := time.Unix(0, 0)
	return func() time.Time {
		clock = clock.Add(step)
		return clock
	}
}

// feed gives a meter the events of a Fetch of files of 1 MB each.
func feed(m *Meter, files int) {
	run := &Run{}
	for id := range files {
		m.Event(Event{Run: run, ID: id, State: Queued, Total: 1e6})
	}
	for id := range files {
		m.Event(Event{Run: run, ID: id, State: Fetching, Done: 5e5})
		m.Event(Event{Run: run, ID: id, State: Done, Done: 1e6, Total: 1e6})
	}
}

func TestMeter(t *testing.T) {
	tests := map[string]struct {
		tty   bool
		step  time.Duration
		files []int // of one Fetch after the other
		want  string
	}{
		"plain": {step: 500 * time.Millisecond, files: []int{10}, want: "fetching 0/10 files, 500 kB of 10 MB\n" +
			"fetching 5/10 files, 5.5 MB of 10 MB\n" + "fetched 10 files, 10 MB\n"},
		"plain, two fetches": {step: 2 * time.Second, files: []int{2, 2}, want: "fetching 1/2 files, 1.0 MB of 2.0 MB\n" +
			"fetched 2 files, 2.0 MB\n" + "fetching 1/2 files, 1.0 MB of 2.0 MB\n" + "fetched 2 files, 2.0 MB\n"},
		"plain, quick":   {step: time.Millisecond, files: []int{100, 3}},
		"plain, nothing": {step: time.Second},
		"terminal": {tty: true, step: 60 * time.Millisecond, files: []int{3, 1}, want: "\r\x1b[Kfetching 1/3 files, 1.5 MB of 3.0 MB" +
			"\r\x1b[Kfetching 2/3 files, 2.5 MB of 3.0 MB" + "\r\x1b[K"},
		"terminal, quick": {tty: true, step: time.Millisecond, files: []int{20}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			m := NewMeter(&out, test.tty, ticking(test.step))
			for _, n := range test.files {
				feed(m, n)
			}
			m.Close()
			m.Close()
			if diff := cmp.Diff(test.want, out.String()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestMeterConcurrent has two Fetches under way whose inputs have the same
// numbers.
func TestMeterConcurrent(t *testing.T) {
	var out bytes.Buffer
	m := NewMeter(&out, false, ticking(3*time.Second))
	one, two := &Run{}, &Run{}
	m.Event(Event{Run: one, State: Queued, Total: 1e6})
	m.Event(Event{Run: two, State: Queued, Total: 1e6})
	m.Event(Event{Run: one, State: Done, Done: 1e6})
	m.Event(Event{Run: two, State: Failed})
	m.Close()
	want := "fetching 1/2 files, 1.0 MB of 2.0 MB\nfetched 1 file, 1.0 MB\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
