package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/ofarm/ofarm/internal/testworld/registrytest"
)

// The parts of what is pushed: one is empty, one is of many pieces.
var parts = []string{"", "{}", "small", strings.Repeat("large ", 1<<18)}

// contents are an artifact of the parts.
func contents(parts ...string) Contents {
	byDigest := map[digest.Digest]string{}
	var all []Descriptor
	for _, text := range parts {
		d := Descriptor{MediaType: "application/x-part", Digest: digest.FromString(text), Size: int64(len(text))}
		byDigest[d.Digest] = text
		all = append(all, d)
	}
	config := ocispec.DescriptorEmptyJSON
	config.Data = nil
	data, err := json.Marshal(ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		ArtifactType: "application/x-test", Config: config, Layers: all,
	})
	if err != nil {
		panic(err)
	}
	return Contents{
		Manifest: data, MediaType: ocispec.MediaTypeImageManifest, Blobs: all,
		Open: func(d Descriptor) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(byDigest[d.Digest])), nil
		},
	}
}

// front starts a registry with a proxy before it.
func front(t *testing.T) *registrytest.Proxy {
	t.Helper()
	p := registrytest.NewProxy(registrytest.Start(t))
	t.Cleanup(p.Close)
	return p
}

func ref(t *testing.T, s string) Ref {
	t.Helper()
	r, err := ParseRef(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mustPush(t *testing.T, c *Client, to Ref, what Contents) Pushed {
	t.Helper()
	p, err := c.Push(t.Context(), to, what)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// take reads a blob.
func take(c *Client, from Ref, d Descriptor) (string, error) {
	r, err := c.Open(context.Background(), from, d)
	if err != nil {
		return "", err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	return string(data), err
}

func TestPushThenPull(t *testing.T) {
	p := front(t)
	c := New(Options{})
	what := contents(parts...)
	var ended atomic.Int32
	what.Progress = func(_ int, _ int64, end bool) {
		if end {
			ended.Add(1)
		}
	}
	to := ref(t, p.Host+"/team/thing:1.0")
	pushed := mustPush(t, c, to, what)
	if want := to.With(digest.FromBytes(what.Manifest)); pushed.Ref != want || pushed.Blobs != len(parts) || ended.Load() != int32(len(parts)) {
		t.Errorf("got %+v, want %s; %d ended", pushed, want, ended.Load())
	}
	for _, from := range []Ref{to, pushed.Ref, {Host: to.Host, Repository: to.Repository, Digest: pushed.Ref.Digest}} {
		m, err := c.Manifest(t.Context(), from)
		if err != nil || !bytes.Equal(m.Data, what.Manifest) || m.Ref.Digest != pushed.Ref.Digest {
			t.Errorf("%s: got %s: %v", from, m.Data, err)
		}
	}
	for i, text := range parts {
		if got, err := take(c, to, what.Blobs[i]); got != text || err != nil {
			t.Errorf("blob %d: %d bytes: %v", i, len(got), err)
		}
		r, err := c.OpenAt(t.Context(), to, what.Blobs[i], int64(len(text)/2))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); string(got) != text[len(text)/2:] || err != nil || r.Close() != nil {
			t.Errorf("half of blob %d: %d bytes: %v", i, len(got), err)
		}
	}
}

// TestPushSendsWhatIsMissing pushes twice, with another tag, then with one more
// blob, and to another repository with a client that has pushed before.
func TestPushSendsWhatIsMissing(t *testing.T) {
	p := front(t)
	c := New(Options{})
	sent := func(to string, what Contents) []string {
		t.Helper()
		p.Asked()
		mustPush(t, c, ref(t, p.Host+"/"+to), what)
		return p.Asked(http.MethodPut, http.MethodPost, http.MethodPatch)
	}
	if got := sent("team/thing:1.0", contents(parts...)); len(got) != 2*len(parts)+1 {
		t.Errorf("sent %q", got)
	}
	if got := sent("team/thing:1.0", contents(parts...)); len(got) > 0 {
		t.Errorf("sent again %q", got)
	}
	if diff := cmp.Diff([]string{"PUT /v2/team/thing/manifests/1.1"}, sent("team/thing:1.1", contents(parts...))); diff != "" {
		t.Error(diff)
	}
	if got := sent("team/thing:1.2", contents(append(parts, "new")...)); len(got) != 3 {
		t.Errorf("sent %q", got)
	}
	if got := sent("other:1.0", contents(parts...)); len(got) != 2*len(parts)+1 {
		t.Errorf("sent %q", got)
	}
}

// TestBrokenPush breaks a push off, and does it again.
func TestBrokenPush(t *testing.T) {
	p := front(t)
	c := New(Options{Parallel: 1})
	to := ref(t, p.Host+"/team/thing:1.0")
	ctx, cancel := context.WithCancel(t.Context())
	what := contents(parts...)
	open := what.Open
	what.Open = func(d Descriptor) (io.ReadCloser, error) {
		if d.Size > 100 {
			cancel()
		}
		return open(d)
	}
	if _, err := c.Push(ctx, to, what); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	var none *NotFoundError
	if _, err := c.Manifest(t.Context(), to); !errors.As(err, &none) {
		t.Errorf("after a broken push: %v", err)
	}
	what.Open = open
	if pushed := mustPush(t, c, to, what); pushed.Blobs != 1 {
		t.Errorf("sent %+v", pushed)
	}
}

// TestDamagedSource pushes what hasn't the bytes that it should have.
func TestDamagedSource(t *testing.T) {
	p := front(t)
	c := New(Options{})
	to := ref(t, p.Host+"/team/thing:1.0")
	// Each its own: of what is too long the registry may keep the right bytes.
	for right, text := range map[string]string{"flipped": "flippet", "short": "shor", "long": "longer"} {
		what := contents("{}", right)
		open := what.Open
		what.Open = func(d Descriptor) (io.ReadCloser, error) {
			if d.Digest == what.Blobs[1].Digest {
				return contentsOf(text)(d)
			}
			return open(d)
		}
		var damaged *DamagedError
		if _, err := c.Push(t.Context(), to, what); !errors.As(err, &damaged) || !strings.Contains(err.Error(), what.Blobs[1].Digest.String()) {
			t.Errorf("%s: %v", right, err)
		}
	}
	what := contents("unread")
	what.Open = func(Descriptor) (io.ReadCloser, error) { return nil, os.ErrPermission }
	if _, err := c.Push(t.Context(), to, what); !errors.Is(err, os.ErrPermission) {
		t.Errorf("got %v", err)
	}
}

func contentsOf(text string) func(Descriptor) (io.ReadCloser, error) { return bytesOf([]byte(text)) }

// TestDamagedAnswers takes things from a registry that flips, cuts off and adds
// bytes.
func TestDamagedAnswers(t *testing.T) {
	p := front(t)
	c := New(Options{})
	what := contents(parts...)
	to := ref(t, p.Host+"/team/thing:1.0")
	mustPush(t, c, to, what)
	changes := map[string]func([]byte) []byte{
		"flipped":   func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"truncated": func(b []byte) []byte { return b[:len(b)/2] },
		"nothing":   func([]byte) []byte { return nil },
		"more":      func(b []byte) []byte { return append(b, "more"...) },
	}
	for name, change := range changes {
		p.Answer(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method != http.MethodGet {
				next.ServeHTTP(w, r)
				return
			}
			registrytest.Spoil(w, r, next, change)
		})
		refused := func(what string, err error) {
			t.Helper()
			var damaged *DamagedError
			var broken *UnreachableError
			if !errors.As(err, &damaged) && (name == "flipped" || !errors.As(err, &broken)) || !strings.Contains(err.Error(), p.Host) {
				t.Errorf("%s %s: %v", name, what, err)
			}
		}
		_, err := c.Manifest(t.Context(), to)
		refused("manifest", err)
		for _, i := range []int{2, 3} {
			_, err := take(c, to, what.Blobs[i])
			refused("blob", err)
		}
	}
}

// TestErrors has the ways in which a registry doesn't give what is asked.
func TestErrors(t *testing.T) {
	p := front(t)
	c := New(Options{})
	d := contents("none").Blobs[0]
	var none *NotFoundError
	for _, s := range []string{"/team/thing:1.0", "/team/thing@" + d.Digest.String()} {
		if _, err := c.Manifest(t.Context(), ref(t, p.Host+s)); !errors.As(err, &none) || none.What != "the manifest" {
			t.Errorf("%s: %v", s, err)
		}
	}
	if _, err := take(c, ref(t, p.Host+"/team/thing:1.0"), d); !errors.As(err, &none) || !strings.Contains(err.Error(), d.Digest.String()) {
		t.Errorf("no blob: %v", err)
	}
	status := func(code int, body string) error {
		p.Answer(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(code)
			fmt.Fprint(w, body)
		})
		_, err := c.Push(t.Context(), ref(t, p.Host+"/team/thing:1.0"), contents("a"))
		return err
	}
	if err := status(http.StatusNotFound, `{"errors":[{"code":"NAME_UNKNOWN"}]}`); !errors.As(err, &none) || !none.Repository() {
		t.Errorf("no repository: %v", err)
	}
	var denied *UnauthorizedError
	if err := status(http.StatusForbidden, `{"errors":[{"code":"DENIED","message":"read only"}]}`); !errors.As(err, &denied) || !strings.HasSuffix(err.Error(), ": access denied: read only") {
		t.Errorf("forbidden: %v", err)
	}
	var refused *RefusedError
	if err := status(http.StatusTeapot, "tea"); !errors.As(err, &refused) || refused.Status != "418 I'm a teapot" {
		t.Errorf("teapot: %v", err)
	}
	p.Close()
	var gone *UnreachableError
	if _, err := c.Manifest(t.Context(), ref(t, p.Host+"/team/thing:1.0")); !errors.As(err, &gone) || !strings.Contains(err.Error(), "connection refused") || strings.Contains(err.Error(), "http://") {
		t.Errorf("closed: %v", err)
	}
	if _, err := c.Push(t.Context(), ref(t, p.Host+"/team/thing:1.0"), contents("a")); !errors.As(err, &gone) {
		t.Errorf("closed: %v", err)
	}
	var offline *OfflineError
	if _, err := New(Options{Offline: true}).Manifest(t.Context(), ref(t, p.Host+"/team/thing:1.0")); !errors.As(err, &offline) {
		t.Errorf("offline: %v", err)
	}
}

// TestCredentials talks to a registry with a password, by docker's config.json
// with a password and with a credential helper.
func TestCredentials(t *testing.T) {
	registrytest.Need(t)
	dir := t.TempDir()
	passwords := filepath.Join(dir, "htpasswd")
	write(t, passwords, registrytest.Users("tester", "secret"))
	s, err := registrytest.Run(t.Context(), registrytest.Options{Dir: filepath.Join(dir, "registry"), Users: passwords})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	push := func(config string) error {
		conf := filepath.Join(t.TempDir(), "docker")
		if config != "" {
			write(t, filepath.Join(conf, "config.json"), strings.ReplaceAll(config, "HOST", s.Host))
		}
		c := New(Options{Credentials: DockerCredentials(conf)})
		to := ref(t, s.Host+"/team/thing:1.0")
		if _, err := c.Push(t.Context(), to, contents(parts...)); err != nil {
			return err
		}
		_, err := c.Manifest(t.Context(), to)
		return err
	}
	// "tester:secret" and "tester:wrong".
	if err := push(`{"auths": {"HOST": {"auth": "dGVzdGVyOnNlY3JldA=="}}}`); err != nil {
		t.Error(err)
	}
	write(t, filepath.Join(dir, "bin", "docker-credential-tests"),
		"#!/bin/sh\necho '{\"ServerURL\":\"\",\"Username\":\"tester\",\"Secret\":\"secret\"}'\n")
	t.Setenv("PATH", filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	if err := push(`{"credHelpers": {"HOST": "tests"}}`); err != nil {
		t.Error(err)
	}
	var denied *UnauthorizedError
	for _, config := range []string{"", `{}`, `{"auths": {"HOST": {"auth": "dGVzdGVyOndyb25n"}}}`} {
		if err := push(config); !errors.As(err, &denied) {
			t.Errorf("%s: %v", config, err)
		}
	}
	var unread *CredentialsError
	for _, config := range []string{`{`, `{"credHelpers": {"HOST": "there-is-none"}}`} {
		if err := push(config); !errors.As(err, &unread) || unread.Host != s.Host {
			t.Errorf("%s: %v", config, err)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o755)); err != nil {
		t.Fatal(err)
	}
}

// TestStall talks to a registry that stops in the middle.
func TestStall(t *testing.T) {
	p := front(t)
	what := contents(parts...)
	to := ref(t, p.Host+"/team/thing:1.0")
	mustPush(t, New(Options{}), to, what)
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	p.Answer(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Length", fmt.Sprint(what.Blobs[3].Size))
		w.WriteHeader(http.StatusOK)
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, "some")
			w.(http.Flusher).Flush()
		}
		select {
		case <-done:
		case <-r.Context().Done():
		}
	})
	c := New(Options{Stall: 50_000_000})
	var gone *UnreachableError
	if _, err := take(c, to, what.Blobs[3]); !errors.As(err, &gone) || !errors.Is(err, errStalled) {
		t.Errorf("got %v", err)
	}
	if _, err := c.Manifest(t.Context(), to); !errors.As(err, &gone) {
		t.Errorf("got %v", err)
	}
}
