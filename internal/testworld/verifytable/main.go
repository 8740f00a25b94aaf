// Verifytable verifies real programs, and prints a table of what came of it for
// the README: both examples, and for each compiler of the test bed a project
// that depends on many programs and libraries. Each project is built, built
// again under other circumstances ("ofarm verify --deep"), and every package's
// output is compared.
//
//	make build
//	OFARM_TESTBED=FOLDER go run ./internal/testworld/verifytable [-only fserv,ocaml-5.3.0] [-dir DIR]
//
// It runs what is in bin/, needs root, and takes one to two hours on two cores:
// every compiler is built twice. What was built stays in the folder DIR, but the
// second builds always begin with nothing. A project that differs doesn't keep the
// others from being verified; the exit code is 1 then.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/ofarm/ofarm/internal/testworld"
	"github.com/ofarm/ofarm/internal/testworld/opamoracle"
	"github.com/ofarm/ofarm/internal/testworld/site"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "verifytable: error: %v\n", err)
		os.Exit(1)
	}
}

// world is a prepared machine.
type world struct {
	*site.Site
	testbed string
	// repository is an opam repository of what the test bed has.
	repository string
	// cache is ofarm's cache folder.
	cache string
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("verifytable", flag.ExitOnError)
	only := flags.String("only", "", "projects to verify, separated by commas (default: all)")
	dir := flags.String("dir", "", "folder to work in (default: ofarm-verifytable in the user's cache folder)")
	flags.Parse(args) //nolint:errcheck // ExitOnError
	list, err := chosen(*only)
	if err != nil {
		return err
	}
	w, err := prepare(ctx, *dir)
	if err != nil {
		return err
	}
	rows, err := w.all(ctx, list)
	printTable(os.Stdout, rows)
	return err
}

// all builds and verifies projects. While one is verified, which takes one
// processor, the next is built.
func (w *world) all(ctx context.Context, list []project) ([]row, error) {
	built := make([]error, len(list))
	done := make(chan int, len(list))
	go func() {
		for i, p := range list {
			built[i] = w.build(ctx, p)
			done <- i
		}
		close(done)
	}()
	var rows []row
	var errs []error
	for i := range done {
		err := built[i]
		if err == nil {
			var found []row
			found, err = w.verify(ctx, list[i])
			printTable(os.Stderr, found) // an hour's work may not be lost with the next one
			rows = append(rows, found...)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", list[i].name, err))
		}
	}
	return rows, errors.Join(errs...)
}

// chosen are the projects with some names, in their own order.
func chosen(only string) ([]project, error) {
	if only == "" {
		return projects, nil
	}
	var out []project
	names := strings.Split(only, ",")
	for _, p := range projects {
		if slices.Contains(names, p.name) {
			out = append(out, p)
		}
	}
	if len(out) != len(names) {
		return nil, fmt.Errorf("-only %q: a name is none of a project's", only)
	}
	return out, nil
}

func prepare(ctx context.Context, dir string) (*world, error) {
	w := &world{testbed: os.Getenv("OFARM_TESTBED")}
	if w.testbed == "" {
		return nil, errors.New("OFARM_TESTBED names no test bed")
	}
	repo, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(cache, "ofarm-verifytable")
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	roots, _ := filepath.Glob(filepath.Join(w.testbed, "alpine", "alpine-minirootfs-*.tar.gz"))
	w.cache, w.repository = filepath.Join(dir, "cache"), filepath.Join(dir, "opam-repository")
	if err := os.RemoveAll(filepath.Join(dir, "differs")); err != nil {
		return nil, err
	}
	w.Site, err = site.Prepare(ctx, site.Options{
		Repo: repo, Dir: dir, Work: filepath.Join(dir, "work"), Log: os.Stderr,
		Libraries: []string{"libev", "openssl", "gmp"}, Minirootfs: strings.Join(roots, ""),
	})
	if err != nil {
		return nil, err
	}
	return w, w.addTestbed(ctx)
}

// addTestbed makes the repository of what can be had, and the mirror that has
// its sources.
func (w *world) addTestbed(ctx context.Context) error {
	whole, err := opamoracle.Read(w.testbed)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(w.repository); err != nil {
		return err
	}
	if err := opamoracle.Obtainable(w.repository, whole, w.testbed); err != nil {
		return err
	}
	debian, err := testworld.DebianMirrors()
	if err != nil {
		return err
	}
	mirror := filepath.Join(w.Work, "sources")
	w.Mirror = "file://" + mirror
	err = testworld.FillMirror(ctx, testworld.Fill{
		Dir: mirror, Table: filepath.Join(w.testbed, "sources.tsv"),
		Extra: filepath.Join(w.testbed, "extra-sources"), Debian: debian,
	})
	if err != nil {
		return err
	}
	return w.addStandIns(mirror)
}
