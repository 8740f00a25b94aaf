package audit

import (
	"bytes"
	"debug/macho"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// machoFile describes a Mach-O executable of 64 bits for [machoFile.bytes].
type machoFile struct {
	cpu   macho.Cpu
	typ   macho.Type
	flags uint32
	loads [][]byte
	data  string // what lies in __TEXT,__cstring
}

func (m machoFile) bytes() []byte {
	loads := append([][]byte{m.text()}, m.loads...)
	var size uint32
	for _, l := range loads {
		size += uint32(len(l))
	}
	var b bytes.Buffer
	_ = binary.Write(&b, binary.LittleEndian, macho.FileHeader{
		Magic: macho.Magic64, Cpu: m.cpu, Type: m.typ, Ncmd: uint32(len(loads)), Cmdsz: size, Flags: m.flags,
	})
	b.Write(make([]byte, 4)) // reserved
	for _, l := range loads {
		b.Write(l)
	}
	b.Write(make([]byte, machoData-b.Len()))
	b.WriteString(m.data)
	return b.Bytes()
}

// machoData is where a file's data starts.
const machoData = 4096

// text is the segment __TEXT with one section, which holds the data.
func (m machoFile) text() []byte {
	name := func(s string) (out [16]byte) { copy(out[:], s); return out }
	n := uint64(len(m.data))
	var b bytes.Buffer
	_ = binary.Write(&b, binary.LittleEndian, macho.Segment64{
		Cmd: macho.LoadCmdSegment64, Len: 72 + 80, Name: name("__TEXT"), Filesz: machoData + n, Memsz: machoData + n, Nsect: 1,
	})
	_ = binary.Write(&b, binary.LittleEndian, macho.Section64{
		Name: name("__cstring"), Seg: name("__TEXT"), Addr: machoData, Size: n, Offset: machoData,
	})
	return b.Bytes()
}

// load makes a load command of words, with a string behind them if there is one.
func load(cmd uint32, text string, words ...uint32) []byte {
	if text != "" {
		text += strings.Repeat("\x00", 8-len(text)%8)
	}
	var b bytes.Buffer
	all := append([]uint32{cmd, uint32(8 + 4*len(words) + len(text))}, words...)
	_ = binary.Write(&b, binary.LittleEndian, all)
	b.WriteString(text)
	return b.Bytes()
}

func dylib(cmd uint32, name string) []byte { return load(cmd, name, 24, 2, 0x10000, 0x10000) }

func dylinker() []byte { return load(lcLoadDylinker, "/usr/lib/dyld", 12) }

// fat puts files behind the header of a universal one.
func fat(files ...[]byte) []byte {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.BigEndian, []uint32{macho.MagicFat, uint32(len(files))})
	at := uint32(8192)
	for _, f := range files {
		cpu := binary.LittleEndian.Uint32(f[4:])
		_ = binary.Write(&b, binary.BigEndian, []uint32{cpu, 0, at, uint32(len(f)), 12})
		at += uint32(len(f)+4095) &^ 4095
	}
	for _, f := range files {
		b.Write(make([]byte, -b.Len()&4095))
		if b.Len() < 8192 {
			b.Write(make([]byte, 8192-b.Len()))
		}
		b.Write(f)
	}
	return b.Bytes()
}

var (
	macPortable = machoFile{cpu: macho.CpuArm64, typ: macho.TypeExec, flags: 0x200000, loads: [][]byte{
		dylinker(), dylib(0xc, libSystem), load(lcBuildVersion, "", 1, 11<<16, 14<<16|5<<8, 0),
		load(lcCodeSignature, "", 0, 0), load(lcUUID, "", 0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c),
	}}
	macBound = machoFile{cpu: macho.CpuAmd64, typ: macho.TypeExec, flags: 0x20000, loads: [][]byte{
		dylinker(), dylib(0xc, "/opt/homebrew/lib/libssl.3.dylib"), dylib(lcWeakDylib, "/usr/lib/libobjc.A.dylib"),
		dylib(0xc, libSystem), load(uint32(macho.LoadCmdRpath), "@loader_path/../lib", 12),
		load(lcVersionMinMac, "", 10<<16|15<<8|2, 10<<16|15<<8),
	}, data: "/Users/ci/src/main.ml\x00"}
)

