package site

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/testworld"
)

// Options say where things are.
type Options struct {
	// Repo is the folder of ofarm's repository, with bin/ built.
	Repo string
	// Dir is the folder to work in. Work keeps what is expensive to make
	// between runs; it may be shared.
	Dir, Work string
	// Libraries are the C libraries that the stand-in for Alpine compiles.
	Libraries []string
	// Minirootfs is a real Alpine root (tar.gz) for the stand-in, or empty.
	Minirootfs string
	// StandIn makes the stand-in even where Alpine's mirror answers.
	StandIn bool
	// Log is told what happens.
	Log io.Writer
}

// Site is a prepared machine.
type Site struct {
	Options
	// Alpine is the name of the Alpine target to lock.
	Alpine string
	// AlpineMirror and AlpineKey are the stand-in's, empty where Alpine's own
	// mirror answers.
	AlpineMirror, AlpineKey string
	// Mirror is a by-hash mirror of sources, empty where upstream answers.
	Mirror string
}

// Places that are asked to learn whether a machine reaches the internet.
const (
	alpineProbe   = "https://dl-cdn.alpinelinux.org/alpine/latest-stable/main/x86_64/APKINDEX.tar.gz"
	upstreamProbe = "https://github.com/ocaml/ocaml/archive/4.13.1.tar.gz"
)

const probeTime = 5 * time.Second

// Prepare copies the examples into a fresh folder and makes the mirrors that
// the machine needs.
func Prepare(ctx context.Context, o Options) (*Site, error) {
	s := &Site{Options: o, Alpine: "alpine"}
	if err := os.RemoveAll(s.examples()); err != nil {
		return nil, err
	}
	if err := copyExamples(o.Repo, s.examples()); err != nil {
		return nil, fmt.Errorf("copying the examples: %w", err)
	}
	if o.StandIn || !answers(ctx, alpineProbe) {
		if err := s.standIn(ctx); err != nil {
			return nil, fmt.Errorf("making a stand-in for Alpine's mirror: %w", err)
		}
	}
	if !answers(ctx, upstreamProbe) {
		if err := s.fillMirror(ctx); err != nil {
			return nil, fmt.Errorf("filling a mirror of sources: %w", err)
		}
	}
	return s, nil
}

func (s *Site) examples() string { return filepath.Join(s.Dir, "examples") }

// Project is the folder of an example's copy.
func (s *Site) Project(name string) string { return filepath.Join(s.examples(), name) }

func copyExamples(repo, to string) error {
	for _, name := range []string{"fserv", "zcalc", "opam-repository"} {
		from := os.DirFS(filepath.Join(repo, "testdata", name))
		if err := os.CopyFS(filepath.Join(to, name), from); err != nil {
			return err
		}
	}
	return nil
}

// answers asks a server whether it has a file.
func answers(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return false
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	got.Body.Close()
	return got.StatusCode == http.StatusOK
}

func (s *Site) standIn(ctx context.Context) error {
	s.say("Alpine's mirror is not reached from here: a stand-in is made of Debian's packages.")
	debian, err := testworld.DebianMirrors()
	if err != nil {
		return err
	}
	w, err := testworld.AlpineRepository(ctx, testworld.Options{
		Dir: filepath.Join(s.Dir, "alpine"), Work: filepath.Join(s.Work, "world"),
		Root: s.Minirootfs, Libraries: s.Libraries, Debian: debian, Log: s.Log,
	})
	if err != nil {
		return err
	}
	s.Alpine, s.AlpineMirror, s.AlpineKey = "alpine-3.20", w.URL(), w.Key
	return nil
}

func (s *Site) fillMirror(ctx context.Context) error {
	s.say("Upstream's sites are not reached from here: sources come from the Debian mirror, by hash.")
	debian, err := testworld.DebianMirrors()
	if err != nil {
		return err
	}
	dir := filepath.Join(s.Work, "sources")
	s.Mirror = "file://" + dir
	return testworld.FillMirror(ctx, testworld.Fill{
		Dir: dir, Table: filepath.Join(s.Repo, "testdata", "sources.tsv"), Debian: debian,
		Progress: func(input.Event) {},
	})
}

func (s *Site) say(text string) { fmt.Fprintln(s.Log, "==> "+text) }

// Ofarm is a run of ofarm in this site, with its mirrors in the environment
// and cacheDir as its cache folder.
func (s *Site) Ofarm(ctx context.Context, cacheDir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.Repo, "bin", "ofarm"), args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	cmd.Dir = s.examples()
	cmd.Env = append(os.Environ(), "OFARM_CACHE_DIR="+cacheDir, "BUILDKIT_HOST=private", "SOURCE_DATE_EPOCH=1767225600")
	if s.AlpineMirror != "" {
		cmd.Env = append(cmd.Env, "OFARM_ALPINE_MIRROR="+s.AlpineMirror)
	}
	if s.Mirror != "" {
		cmd.Env = append(cmd.Env, "OFARM_MIRROR="+s.Mirror)
	}
	return cmd
}

// LockAlpine are the arguments that add the Alpine target to an example's
// lock.
func (s *Site) LockAlpine(project string) []string {
	args := []string{"lock", "--target", s.Alpine, project}
	if s.AlpineKey != "" {
		args = append(args, "--alpine-key", s.AlpineKey)
	}
	return args
}
