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
		"kind":          {"\nname = 1\n", []string{`f.toml:2:8: name: must be text in quotes, such as "1"`}},
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

// TestKinds: what is said of a value of the wrong kind is about TOML, and has the
// value in it where that can be made to fit.
func TestKinds(t *testing.T) {
	type table struct {
		Flag *bool    `toml:"flag"`
		List []string `toml:"list"`
	}
	type embedded struct {
		Number *uint64 `toml:"number"`
	}
	for text, want := range map[string]string{
		`list = "alpine"`:                        `1:8: list: must be a list, such as ["alpine"]`,
		`list = [5.3]`:                           `1:9: list: must be a list, such as ["5.3"]`,
		`list = [["x"]]`:                         `list: must be a list, such as ["a", "b"]`,
		`list.a = "x"`:                           `list: must be a list, such as ["a", "b"]`,
		"[list]":                                 `1:2: list: must be a list, such as ["a", "b"]`,
		`lists = ["make", "all"]`:                `1:10: lists: must be a list of lists, such as [["make", "all"]]`,
		`lists = [["make"], "all"]`:              `1:20: lists: must be a list of lists, such as [["make"], ["all"]]`,
		`lists = "make"`:                         `1:9: lists: must be a list of lists, such as [["make"]]`,
		`lists = 1979-05-27T07:32:00Z`:           `1:9: lists: must be a list of lists, such as [["1979-05-27T07:32:00Z"]]`,
		`text = ["x"]`:                           `1:8: text: must be text in quotes, such as "a"`,
		"[text.a]":                               `1:2: text: must be text in quotes, such as "a"`,
		`number = "9"`:                           "1:10: number: must be a number, 0 or more",
		`number = -1`:                            "1:10: number: must be a number, 0 or more",
		`one = 1`:                                "1:7: one: must be a table: [one]",
		"[[one]]":                                "1:3: one: must be a table: [one]",
		`one = { flag = "yes" }`:                 "1:16: one.flag: must be true or false",
		`many = []`:                              "1:8: many: must be a table: [many.NAME]",
		"[many]\n\"3.20\" = 1":                   `2:10: many.3.20: must be a table: [many."3.20"]`,
		"[many.a]\nlist = 1":                     `2:8: many.a.list: must be a list, such as ["1"]`,
		`many = {a.list = [], b = { list = 1} }`: `1:35: many.b.list: must be a list, such as ["1"]`,
	} {
		var s struct {
			embedded
			Text  string           `toml:"text"`
			List  []string         `toml:"list"`
			Lists [][]string       `toml:"lists"`
			One   table            `toml:"one"`
			Many  map[string]table `toml:"many"`
		}
		got := Decode("f", []byte(text), &s)
		if len(got) != 1 || !strings.HasSuffix(got[0].Error(), want) {
			t.Errorf("%s: got %+v\nwant %s", text, got, want)
		}
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
		"a": {1, 1}, "b.c": {2, 3}, "b.c.d": {2, 11}, "x.y z": {3, 2}, "x.y z.e": {4, 1}, "list": {9, 3}, "list.f": {10, 1},
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
