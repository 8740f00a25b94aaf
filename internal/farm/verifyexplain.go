package farm

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"

	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/verify"
)

const (
	// mostPicked is how many files of a step are kept as both builds made them, and
	// mostLonely how many that only one of them made: the smallest ones.
	mostPicked = 100
	mostLonely = 20
	// mostBytes is how long these may be together, but for the first.
	mostBytes = 256 << 20
	// mostOpened is how many of them are opened to explain why they differ; more
	// only as long as none has a known cause.
	mostOpened = 12
	// mostPaired is how many files of a folder may have been renamed.
	mostPaired = 100
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
	files := pick(f.Changes)
	err = both(
		func() error { return r.one.files(ctx, i, f.Step, first, steps[k].First.Holders(files.first)) },
		func() error { return r.two.files(ctx, i, f.Step, again, steps[k].Again.Holders(files.again)) },
	)
	if err != nil {
		return out, err
	}
	if out.Explained, err = r.explain(ctx, f.Changes, files.both, first, again); err != nil {
		return out, err
	}
	out.Report, err = r.report(ctx, dir, out.Explained[0].File, files.both, first, again)
	return out, err
}

// picked are files of a step.
type picked struct {
	first, again []string // of each build
	both         []string // of both, the smallest first
}

// pick chooses the files that are kept: those that both builds have, then those
// of one only.
func pick(changes []verify.Change) picked {
	var p picked
	var bytes int64
	take := func(most int, kinds ...verify.Kind) (taken []string) {
		for _, c := range filesBySize(changes, kinds) {
			bytes += max(c.First.Size, c.Again.Size)
			if len(taken) == most || bytes > mostBytes && len(p.first)+len(p.again) > 0 {
				break
			}
			taken = append(taken, c.Path)
			if c.Kind != verify.OnlyAgain {
				p.first = append(p.first, c.Path)
			}
			if c.Kind != verify.OnlyFirst {
				p.again = append(p.again, c.Path)
			}
		}
		return taken
	}
	p.both = take(mostPicked, verify.OtherContent)
	take(mostLonely, verify.OnlyFirst, verify.OnlyAgain)
	return p
}

// filesBySize lists the changes of some kinds that are of files, the smallest
// first.
func filesBySize(changes []verify.Change, kinds []verify.Kind) []verify.Change {
	var out []verify.Change
	for _, c := range changes {
		if slices.Contains(kinds, c.Kind) && verify.File == max(c.First.Type, c.Again.Type) {
			out = append(out, c)
		}
	}
	size := func(c verify.Change) int64 { return max(c.First.Size, c.Again.Size) }
	slices.SortStableFunc(out, func(a, b verify.Change) int { return cmp.Compare(size(a), size(b)) })
	return out
}

// told is an explanation; a low rank is for what explains most.
type told struct {
	verify.Difference
	rank int
}

// ranked ranks a difference: one with a known cause first, then one without,
// then one that follows from another. What wasn't looked at comes after these.
func ranked(d verify.Difference) told {
	switch d.Cause {
	case verify.Unknown:
		return told{d, 1}
	case verify.Digest:
		return told{d, 2}
	}
	return told{d, 0}
}

// explain explains changes, the most telling first: the files that are opened
// from two folders, and what differs otherwise than by content.
func (r *verification) explain(ctx context.Context, changes []verify.Change, open []string, first, again string) ([]verify.Difference, error) {
	hints := verify.Hints{
		Paths: []string{plan.BuildDir, plan.Prefix},
		First: r.one.circumstances(), Again: r.two.circumstances(),
	}
	var all []told
	known := false
	for i, name := range open {
		if known && i >= mostOpened {
			open = open[:i]
			break
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		d, err := verify.Explain(name, filepath.Join(first, filepath.FromSlash(name)), filepath.Join(again, filepath.FromSlash(name)), hints)
		if err != nil {
			return nil, err
		}
		all = append(all, ranked(d))
		known = known || ranked(d).rank == 0
	}
	all = append(all, explainOthers(changes, open, hints)...)
	slices.SortStableFunc(all, func(a, b told) int { return cmp.Compare(a.rank, b.rank) })
	var out []verify.Difference
	for _, t := range all {
		out = append(out, t.Difference)
	}
	return out, nil
}

// explainOthers explains changes of files that weren't opened.
func explainOthers(changes []verify.Change, open []string, hints verify.Hints) []told {
	opened := map[string]bool{}
	for _, name := range open {
		opened[name] = true
	}
	partner := partners(changes, hints)
	var out []told
	for i, c := range changes {
		other, paired := partner[i]
		switch {
		case opened[c.Path], paired && other < 0:
		case paired:
			out = append(out, ranked(explainName(c, changes[other], hints)))
		case c.Kind == verify.OtherLink:
			out = append(out, ranked(verify.ExplainText(c.Path, linkWords(c.First.Type), c.First.Linkname, c.Again.Linkname, hints)))
		default:
			t := ranked(verify.Difference{File: c.Path, What: otherwise(c), Cause: verify.Unknown})
			if slices.Contains([]verify.Kind{verify.OtherContent, verify.OnlyFirst, verify.OnlyAgain}, c.Kind) {
				t.rank = 3
			}
			out = append(out, t)
		}
	}
	return out
}

// linkWords are what a type's Linkname is.
func linkWords(t verify.Type) string {
	if t == verify.Symlink {
		return "where the link leads"
	}
	return "the device"
}

func explainName(first, again verify.Change, hints verify.Hints) verify.Difference {
	return verify.ExplainText(first.Path, "its name", path.Base(first.Path), path.Base(again.Path), hints)
}

// partners pairs files that only the first build has with files of the same
// folder that only the second has and that may differ in their names only: their
// content is the same, or a time or something random is in the names. It maps the
// first's index to the second's, and that to -1.
func partners(changes []verify.Change, hints verify.Hints) map[int]int {
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
		firsts, agains := lists[0][:min(len(lists[0]), mostPaired)], lists[1][:min(len(lists[1]), mostPaired)]
		for _, alike := range []func(a, b verify.Change) bool{
			sameFile,
			func(a, b verify.Change) bool { return sameButName(a, b, hints) },
		} {
			pair(out, changes, firsts, agains, alike)
		}
	}
	return out
}

// pair pairs what isn't paired yet.
func pair(out map[int]int, changes []verify.Change, firsts, agains []int, alike func(a, b verify.Change) bool) {
	for _, i := range firsts {
		for _, k := range agains {
			_, doneI := out[i]
			_, doneK := out[k]
			if !doneI && !doneK && alike(changes[i], changes[k]) {
				out[i], out[k] = k, -1
			}
		}
	}
}

// sameFile tells whether two files have the same content, which says something if
// there is any.
func sameFile(first, again verify.Change) bool {
	a, b := first.First, again.Again
	return a.Type == verify.File && b.Type == verify.File && a.Size > 0 && a.SHA256 == b.SHA256
}

// sameButName tells whether the names of two entries of one type differ as those of
// one thing do.
func sameButName(first, again verify.Change, hints verify.Hints) bool {
	if first.First.Type != again.Again.Type {
		return false
	}
	cause := explainName(first, again, hints).Cause
	return slices.Contains([]verify.Cause{verify.TempName, verify.Timestamp, verify.Random}, cause)
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
