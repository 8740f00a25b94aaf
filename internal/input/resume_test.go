package input

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestResume(t *testing.T) {
	data := payload(10_000)
	s := serve(t, broken(data, 6000, content(data)))
	f := fetcher(t)
	mustFetch(t, f, data, request(data, s.URL))
	if diff := cmp.Diff([]string{"/", "/ bytes=6000-"}, s.asked()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestResumeWithoutKnownSize(t *testing.T) {
	data := payload(10_000)
	s := serve(t, broken(data, 6000, content(data)))
	r := request(data, s.URL)
	r.Size = 0
	mustFetch(t, fetcher(t), data, r)
}

// A server may ignore the range, answer with another one, refuse it, or have
// another file by now.
func TestResumeAnswers(t *testing.T) {
	data := payload(10_000)
	answers := map[string]http.HandlerFunc{
		"whole": func(w http.ResponseWriter, r *http.Request) { w.Write(data) },
		"other range": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") == "" {
				w.Write(data)
				return
			}
			w.Header().Set("Content-Range", "bytes 0-9/10000")
			w.WriteHeader(206)
			w.Write(data[:10])
		},
		"refused": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "" {
				w.WriteHeader(416)
				return
			}
			w.Write(data)
		},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			s := serve(t, broken(data, 6000, answer))
			mustFetch(t, fetcher(t), data, request(data, s.URL))
		})
	}
}

func TestResumeSendsTheETag(t *testing.T) {
	data := payload(10_000)
	var ifRange []string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		ifRange = append(ifRange, r.Header.Get("If-Range"))
		w.Header().Set("ETag", `"one"`)
		if r.Header.Get("Range") == "" {
			w.Header().Set("Content-Length", "10000")
			w.Write(data[:1000])
			return
		}
		content(data)(w, r)
	})
	mustFetch(t, fetcher(t), data, request(data, s.URL))
	if diff := cmp.Diff([]string{"", `"one"`}, ifRange); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The beginning came from a place with other bytes. Neither the second place
