package farm

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/verify"
	"github.com/ofarm/ofarm/targets"
)

const (
	// mostOpened is how many files of a step are opened to explain why they
	// differ: the smallest ones.
	mostOpened = 12
	// mostBytes is how long a file may be for that.
	mostBytes = 256 << 20
)

// explainStep explains a difference that begins at a step.
func (r *verification) explainStep(ctx context.Context, i int, f verify.Finding, steps []verify.Step) (StepDifference, error) {
	out := StepDifference{Target: r.one.folder(i), Step: f.Step, Changes: f.Changes}
	k := slices.IndexFunc(steps, func(s verify.Step) bool { return s.Name == f.Step })
	dir, err := r.kept.folder(out.Target, "steps", f.Step)
	if err != nil {
		return out, err
	}
	first, again := filepath.Join(dir, "first"), filepath.Join(dir, "again")
	open := opened(f.Changes)
	if len(open) > 0 {
		err := both(
			func() error { return r.one.files(ctx, i, f.Step, first, steps[k].First.Holders(open)) },
			func() error { return r.two.files(ctx, i, f.Step, again, steps[k].Again.Holders(open)) },
		)
		if err != nil {
			return out, err
		}
	}
	if out.Explained, err = r.explain(f.Changes, open, first, again); err != nil {
		return out, err
	}
	out.Report, err = r.report(ctx, dir, out.Explained[0].File, open, first, again)
	return out, err
}

// opened chooses the files that are opened.
func opened(changes []verify.Change) []string {
	var files []verify.Change
	for _, c := range changes {
		if c.Kind == verify.OtherContent && c.First.Type == verify.File && max(c.First.Size, c.Again.Size) <= mostBytes {
			files = append(files, c)
		}
	}
	slices.SortStableFunc(files, func(a, b verify.Change) int { return cmp.Compare(a.First.Size, b.First.Size) })
	var out []string
	for _, c := range files[:min(len(files), mostOpened)] {
		out = append(out, c.Path)
	}
	return out
}

