package registry

import (
	"io"
	"net/http"
	"time"
)

const (
	// retries is how often a question is asked again where a gateway before the
	// registry didn't reach it. Other answers that pass, and connections that break
	// off, are containerd's.
	retries = 3
	// retryPause is the wait before the first time; it doubles each time.
	retryPause = 500 * time.Millisecond
)

// retrying asks again what changes nothing.
type retrying struct {
	next  http.RoundTripper
	pause time.Duration
}

// RoundTrip answers with the last answer.
func (t retrying) RoundTrip(r *http.Request) (*http.Response, error) {
	pause := t.pause
	for i := 0; ; i++ {
		answer, err := t.next.RoundTrip(r)
		asks := r.Method == http.MethodGet || r.Method == http.MethodHead
		if err != nil || answer.StatusCode != http.StatusBadGateway || !asks || i == retries {
			return answer, err
		}
		_, _ = io.CopyN(io.Discard, answer.Body, 4<<10) // so that the connection is used again
		answer.Body.Close()
		select {
		case <-r.Context().Done():
			return nil, r.Context().Err()
		case <-time.After(pause):
		}
		pause *= 2
	}
}
