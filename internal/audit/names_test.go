package audit

import (
	"errors"
	"testing"
)

func TestNamed(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct{ linkage, glibc, platform, glibcxx string }{
		"static":                 {linkage: Static},
		"mostly-static":          {linkage: MostlyStatic},
		"glibc_2.31":             {linkage: MostlyStatic, glibc: "2.31"},
		"manylinux_2_28":         {glibc: "2.28", glibcxx: "3.4.24"},
		"manylinux_2_30":         {glibc: "2.30", glibcxx: "3.4.24"},
		"manylinux_2_17_x86_64":  {glibc: "2.17", platform: "linux/amd64", glibcxx: "3.4.19"},
		"manylinux_2_34_aarch64": {glibc: "2.34", platform: "linux/arm64", glibcxx: "3.4.29"},
		"manylinux1":             {glibc: "2.5", glibcxx: "3.4.8"},
		"manylinux2014_aarch64":  {glibc: "2.17", platform: "linux/arm64", glibcxx: "3.4.19"},
		"manylinux_2_99":         {glibc: "2.99", glibcxx: "3.4.30"},
	} {
		p, err := Named(name)
		if err != nil || p.Name != name || p.Linkage != want.linkage || p.MaxGLIBC != want.glibc ||
			p.Platform != want.platform || p.MaxVersions["GLIBCXX"] != want.glibcxx {
			t.Errorf("%s: got %+v, %v", name, p, err)
		}
	}
	for _, name := range []string{"", "manylinux", "manylinux_3_1", "glibc_2", "glibc_2.31.1", "manylinux_2_28_i686", "manylinux2011", "Static"} {
		var unknown *UnknownPolicyError
		if p, err := Named(name); !errors.As(err, &unknown) || unknown.Name != name {
			t.Errorf("%q: got %+v, %v", name, p, err)
		}
	}
	for _, name := range PolicyNames() {
		if _, err := Named(name); err != nil {
			t.Errorf("%v, which is offered", err)
		}
	}
}

func TestManylinuxRules(t *testing.T) {
	t.Parallel()
	version := func(lib, name string) Version {
		return Version{Library: lib, Name: name, Symbols: []string{"f"}}
	}
	r := &Report{
		Kind: KindELF, Class: 64, Machine: "x86_64", Platform: "linux/amd64",
		Needed: []string{"libstdc++.so.6", "libgcc_s.so.1", "libz.so.1", "libssl.so.3", "libc.so.6", "ld-linux-x86-64.so.2"},
		Versions: []Version{
			version("libc.so.6", "GLIBC_2.4"), version("libc.so.6", "GLIBC_2.28"), version("libc.so.6", "GLIBC_ABI_DT_RELR"),
			version("libgcc_s.so.1", "GCC_4.2.0"), version("libstdc++.so.6", "CXXABI_TM_1"),
			version("libstdc++.so.6", "GLIBCXX_3.4.9"), version("libstdc++.so.6", "GLIBCXX_3.4.30"), version("libz.so.1", "ZLIB_1.2.12"),
		},
	}
	for name, want := range map[string][]string{
		"manylinux_2_28": {
			"needed libssl.so.3", "glibc-floor GLIBC_ABI_DT_RELR", "symbol-version ZLIB_1.2.12", "symbol-version GLIBCXX_3.4.30",
		},
		"manylinux_2_37":         {"needed libssl.so.3"},
		"manylinux_2_37_aarch64": {"platform 64-bit x86_64", "needed libssl.so.3"},
	} {
		var got []string
		for _, v := range named(t, name).Violations(r) {
			got = append(got, string(v.Rule)+" "+v.What)
		}
		if len(got) != len(want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
			continue
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
	}
}
