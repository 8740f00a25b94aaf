package registry

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// TestLargeManifests pushes and takes manifests that are too large, by our line and
// by containerd's, which calls them missing.
func TestLargeManifests(t *testing.T) {
	p := front(t)
	to := ref(t, p.Host+"/team/thing:1.0")
	var large *SizeError
	what := contents("a")
	what.Manifest = []byte(strings.Repeat(" ", MostManifest+1))
	if _, err := New(Options{}).Push(t.Context(), to, what); !errors.As(err, &large) || large.Size != MostManifest+1 {
		t.Errorf("pushed: %v", err)
	}
	if asked := p.Asked(http.MethodHead, http.MethodPost, http.MethodPut); len(asked) > 0 {
		t.Errorf("asked %q before", asked)
	}
	for _, size := range []int64{MostManifest + 1, 5_000_000} {
		p.Answer(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
			w.Header().Set("Docker-Content-Digest", digest.FromString("x").String())
			w.Header().Set("Content-Length", fmt.Sprint(size))
		})
		if _, err := New(Options{}).Manifest(t.Context(), to); !errors.As(err, &large) || large.Size != size {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// TestBadGateway asks again where a gateway can't reach the registry, but sends
// nothing again.
func TestBadGateway(t *testing.T) {
	p := front(t)
	c := New(Options{Stall: 4 * time.Second}) // which bounds the pause
	what, to := contents("{}", "small"), ref(t, p.Host+"/team/thing:1.0")
	mustPush(t, New(Options{}), to, what)
	var failures atomic.Int32
	p.Answer(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if failures.Add(-1) >= 0 {
			http.Error(w, "", http.StatusBadGateway)
			return
		}
		next.ServeHTTP(w, r)
	})
	failures.Store(1)
	if m, err := c.Manifest(t.Context(), to); err != nil || len(m.Data) == 0 {
		t.Errorf("a manifest: %v", err)
	}
	failures.Store(2)
	if got, err := take(c, to, what.Blobs[1]); got != "small" || err != nil {
		t.Errorf("got %q: %v", got, err)
	}
	var refused *RefusedError
	failures.Store(100)
	if _, err := take(c, to, what.Blobs[1]); !errors.As(err, &refused) || refused.Status != "502 Bad Gateway" {
		t.Errorf("got %v", err)
	}
	if left := failures.Load(); left != 100-1-retries {
		t.Errorf("asked %d times", 100-left)
	}
}
