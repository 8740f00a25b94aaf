package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/targets"
)

func newTargets(w *world) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "targets",
		Short: targetsShort,
		Long:  targetsLong,
		Args:  noArgs,
		RunE:  func(*cobra.Command, []string) error { return w.listTargets(asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, flagJSON)
	return c
}

// targetRow is one target as ofarm targets prints it.
type targetRow struct {
	Name      string             `json:"name"`
	Aliases   []string           `json:"aliases"`
	Libc      targets.Libc       `json:"libc"`
	Link      targets.LinkMode   `json:"link"`
	GLIBC     string             `json:"max_glibc,omitempty"`
	Platforms []targets.Platform `json:"platforms"`
}

func targetRows() []targetRow {
	var out []targetRow
	for _, r := range targets.Releases() {
		row := targetRow{Name: r.Name, Aliases: []string{}, Libc: r.Libc, Link: r.Link, Platforms: r.Platforms}
		for _, a := range targets.Aliases() {
			if a.Release == r.Name {
				row.Aliases = append(row.Aliases, a.Name)
			}
		}
		if r.Libc == targets.GLIBC {
			row.GLIBC = r.LibcVersion
		}
		out = append(out, row)
	}
	return out
}

func (w *world) listTargets(asJSON bool) error {
	rows := targetRows()
	if asJSON {
		return w.printJSON(rows)
	}
	t := w.table("TARGET", "ALIAS", "LIBC", "LINK", "GLIBC FLOOR", "PLATFORMS")
	for _, r := range rows {
		floor := "-"
		if r.GLIBC != "" {
			floor = "<= " + r.GLIBC
		}
		var platforms []string
		for _, p := range r.Platforms {
			platforms = append(platforms, string(p))
		}
		t.row(r.Name, orDash(strings.Join(r.Aliases, " ")), string(r.Libc), string(r.Link), floor, strings.Join(platforms, " "))
	}
	return t.flush()
}
