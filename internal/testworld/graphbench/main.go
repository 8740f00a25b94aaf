// Graphbench measures what the graph costs beside the scripts that it runs. It
// makes graphs of packages that are plain shell, each of which installs some
// files, builds them with the real ofarm and a private daemon, and prints a
// table of wall times:
//
//	cold       everything, with empty caches
//	no change  the same again
//	one        after a package in the middle has changed what it installs:
//	           it and all that depend on it
//	same       after that package has changed, and installs the same bytes
//	planning   reading the opam files and making the plan
//	one exec   the same scripts one after another in a single step, cold
//	overhead   (cold - one exec) per package
//
// with the peak memory of ofarm and of the daemon, in MiB. It needs root,
// runc, and a static busybox or Alpine's minirootfs for the root of steps.
//
//	go run ./internal/testworld/graphbench -packages 60,120
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/ofarm/ofarm/internal/testworld/shellworld"
)

// options are the command line's.
type options struct {
	packages  string
	files     int
	root      string
	buildkitd string
	keep      bool
}

func main() {
	var o options
	flag.StringVar(&o.packages, "packages", "60,120", "sizes of the graphs, comma-separated")
	flag.IntVar(&o.files, "files", 100, "files that each package installs")
	flag.StringVar(&o.root, "root", "", "a static busybox or a minirootfs (*.tar.gz); default: busybox on PATH")
	flag.StringVar(&o.buildkitd, "buildkitd", "", "the daemon; default: bin/buildkitd of the repository")
	flag.BoolVar(&o.keep, "keep", false, "keep the working folder and print its name")
	flag.Parse()
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "graphbench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	root, err := o.openRoot()
	if err != nil {
		return fmt.Errorf("making the root: %w", err)
	}
	dir, err := os.MkdirTemp("", "graphbench-")
	if err != nil {
		return err
	}
	if o.keep {
		fmt.Println(dir)
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	bin := filepath.Join(dir, "bin")
	if err := shellworld.Programs(ctx, bin, o.buildkitd); err != nil {
		return err
	}
	if err := shellworld.Build(ctx, filepath.Join(bin, "ofarm"), "github.com/ofarm/ofarm/cmd/ofarm"); err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "packages\tcold\tno change\tone\t(steps)\tsame\t(steps)\tplanning\tone exec\toverhead\tcold/one exec\tofarm MiB\tdaemon MiB\t")
	for field := range strings.SplitSeq(o.packages, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is no number of packages", field)
		}
		m, err := measure(ctx, &graph{dir: filepath.Join(dir, field), bin: bin, root: root, n: n, files: o.files})
		if err != nil {
			return fmt.Errorf("measuring %d packages: %w", n, err)
		}
		m.print(table)
	}
	return table.Flush()
}

func (o options) openRoot() (shellworld.Root, error) {
	if strings.HasSuffix(o.root, ".tar.gz") {
		return shellworld.Minirootfs(o.root)
	}
	if o.root == "" {
		found, err := exec.LookPath("busybox")
		if err != nil {
			return shellworld.Root{}, err
		}
		o.root = found
	}
	return shellworld.Busybox(o.root)
}
