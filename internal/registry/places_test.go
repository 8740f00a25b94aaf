package registry

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// TestOtherPlaces takes a blob whose descriptor names another place for it.
func TestOtherPlaces(t *testing.T) {
	p := front(t)
	var asked atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.NotFound(w, nil)
	}))
	defer other.Close()
	c, what, to := New(Options{}), contents("{}", "small"), ref(t, p.Host+"/team/thing:1.0")
	mustPush(t, c, to, what)
	d := what.Blobs[1]
	d.URLs = []string{other.URL + "/small"}
	if got, err := take(c, to, d); got != "small" || err != nil || asked.Load() > 0 {
		t.Errorf("got %q, and the other place was asked %d times: %v", got, asked.Load(), err)
	}
}

// TestDockerHub has the credentials of "docker login" without a host.
func TestDockerHub(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config.json"), `{"auths": {"https://index.docker.io/v1/": {"auth": "dGVzdGVyOnNlY3JldA=="}}}`)
	get := DockerCredentials(dir)
	for host, want := range map[string]string{"registry-1.docker.io": "tester", "registry.example": ""} {
		if user, _, err := get(host); user != want || err != nil {
			t.Errorf("%s: got %q, want %q: %v", host, user, want, err)
		}
	}
}