// nor the file suffers from it.
func TestResumeOfGarbage(t *testing.T) {
	data := payload(10_000)
	bad := serve(t, broken(bytes.Repeat([]byte("g"), 10_000), 500, http.NotFound))
	good := serve(t, content(data))
	mustFetch(t, fetcher(t), data, request(data, bad.URL, good.URL))
	if diff := cmp.Diff([]string{"/ bytes=500-", "/"}, good.asked()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestStalledTransferIsResumed(t *testing.T) {
	data := payload(10_000)
	var calls atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) > 1 {
			content(data)(w, r)
			return
		}
		w.Header().Set("Content-Length", "10000")
		w.Write(data[:2000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	f := fetcher(t)
	f.Stall = 200 * time.Millisecond
	mustFetch(t, f, data, request(data, s.URL))
}

// interrupted fetches data until half of it has come, and cancels.
func interrupted(t *testing.T, f Fetcher, data []byte, r Request) {
	t.Helper()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		w.Write(data[:len(data)/2])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	f.Progress = func(e Event) {
		if e.Done >= eventStep {
			cancel()
		}
	}
	r.URLs = []string{s.URL}
	if _, err := f.Fetch(ctx, []Request{r}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

func TestInterrupted(t *testing.T) {
	data := payload(4 * eventStep)
	f := fetcher(t)
	r := request(data)
	interrupted(t, f, data, r)
	if f.Store.Has(r.Sum) {
		t.Error("half a file is in the store")
	}
	partial := []string{"partial/sha256-" + r.Sum.Hex()}
	if diff := cmp.Diff(partial, f.Store.files(t)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	info, err := os.Stat(filepath.Join(f.Store.Dir(), partial[0]))
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, content(data))
	r.URLs = []string{s.URL}
	mustFetch(t, f, data, r)
	if diff := cmp.Diff([]string{fmt.Sprintf("/ bytes=%d-", info.Size())}, s.asked()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(f.Store.files(t)) != 1 {
		t.Errorf("left over: %v", f.Store.files(t))
	}
}

// All bytes had come, but the process ended before the file got its name.
func TestWholePartialNeedsNoPlace(t *testing.T) {
	data := payload(100)
	f := fetcher(t)
	path := filepath.Join(f.Store.Dir(), partialDir, "sha256-"+SumBytes(data).Hex())
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	mustFetch(t, f, data, request(data))
}

// A partial file with more bytes than the input has is of no use.
func TestTooLongPartial(t *testing.T) {
	data := payload(100)
	for _, scheme := range []string{"http", "file"} {
		f := fetcher(t)
		path := filepath.Join(f.Store.Dir(), partialDir, "sha256-"+SumBytes(data).Hex())
		if err := os.WriteFile(path, payload(200), 0o644); err != nil {
			t.Fatal(err)
		}
		url := serve(t, content(data)).URL
		if scheme == "file" {
			file := filepath.Join(t.TempDir(), "f")
			if err := os.WriteFile(file, data, 0o644); err != nil {
				t.Fatal(err)
			}
			url = "file://" + file
		}
		mustFetch(t, f, data, request(data, url))
	}
}

// TestHelperProcess is another process that fetches into a store.
func TestHelperProcess(t *testing.T) {
	dir, url := os.Getenv("OFARM_TEST_STORE"), os.Getenv("OFARM_TEST_URL")
	if dir == "" {
		t.Skip("only for TestTwoProcesses")
	}
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	requests := manyRequests(url)
	if _, err := (Fetcher{Store: s}).Fetch(t.Context(), requests); err != nil {
		t.Fatal(err)
	}
}

// manyRequests asks for twenty files of the server of TestTwoProcesses.
func manyRequests(url string) []Request {
	var requests []Request
	for i := range 20 {
		p := fmt.Sprintf("/file-%d", i)
		data := []byte(strings.Repeat(p, 10_000))
		requests = append(requests, Request{Name: p, Sum: SumBytes(data), URLs: []string{url + p}})
	}
	return requests
}

func TestTwoProcesses(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, strings.Repeat(r.URL.Path, 10_000))
	})
	store := openStore(t)
	var procs []*exec.Cmd
	var outputs [2]bytes.Buffer
	for i := range outputs {
		cmd := exec.Command(os.Args[0], "-test.run=^TestHelperProcess$")
		cmd.Env = append(os.Environ(), "OFARM_TEST_STORE="+store.Dir(), "OFARM_TEST_URL="+s.URL)
		cmd.Stdout, cmd.Stderr = &outputs[i], &outputs[i]
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		procs = append(procs, cmd)
	}
	for i, cmd := range procs {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v\n%s", err, outputs[i].String())
		}
	}
	for _, r := range manyRequests("") {
		if err := store.Verify(r.Sum); err != nil {
			t.Error(err)
		}
	}
	if len(s.asked()) != 20 || len(store.files(t)) != 20 {
		t.Errorf("asked %d times, %d files", len(s.asked()), len(store.files(t)))
	}
}

// tinyStore opens a store on a disk of 1 MiB.
func tinyStore(t *testing.T) *Store {
	t.Helper()
	dir := t.TempDir()
	if os.Geteuid() != 0 {
		t.Skip("mounting a small disk needs root")
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatalf("mounting a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFullDisk(t *testing.T) {
	f := fetcher(t)
	f.Store = tinyStore(t)
	big, small := payload(3<<20), payload(1000)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/small" {
			content(small)(w, r)
			return
		}
		content(big)(w, r)
	})
	unsized := Request{Name: "unsized", Sum: SumBytes(payload(2 << 20)), URLs: []string{s.URL + "/c"}}
	_, err := f.Fetch(t.Context(), []Request{request(big, s.URL+"/a"), unsized, request(small, s.URL+"/small")})
	var full *NoSpaceError
	if !errors.As(err, &full) || full.Dir != f.Store.Dir() || full.Need < 3<<20 || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("got %v", err)
	}
	if n := strings.Count(err.Error(), "no space left in"); n != 1 || !strings.Contains(err.Error(), f.Store.Dir()) {
		t.Errorf("told %d times: %v", n, err)
	}
	want := []string{"sha256/" + SumBytes(small).Hex()[:2] + "/" + SumBytes(small).Hex()}
	if diff := cmp.Diff(want, f.Store.files(t)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := f.Store.Put(bytes.NewReader(big), SumBytes(big)); !errors.As(err, &full) {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(want, f.Store.files(t)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