// explain explains changes, the most telling first: the files that were opened
// from two folders, and what differs otherwise than by content.
func (r *verification) explain(changes []verify.Change, open []string, first, again string) ([]verify.Difference, error) {
	hints := verify.Hints{
		Paths: []string{plan.BuildDir, plan.Prefix},
		First: r.one.circumstances(), Again: r.two.circumstances(),
	}
	var out []verify.Difference
	for _, name := range open {
		d, err := verify.Explain(name, filepath.Join(first, filepath.FromSlash(name)), filepath.Join(again, filepath.FromSlash(name)), hints)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	others, err := r.explainOthers(changes, open, hints)
	out = append(out, others...)
	slices.SortStableFunc(out, func(a, b verify.Difference) int { return cmp.Compare(telling(a), telling(b)) })
	return out, err
}

// telling ranks a difference: one with a known cause first, then one without,
// then one that follows from another.
func telling(d verify.Difference) int {
	switch d.Cause {
	case verify.Unknown:
		return 1
	case verify.Digest:
		return 2
	}
	return 0
}

// explainOthers explains changes of files that weren't opened.
func (r *verification) explainOthers(changes []verify.Change, open []string, hints verify.Hints) ([]verify.Difference, error) {
	partner := partners(changes)
	var out []verify.Difference
	for i, c := range changes {
		var d verify.Difference
		var err error
		other, paired := partner[i]
		switch {
		case slices.Contains(open, c.Path), paired && other < 0:
			continue
		case paired:
			d, err = r.explainTexts(c.Path, "its name", path.Base(c.Path), path.Base(changes[other].Path), hints)
		case c.Kind == verify.OtherLink:
			d, err = r.explainTexts(c.Path, "where the link leads", c.First.Linkname, c.Again.Linkname, hints)
		default:
			d = verify.Difference{File: c.Path, What: otherwise(c), Cause: verify.Unknown}
		}
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// partners pairs files that only the first build has with files of the same
// folder that only the second has, where there are as many of both: these may
// differ in their names only. It maps the first's index to the second's, and that
// to -1.
func partners(changes []verify.Change) map[int]int {
	only := map[string][2][]int{}
	for i, c := range changes {
		lists := only[path.Dir(c.Path)]
		switch c.Kind {
		case verify.OnlyFirst:
			lists[0] = append(lists[0], i)
		case verify.OnlyAgain:
			lists[1] = append(lists[1], i)
		}
		only[path.Dir(c.Path)] = lists
	}
	out := map[int]int{}
	for _, lists := range only {
		if len(lists[0]) != len(lists[1]) {
			continue
		}
		for k, i := range lists[0] {
			out[i], out[lists[1][k]] = lists[1][k], -1
		}
	}
	return out
}

// explainTexts explains the difference of two texts at a file.
func (r *verification) explainTexts(file, where, first, again string, hints verify.Hints) (verify.Difference, error) {
	dir, err := os.MkdirTemp(r.folder.Dir, "text-")
	if err != nil {
		return verify.Difference{}, err
	}
	defer os.RemoveAll(dir)
	a, b := filepath.Join(dir, "first"), filepath.Join(dir, "again")
	for name, text := range map[string]string{a: first, b: again} {
		if err := os.WriteFile(name, []byte(text+"\n"), 0o600); err != nil {
			return verify.Difference{}, err
		}
	}
	d, err := verify.Explain(file, a, b, hints)
	d.Where, d.What, d.Also = where, fmt.Sprintf("%q and %q", first, again), nil
	return d, err
}

// otherwise says how entries differ that have no content to compare.
func otherwise(c verify.Change) string {
	switch c.Kind {
	case verify.OtherMode:
		return fmt.Sprintf("mode %04o and %04o", c.First.Mode, c.Again.Mode)
	case verify.OtherOwner:
		return fmt.Sprintf("owner %s and %s", cmp.Or(c.First.Owner, "0:0"), cmp.Or(c.Again.Owner, "0:0"))
	case verify.OtherType:
		return fmt.Sprintf("a %s and a %s", c.First.Type, c.Again.Type)
	}
	return string(c.Kind)
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

// keepArtifacts keeps the second build's artifacts where they differ, and
// explains those that no step explains.
func (r *verification) keepArtifacts(differing map[string]bool) error {
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
			if err := r.explainArtifacts(folder); err != nil {
				return err
			}
		}
		if err := moveFolder(filepath.Join(r.two.opt.Output, folder), filepath.Join(dir, "artifacts")); err != nil {
			return err
		}
	}
	return nil
}

// explainArtifacts explains artifacts from their files. That none of the steps
// differs says that the first ones weren't built by what the first daemon has.
func (r *verification) explainArtifacts(folder string) error {
	d := StepDifference{Target: folder}
	var open []string
	for _, a := range r.result.Artifacts {
		if targets.Folder(a.Target, targets.Platform(a.Platform)) != folder || a.Same() {
			continue
		}
		c := verify.Change{Path: a.Path, Kind: verify.OtherContent}
		c.First.Path, c.First.Type, c.First.SHA256 = a.Path, verify.File, a.First
		c.Again.Path, c.Again.Type, c.Again.SHA256 = a.Path, verify.File, a.Again
		switch {
		case a.First == "":
			c.Kind, c.First = verify.OnlyAgain, verify.Entry{}
		case a.Again == "":
			c.Kind, c.Again = verify.OnlyFirst, verify.Entry{}
		default:
			open = append(open, a.Path)
		}
		d.Changes = append(d.Changes, c)
	}
	var err error
	d.Explained, err = r.explain(d.Changes, open, r.one.opt.Output, r.two.opt.Output)
	r.result.Differences = append(r.result.Differences, d)
	return err
}
