package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/opamrepo"
	"github.com/ofarm/ofarm/internal/resolve"
	"github.com/ofarm/ofarm/internal/resolve/versions"
)

func newOutdated(w *world) *cobra.Command {
	var o lockOptions
	c := &cobra.Command{
		Use:     "outdated [PROJECT]",
		Short:   outdatedShort,
		Long:    outdatedLong,
		Example: outdatedExample,
		Args:    oneProject,
		RunE:    func(c *cobra.Command, args []string) error { return w.outdated(c.Context(), o, projectDir(args)) },
	}
	f := c.Flags()
	f.BoolVar(&o.json, "json", false, flagJSON)
	f.StringSliceVar(&o.repositories, "opam-repository", nil, flagOpamRepository)
	o.set = f.Changed
	o.update = []string{updateAll}
	o.register(c)
	return c
}

// outdatedRow is a locked opam package that has newer versions.
type outdatedRow struct {
	Name string `json:"name"`
	// Locked is the lock's version, Update what "ofarm lock --update" would
	// take ("" if nothing needs the package any more), Newest the newest there
	// is that isn't to be avoided.
	Locked string `json:"locked"`
	Update string `json:"update"`
	Newest string `json:"newest"`
}

func (w *world) outdated(ctx context.Context, o lockOptions, dir string) error {
	project, err := openProject(dir)
	if err != nil {
		return err
	}
	old, _, err := project.ReadLock()
	if err != nil {
		return err
	}
	f, meter, err := w.openFarm(o.common)
	if err != nil {
		return err
	}
	defer meter.Close()
	opt, err := w.resolveOptions(o, project, old)
	if err != nil {
		return err
	}
	if opt.Repositories, err = w.openRepositories(ctx, o, project, f, old); err != nil {
		return err
	}
	opt.Versions, opt.Fetcher, opt.Sources = nil, f.Fetcher, f.Sources()
	rows, err := outdatedRows(ctx, opt, old)
	meter.Close()
	if err != nil {
		return err
	}
	return w.printOutdated(o, project, rows)
}

// outdatedRows compares a lock with what could be locked now.
func outdatedRows(ctx context.Context, opt resolve.Options, old *lock.File) ([]outdatedRow, error) {
	chosen, err := resolve.Choose(ctx, opt)
	if err != nil {
		return nil, err
	}
	rows := []outdatedRow{}
	for _, p := range old.Packages {
		row := outdatedRow{Name: p.Name, Locked: p.Version, Update: updateOf(opt, chosen, p)}
		if row.Newest, err = newest(opt.Repositories, p); err != nil {
			return nil, err
		}
		if row.Update != row.Locked || opam.CompareVersions(row.Newest, row.Locked) > 0 {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// updateOf is the version that a package would have on the first target that
// has it now.
func updateOf(opt resolve.Options, chosen *versions.Solution, p lock.Package) string {
	for t, target := range opt.Targets {
		id := lock.TargetID{Name: target.Release.Name, Platform: string(target.Platform)}
		if len(p.Only) == 0 || slices.Contains(p.Only, id) {
			return chosen.Versions[t][p.Name]
		}
	}
	return ""
}

// newest is a package's newest version that isn't to be avoided, or else the
// locked one.
func newest(repositories *opamrepo.Set, p lock.Package) (string, error) {
	all, err := repositories.Versions(p.Name)
	if err != nil {
		return "", err
	}
	for _, v := range all {
		if opam.CompareVersions(v, p.Version) <= 0 {
			break
		}
		file, err := repositories.OpamFile(p.Name, v)
		if err != nil {
			return "", err
		}
		if !file.HasFlag("avoid-version") && !file.HasFlag("deprecated") {
			return v, nil
		}
	}
	return p.Version, nil
}

func (w *world) printOutdated(o lockOptions, p *farm.Project, rows []outdatedRow) error {
	if o.json {
		return w.printJSON(rows)
	}
	if len(rows) == 0 {
		fmt.Fprintf(w.Stdout, outdatedNone, p.LockPath())
		return nil
	}
	t := w.table("PACKAGE", "LOCKED", "UPDATE", "NEWEST")
	for _, r := range rows {
		update := r.Update
		switch update {
		case "":
			update = outdatedGone
		case r.Locked:
			update = "-"
		}
		t.row(r.Name, r.Locked, update, r.Newest)
	}
	return t.flush()
}
