package resolve

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/apk"
	"github.com/ofarm/ofarm/internal/lock"
)

// aport is a package of an index, built from a source.
func aport(t *testing.T, origin, name, needs string) apk.Package {
	t.Helper()
	depends, err := apk.ParseDependencies(needs)
	if err != nil {
		t.Fatal(err)
	}
	return apk.Package{Name: name, Version: "1-r0", Arch: "x86_64", Origin: origin, Depends: depends}
}

// TestStaticLibraries: a depext brings the static libraries of all -dev packages
// that come with it.
func TestStaticLibraries(t *testing.T) {
	index := &apk.Index{Packages: []apk.Package{
		aport(t, "gcc", "gcc", ""), aport(t, "gcc", "libgnat-static", ""),
		aport(t, "zlib", "zlib", ""), aport(t, "zlib", "zlib-dev", "zlib"), aport(t, "zlib", "zlib-static", "zlib-dev"),
		aport(t, "openssl", "libssl3", ""), aport(t, "openssl", "openssl-dev", "libssl3"),
		aport(t, "openssl", "openssl-libs-static", ""),
		aport(t, "curl", "curl-dev", "openssl-dev zlib-dev"), aport(t, "curl", "curl-static", ""), aport(t, "curl", "other-static", ""),
		aport(t, "libev", "libev-dev", ""), aport(t, "", "made-dev", ""), aport(t, "", "unrelated-static", ""),
	}}
	repos := []alpineRepository{{archive: "alpine", index: index}}
	c, err := selectAlpine(repos, []string{"gcc"}, []string{"curl-dev", "libev-dev", "made-dev", "zlib-dev"})
	if err != nil {
		t.Fatal(err)
	}
	want := []lock.Depext{
		{Name: "curl-dev", Needs: []string{
			"curl-dev", "curl-static", "libssl3", "openssl-dev", "openssl-libs-static", "zlib", "zlib-dev", "zlib-static"}},
		{Name: "libev-dev", Needs: []string{"libev-dev"}},
		{Name: "made-dev", Needs: []string{"made-dev"}},
		{Name: "zlib-dev", Needs: []string{"zlib", "zlib-dev", "zlib-static"}},
	}
	if diff := cmp.Diff(want, c.depexts); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestRealStaticLibraries looks at what Alpine's own index gives for depexts of
// opam's repository.
func TestRealStaticLibraries(t *testing.T) {
	testbed := os.Getenv("OFARM_TESTBED")
	if testbed == "" {
		t.Skip("needs OFARM_TESTBED")
	}
	data, err := os.ReadFile(filepath.Join(testbed, "alpine", "APKINDEX-3.17-main-x86_64.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := apk.BuiltinKeys("aarch64") // whatever its name says
	if err != nil {
		t.Fatal(err)
	}
	index, err := apk.ReadIndex(bytes.NewReader(data), keys)
	if err != nil {
		t.Fatal(err)
	}
	repos := []alpineRepository{{archive: "alpine", index: index}}
	for depext, want := range map[string]string{
		"openssl-dev": "openssl-libs-static", "zlib-dev": "zlib-static", "gmp-dev": "", "sqlite-dev": "sqlite-static",
		"ncurses-dev": "ncurses-static", "xz-dev": "xz-static", "zeromq-dev": "libsodium-static libzmq-static",
		"curl-dev": "brotli-static curl-static nghttp2-static openssl-libs-static zlib-static",
	} {
		c, err := selectAlpine(repos, []string{"build-base"}, []string{depext})
		if err != nil {
			t.Fatal(err)
		}
		var static []string
		for _, name := range c.depexts[0].Needs {
			if strings.HasSuffix(name, "-static") {
				static = append(static, name)
			}
		}
		if got := strings.Join(static, " "); got != want {
			t.Errorf("%s: got %q, want %q", depext, got, want)
		}
	}
}