func TestMachO(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		file machoFile
		want Report
	}{
		"portable": {macPortable, Report{
			Platform: "darwin/arm64", Machine: "aarch64", Type: TypePIE, Linkage: MostlyStatic, PIE: true,
			Needed: []string{libSystem}, MinOS: "11.0", SDK: "14.5", Signed: true, BuildID: "000102030405060708090a0b0c0d0e0f",
		}},
		"bound": {macBound, Report{
			Platform: "darwin/amd64", Machine: "x86_64", Type: TypeExec, Linkage: Dynamic, ExecStack: true,
			Needed: []string{"/opt/homebrew/lib/libssl.3.dylib", "/usr/lib/libobjc.A.dylib", libSystem},
			RPath:  []string{"@loader_path/../lib"}, MinOS: "10.15.2", SDK: "10.15",
			Leaks: []Leak{{Section: "__TEXT,__cstring", Offset: machoData, Text: "/Users/ci/src/main.ml"}}, LeakCount: 1,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readBytes(tt.file.bytes(), Options{Places: true})
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Kind, tt.want.Class, tt.want.Interpreter = KindMachO, 64, "/usr/lib/dyld"
			if diff := cmp.Diff(&tt.want, got, cmpopts.IgnoreFields(Report{}, "Size", "SHA256")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestMachOPolicies(t *testing.T) {
	t.Parallel()
	old := Policy{Linkage: MostlyStatic, MaxMacOS: "10.15", NoRunpath: true, NoExecStack: true, PIE: true}
	for name, tt := range map[string]struct {
		file   []byte
		policy Policy
		want   []string
	}{
		"portable":        {macPortable.bytes(), named(t, "mostly-static"), nil},
		"too new":         {macPortable.bytes(), old, []string{"macos-version macOS 11.0"}},
		"for Linux":       {macPortable.bytes(), named(t, "manylinux_2_28"), []string{"platform mach-o"}},
		"static is never": {macPortable.bytes(), named(t, "static"), []string{"interpreter /usr/lib/dyld", "needed " + libSystem}},
		"bound": {macBound.bytes(), old, []string{
			"needed /opt/homebrew/lib/libssl.3.dylib", "needed /usr/lib/libobjc.A.dylib", "macos-version macOS 10.15.2",
			"runpath @loader_path/../lib", "exec-stack executable stack", "pie no PIE",
		}},
		"universal": {fat(macBound.bytes(), macPortable.bytes()), old, []string{
			"darwin/amd64 needed /opt/homebrew/lib/libssl.3.dylib", "darwin/amd64 needed /usr/lib/libobjc.A.dylib",
			"darwin/amd64 macos-version macOS 10.15.2", "darwin/amd64 runpath @loader_path/../lib",
			"darwin/amd64 exec-stack executable stack", "darwin/amd64 pie no PIE", "darwin/arm64 macos-version macOS 11.0",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := readBytes(tt.file, Options{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, v := range tt.policy.Violations(r) {
				got = append(got, strings.TrimSpace(v.Slice+" "+string(v.Rule)+" "+v.What))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestUniversalMachO(t *testing.T) {
	t.Parallel()
	r, err := readBytes(fat(macBound.bytes(), macPortable.bytes()), Options{Places: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range r.Slices {
		got = append(got, s.Platform+" "+s.Linkage)
	}
	if diff := cmp.Diff([]string{"darwin/amd64 dynamic", "darwin/arm64 mostly-static"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(r.Leaks) != 1 || r.Leaks[0].Section != "Amd64 __TEXT,__cstring" {
		t.Errorf("got leaks %+v", r.Leaks)
	}
}

// TestJavaClass has the magic number of universal files, and is none.
func TestJavaClass(t *testing.T) {
	t.Parallel()
	r, err := readBytes([]byte("\xca\xfe\xba\xbe\x00\x00\x00\x41 and so on"), Options{})
	if err != nil || r.Kind != KindOther {
		t.Errorf("got %+v, %v", r, err)
	}
}

// TestMachOOfGo reads what a real linker for macOS makes.
func TestMachOOfGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() { println(1) }\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for arch, stripped := range map[string]bool{"amd64": false, "arm64": true} {
		flags := "-ldflags="
		if stripped {
			flags += "-s -w"
		}
		out := filepath.Join(dir, arch)
		cmd := exec.Command("go", "build", flags, "-o", out, "main.go")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOOS=darwin", "GOARCH="+arch, "CGO_ENABLED=0", "GOFLAGS=")
		if msg, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, msg)
		}
		r, err := File(out, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Platform != "darwin/"+arch || r.Linkage == Static || !slices.Contains(r.Needed, libSystem) ||
			r.Interpreter != "/usr/lib/dyld" || r.MinOS == "" || !r.PIE || r.Debug == stripped {
			t.Errorf("%s, %s: got %+v", arch, flags, r)
		}
		if signed := arch == "arm64"; r.Signed != signed {
			t.Errorf("%s: signed %v, and Go signs for arm64", arch, r.Signed)
		}
	}
}

// TestDamagedMachO cuts files and flips their bytes: an error or a report, never
// a panic, and never less of a file without an error.
func TestDamagedMachO(t *testing.T) {
	t.Parallel()
	for _, whole := range [][]byte{macBound.bytes(), fat(macBound.bytes(), macPortable.bytes())} {
		for n := 8; n < len(whole); n += 61 {
			if _, err := readBytes(whole[:n], Options{}); err == nil {
				t.Errorf("cut to %d of %d bytes: no error", n, len(whole))
			}
		}
		rapid.Check(t, func(t *rapid.T) {
			b := slices.Clone(whole)
			for range rapid.IntRange(1, 8).Draw(t, "flips") {
				b[rapid.IntRange(4, 1000).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
			}
			_, _ = readBytes(b, Options{Places: true, Temps: true})
		})
	}
}
