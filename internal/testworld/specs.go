package testworld

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	gccFolder = "usr/lib/gcc/x86_64-linux-gnu/14"
	gccDriver = "usr/bin/x86_64-linux-gnu-gcc-14"
	glibcLibs = "usr/lib/x86_64-linux-gnu"
)

// specsEdit changes one entry of gcc's specs
// (https://gcc.gnu.org/onlinedocs/gcc/Spec-Files.html).
type specsEdit struct {
	entry string
	edit  func(string) string
}

// muslEdits make a native musl compiler of Debian's gcc.
var muslEdits = []specsEdit{
	// Compile for musl, and link -static as Alpine's gcc does: as a static
	// PIE unless -no-pie is given.
	{"self_spec", func(string) string {
		return "%{!mglibc:-mmusl} %{static:%{!shared:%{!no-pie:%{!r:%<static -static-pie}}}}"
	}},
	{"cpp_options", func(s string) string {
		return s + " %{!nostdinc:-isystem /usr/local/include -isystem /usr/include}"
	}},
	// There is no libgcc_s for musl.
	{"libgcc", func(string) string { return "-lgcc -lgcc_eh" }},
	{"link", func(s string) string { return strings.Replace(s, "%{!r:--build-id} ", "", 1) }},
}

// muslSpecs edits what gcc -dumpspecs printed. The whole is kept: a short
// specs file that only overrides would lose --eh-frame-hdr.
func muslSpecs(dump string) (string, error) {
	for _, e := range muslEdits {
		head := "*" + e.entry + ":\n"
		start := strings.Index("\n"+dump, "\n"+head)
		if start < 0 {
			return "", fmt.Errorf("gcc's specs have no entry %q", e.entry)
		}
		start += len(head)
		end := start + strings.IndexByte(dump[start:], '\n')
		dump = dump[:start] + e.edit(dump[start:end]) + dump[end:]
	}
	return dump, nil
}

// dumpSpecs asks Debian's gcc for its specs. It is run by its own loader from
// a folder that is removed afterwards, so no root is needed.
func dumpSpecs(gcc, glibc tree) (string, error) {
	dir, err := os.MkdirTemp("", "ofarm-specs-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	if err := (tree{gccDriver: gcc[gccDriver]}).writeTo(dir); err != nil {
		return "", err
	}
	if err := glibc.writeTo(dir); err != nil {
		return "", err
	}
	libs := filepath.Join(dir, glibcLibs)
	cmd := exec.Command(filepath.Join(libs, "ld-linux-x86-64.so.2"), "--library-path", libs,
		filepath.Join(dir, gccDriver), "-dumpspecs")
	cmd.Env = []string{}
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("asking gcc for its specs: %w", err)
	}
	return string(out), nil
}
