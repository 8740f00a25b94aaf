package audit

import (
	"path/filepath"
	"testing"
)

func TestHardening(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	build(t, dir, map[string]string{"hello.c": hello}, "-c", "hello.c", "-fPIE")
	for name, tt := range map[string]struct {
		args    []string
		relro   string
		pie     bool
		bindNow bool
	}{
		"none":       {[]string{"-pie", "-Wl,-z,norelro", "-Wl,-z,lazy"}, RELRONone, true, false},
		"partial":    {[]string{"-pie", "-Wl,-z,relro", "-Wl,-z,lazy"}, RELROPartial, true, false},
		"full":       {[]string{"-pie", "-Wl,-z,relro", "-Wl,-z,now"}, RELROFull, true, true},
		"now alone":  {[]string{"-no-pie", "-Wl,-z,norelro", "-Wl,-z,now"}, RELRONone, false, true},
		"static":     {[]string{"-static", "-no-pie", "-Wl,-z,norelro"}, RELRONone, false, false},
		"static-pie": {[]string{"-static-pie", "-Wl,-z,relro", "-Wl,-z,now"}, RELROFull, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			build(t, dir, nil, append([]string{"-o", name, "hello.o"}, tt.args...)...)
			r, err := File(filepath.Join(dir, name), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if r.RELRO != tt.relro || r.PIE != tt.pie || r.BindNow != tt.bindNow || r.Libc != GLIBC {
				t.Errorf("got RELRO %q, PIE %v, BIND_NOW %v, libc %q", r.RELRO, r.PIE, r.BindNow, r.Libc)
			}
		})
	}
}

// TestStaticRELRO: what a static executable's lazy table is in decides.
func TestStaticRELRO(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	build(t, dir, map[string]string{"hello.c": hello}, "-c", "hello.c", "-fPIE")
	for name, want := range map[string]string{"lazy": RELROPartial, "now": RELROFull} {
		build(t, dir, nil, "-o", name, "hello.o", "-static", "-no-pie", "-Wl,-z,relro", "-Wl,-z,"+name)
		r, err := File(filepath.Join(dir, name), Options{})
		if err != nil || r.RELRO != want {
			t.Errorf("%s: got %q, %v, want %q", name, r.RELRO, err, want)
		}
	}
}
