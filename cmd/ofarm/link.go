package main

import (
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/link"
	"github.com/ofarm/ofarm/targets"
)

// linkOptions are the flags of ofarm link.
type linkOptions struct {
	output   string
	targets  []string
	platform string // empty for all
	json     bool
}

func newLink(w *world) *cobra.Command {
	var o linkOptions
	c := &cobra.Command{
		Use:     "link [PROJECT]",
		Short:   linkShort,
		Long:    linkLong,
		Example: linkExample,
		Args:    oneProject,
		RunE:    func(_ *cobra.Command, args []string) error { return w.link(o, projectDir(args)) },
	}
	f := c.Flags()
	f.StringVarP(&o.output, "output", "o", "", flagOutput)
	f.StringSliceVarP(&o.targets, "target", "t", nil, flagLinkTarget)
	choice(f, &o.platform, "platform", platforms, flagLinkPlatform)
	f.BoolVar(&o.json, "json", false, flagJSON)
	complete(c)
	return c
}

func (w *world) link(o linkOptions, dir string) error {
	linked, err := readLinked(o.output, dir, o.targets, o.platform)
	if err != nil {
		return err
	}
	if o.json {
		return w.printJSON(linkReports(linked))
	}
	for i, l := range linked {
		if i > 0 {
			fmt.Fprintln(w.Stdout)
		}
		if err := w.printLink(l); err != nil {
			return err
		}
	}
	return nil
}

// readLinked reads the records of a project's last build.
func readLinked(output, dir string, names []string, platform string) ([]farm.Linked, error) {
	if output == "" {
		project, err := openProject(dir)
		if err != nil {
			return nil, err
		}
		output = filepath.Join(dir, project.Output())
	}
	folders, err := exportFolders(output, names, targets.Platform(platform))
	if err != nil {
		return nil, err
	}
	return farm.ReadLinked(output, folders)
}

// exportFolders are the folders of the targets that names and aliases mean among
// those that were built, for a platform or for all; none where all are meant.
func exportFolders(output string, names []string, platform targets.Platform) ([]string, error) {
	artifacts, err := farm.ReadArtifacts(filepath.Join(output, farm.ArtifactsName))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 && platform == "" {
		return nil, nil
	}
	var built, out []string
	for _, a := range artifacts {
		built = append(built, a.Target)
		if len(names) == 0 && a.Platform == string(platform) {
			out = append(out, targets.Folder(a.Target, platform))
		}
	}
	if len(names) == 0 && len(out) == 0 && len(artifacts) > 0 {
		return nil, fmt.Errorf("%s has nothing that was built for %s", output, platform)
	}
	for _, name := range names {
		r, err := targets.Find(name, built)
		if err != nil {
			return nil, err
		}
		found := false
		for _, a := range artifacts {
			if a.Target == r.Name && (platform == "" || a.Platform == string(platform)) {
				out, found = append(out, targets.Folder(a.Target, targets.Platform(a.Platform))), true
			}
		}
		if !found {
			out = append(out, targets.Folder(r.Name, cmp.Or(platform, targets.LinuxAMD64)))
		}
	}
	return out, nil
}

// printLink prints the table of one executable, without its OCaml code.
func (w *world) printLink(l farm.Linked) error {
	fmt.Fprintf(w.Stdout, "%s: %s\n", l.Artifact.Path, l.Record.Mode)
	t := w.table("OPAM PACKAGE", "STUB ARCHIVE", "SYSTEM LIBRARY", "LINKAGE", "WHY")
	for _, in := range l.Record.Inputs {
		stubs, system := "", ""
		switch in.Kind {
		case link.KindOCaml:
			continue
		case link.KindStubs:
			stubs = in.Name
		default:
			system = in.Name
		}
		t.row(orDash(in.Package), orDash(stubs), orDash(system), in.Linkage, whyLinked(in))
	}
	if err := t.flush(); err != nil {
		return err
	}
	for _, n := range l.Record.Notes {
		fmt.Fprintf(w.Stdout, linkNote, n)
	}
	return nil
}

// whyLinked says what brought an input, and why it is linked as it is.
func whyLinked(in link.Input) string {
	brought := fmt.Sprintf(linkAsks, in.By)
	switch {
	case in.Library != "":
		brought = fmt.Sprintf(linkLibraryAsks, path.Base(in.Library), in.By)
	case in.By == in.Path:
		brought = linkOnLine
	case strings.HasPrefix(in.By, "-"):
		brought = fmt.Sprintf(linkWordOnLine, in.By)
	}
	if in.Why != "" {
		return brought + "; " + in.Why
	}
	return brought
}

// linkReport is one executable as ofarm link --json prints it.
type linkReport struct {
	Target   string       `json:"target"`
	Platform string       `json:"platform"`
	Path     string       `json:"path"`
	Record   *link.Record `json:"record"`
}

func linkReports(linked []farm.Linked) []linkReport {
	var out []linkReport
	for _, l := range linked {
		out = append(out, linkReport{l.Artifact.Target, l.Artifact.Platform, l.Artifact.Path, l.Record})
	}
	return out
}
