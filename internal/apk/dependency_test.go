package apk

import "testing"

func TestParseDependency(t *testing.T) {
	tests := map[string]Dependency{
		"gcc":              {Name: "gcc"},
		"!gcc":             {Name: "gcc", Conflict: true},
		"gcc=13.2-r0":      {Name: "gcc", Op: "=", Version: "13.2-r0"},
		"gcc>=13":          {Name: "gcc", Op: ">=", Version: "13"},
		"gcc=>13":          {Name: "gcc", Op: ">=", Version: "13"},
		"!gcc<2":           {Name: "gcc", Op: "<", Version: "2", Conflict: true},
		"gcc~1.2":          {Name: "gcc", Op: "~", Version: "1.2"},
		"gcc=~1.2":         {Name: "gcc", Op: "~", Version: "1.2"},
		"so:libz.so.1":     {Name: "so:libz.so.1"},
		"so:libz.so.1=1.3": {Name: "so:libz.so.1", Op: "=", Version: "1.3"},
		"/bin/sh":          {Name: "/bin/sh"},
		"a><Q1abc=":        {Name: "a", Op: "><", Version: "Q1abc="},
	}
	for word, want := range tests {
		got, err := ParseDependency(word)
		if err != nil || got != want {
			t.Errorf("ParseDependency(%q) = %+v, %v, want %+v", word, got, err, want)
		}
	}
	for _, word := range []string{"", "!", "=1", "gcc=", "gcc=x", "gcc@edge", "a b", "gcc>>1"} {
		if d, err := ParseDependency(word); err == nil {
			t.Errorf("ParseDependency(%q) = %+v, want an error", word, d)
		}
	}
}

func TestAdmits(t *testing.T) {
	tests := []struct {
		word, version string
		want          bool
	}{
		{"a", "", true}, {"a", "1", true}, {"a=1", "", false}, {"a=1", "1", true}, {"a=1", "1-r0", false},
		{"a~1", "1.2-r0", true}, {"a~1.2", "1.20", false}, {"a~1.2", "1", false}, {"a~1.2-r0", "1.2-r1", false},
		{"a<2", "1.9", true}, {"a<2", "2_rc1", true}, {"a<=2", "2", true}, {"a>2", "2", false}, {"a>2", "2-r0", true},
		{"a>=2", "2", true}, {"a<~2", "2.5", true}, {"a>~2", "3", true}, {"a>~2", "1", false},
		{"!a<2", "1", true}, {"a><Q1x", "1", true}, {"a><Q1y", "1", false},
	}
	for _, tt := range tests {
		d, err := ParseDependency(tt.word)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.admits(tt.version, "Q1x"); got != tt.want {
			t.Errorf("%s admits %q: %t", tt.word, tt.version, got)
		}
	}
}

func FuzzParseDependency(f *testing.F) {
	for _, s := range []string{"gcc", "!gcc<2", "so:libz.so.1=1.3", "a=~1.2", "a><Q1abc="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, word string) {
		d, err := ParseDependency(word)
		if err != nil {
			return
		}
		if again, err := ParseDependency(d.String()); err != nil || again != d {
			t.Errorf("%q: read as %+v, written as %q, read again as %+v, %v", word, d, d, again, err)
		}
	})
}
