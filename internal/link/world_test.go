package link

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

const lib64 = "usr/lib/x86_64-linux-gnu/"

// world is a small Debian: archives and shared libraries of a few packages, and
// an opam switch with stub libraries.
func world() fstest.MapFS {
	m := fstest.MapFS{}
	for _, name := range []string{
		"libssl.a", "libssl.so", "libcrypto.a", "libcrypto.so", "libz.a", "libz.so", "libzstd.a",
		"libev.a", "libev.so", "libm.a", "libm.so", "libpthread.a", "libcrypt.a", "libonly.so",
		"libncurses.a", "libncurses.so", "libtinfo.a", "libpq.a", "libpgcommon.a",
	} {
		m[lib64+name] = &fstest.MapFile{}
	}
	for _, name := range []string{"libstdc++.a", "libgcc_eh.a", "libgomp.a"} {
		m["usr/lib/gcc/x86_64-linux-gnu/12/"+name] = &fstest.MapFile{}
	}
	for _, name := range []string{
		"ocaml/libunix.a", "ocaml/libcamlstr.a", "ocaml/libthreadsnat.a", "ocaml/libasmrun.a", "ocaml/dllunix.so",
		"lwt/unix/liblwt_unix_stubs.a", "ssl/libssl_stubs.a", "pinned/libz.a",
	} {
		m["switch/lib/"+name] = &fstest.MapFile{}
	}
	for name, text := range map[string]string{
		"libssl":    "libdir=/usr/lib/x86_64-linux-gnu\nName: ssl\nRequires.private: libcrypto\nLibs: -L${libdir} -lssl\n",
		"libcrypto": "Libs: -lcrypto\nLibs.private: -lz \\\n -lzstd -ldl -pthread\n",
		"openssl":   "Requires: libssl libcrypto\n",
		"ncurses":   "Libs: -lncurses -ltinfo\nLibs.private: -ldl\n",
		"libpq":     "Requires.private: libssl >= 1.1, libcrypto\nLibs: -lpq\nLibs.private: -lpgcommon -lgssapi_krb5\n",
	} {
		m[lib64+"pkgconfig/"+name+".pc"] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func options(mode Mode) Options {
	return Options{
		Mode: mode, Dir: "/src", FS: world(),
		Dirs: []string{"/usr/lib/gcc/x86_64-linux-gnu/12/", "/usr/lib/gcc/x86_64-linux-gnu/12/../../../x86_64-linux-gnu/", "/lib/"},
	}
}

func noFiles(string) ([]byte, error) { return nil, fs.ErrNotExist }

func parse(t testing.TB, args ...string) *Line {
	t.Helper()
	l, err := Parse(args, noFiles)
	if err != nil {
		t.Fatalf("Parse(%q): %v", args, err)
	}
	return l
}

// testbedLine returns the long line of OFARM_TESTBED/link-line.txt.
func testbedLine(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("OFARM_TESTBED")
	if dir == "" {
		t.Skip("OFARM_TESTBED is not set")
	}
	b, err := os.ReadFile(dir + "/link-line.txt")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "+ gcc "); ok {
			return split(rest)
		}
	}
	t.Fatal("no line starts with \"+ gcc\"")
	return nil
}
