package deb

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseParagraphs(t *testing.T) {
	const text = "# a comment\n\nPackage: a\nDepends: b (>= 1),\n c | d\nDescription: short\n long\n .\n more\n\n\npackage:b\t\nEmpty:\n"
	got, err := ParseParagraphs("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []Paragraph{
		{Line: 3, Fields: []Field{
			{"Package", "a", 3}, {"Depends", "b (>= 1),\n c | d", 4}, {"Description", "short\n long\n .\n more", 6},
		}},
		{Line: 12, Fields: []Field{{"package", "b", 12}, {"Empty", "", 13}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got[1].Get("PACKAGE") != "b" || got[1].Get("nothing") != "" {
		t.Error("Get doesn't find fields as it should")
	}
}

func TestControlErrors(t *testing.T) {
	for text, want := range map[string]string{
		" x\n":                   "f:1: continuation line without a field",
		"A: 1\nB\n":              `f:2: no colon in "B": want "Field: value"`,
		"A: 1\n\nA: 2\nb c: 3\n": `f:4: "b c" is not the name of a field`,
		": 1\n":                  `f:1: "" is not the name of a field`,
		"A: 1\nB: 2\na: 3\n":     `f:3: field "a" was already given at line 1`,
		"A: " + strings.Repeat("x", maxLine) + "\n": "f:1: line too long",
	} {
		_, err := ParseParagraphs("f", []byte(text))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || err.Error() != want {
			t.Errorf("%q: %v, want %s", shorten(text), err, want)
		}
	}
}

// spell writes a paragraph as the reader takes it.
func spell(p Paragraph) string {
	var b strings.Builder
	for _, f := range p.Fields {
		b.WriteString(f.Name + ": " + f.Value + "\n")
	}
	return b.String() + "\n"
}

func FuzzParseParagraphs(f *testing.F) {
	f.Add("Package: a\nDepends: b,\n c\n\nPackage: c\n")
	f.Add("A:\n .\n")
	f.Add("# c\n x")
	f.Fuzz(func(t *testing.T, text string) {
		paras, err := ParseParagraphs("f", []byte(text))
		if err != nil {
			return
		}
		var again strings.Builder
		for _, p := range paras {
			again.WriteString(spell(p))
		}
		second, err := ParseParagraphs("f", []byte(again.String()))
		if err != nil {
			t.Fatalf("%q was accepted, its spelling %q isn't: %v", text, again.String(), err)
		}
		same := func(a, b Paragraph) bool {
			return slices.EqualFunc(a.Fields, b.Fields, func(x, y Field) bool { return x.Name == y.Name && x.Value == y.Value })
		}
		if !slices.EqualFunc(paras, second, same) {
			t.Errorf("%q reads as %v, its spelling as %v", text, paras, second)
		}
	})
}

func TestReadPackages(t *testing.T) {
	sum := strings.Repeat("0a", 32)
	text := "Package: gcc\nVersion: 4:12.2.0-3\nSource: gcc-defaults (1.203)\nArchitecture: amd64\nMulti-Arch: no\n" +
		"Essential: yes\nProtected: yes\nPriority: optional\nSection: devel\nInstalled-Size: 47\nDepends: cpp (= 4:12.2.0-3), gcc-12\n" +
		"Description: left out\nFilename: pool/g/gcc.deb\nSize: 5216\nSHA256: " + sum + "\n"
	got, err := ReadPackages("Packages", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []Package{{
		Name: "gcc", Version: "4:12.2.0-3", Source: "gcc-defaults (1.203)", Architecture: "amd64", Essential: true, Important: true,
		Priority: "optional", Section: "devel", InstalledSize: 47, Depends: "cpp (= 4:12.2.0-3), gcc-12",
		Filename: "pool/g/gcc.deb", Size: 5216, SHA256: sum,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for old, broken := range map[string]string{
		"Size: 5216":       "Size: -1",
		"Filename: pool/g": "Filename: ../g",
		"SHA256: 0a":       "SHA256: zz",
		"Package: gcc":     "Package: g/cc",
		"Version: 4:":      "Version: x:",
		"Architecture":     "Architektur",
	} {
		_, err := ReadPackages("Packages", strings.NewReader("\n\n"+strings.Replace(text, old, broken, 1)))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Line != 3 {
			t.Errorf("%s: %v, want a SyntaxError of line 3", broken, err)
		}
	}
}

func TestReaderFails(t *testing.T) {
	r := NewReader("f", io.MultiReader(strings.NewReader("A: 1\nB"), &failing{}))
	if _, err := r.Next(); !errors.Is(err, errFailing) {
		t.Errorf("error %v, want that of the reader below", err)
	}
}

var errFailing = errors.New("the disk is on fire")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errFailing }
