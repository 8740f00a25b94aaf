package tomlfile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type settings struct {
	Name  string   `toml:"name"`
	List  []string `toml:"list"`
	Table map[string]struct {
		On bool `toml:"on"`
	} `toml:"table"`
}

func TestDecode(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string // what each mistake begins with
	}{
		"fine":          {"name = \"x\"\n[table.a]\non = true\n", nil},
		"empty":         {"", nil},
		"unknown keys":  {"nam = 1\nname = \"x\"\n[table.a]\nof = 1\n", []string{`f.toml:1:1: unknown key "nam"`, `f.toml:4:1: unknown key "table.a.of"`}},
		"unknown table": {"[tabel]\n", []string{`f.toml:1:2: unknown key "tabel"`}},
		"kind":          {"\nname = 1\n", []string{"f.toml:2:8: "}},
		"syntax":        {"name = ", []string{"f.toml:1:"}},
		"twice":         {"name = \"x\"\nname = \"y\"\n", []string{"f.toml"}},
	} {
		t.Run(name, func(t *testing.T) {
			var s settings
			got := Decode("f.toml", []byte(tt.text), &s)
			if len(got) != len(tt.want) {
				t.Fatalf("got %+v, want %q", got, tt.want)
			}
			for i, m := range got {
				if text := m.Error(); !strings.HasPrefix(text, tt.want[i]) || strings.Contains(text, "toml: ") {
					t.Errorf("got %q, want %q", text, tt.want[i])
				}
			}
			if tt.want == nil && tt.text != "" && (s.Name != "x" || !s.Table["a"].On) {
				t.Errorf("read %+v", s)
			}
		})
	}
	if text := (&Mistake{File: "f.toml", Text: "bad"}).Error(); text != "f.toml: bad" {
		t.Errorf("without a place: %q", text)
	}
}

func TestPlaces(t *testing.T) {
	got := Places([]byte(`a = 1
  b.c = { d = 1 }
[x."y z"] # a comment
e = [
  1,
]
[[list]]
f = 1
[[list]]
f = 2
`))
	want := map[string]Place{
		"a": {1, 1}, "b.c": {2, 3}, "x.y z": {3, 2}, "x.y z.e": {4, 1}, "list": {9, 3}, "list.f": {10, 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzDecode: nothing panics; a mistake names the file, and a place in it if any.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{"name = \"x\"\n", "[table.a]\non = 1\n", "nam = ", "[[list]]\nf = 2\n", "a.b.c = {d = []}"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var s settings
		found := Decode("f.toml", data, &s)
		for _, m := range found {
			if m.File != "f.toml" || m.Text == "" || m.Line < 0 || m.Line > 1+strings.Count(string(data), "\n") {
				t.Errorf("%+v", m)
			}
		}
		if found == nil {
			Places(data)
		}
	})
}
