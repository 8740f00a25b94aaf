package testworld

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestServer(t *testing.T) {
	dir := t.TempDir()
	content := strings.Repeat("0123456789", 100)
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := Serve(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()

	tests := []struct {
		name    string
		fault   Fault
		status  int
		want    string
		cut     bool
		request int
	}{
		{name: "well", status: 200, want: content, request: 1},
		{name: "gone", fault: Fault{Status: 404}, status: 404, request: 2},
		{name: "garbage", fault: Fault{Garbage: []byte("<html>")}, status: 200, want: "<html>", request: 3},
		{name: "cut", fault: Fault{Truncate: 25}, status: 200, want: content[:25], cut: true, request: 4},
		{name: "late", fault: Fault{Delay: time.Millisecond}, status: 200, want: content, request: 5},
		{name: "well again", status: 200, want: content, request: 6},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.Fail("/file", test.fault)
			status, body, err := get(s.URL + "/file")
			if status != test.status || body != test.want || (err != nil) != test.cut {
				t.Errorf("got %d, %d bytes, %v; want %d, %d bytes, cut %v", status, len(body), err, test.status, len(test.want), test.cut)
			}
			if n := s.Requests("/file"); n != test.request {
				t.Errorf("%d requests, want %d", n, test.request)
			}
		})
	}
	if n := s.Connections(); n < 1 || n > 6 {
		t.Errorf("%d connections for 6 requests", n)
	}
}

func TestServerFaultForATime(t *testing.T) {
	s, err := Serve(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Fail("*", Fault{Status: 503, Times: 2})
	var got []int
	for range 3 {
		status, _, _ := get(s.URL + "/nothing")
		got = append(got, status)
	}
	if got[0] != 503 || got[1] != 503 || got[2] != 404 {
		t.Errorf("answers %v, want 503, 503, 404", got)
	}
}

func get(url string) (int, string, error) {
	resp, err := http.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}
