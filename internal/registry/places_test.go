package registry

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"sync"
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

// TestPlainHTTP speaks HTTP to the registries that are named, and to no other.
func TestPlainHTTP(t *testing.T) {
	var asked sync.Map // a method by host
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Host, r.Method)
		http.Error(w, "no", http.StatusTeapot)
	}))
	defer proxy.Close()
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := New(Options{PlainHTTP: []string{"Lan.example", "lan.example:5000"}, Proxy: http.ProxyURL(at)})
	for host, want := range map[string]bool{
		"lan.example": true, "lan.example:5000": true, "lan.example:5001": false, "registry.example:443": false,
	} {
		if _, err := c.Manifest(t.Context(), ref(t, host+"/team/thing:1.0")); err == nil {
			t.Errorf("%s: a manifest came of nowhere", host)
		}
		if got, ok := asked.Load(host); !ok || (got != http.MethodConnect) != want {
			t.Errorf("%s: asked with %v, want HTTP: %t", host, got, want)
		}
	}
}

// TestEnvironment has Docker's variable, which comes before its file.
func TestEnvironment(t *testing.T) {
	t.Setenv("DOCKER_AUTH_CONFIG", `{"auths": {"registry.example": {"auth": "dGVzdGVyOnNlY3JldA=="}}}`)
	user, _, err := DockerCredentials(t.TempDir())("registry.example")
	if user != "tester" || err != nil {
		t.Errorf("got %q: %v", user, err)
	}
}
