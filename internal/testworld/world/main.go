// Command world makes what ofarm's tests and demo use on machines without the
// internet: a stand-in for Alpine's mirror and a by-hash mirror of sources,
// both made of what the machine's Debian mirror has. It prints shell
// assignments that point ofarm there.
//
// Usage:
//
//	go run ./internal/testworld/world -dir DIR [-root MINIROOTFS] [-branch v3.20]
//		[-libraries zlib,libev,gmp,openssl] [-sources testdata/sources.tsv]
//
// It needs root to compile, and no programs but those it brings along.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/testworld"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "world: error: %v\n", err)
		os.Exit(1)
	}
}

const notice = `world: Alpine's own mirror is not used here. What follows makes a stand-in for it in
world: %s: a real Alpine-format repository, signed by a key of its own, whose toolchain
world: is Debian's, laid out as Alpine's, and whose C libraries are compiled for musl. It
world: has no C++ compiler, and says nothing of Alpine's own patches and packages.
`

type settings struct {
	dir, root, branch, libraries, sources, extra, debian string
	jobs                                                 int
}

func parse(args []string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("world", flag.ContinueOnError)
	flags.StringVar(&s.dir, "dir", "", "`folder` for the mirrors and all that they are made of")
	flags.StringVar(&s.root, "root", "", "Alpine minirootfs, a tar.gz `file` whose packages are taken over (default: musl and busybox are compiled)")
	flags.StringVar(&s.branch, "branch", "v3.20", "Alpine `branch` to stand in for")
	flags.StringVar(&s.libraries, "libraries", strings.Join(testworld.Libraries(), ","), "C `libraries` to compile")
	flags.StringVar(&s.sources, "sources", "", "table of OCaml sources to lay into a by-hash mirror, a tsv `file`")
	flags.StringVar(&s.extra, "extra", "", "`folder` of more files for the by-hash mirror, each named by its sha256")
	flags.StringVar(&s.debian, "debian", "", "base `URL` of Debian's archive (default: those of /etc/apt)")
	flags.IntVar(&s.jobs, "jobs", 2, "processes that compile at once")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if s.dir == "" || flags.NArg() > 0 {
		return s, errors.New("usage: world -dir DIR [flags], see world -help")
	}
	dir, err := filepath.Abs(s.dir)
	s.dir = dir
	return s, err
}

func run(ctx context.Context, args []string) error {
	s, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	debian := []string{s.debian}
	if s.debian == "" {
		if debian, err = testworld.DebianMirrors(); err != nil {
			return err
		}
	}
	fmt.Fprintf(os.Stderr, notice, s.dir)
	world, err := testworld.AlpineRepository(ctx, testworld.Options{
		Dir: filepath.Join(s.dir, "alpine"), Work: filepath.Join(s.dir, "work"),
		Branch: s.branch, Root: s.root, Libraries: split(s.libraries),
		Debian: debian, Jobs: s.jobs, Progress: progress, Log: prefixed{},
	})
	if err != nil {
		return err
	}
	printSetting("OFARM_ALPINE_MIRROR", world.URL())
	printSetting("OFARM_ALPINE_KEY", world.Key)
	return fillSources(ctx, s, debian)
}

func fillSources(ctx context.Context, s settings, debian []string) error {
	if s.sources == "" {
		return nil
	}
	dir := filepath.Join(s.dir, "sources")
	err := testworld.FillMirror(ctx, testworld.Fill{
		Dir: dir, Table: s.sources, Extra: s.extra, Debian: debian, Progress: progress,
	})
	if err != nil {
		return err
	}
	printSetting("OFARM_MIRROR", "file://"+dir)
	return nil
}

// printSetting prints an assignment that a shell can read.
func printSetting(name, value string) {
	fmt.Printf("%s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// prefixed writes lines to standard error.
type prefixed struct{}

func (prefixed) Write(line []byte) (int, error) {
	_, err := fmt.Fprintf(os.Stderr, "world: %s", line)
	return len(line), err
}

// progress tells of finished downloads.
func progress(e input.Event) {
	if e.State == input.Done && e.From != "" {
		fmt.Fprintf(os.Stderr, "world: fetched %s\n", e.Name)
	}
}
