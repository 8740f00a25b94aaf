package bundle

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/input"
)

// armed are inputs with programs among them, and with titles that are none.
var armed = titled{
	ToolTitle("ofarm"):     "#!ofarm",
	ToolTitle("runc"):      strings.Repeat("#!runc", 100),
	ToolTitle("same-runc"): strings.Repeat("#!runc", 100),
	"tools/folder/x":       "no program of a bundle's",
	"tool/x":               "nor this",
	"sources/tools/x":      "nor this one",
}

func TestTools(t *testing.T) {
	b, err := Open(file(t, written(t, armed)))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "new", "folder")
	for range 2 { // what is there is replaced
		if err := b.UnpackTools(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
	}
	got := titled{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, _ := os.ReadFile(filepath.Join(dir, e.Name()))
		got[ToolTitle(e.Name())] = string(data)
		if info, err := e.Info(); err != nil || info.Mode() != 0o755 {
			t.Errorf("%s: %v %v", e.Name(), info.Mode(), err)
		}
	}
	want := titled{}
	for _, tool := range b.Tools() {
		want[ToolTitle(tool.Title)] = armed[ToolTitle(tool.Title)]
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) != 3 {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestCounts counts a bundle with programs the same, however it is come by.
func TestCounts(t *testing.T) {
	want := Count{Inputs: 3, Tools: 2} // two of the programs are the same
	store, inputs := stored(t, armed)
	path := filepath.Join(t.TempDir(), "b.tar")
	w, err := WriteFile(t.Context(), path, []byte(testLock), inputs, store)
	if err != nil || w.Count != want {
		t.Errorf("written: %+v: %v", w.Count, err)
	}
	b, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Count(); got != want {
		t.Errorf("opened: %+v", got)
	}
	s := newShelf(t)
	pushed, err := b.Push(t.Context(), s.options("team/hello:1"))
	if err != nil || pushed.Count != want || s.open("team/hello:1").Count() != want {
		t.Errorf("pushed: %+v: %v", pushed.Count, err)
	}
}

// TestToolsWithoutUs finds a program as the package comment says, by what every
// system has.
func TestToolsWithoutUs(t *testing.T) {
	data := written(t, armed)
	line := regexp.MustCompile(`sha256:[0-9a-f]*","size":[0-9]*,"annotations":{"[a-z.]*":"tools/[^"]*`)
	var found []string
	for _, l := range line.FindAllString(string(data), -1) {
		found = append(found, l[len("sha256:"):len("sha256:")+64]+" "+l[strings.LastIndexByte(l, '"')+1:])
	}
	sum := func(title string) string { return input.SumBytes([]byte(armed[title])).Hex() + " " + title }
	want := []string{sum("tools/folder/x"), sum("tools/ofarm"), sum("tools/runc"), sum("tools/same-runc")}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, p := range takeApart(t, data) {
		if p.name() == "blobs/sha256/"+input.SumBytes([]byte(armed["tools/ofarm"])).Hex() && string(p.data) == armed["tools/ofarm"] {
			return
		}
	}
	t.Error("there is no such entry")
}

func TestDamagedTool(t *testing.T) {
	parts := takeApart(t, written(t, armed))
	for _, p := range parts {
		if string(p.data) == armed["tools/ofarm"] {
			p.data[0]++
		}
	}
	b, err := Open(file(t, putTogether(t, parts)))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var damaged *DamagedError
	if err := b.UnpackTools(t.Context(), dir); !errors.As(err, &damaged) || !strings.Contains(damaged.Entry, "tools/ofarm") {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}
