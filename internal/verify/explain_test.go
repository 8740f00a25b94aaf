package verify

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var (
	firstTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	againTime = time.Date(2031, 8, 9, 12, 0, 0, 0, time.UTC)
)

// circumstances are what the pairs of these tests are explained with.
var circumstances = Hints{
	Paths: []string{"/ofarm/build", "/ofarm/switch"},
	First: Circumstances{Start: firstTime, End: firstTime.Add(time.Hour), Host: "alder", Processors: 8, Folders: []string{"/tmp/w1/project"}},
	Again: Circumstances{Start: againTime, Host: "birch", Processors: 1, Folders: []string{"/srv/w22/project"}},
}

func explain(t testing.TB, first, again []byte, h Hints) Difference {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string][]byte{"first": first, "again": again} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, err := Explain("bin/x", filepath.Join(dir, "first"), filepath.Join(dir, "again"), h)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// expect is what a difference has to say; empty texts say nothing.
type expect struct {
	cause             Cause
	where, what, also string
}

func (e expect) check(t *testing.T, d Difference) {
	t.Helper()
	if d.Cause != e.cause {
		t.Errorf("cause %q, want %q", d.Cause, e.cause)
	}
	if !strings.Contains(d.Where, e.where) {
		t.Errorf("where %q, want %q in it", d.Where, e.where)
	}
	if !strings.Contains(d.What, e.what) {
		t.Errorf("what %q, want %q in it", d.What, e.what)
	}
	if !strings.Contains(strings.Join(d.Also, "; "), e.also) {
		t.Errorf("also %q, want %q in it", d.Also, e.also)
	}
	if d.File != "bin/x" || d.What == "" || d.Where == "" || d.CauseText == "" || d.Advice == "" {
		t.Errorf("something is missing in %+v", d)
	}
	if t.Failed() {
		t.Logf("%+v", d)
	}
}

