package audit

import (
	"bytes"
	"compress/zlib"
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// build compiles C files given as name=text pairs in dir, then runs gcc with args.
func build(t *testing.T, dir string, files map[string]string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc is not installed")
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("gcc", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("gcc %q: %v\n%s", args, err, out)
	}
}

const hello = `#include <stdio.h>
const char *where = "/ofarm/switch/lib/hello";
int main(void) { puts(where); return 0; }
`

// libraries makes libplain.so (no versions) and libver.so (versions VER_1).
func libraries(t *testing.T, dir string) {
	t.Helper()
	build(t, dir, map[string]string{"plain.c": "int plain(void) { return 1; }\n"},
		"-shared", "-fPIC", "-o", "libplain.so", "plain.c", "-Wl,-soname,libplain.so.7")
	build(t, dir, map[string]string{
		"ver.c":   "int ver_a(void) { return 1; }\nint ver_b(void) { return 2; }\n",
		"ver.map": "VER_1 { global: ver_a; ver_b; local: *; };\n",
	}, "-shared", "-fPIC", "-o", "libver.so", "ver.c", "-Wl,-soname,libver.so.1", "-Wl,--version-script,ver.map")
}

const caller = `int plain(void); int ver_a(void); int ver_b(void);
int main(void) { return plain() + ver_a() + ver_b() == 4 ? 0 : 1; }
`

// tiny returns a minimal 64-bit little-endian ELF executable with the given
// program headers' contents: enough for every branch that gcc can't be asked for.
func tiny(typ elf.Type, machine elf.Machine, interp string) []byte {
	var b bytes.Buffer
	phnum := uint16(0)
	if interp != "" {
		phnum = 1
	}
	h := elf.Header64{
		Type: uint16(typ), Machine: uint16(machine), Version: 1,
		Ehsize: 64, Phentsize: 56, Phnum: phnum, Phoff: 64, Shentsize: 64,
	}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = 2, 1, 1
	_ = binary.Write(&b, binary.LittleEndian, h)
	if interp != "" {
		p := elf.Prog64{Type: uint32(elf.PT_INTERP), Off: 64 + 56, Filesz: uint64(len(interp) + 1)}
		_ = binary.Write(&b, binary.LittleEndian, p)
		b.WriteString(interp + "\x00")
	}
	return b.Bytes()
}

// compressed returns an ELF file with one SHF_COMPRESSED section that holds text.
func compressed(text string) []byte {
	var z bytes.Buffer
	_ = binary.Write(&z, binary.LittleEndian, elf.Chdr64{Type: uint32(elf.COMPRESS_ZLIB), Size: uint64(len(text)), Addralign: 1})
	w := zlib.NewWriter(&z)
	_, _ = w.Write([]byte(text))
	w.Close()
	names := "\x00.debug_str\x00.shstrtab\x00"
	var b bytes.Buffer
	h := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_AARCH64), Version: 1,
		Ehsize: 64, Shentsize: 64, Shnum: 3, Shstrndx: 2, Shoff: 64,
	}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = 2, 1, 1
	data := uint64(64 + 3*64)
	_ = binary.Write(&b, binary.LittleEndian, h)
	_ = binary.Write(&b, binary.LittleEndian, elf.Section64{})
	_ = binary.Write(&b, binary.LittleEndian, elf.Section64{
		Name: 1, Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_COMPRESSED), Off: data, Size: uint64(z.Len()),
	})
	_ = binary.Write(&b, binary.LittleEndian, elf.Section64{
		Name: uint32(strings.Index(names, ".shstrtab")), Type: uint32(elf.SHT_STRTAB), Off: data + uint64(z.Len()), Size: uint64(len(names)),
	})
	b.Write(z.Bytes())
	b.WriteString(names)
	return b.Bytes()
}

func readBytes(b []byte, o Options) (*Report, error) {
	return Read(bytes.NewReader(b), int64(len(b)), o)
}

// archive puts objects into a static library.
func archive(t *testing.T, dir, name string, objects ...string) {
	t.Helper()
	cmd := exec.Command("ar", append([]string{"rcs", name}, objects...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ar: %v\n%s", err, out)
	}
}
