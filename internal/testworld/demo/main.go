// Command demo builds an example project for Alpine and for an old Debian, and
// runs what comes out where nothing of this machine's libraries is at hand: the
// static executable in an empty root, the other in a bare root of its release.
//
// Usage, from the repository's folder, as root:
//
//	go run ./internal/testworld/demo [-project fserv] [-targets alpine,debian-oldoldstable] [-dir DIR]
//
// It works in a folder below the user's cache folder, and begins without any
// daemon's cache. What the machine can't reach is stood in for, and said.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/testworld/site"
	"github.com/ofarm/ofarm/targets"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "demo: error: %v\n", err)
		os.Exit(1)
	}
}

type demo struct {
	*site.Site
	project string
	targets []string
	// cache is ofarm's cache folder, dist where artifacts go.
	cache, dist string
}

func run(ctx context.Context, args []string) error {
	d := demo{}
	flags := flag.NewFlagSet("demo", flag.ExitOnError)
	flags.StringVar(&d.project, "project", "fserv", "example to build: fserv or zcalc")
	list := flags.String("targets", "alpine,debian-oldoldstable", "targets to build")
	dir := flags.String("dir", "", "folder to work in (default: ofarm-demo in the user's cache folder)")
	flags.Parse(args) //nolint:errcheck // ExitOnError
	if err := needs(); err != nil {
		return err
	}
	d.targets = strings.Split(*list, ",")
	opt, err := options(*dir, d.project)
	if err != nil {
		return err
	}
	d.cache, d.dist = filepath.Join(opt.Dir, "cache"), filepath.Join(opt.Dir, "dist")
	if d.Site, err = site.Prepare(ctx, opt); err != nil {
		return err
	}
	return d.build(ctx)
}

// needs says at once all that is missing on the machine.
func needs() error {
	var missing []string
	if os.Geteuid() != 0 {
		missing = append(missing, "root (it runs a daemon, and programs in roots of their own)")
	}
	for _, program := range []string{"git", "runc"} {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, program+" (on Debian: apt-get install "+program+")")
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the demo needs %s", strings.Join(missing, ", "))
	}
	return nil
}

func options(dir, project string) (site.Options, error) {
	repo, err := os.Getwd()
	if err != nil {
		return site.Options{}, err
	}
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return site.Options{}, err
		}
		dir = filepath.Join(cache, "ofarm-demo")
	}
	dir, err = filepath.Abs(dir)
	return site.Options{
		Repo: repo, Dir: dir, Work: filepath.Join(dir, "work"), Log: os.Stdout,
		Libraries:  map[string][]string{"fserv": {"libev", "openssl"}, "zcalc": {"gmp"}}[project],
		Minirootfs: minirootfs(),
	}, err
}

// minirootfs is a real Alpine root for the stand-in, where the test bed has one.
func minirootfs() string {
	found, err := filepath.Glob(filepath.Join(os.Getenv("OFARM_TESTBED"), "alpine", "alpine-minirootfs-*.tar.gz"))
	if err != nil || len(found) == 0 {
		return ""
	}
	return found[0]
}

// build locks what isn't locked, builds, and tries what was built.
func (d *demo) build(ctx context.Context) error {
	for _, old := range []string{filepath.Join(d.cache, "buildkit"), d.dist} {
		if err := os.RemoveAll(old); err != nil {
			return err
		}
	}
	if slices.Contains(d.targets, "alpine") {
		if err := d.ofarm(ctx, d.LockAlpine(d.project)...); err != nil {
			return err
		}
	}
	list := strings.Join(d.targets, ",")
	if err := d.ofarm(ctx, "fetch", "--target", list, d.project); err != nil {
		if err := d.relock(ctx); err != nil {
			return err
		}
	}
	start := time.Now()
	if err := d.ofarm(ctx, "build", "--target", list, "--output", d.dist, "--progress", "plain", d.project); err != nil {
		return err
	}
	fmt.Printf("==> built in %s\n", time.Since(start).Round(time.Second))
	return d.try(ctx)
}

// relock makes the Debian part of the lock again: the mirrors have moved on
// since it was committed.
func (d *demo) relock(ctx context.Context) error {
	fmt.Println("==> A package file of the committed lock is gone from every mirror: the distro part is locked again, in a copy.")
	var debian []string
	for _, t := range d.targets {
		if strings.HasPrefix(t, string(targets.Debian)) {
			debian = append(debian, t)
		}
	}
	return d.ofarm(ctx, "lock", "--target", strings.Join(debian, ","), d.project)
}

// ofarm shows a command as a user would type it, and runs it. What a build
// tells of its progress is shortened to what it finishes.
func (d *demo) ofarm(ctx context.Context, args ...string) error {
	fmt.Printf("\n$ ofarm %s\n", strings.Join(args, " "))
	cmd := d.Ofarm(ctx, d.cache, args...)
	var all bytes.Buffer
	cmd.Stdout = os.Stdout
	cmd.Stderr = io.MultiWriter(&all, &milestones{out: os.Stdout})
	err := cmd.Run()
	if err != nil {
		io.Copy(os.Stderr, &all) //nolint:errcheck // the error below says enough
		return fmt.Errorf("ofarm %s: %w", args[0], err)
	}
	return nil
}

// try runs each artifact once, and prints the table of them.
func (d *demo) try(ctx context.Context) error {
	artifacts, err := farm.ReadArtifacts(filepath.Join(d.dist, farm.ArtifactsName))
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nARTIFACT\tLINKAGE\tGLIBC\tMB\tRUN IN\tIT SAYS")
	for _, a := range artifacts {
		root, what, err := d.root(a)
		if err != nil {
			return err
		}
		says, err := site.RunIn(ctx, root, "/"+filepath.Base(a.Path), "--version")
		if err != nil {
			return err
		}
		floor := a.GLIBCFloor
		if floor == "" {
			floor = "-"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%.1f\t%s\t%s\n", a.Path, a.Linkage, floor, float64(a.Size)/1e6, what, says)
	}
	fmt.Fprintf(t, "\nThe files are in %s\n", d.dist)
	return t.Flush()
}

// root makes the root in which an artifact is tried.
func (d *demo) root(a farm.Artifact) (dir, what string, err error) {
	dir = filepath.Join(d.Dir, "roots", a.Target)
	if err := os.RemoveAll(dir); err != nil {
		return "", "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", "", err
	}
	what = "an empty root"
	if a.Linkage != "static" {
		what = "a root with only libc of " + a.Target
		if err := d.bareRoot(dir, a); err != nil {
			return "", "", err
		}
	}
	return dir, what, site.CopyInto(dir, filepath.Join(d.dist, a.Path))
}

func (d *demo) bareRoot(dir string, a farm.Artifact) error {
	text, err := os.ReadFile(filepath.Join(d.Project(d.project), farm.LockName))
	if err != nil {
		return err
	}
	l, err := lock.Parse(farm.LockName, text)
	if err != nil {
		return err
	}
	target, _ := l.Target(lock.TargetID{Name: a.Target, Platform: a.Platform})
	store, err := input.Open(filepath.Join(d.cache, "inputs"))
	if err != nil {
		return err
	}
	return site.BareRoot(dir, store, target)
}
