package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/opamrepo"
	"github.com/ofarm/ofarm/internal/resolve/versions"
	"github.com/ofarm/ofarm/internal/testworld/opamoracle"
	"github.com/ofarm/ofarm/targets"
)

// counts are of one answer.
type counts struct {
	// Packages were chosen, 0 where there is no solution.
	Packages int
	// Versions were read, Questions asked; where there is no solution they count
	// up to where that was found.
	Versions, Questions int
	// Peak is the most memory that the process had, in MiB; 0 if unknown.
	Peak float64
}

// counting counts what is read of a repository.
type counting struct {
	*opamrepo.Set
	read map[string]bool
}

// OpamFile counts each version once.
func (c counting) OpamFile(name, version string) (*opam.File, error) {
	c.read[name+"."+version] = true
	return c.Set.OpamFile(name, version)
}

// answer answers a request as ofarm does, and prints the counts.
func answer(ctx context.Context, w io.Writer, o options, r opamoracle.Request) error {
	set, err := opamrepo.Open(ctx, []opamrepo.Spec{{Name: "main", URL: o.repository}}, opamrepo.Options{})
	if err != nil {
		return err
	}
	u := counting{set, map[string]bool{}}
	req, err := request(r, o.releases)
	if err != nil {
		return err
	}
	req.Universe = u
	var out counts
	sol, err := versions.Solve(req)
	if none := (*versions.NoSolutionError)(nil); errors.As(err, &none) {
		sol = &versions.Solution{Versions: []map[string]string{nil}}
	} else if err != nil {
		return err
	}
	out.Packages, out.Versions, out.Questions = len(sol.Versions[0]), len(u.read), sol.Stats.Questions
	out.Peak = peak()
	return json.NewEncoder(w).Encode(out)
}

// peak is this process's VmHWM of proc_pid_status(5). The parent can't tell: what
// getrusage(2) says of a child begins with the parent's own memory.
func peak() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kib float64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return 0
	}
	return kib / 1024
}

// request makes a project that depends on what is asked for.
func request(r opamoracle.Request, more string) (versions.Request, error) {
	var out versions.Request
	var depends []string
	for _, text := range r.Packages {
		q, err := opam.ParseAtom(text)
		if err != nil {
			return out, err
		}
		depends = append(depends, q.String())
	}
	depends = append(depends, `"ocaml-base-compiler" {= "`+r.OCaml+`"}`)
	project, err := opam.Parse("project.opam", []byte(`opam-version: "2.0"`+"\ndepends: ["+strings.Join(depends, " ")+"]\n"))
	if err != nil {
		return out, err
	}
	out.Roots = []versions.Package{{Name: "project", Version: "1", File: project}}
	releases := []string{r.Release}
	for name := range strings.SplitSeq(more, ",") {
		if name != "" && name != r.Release {
			releases = append(releases, name)
		}
	}
	for _, name := range releases {
		t, err := target(name)
		if err != nil {
			return out, err
		}
		out.Targets = append(out.Targets, t)
	}
	return out, nil
}

func target(name string) (versions.Target, error) {
	release, err := targets.Find(name, nil)
	if err != nil {
		return versions.Target{}, err
	}
	t := versions.Target{Name: name, Variables: opam.BuildVariables()}
	for name, value := range release.OpamVariables(targets.LinuxAMD64) {
		t.Variables[name] = opam.String(value)
	}
	return t, nil
}

// unpacked is the folder of the repository. A tarball is unpacked below the
// cache folder.
func unpacked(ctx context.Context, o options) (string, error) {
	spec := opamrepo.Spec{Name: "main", URL: o.repository}
	if spec.URL == "" {
		found, err := filepath.Glob(filepath.Join(os.Getenv("OFARM_TESTBED"), "opam-repository-*.tar.xz"))
		if err != nil || len(found) != 1 {
			return "", errors.New("OFARM_TESTBED names no test bed with one; use -repository FOLDER")
		}
		spec.URL = found[0]
	}
	opt, err := o.repositoryOptions()
	if err != nil {
		return "", err
	}
	set, err := opamrepo.Open(ctx, []opamrepo.Spec{spec}, opt)
	if err != nil {
		return "", err
	}
	compilers, err := set.Versions("ocaml-base-compiler")
	if err != nil || len(compilers) == 0 {
		return "", errors.Join(err, fmt.Errorf("%s has no ocaml-base-compiler", spec.URL))
	}
	p, err := set.Package("ocaml-base-compiler", compilers[0])
	if err != nil {
		return "", err
	}
	sep := string(filepath.Separator)
	return p.Dir[:strings.LastIndex(p.Dir, sep+"packages"+sep)], nil
}

func (o options) repositoryOptions() (opamrepo.Options, error) {
	if o.cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return opamrepo.Options{}, err
		}
		o.cache = filepath.Join(user, "ofarm-testworld", "lockbench")
	}
	store, err := input.Open(filepath.Join(o.cache, "inputs"))
	if err != nil {
		return opamrepo.Options{}, err
	}
	opt := opamrepo.Options{
		Cache: filepath.Join(o.cache, "opam-repositories"), Fetcher: input.Fetcher{Store: store, Offline: true},
		Tell: func(r opamrepo.Spec, doing string) { fmt.Println(doing, "opam repository", r.URL) },
	}
	opt.Dir, err = os.Getwd()
	return opt, err
}
