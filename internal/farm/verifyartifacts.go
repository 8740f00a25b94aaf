package farm

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/oci"
	"github.com/ofarm/ofarm/internal/verify"
	"github.com/ofarm/ofarm/targets"
)

// keepArtifacts keeps the artifacts that differ, as both builds made them, and
// explains those that no step explains.
func (r *verification) keepArtifacts(ctx context.Context, differing map[string]bool) error {
	for i := range r.one.plans {
		folder := r.one.folder(i)
		if !differing[folder] {
			continue
		}
		dir, err := r.kept.folder(folder)
		if err != nil {
			return err
		}
		explained := slices.ContainsFunc(r.result.Differences, func(d StepDifference) bool { return d.Target == folder })
		if !explained {
			if err := r.explainArtifacts(ctx, folder, dir); err != nil {
				return err
			}
		}
		if err := r.copyFirst(folder, filepath.Join(dir, "artifacts-first")); err != nil {
			return err
		}
		if err := moveFolder(filepath.Join(r.two.opt.Output, folder), filepath.Join(dir, "artifacts")); err != nil {
			return err
		}
	}
	return nil
}

// differingOf are the artifacts of a target's folder that differ.
func (r *verification) differingOf(folder string) []ArtifactPair {
	return slices.DeleteFunc(slices.Clone(r.result.Artifacts), func(a ArtifactPair) bool {
		return a.Same() || targets.Folder(a.Target, targets.Platform(a.Platform)) != folder
	})
}

// copyFirst copies the first artifacts that differ: the next build replaces them.
func (r *verification) copyFirst(folder, to string) error {
	for _, a := range r.differingOf(folder) {
		if a.First == "" {
			continue
		}
		from := filepath.Join(r.one.opt.Output, filepath.FromSlash(a.Path))
		rel := filepath.FromSlash(strings.TrimPrefix(a.Path, folder+"/"))
		open := func() (io.ReadCloser, error) { return os.Open(from) }
		if err := copyEntry(filepath.Join(to, rel), oci.Entry{Path: a.Path, Mode: a.FirstMode, Open: open}); err != nil {
			return err
		}
	}
	return nil
}

// explainArtifacts explains artifacts from their files. That none of the steps
// differs says that the first ones weren't built by what the first daemon has.
func (r *verification) explainArtifacts(ctx context.Context, folder, dir string) error {
	d := StepDifference{Target: folder}
	var open []string
	for _, a := range r.differingOf(folder) {
		c := artifactChange(a)
		if c.Kind == verify.OtherContent {
			open = append(open, a.Path)
		}
		d.Changes = append(d.Changes, c)
	}
	first, again := r.one.opt.Output, r.two.opt.Output
	var err error
	if d.Explained, err = r.explain(ctx, d.Changes, open, first, again); err != nil {
		return err
	}
	d.Report, err = r.report(ctx, dir, d.Explained[0].File, open, first, again)
	r.result.Differences = append(r.result.Differences, d)
	return err
}

// artifactChange says how an artifact differs.
func artifactChange(a ArtifactPair) verify.Change {
	c := verify.Change{Path: a.Path, Kind: verify.OtherContent}
	c.First = verify.Entry{Path: a.Path, Type: verify.File, Mode: a.FirstMode, SHA256: a.First}
	c.Again = verify.Entry{Path: a.Path, Type: verify.File, Mode: a.AgainMode, SHA256: a.Again}
	switch {
	case a.First == "":
		c.Kind, c.First = verify.OnlyAgain, verify.Entry{}
	case a.Again == "":
		c.Kind, c.Again = verify.OnlyFirst, verify.Entry{}
	case a.First == a.Again:
		c.Kind = verify.OtherMode
	}
	return c
}

// report asks diffoscope about one file, and returns the file with what it says.
func (r *verification) report(ctx context.Context, dir, name string, open []string, first, again string) (string, error) {
	if r.opt.Diffoscope == "" || !slices.Contains(open, name) {
		return "", nil
	}
	name = filepath.FromSlash(name)
	text, err := verify.Diffoscope(ctx, r.opt.Diffoscope, filepath.Join(first, name), filepath.Join(again, name))
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil || text == "" {
		return "", nil // it explains better than we do, or not at all
	}
	file := filepath.Join(dir, "diffoscope.txt")
	return r.kept.final(file), os.WriteFile(file, []byte(text), 0o644)
}
