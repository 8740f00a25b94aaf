package testworld

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/apk"
	"github.com/ofarm/ofarm/targets"
)

func TestReadTable(t *testing.T) {
	const sum = "a1ae87c3a79940ef8d1dd59f7440f776d1dc926e019846dd32202e464627b5fb"
	tests := map[string]struct {
		text, want string
		files      []string
	}{
		"underscores": {
			text:  "package\tkind\tpool_path\tsuite\tsha256\tsize\na.1\tx\tpool/a\tsid\t" + sum + "\t12\n",
			files: []string{"a.1 pool/a 12"},
		},
		"spaces": {
			text:  "package\tsha256\tsize\tpool path\na.1\t" + sum + "\t12\tpool/a\n",
			files: []string{"a.1 pool/a 12"},
		},
		"no column": {text: "package\tsha256\tsize\n", want: `t.tsv:1: no column "pool_path"`},
		"short row": {text: "package\tsize\na\n", want: "t.tsv:2: 1 columns, the first line has 2"},
		"bad sum":   {text: "package\tsha256\tsize\tpool_path\na\tzz\t1\tp\n", want: "t.tsv:2: digest"},
		"bad size":  {text: "package\tsha256\tsize\tpool_path\na\t" + sum + "\tx\tp\n", want: "t.tsv:2: size"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			table, err := readTable("t.tsv", strings.NewReader(test.text))
			var files []poolFile
			if err == nil {
				files, err = table.poolFiles()
			}
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Fatalf("error %v, want %q", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range files {
				got = append(got, f.name+" "+f.path+" 12")
			}
			if diff := cmp.Diff(test.files, got); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTables holds the world's own tables against each other.
func TestTables(t *testing.T) {
	rows, err := readRelaid()
	if err != nil {
		t.Fatal(err)
	}
	sources, err := readSources()
	if err != nil {
		t.Fatal(err)
	}
	splits, err := readSplits()
	if err != nil {
		t.Fatal(err)
	}
	known := []string{"pkgconfig", "musl", "busybox"}
	for _, r := range rows {
		known = append(known, r.name)
	}
	for _, r := range rows {
		checkInfo(t, known, r.name, r.depends, r.provides)
		if len(r.debs) == 0 {
			t.Errorf("%s is made of no package", r.name)
		}
	}
	for _, s := range splits {
		checkInfo(t, known, s.name, s.depends, s.provides)
		if !slices.ContainsFunc(sources, func(x source) bool { return x.name == s.library }) {
			t.Errorf("%s has no source", s.library)
		}
		if _, err := fs.Stat(scripts, path.Join("scripts", s.library+".sh")); err != nil {
			t.Error(err)
		}
	}
	for _, name := range Libraries() {
		if !slices.ContainsFunc(splits, func(s split) bool { return s.library == name }) {
			t.Errorf("%s makes no package", name)
		}
	}
}

// TestToolchainIsThere looks for what a target's base has: every package must
// be in a world without a minirootfs.
func TestToolchainIsThere(t *testing.T) {
	rows, err := readRelaid()
	if err != nil {
		t.Fatal(err)
	}
	there := []string{"alpine-baselayout", "busybox", "musl"}
	for _, r := range rows {
		there = append(there, r.name)
	}
	release, err := targets.Find("alpine-3.20", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range release.Toolchain {
		if !slices.Contains(there, name) {
			t.Errorf("no package %s", name)
		}
	}
}

func checkInfo(t *testing.T, known []string, name, depends, provides string) {
	t.Helper()
	info, err := newInfo(name, "1-r0", "x", depends, provides)
	if err != nil {
		t.Error(err)
	}
	for _, d := range info.Depends {
		if !slices.Contains(known, d.Name) {
			t.Errorf("%s depends on %s, which nothing provides", name, d.Name)
		}
	}
}

func TestLayout(t *testing.T) {
	l, err := readLayout()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"usr/bin/make": "usr/bin/make",
		"usr/bin/bash": "bin/bash",
		"usr/include/x86_64-linux-musl/bits/alltypes.h":    "usr/include/bits/alltypes.h",
		"usr/include/linux/limits.h":                       "usr/include/linux/limits.h",
		"usr/include/scsi/scsi.h":                          "",
		"usr/include/aarch64-linux-gnu/asm/types.h":        "",
		"usr/lib/linux/uapi/x86/asm/unistd_64.h":           "usr/include/asm/unistd_64.h",
		"usr/lib/linux/uapi/arm/asm/unistd.h":              "",
		"usr/lib/x86_64-linux-musl/libc.a":                 "usr/lib/libc.a",
		"usr/lib/x86_64-linux-musl/libc.so":                "lib/ld-musl-x86_64.so.1",
		"usr/lib/gcc/x86_64-linux-gnu/14/libasan.a":        "",
		"usr/lib/gcc/x86_64-linux-gnu/14/libgcc.a":         "usr/lib/gcc/x86_64-linux-gnu/14/libgcc.a",
		"usr/libexec/gcc/x86_64-linux-gnu/14/cc1":          "usr/libexec/gcc/x86_64-linux-gnu/14/cc1",
		"usr/share/doc/make/copyright":                     "",
		"etc/bash.bashrc":                                  "",
		"var/lib/x":                                        "",
		"usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2":    "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
		"usr/lib/x86_64-linux-gnu/perl/5.40.1/CORE/x.h":    "",
		"usr/lib/x86_64-linux-gnu/perl/5.40.1/POSIX.pm":    "usr/lib/x86_64-linux-gnu/perl/5.40.1/POSIX.pm",
		"usr/lib/x86_64-linux-gnu/perl-base/FileHandle.pm": "usr/lib/x86_64-linux-gnu/perl-base/FileHandle.pm",
	} {
		if got := l.place(name); got != want {
			t.Errorf("%s lies at %q, want %q", name, got, want)
		}
	}
}

func TestAlpineVersion(t *testing.T) {
	for debian, want := range map[string]string{
		"14.2.0-19":            "14.2.0-r19",
		"2:6.3.0+dfsg-3":       "6.3.0-r3",
		"1.2.5-3.1~deb13u1":    "1.2.5-r3",
		"2.41-12+deb13u4":      "2.41-r12",
		"1.35+dfsg-3.1":        "1.35-r3",
		"6.12.107-1":           "6.12.107-r1",
		"1.3.4.20250131":       "1.3.4.20250131-r0",
		"5.2.37-2+b10":         "5.2.37-r2",
		"1:1.3.dfsg+really1-1": "1.3.dfsg-r1",
	} {
		got := alpineVersion(debian)
		if got != want {
			t.Errorf("%s is %s, want %s", debian, got, want)
		}
		if !strings.Contains(debian, "dfsg+") && !apk.ValidVersion(got) {
			t.Errorf("%s is no version of Alpine's", got)
		}
	}
}

func TestMuslSpecs(t *testing.T) {
	const dump = "*asm:\n--64\n\n*cpp_options:\n%1 %{m*}\n\n*link:\n%{!r:--build-id} -m elf\n\n" +
		"*libgcc:\n-lgcc_s\n\n*self_spec:\n\n\n*link_libgcc:\n%D\n\n"
	got, err := muslSpecs(dump)
	if err != nil {
		t.Fatal(err)
	}
	want := "*asm:\n--64\n\n*cpp_options:\n%1 %{m*} %{!nostdinc:-isystem /usr/local/include -isystem /usr/include}\n\n*link:\n-m elf\n\n" +
		"*libgcc:\n-lgcc -lgcc_eh\n\n*self_spec:\n%{!mglibc:-mmusl} %{static:%{!shared:%{!no-pie:%{!r:%<static -static-pie}}}}\n\n*link_libgcc:\n%D\n\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("specs (-want +got):\n%s", diff)
	}
	if _, err := muslSpecs("*link:\n\n"); err == nil || !strings.Contains(err.Error(), `"self_spec"`) {
		t.Errorf("specs without self_spec: %v", err)
	}
}

func TestProvided(t *testing.T) {
	files := tree{}
	files.file("usr/bin/gcc", 0o755, nil)
	files.symlink("bin/sh", "bash")
	files.dir("usr/bin/folder", 0o755)
	files.file("usr/lib/pkgconfig/zlib.pc", 0o644, []byte("Name: zlib\nVersion: 1.3.1\n"))
	files.file("usr/lib/pkgconfig/odd.pc", 0o644, []byte("Version: @V@\n"))
	files.file("usr/lib/other", 0o644, nil)
	var got []string
	for _, d := range provided(files, "2-r1") {
		got = append(got, d.String())
	}
	want := []string{"cmd:sh=2-r1", "cmd:gcc=2-r1", "pc:zlib=1.3.1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("provided (-want +got):\n%s", diff)
	}
}
