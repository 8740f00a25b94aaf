package daemontest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/aptsources"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/opamrepo"
	"github.com/ofarm/ofarm/internal/prove"
	"github.com/ofarm/ofarm/internal/resolve"
	"github.com/ofarm/ofarm/targets"
)

// cross is Debian's gcc for linux/arm64.
const cross = "aarch64-linux-gnu-gcc"

// goHello is a program that needs no libc.
const goHello = `package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() { fmt.Println("hello 1.0", os.Args[1], runtime.GOARCH) }
`

// armPrograms makes executables for linux/arm64, in the folder that is returned.
// What Debian 12's gcc makes asks for the start of a program in glibc 2.34.
func (w workshop) armPrograms() string {
	w.t.Helper()
	w.write("hello.c", hello)
	w.write("hello.go", goHello)
	out := filepath.Join(w.dir, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		w.t.Fatal(err)
	}
	w.run(cross, "-static", "-o", "out/runs", "hello.c")
	w.run(cross, "-o", "out/dynamic", "hello.c")
	w.run(cross, "-o", "out/no-loader", "hello.c", "-Wl,--dynamic-linker=/lib/ld-other.so.1")
	w.run("env", "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64", "go", "build", "-o", "out/go", "hello.go")
	return out
}

// needsARM64 skips a test where this machine can't make, fetch or run what it is
// about.
func needsARM64(t *testing.T) {
	t.Helper()
	needs(t)
	skip := t.Skipf
	if os.Getenv("OFARM_TEST_DAEMON") == "require" {
		skip = t.Fatalf
	}
	if os.Getenv("OFARM_TEST_NETWORK") != "1" {
		t.Skip("set OFARM_TEST_NETWORK=1 to lock roots from this machine's Debian mirror")
	}
	if _, err := exec.LookPath(cross); err != nil {
		skip("apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross: %v", err)
	}
	w := workshop{t, t.TempDir()}
	w.write("main.c", "int main(void) { return 0; }\n")
	w.run(cross, "-static", "-o", "main", "main.c")
	if err := exec.Command(filepath.Join(w.dir, "main")).Run(); err != nil {
		skip("this machine doesn't run executables of linux/arm64 (apt-get install qemu-user-static): %v", err)
	}
}

// armRoots locks real roots for linux/arm64, as ofarm lock does; an empty one is
// always there. They are of the main archive alone: mirrors keep that.
func (b *bench) armRoots(names ...string) []farm.ProveRoot {
	b.t.Helper()
	machine, err := aptsources.Mirrors(os.DirFS("/etc/apt"))
	if err != nil {
		b.t.Fatal(err)
	}
	bare, err := farm.BareRoots(names, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.farm.Fetcher.Offline = false
	b.farm.Fetcher.Mirrors.Archives = machine
	opt := resolve.Options{
		Fetcher:      b.farm.Fetcher,
		ArchiveName:  func(name string) string { return name },
		Repositories: &opamrepo.Set{},
	}
	for _, r := range bare {
		r.Release.Archives = r.Release.Archives[:1]
		opt.Roots = append(opt.Roots, resolve.Root{Name: r.Name, Release: r.Release, Platform: targets.LinuxARM64, Packages: r.Packages})
		if r.Name == target { // a lock has a target
			opt.Targets = []resolve.Target{{Release: r.Release, Platform: targets.LinuxARM64}}
		}
	}
	made, err := resolve.Lock(b.t.Context(), opt)
	if err != nil {
		b.t.Fatal(err)
	}
	b.farm.Fetcher.Mirrors = farm.Mirrors{Archives: machine}.For(made.Lock.Roots)
	roots, err := farm.ProveRoots(made.Lock)
	if err != nil {
		b.t.Fatal(err)
	}
	return roots
}

// armTable is what runs where. bullseye's glibc is 2.31, bookworm's 2.36.
var armTable = []string{
	"dynamic empty not-run: needs glibc",
	"dynamic busybox not-run: needs glibc",
	"dynamic debian-bookworm passed",
	"dynamic debian-bullseye failed: libc.so.6 lacks GLIBC_2.34; asked for by __libc_start_main",
	"dynamic debian-trixie passed",
	"go empty passed",
	"go busybox passed",
	"go debian-bookworm passed",
	"go debian-bullseye passed",
	"go debian-trixie passed",
	"no-loader empty not-run: needs glibc",
	"no-loader busybox not-run: needs glibc",
	"no-loader debian-bookworm failed: its loader /lib/ld-other.so.1 is not in the root",
	"no-loader debian-bullseye failed: its loader /lib/ld-other.so.1 is not in the root",
	"no-loader debian-trixie failed: its loader /lib/ld-other.so.1 is not in the root",
	"runs empty passed",
	"runs busybox passed",
	"runs debian-bookworm passed",
	"runs debian-bullseye passed",
	"runs debian-trixie passed",
}

// Executables of another platform than the machine's run in that platform's
// roots, emulated, and what they lack is told as it is at home.
func TestProveARM64(t *testing.T) {
	needsARM64(t)
	b := newBench(t)
	o := farm.ProveOptions{
		Dir: b.dist, Artifacts: b.putFor(targets.LinuxARM64, workshop{t, t.TempDir()}.armPrograms()), Engine: engine(),
		Roots:    b.armRoots("busybox", "debian-bullseye", "debian-bookworm", "debian-trixie"),
		Commands: map[string]prove.Smoke{"go": {Expect: "hello 1.0 --version arm64"}, "dynamic": {Expect: "hello 1.0 --version"}},
	}
	got, err := b.farm.Prove(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(armTable, table(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	b.checkProofs(got)
}

// An emulated program that crashes isn't ended by that.
func TestProveARM64Crash(t *testing.T) {
	needsARM64(t)
	b := newBench(t)
	w := workshop{t, t.TempDir()}
	w.write("hello.c", hello)
	if err := os.Mkdir(filepath.Join(w.dir, "out"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.run(cross, "-static", "-o", "out/crashes", "hello.c")
	got, err := b.farm.Prove(t.Context(), farm.ProveOptions{
		Dir: b.dist, Artifacts: b.putFor(targets.LinuxARM64, filepath.Join(w.dir, "out")), Engine: engine(),
		Roots: []farm.ProveRoot{farm.EmptyRoot(targets.LinuxARM64)}, Timeout: 15 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"crashes empty failed: ended by SIGSEGV"}, table(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