// TestExplainTexts explains pairs of lines in a text, and the same pairs in binary
// data, where they are of different lengths or of the same.
func TestExplainTexts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first, again string
		want         Cause
	}{
		"__DATE__":            {"built on Jan  1 2026", "built on Jan 12 2026", Timestamp},
		"__TIME__":            {"at 10:20:30", "at 10:20:31", Timestamp},
		"ctime":               {"Thu Jan  1 00:00:00 2026", "Fri Jan  2 00:00:00 2026", Timestamp},
		"date":                {"Thu Jan  1 00:00:00 UTC 2026", "Fri Jan  2 01:00:10 CEST 2026", Timestamp},
		"RFC 2822":            {"Date: Thu, 01 Jan 2026 00:00:00 +0000", "Date: Fri, 02 Jan 2026 00:10:00 +0000", Timestamp},
		"ISO":                 {"\"2026-01-01T10:00:00Z\"", "\"2026-01-01T10:00:01Z\"", Timestamp},
		"day":                 {"version 1.2 (2026-01-01)", "version 1.2 (2026-01-02)", Timestamp},
		"slashes":             {"12/31/2025", "01/01/2026", Timestamp},
		"digits":              {"snapshot 20260101T120000Z", "snapshot 20260102T120000Z", Timestamp},
		"epoch":               {"let built = 1772366400.", "let built = 1944043200.", Timestamp},
		"epoch in ms":         {"t=1772366400123", "t=1944043200456", Timestamp},
		"far from the builds": {"seed = 1572366400", "seed = 1644043200", Unknown},
		"folder":              {"dir=/tmp/w1/project/src", "dir=/srv/w22/project/src", BuildPath},
		"path":                {"see /usr/lib/a/x.ml", "see /opt/b/x.ml", BuildPath},
		"place":               {"cwd /home/alice/x", "cwd /opt/here/y", BuildPath},
		"temporary place":     {"cwd /tmp/w/a", "cwd /tmp/w/b", BuildPath},
		"marshaled path":      {"-/tmp/w1/project@", "-/srv/w22/project@", BuildPath},
		"marshaled zero":      {"!S@ABCD@", "JX@ABCD@", Unknown},
		"one side":            {"in /ofarm/build/x/foo.ml", "in foo.ml", BuildPath},
		"other names":         {"/ofarm/build/x/foo.ml", "/ofarm/build/x/bar.ml", Unknown},
		"camlstartup":         {"camlstartup0a1b2c.s", "camlstartup991122.s", TempName},
		"temp_file":           {"/tmp/ocaml0a1b2c.ml", "/tmp/ocaml991122.ml", TempName},
		"gcc":                 {"/tmp/ccAbCdEf.o", "/tmp/ccGhIjKl.o", TempName},
		"dune":                {"/tmp/build_0a1b2c_dune/x", "/tmp/build_991122_dune/x", TempName},
		"mktemp":              {"tmp.aBcDeFgHiJ", "tmp.0123456789", TempName},
		"random folder":       {"/tmp/foo-Ab12Cd/x.c", "/tmp/foo-ZZ99aa/x.c", TempName},
		"OCaml symbols":       {"camlDecade__fun_12", "camlFacade__fun_12", Unknown},
		"order of words":      {"-I +unix -I +str", "-I +str -I +unix", Ordering},
		"commas":              {"[alpha,beta,gamma]", "[gamma,alpha,beta]", Ordering},
		"jobs":                {"make -j8 all", "make -j1 all", Machine},
		"cpus":                {"num_cpus = 4", "num_cpus = 2", Machine},
		"known counts":        {"split in 8 parts", "split in 1 parts", Machine},
		"other counts":        {"split in 7 parts", "split in 3 parts", Unknown},
		"counts by chance":    {"l(8`c<3>!", "!]1^iAbc!", Unknown},
		"part of a number":    {"0x8f split", "0x1f split", Unknown},
		"host":                {"built by alder, x86", "built by birch, x86", Machine},
		"user":                {"opam@buildkitsandbox", "root@buildkitsandbox", Machine},
		"kernel":              {"Linux x 6.1.0-18-amd64", "Linux x 6.12.3-1-amd64", Machine},
		"uname":               {"uname: one", "uname: two", Machine},
		"digest":              {strings.Repeat("a1", 16), strings.Repeat("b2", 16), Digest},
		"member":              {"camlMember__fun_12", "camlMember__fun_13", Unknown},
		"memo":                {"camlMemo__f_123", "camlMemo__f_124", Unknown},
		"language":            {"camlLanguage__code_1", "camlLanguage__code_2", Unknown},
		"user module":         {"camlUser__f_1", "camlUser__f_2", Unknown},
		"worker module":       {"camlWorker1", "camlWorker2", Unknown},
		"uuid":                {`uuid = "3f25aa"`, `uuid = "9a05bb"`, Unknown},
		"random uuid":         {"id: d841232f-2817-4282-99b1-33948672bc7c", "id: c865647e-bf7d-4deb-bbfc-51239d6b7b3e", Random},
		"uuid of a name":      {"id: d841232f-2817-5282-99b1-33948672bc7c", "id: c865647e-bf7d-5deb-bbfc-51239d6b7b3e", Unknown},
		"fluid":               {"fluid a", "fluid b", Unknown},
		"uid":                 {"uid=1000", "uid=2000", Machine},
		"env user":            {"BUILD_USER = opam", "BUILD_USER = root", Machine},
		"process":             {"process 123", "process 456", Unknown},
		"processors":          {"processors: 12", "processors: 5", Machine},
		"words with cc":       {"ccompute.o", "ccommand.o", Unknown},
		"words with tmp":      {"tmp.compute", "tmp.command", Unknown},
		"two of the build's":  {"/ofarm/build/a.ml", "/ofarm/switch/a.ml", BuildPath},
		"words":               {"something here", "something else", Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line := func(s string) []byte { return []byte("first\nsecond\n" + s + "\nsince 1999-12-31, /usr/share/x.ml\n") }
			expect{cause: test.want, where: "line 3"}.check(t, explain(t, line(test.first), line(test.again), circumstances))
			binary := func(s string) []byte { return []byte("\x01\x02\x00head\x00" + s + "\x00since 1999-12-31\x00\xff\x01") }
			expect{cause: test.want, where: "byte "}.check(t, explain(t, binary(test.first), binary(test.again), circumstances))
		})
	}
}

// TestExplainManyLines has the cause in a later line, and lines that moved.
func TestExplainManyLines(t *testing.T) {
	t.Parallel()
	expect{cause: Timestamp, where: "line 3", what: `"(* 2026-01-01 *)" and "(* 2026-01-02 *)"`}.check(t,
		explain(t, []byte("a\nb\n(* 2026-01-01 *)\n"), []byte("a\nc\nd\n(* 2026-01-02 *)\n"), Hints{}))
	expect{cause: Ordering, where: "line 2", what: `"/b/x/y" and "/c/x/y"`}.check(t,
		explain(t, []byte("a\n/b/x/y\n/c/x/y\n"), []byte("a\n/c/x/y\n/b/x/y\n"), Hints{}))
	expect{cause: Unknown, where: "line 2", what: `nothing and "b"`}.check(t,
		explain(t, []byte("a\n"), []byte("a\nb\n"), Hints{}))
	expect{cause: Unknown, where: "line 1"}.check(t, explain(t, []byte("a\n"), []byte("a"), Hints{}))
}

func TestExplainWhatIsBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<16)
	d := explain(t, []byte(long+"\x1b1"+long), []byte(long+"\x1b2"+long), Hints{})
	if len(d.What) > 800 || strings.Contains(d.What, "\x1b") || !strings.Contains(d.What, `\x1b1x`) || !strings.HasPrefix(d.What, "…") {
		t.Errorf("what %q", d.What)
	}
}

