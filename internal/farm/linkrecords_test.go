package farm

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/link"
)

// TestExportRecords strips and renames what was linked, as an export does.
func TestExportRecords(t *testing.T) {
	dist := folder(t, map[string]string{"debian-bookworm/bin/script": ""})
	dir, records := filepath.Join(dist, "debian-bookworm"), t.TempDir()
	linked := linkHello(t, records)
	name := filepath.Join(dir, "bin", "hello")
	if out, err := exec.Command("strip", "-o", name, linked).CombinedOutput(); err != nil {
		t.Fatalf("strip: %v\n%s", err, out)
	}
	elf := made("debian-bookworm", "debian-bookworm/bin/hello")
	elf.Kind = "elf"
	list := []Artifact{elf, made("debian-bookworm", "debian-bookworm/bin/script")}
	if err := exportRecords(dir, records, list); err != nil {
		t.Fatal(err)
	}
	if list[0].LinkRecord != "debian-bookworm/link/hello.json" || list[1].LinkRecord != "" {
		t.Fatalf("records %q, %q", list[0].LinkRecord, list[1].LinkRecord)
	}
	write(t, dist, []string{"debian-bookworm"}, list...)
	for _, folders := range [][]string{nil, {"debian-bookworm"}} {
		got, err := ReadLinked(dist, folders)
		if err != nil || len(got) != 1 || got[0].Record.Executable != "bin/hello" || got[0].Record.Output != "main.exe" {
			t.Errorf("%q: got %+v, %v", folders, got, err)
		}
	}
	var none *NoRecordsError
	if _, err := ReadLinked(dist, []string{"alpine-3.20"}); !errors.As(err, &none) || none.Target != "alpine-3.20" {
		t.Errorf("a target that wasn't built: %v", err)
	}
	if _, err := ReadLinked(t.TempDir(), nil); !errors.As(err, &none) {
		t.Errorf("no build: %v", err)
	}
}

// linkHello links an executable and writes its record, and one of another link.
func linkHello(t *testing.T, records string) string {
	t.Helper()
	for _, tool := range []string{"gcc", "strip"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	dir := folder(t, map[string]string{"main.c": "int main(void) { return 0; }\n"})
	linked := filepath.Join(dir, "main.exe")
	if out, err := exec.Command("gcc", "-g", "-o", linked, filepath.Join(dir, "main.c")).CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	f, err := os.Open(linked)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	content, err := link.Content(f)
	if err != nil {
		t.Fatal(err)
	}
	for output, content := range map[string]string{"main.exe": content, "test.exe": "other", "failed.exe": ""} {
		r := &link.Record{Output: output, Mode: link.MostlyStatic, Content: content}
		if err := r.Write(records); err != nil {
			t.Fatal(err)
		}
	}
	return linked
}

// TestExportWithoutRecords has a project that links itself.
func TestExportWithoutRecords(t *testing.T) {
	list := []Artifact{made("debian-bookworm", "debian-bookworm/bin/script")}
	want := list[0]
	if err := exportRecords(t.TempDir(), filepath.Join(t.TempDir(), "gone"), list); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, list[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
