package registrytest

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Proxy stands before a registry.
type Proxy struct {
	// Host is its address.
	Host string

	server *httptest.Server
	mu     sync.Mutex
	asked  []string
	answer func(w http.ResponseWriter, r *http.Request, next http.Handler)
}

// NewProxy starts a proxy before a registry. Close it.
func NewProxy(s *Server) *Proxy {
	p := &Proxy{}
	behind := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: s.Host})
	behind.ErrorLog = log.New(io.Discard, "", 0) // tests hang up
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.Method+" "+r.URL.Path)
		answer := p.answer
		p.mu.Unlock()
		if answer == nil {
			behind.ServeHTTP(w, r)
			return
		}
		answer(w, r, behind)
	}))
	p.Host = strings.TrimPrefix(p.server.URL, "http://")
	return p
}

// Close stops the proxy.
func (p *Proxy) Close() { p.server.Close() }

// Answer lets a function answer; it may ask the registry. Nil takes it back.
func (p *Proxy) Answer(f func(w http.ResponseWriter, r *http.Request, next http.Handler)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = f
}

// Asked are the requests since the last call, as METHOD PATH, that have one of
// the methods.
func (p *Proxy) Asked(methods ...string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := slices.DeleteFunc(p.asked, func(s string) bool {
		method, _, _ := strings.Cut(s, " ")
		return !slices.Contains(methods, method)
	})
	p.asked = nil
	return out
}

// Spoil answers with a registry's answer whose body was changed.
func Spoil(w http.ResponseWriter, r *http.Request, next http.Handler, change func([]byte) []byte) {
	got := httptest.NewRecorder()
	r.Header.Del("Range")
	next.ServeHTTP(got, r)
	for k, v := range got.Header() {
		w.Header()[k] = v
	}
	body := got.Body.Bytes()
	changed := change(slices.Clone(body))
	if len(changed) > len(body) {
		w.Header().Del("Content-Length")
	}
	w.WriteHeader(got.Code)
	_, _ = w.Write(changed) // a client may hang up
}
