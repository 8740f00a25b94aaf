package solve

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	digest "github.com/opencontainers/go-digest"
)

func id(name string) digest.Digest { return digest.FromString(name) }

// shown are the vertices' names and logs as a rawjson display wrote them.
func shown(t *testing.T, out string) (names, logs []string) {
	t.Helper()
	for d := json.NewDecoder(strings.NewReader(out)); d.More(); {
		var s client.SolveStatus
		if err := d.Decode(&s); err != nil {
			t.Fatal(err)
		}
		for _, v := range s.Vertexes {
			names = append(names, v.Name)
		}
		for _, l := range s.Logs {
			logs = append(logs, string(l.Data))
		}
	}
	return names, logs
}

// Of two solves that share a vertex one tells about it; when that one leaves
// before the vertex is done the other goes on.
func TestHub(t *testing.T) {
	var out strings.Builder
	dir := filepath.Join(t.TempDir(), "logs")
	h, err := newHub(2, RunOptions{Output: &out, Progress: "rawjson", LogDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	g := graph{id("v"): {exec: true}}
	one, two := h.watch(0, "one", g), h.watch(1, "two", g)
	now := time.Unix(1, 0)
	say := func(w *watch, text string, done *time.Time) {
		h.update(w, &client.SolveStatus{
			Vertexes: []*client.Vertex{{Digest: id("v"), Name: "[a] v", Started: &now, Completed: done}},
			Logs:     []*client.VertexLog{{Vertex: id("v"), Data: []byte(text)}},
		})
	}
	say(one, "1\n", nil)
	say(two, "1\n", nil)
	h.update(two, &client.SolveStatus{Vertexes: []*client.Vertex{{Digest: id("export two"), Name: "exporting"}}})
	h.leave(one)
	say(two, "2\n", &now)
	say(two, "3\n", &now)
	if err := h.close(); err != nil {
		t.Fatal(err)
	}
	names, logs := shown(t, out.String())
	if diff := cmp.Diff([]string{"[a] v", "[two] exporting", "[a] v", "[a] v"}, names); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"1\n", "2\n", "3\n"}, logs); diff != "" {
		t.Error(diff)
	}
	tail, file := h.logs.end(id("v"), 2)
	data, err := os.ReadFile(file)
	if err != nil || string(data) != "1\n2\n3\n" {
		t.Errorf("%s: %q %v", file, data, err)
	}
	if diff := cmp.Diff([]string{"2", "3"}, tail); diff != "" {
		t.Error(diff)
	}
	r := two.result(true)
	if diff := cmp.Diff([]string{"[a] v"}, r.Executed); diff != "" || r.Cached != 0 || r.Vertices != 1 {
		t.Errorf("%+v", r)
	}
}

func TestResult(t *testing.T) {
	at := func(s int64) *time.Time { tm := time.Unix(s, 0); return &tm }
	g := graph{id("a"): {exec: true}, id("b"): {exec: true}, id("c"): {exec: true}, id("d"): {}, id("never told"): {}}
	w := &watch{name: "x", graph: g, vertices: map[digest.Digest]*client.Vertex{
		id("a"): {Digest: id("a"), Name: "a", Started: at(5), Completed: at(9)},
		id("b"): {Digest: id("b"), Name: "b", Started: at(3), Completed: at(3), Cached: true},
		id("c"): {Digest: id("c"), Name: "c"},
		id("d"): {Digest: id("d"), Name: "d", Started: at(2), Completed: at(4)},
		id("e"): {Digest: id("e"), Name: "exporting", Started: at(1), Completed: at(20)},
	}}
	r := w.result(true)
	var order []string
	for _, s := range r.Steps {
		order = append(order, s.Name)
	}
	if diff := cmp.Diff([]string{"d", "b", "a", "c"}, order); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a"}, r.Executed); diff != "" || r.Vertices != 5 || r.Cached != 3 || r.Duration() != 7*time.Second {
		t.Errorf("%+v %v", r, r.Duration())
	}
	if f := w.result(false); f.Cached != 1 {
		t.Errorf("failed: %d cached", f.Cached)
	}
}

func TestLogs(t *testing.T) {
	l := newLogs("")
	for i := range 40_000 {
		l.write(id("v"), fmt.Appendf(nil, "line %d\n", i))
	}
	tail, file := l.end(id("v"), 2)
	if diff := cmp.Diff([]string{"line 39998", "line 39999"}, tail); diff != "" || file != "" {
		t.Errorf("%s%q", diff, file)
	}
	if n := len(l.all[id("v")].tail); n > 2*tailBytes {
		t.Errorf("%d bytes are kept", n)
	}

	// A folder that can't be made is told once, and harms nothing.
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	l = newLogs(filepath.Join(blocked, "logs"))
	l.write(id("v"), []byte("text\n"))
	l.write(id("v"), []byte("more\n"))
	if tail, _ := l.end(id("v"), 5); len(tail) != 2 {
		t.Errorf("%q", tail)
	}
	if err := l.close(); err == nil || !strings.Contains(err.Error(), "writing the logs: ") {
		t.Errorf("%v", err)
	}
}

func TestLogName(t *testing.T) {
	d := digest.Digest("sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")
	for name, want := range map[string]string{
		"[alpine] zarith.1.14":    "alpine--zarith.1.14-0123456789ab.log",
		"../../etc/passwd":        "etc-passwd-0123456789ab.log",
		"":                        "-0123456789ab.log",
		strings.Repeat("x", 1000): strings.Repeat("x", 60) + "-0123456789ab.log",
	} {
		if got := logName(name, d); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}

func TestLastLines(t *testing.T) {
	for in, want := range map[string][]string{
		"":                        nil,
		"\n\n":                    nil,
		"a\nb\nc\n":               {"b", "c"},
		"a":                       {"a"},
		"a\r\nb\r\n":              {"a", "b"},
		"x\n10%\r50%\r100%\nlast": {"100%", "last"},
	} {
		if diff := cmp.Diff(want, lastLines([]byte(in), 2)); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
}

func TestReadGraph(t *testing.T) {
	s := llb.Scratch().Run(llb.Args([]string{"/bin/sh", "-c", "echo 'a b'"})).Root()
	g, err := readGraph(marshal(t, s.File(llb.Mkdir("/x", 0o755))))
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, v := range g {
		if v.exec {
			commands = append(commands, v.command)
		}
	}
	if diff := cmp.Diff([]string{`/bin/sh -c "echo 'a b'"`}, commands); diff != "" || len(g) != 2 {
		t.Errorf("%d vertices %s", len(g), diff)
	}
	if _, err := readGraph(&llb.Definition{Def: [][]byte{{0xff}}}); err == nil || !strings.Contains(err.Error(), "operation 0") {
		t.Errorf("%v", err)
	}
}