func TestExplainNumbers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first, again string
		want         Cause
	}{
		"4 bytes":       {"\x00\x40\x2c\xa4\x69\x00", "\x00\xc0\x8e\xdf\x73\x00", Timestamp},
		"4 bytes swap":  {"\x00\x69\xa4\x2c\x40\x00", "\x00\x73\xdf\x8e\xc0\x00", Timestamp},
		"8 bytes":       {"\x40\x2c\xa4\x69\x00\x00\x00\x00", "\xc0\x8e\xdf\x73\x00\x00\x00\x00", Timestamp},
		"far away":      {"\x40\x2c\xa4\x19\x00\x00\x00\x00", "\xc0\x8e\xdf\x33\x00\x00\x00\x00", Unknown},
		"float":         {"\x00\x00\x00\x10\x0b\x69\xda\x41", "\x00\x00\x00\xb0\xe3\xf7\xdc\x41", Timestamp},
		"native int":    {"\x81\x58\x48\xd3\x00\x00\x00\x00", "\x81\x1d\xbf\xe7\x00\x00\x00\x00", Timestamp},
		"caml's digest": {"Foo\x300123456789abcdef", "Foo\x30\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", Digest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := func(s string) []byte { return []byte("\x01\x02\x03\x04" + s + "\x01\x02\x03\x04") }
			expect{cause: test.want, where: "byte "}.check(t, explain(t, whole(test.first), whole(test.again), circumstances))
		})
	}
}

func TestExplainMistakes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Explain("x", path, path, Hints{}); err == nil || !strings.Contains(err.Error(), "the same bytes") {
		t.Errorf("error %v for equal files", err)
	}
	if _, err := Explain("x", path, path+"y", Hints{}); !os.IsNotExist(unwrapAll(err)) {
		t.Errorf("error %v for a missing file", err)
	}
}

func unwrapAll(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok || os.IsNotExist(err) {
			return err
		}
		err = u.Unwrap()
	}
}

func TestExplainLargeFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := f.Truncate(maxWhole + 10<<20); err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte(text), maxWhole+5); err != nil {
			t.Fatal(err)
		}
		return path
	}
	d, err := Explain("bin/x", write("first", "on 2026-01-01"), write("again", "on 2026-01-02"), Hints{})
	if err != nil {
		t.Fatal(err)
	}
	expect{cause: Timestamp, where: "byte 33554449", what: `"on 2026-01-01" and "on 2026-01-02"`}.check(t, d)
}

func TestExplainGzip(t *testing.T) {
	t.Parallel()
	pack := func(h gzip.Header, text string, level int) []byte {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, level)
		w.Header = h
		_, _ = w.Write([]byte(text))
		_ = w.Close()
		return b.Bytes()
	}
	none := gzip.Header{}
	text := strings.Repeat("text\n", 100)
	for name, test := range map[string]struct {
		first, again []byte
		want         expect
	}{
		"time": {pack(gzip.Header{ModTime: firstTime}, text, 9), pack(gzip.Header{ModTime: againTime}, text, 9),
			expect{cause: Timestamp, where: "gzip: its time", what: "2026-03-01T12:00:00Z and 2031-08-09T12:00:00Z"}},
		"no time": {pack(gzip.Header{ModTime: firstTime}, text, 9), pack(none, text, 9),
			expect{cause: Timestamp, where: "gzip: its time", what: "and none"}},
		"name": {pack(gzip.Header{Name: "tmp.aaaaaaaaa1"}, text, 9), pack(gzip.Header{Name: "tmp.bbbbbbbbb2"}, text, 9),
			expect{cause: TempName, where: "gzip: its name inside"}},
		"content": {pack(none, text+"2026-01-01", 9), pack(none, text+"2026-02-01", 9),
			expect{cause: Timestamp, where: "gzip: line 101", what: `"2026-01-01" and "2026-02-01"`}},
		"level": {pack(none, text, 9), pack(none, text, 0), expect{cause: Unknown, where: "the file", what: "packed in another way"}},
		"twice": {pack(none, string(pack(none, "a\n", 9)), 9), pack(none, string(pack(none, "b\n", 9)), 9),
			expect{cause: Unknown, where: "gzip: gzip: line 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.want.check(t, explain(t, test.first, test.again, Hints{}))
		})
	}
}

func TestExplainZip(t *testing.T) {
	t.Parallel()
	pack := func(when time.Time, names ...string) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for _, name := range names {
			f, _ := w.CreateHeader(&zip.FileHeader{Name: name, Modified: when})
			_, _ = f.Write([]byte(name))
		}
		_ = w.Close()
		return b.Bytes()
	}
	expect{cause: Timestamp, where: `member "a": its time`}.check(t,
		explain(t, pack(firstTime, "a", "b"), pack(againTime, "a", "b"), Hints{}))
	expect{cause: Ordering, where: `member "a"`, what: `"a" and "b"`}.check(t,
		explain(t, pack(firstTime, "a", "b"), pack(firstTime, "b", "a"), Hints{}))
}
