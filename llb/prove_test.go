package llb

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/ofarm/ofarm/targets"
)

func probe() Probe {
	return Probe{
		Name: "dist/bin/app in debian-bullseye", Platform: targets.LinuxARM64,
		Root: digest.FromString("root"), Files: digest.FromString("files"),
		Args: []string{"/artifact/bin/app", "--version"},
	}
}

func compileProbe(t *testing.T, p Probe) (*Definition, string) {
	t.Helper()
	def, vertex, err := CompileProbe(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	return def, vertex
}

func TestGoldenProbe(t *testing.T) {
	def, _ := compileProbe(t, probe())
	if err := Verify(def); err != nil {
		t.Error(err)
	}
	text, err := Dump(def)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "probe.dump", text)
}

// A probe's root can't be written to, and its exec is the vertex that it names.
func TestProbeVertex(t *testing.T) {
	def, vertex := compileProbe(t, probe())
	vertices, err := decode(def)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, v := range vertices {
		if v.digest.String() != vertex {
			continue
		}
		found = true
		for _, m := range v.op.GetExec().GetMounts() {
			if (m.Dest == "/" || m.Dest == ProgramsDir) && !m.Readonly {
				t.Errorf("%s is writable", m.Dest)
			}
		}
	}
	if !found {
		t.Errorf("there is no vertex %s", vertex)
	}
}

// What a probe is called and whether it must be fresh are no part of what it
// does; anything else is.
func TestProbeKey(t *testing.T) {
	_, vertex := compileProbe(t, probe())
	for name, test := range map[string]struct {
		change func(*Probe)
		same   bool
	}{
		"name":     {func(p *Probe) { p.Name = "another" }, true},
		"fresh":    {func(p *Probe) { p.Fresh = true }, true},
		"root":     {func(p *Probe) { p.Root = digest.FromString("r") }, false},
		"files":    {func(p *Probe) { p.Files = digest.FromString("f") }, false},
		"args":     {func(p *Probe) { p.Args = p.Args[:1] }, false},
		"platform": {func(p *Probe) { p.Platform = targets.LinuxAMD64 }, false},
	} {
		p := probe()
		test.change(&p)
		def, other := compileProbe(t, p)
		if (other == vertex) != test.same {
			t.Errorf("%s: the same vertex: %v", name, other == vertex)
		}
		if fresh := def.Metadata[digest.Digest(other)].IgnoreCache; fresh != p.Fresh {
			t.Errorf("%s: past the cache: %v", name, fresh)
		}
	}
}

func TestProbeIsDeterministic(t *testing.T) {
	want, _ := compileProbe(t, probe())
	for range 25 {
		got, _ := compileProbe(t, probe())
		for i := range want.Def {
			if !bytes.Equal(want.Def[i], got.Def[i]) {
				t.Fatalf("vertex %d differs", i)
			}
		}
	}
}

func TestProbeNeedsImages(t *testing.T) {
	for name, change := range map[string]func(*Probe){
		"root":  func(p *Probe) { p.Root = "" },
		"files": func(p *Probe) { p.Files = "" },
	} {
		p := probe()
		change(&p)
		_, _, err := CompileProbe(context.Background(), p)
		var missing *MissingImageError
		if !errors.As(err, &missing) || missing.Of != "its "+name {
			t.Errorf("%s: %v", name, err)
		}
	}
}
