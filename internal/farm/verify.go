package farm

import (
	"context"
	"errors"
	"fmt"

	"github.com/ofarm/ofarm/internal/scratch"
	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/internal/verify"
)

// VerifyOptions say what is verified, and how.
type VerifyOptions struct {
	// BuildOptions are those of the first build, and as far as they say what
	// comes out of it those of the second. What is compared is in Output.
	BuildOptions
	// Given says that the artifacts in Output are to be verified as they are,
	// wherever they were built. Otherwise they are built where they don't fit.
	Given bool
	// Deep compares what each step leaves, and each root, even where the
	// artifacts are the same.
	Deep bool
	// Jobs is how many processors the second build has, and how many steps it
	// runs at once; 0 means 1.
	Jobs int
	// StateDir is the folder below which the second build keeps what it makes,
	// until its end. Empty: in memory, where there is enough of it, else in the
	// cache folder.
	StateDir string
	// Keep is the folder that gets what differs: the artifacts as they came out
	// the second time, the first ones that differ, and of each step that began to
	// differ some files of both builds. It must be empty or not there. Empty:
	// [Farm.VerifyDir].
	Keep string
	// Diffoscope is the path of a diffoscope to ask about what differs; empty
	// for none.
	Diffoscope string
	// Begin is told what begins; nil is allowed.
	Begin func(VerifyStage)
}

// VerifyStage is a part of verifying.
type VerifyStage string

// The stages, in their order; one that isn't needed is left out.
const (
	StageFirst   VerifyStage = "first"   // artifacts are built that aren't there yet
	StageAgain   VerifyStage = "again"   // everything is built again
	StageCompare VerifyStage = "compare" // what the steps left is read and compared
)

// Verified is what came of building again.
type Verified struct {
	// Artifacts are all files in the targets' folders of both builds, sorted by
	// path: those of artifacts.json, and the records of their links.
	Artifacts []ArtifactPair `json:"artifacts"`
	// Inputs are the images that came out otherwise the second time; none if
	// all is well.
	Inputs []InputPair `json:"inputs"`
	// Steps are the roots and steps that were compared, by target in the order
	// of the options, in the order of its plan.
	Steps []StepPair `json:"steps"`
	// Differences explain what differs, by target and step in the same order.
	Differences []StepDifference `json:"differences"`
	// Circumstances say what was varied, in an order for people.
	Circumstances []Circumstance `json:"circumstances"`
	// Kept is the folder that has what differs; empty if nothing does.
	Kept string `json:"kept,omitempty"`
	// Built says that the first artifacts were built for this, instead of having
	// been there.
	Built bool `json:"built"`
}

// Same tells whether nothing differs.
func (v *Verified) Same() bool {
	for _, a := range v.Artifacts {
		if !a.Same() {
			return false
		}
	}
	return len(v.Inputs) == 0 && len(v.Differences) == 0
}

// ArtifactPair is an artifact of both builds.
type ArtifactPair struct {
	Target   string `json:"target"`
	Platform string `json:"platform"`
	// Path is relative to the folder of artifacts.json.
	Path string `json:"path"`
	// First and Again are the sha256 of both, in hex; empty for one that there
	// isn't.
	First string `json:"first"`
	Again string `json:"again"`
	// FirstMode and AgainMode are their permissions.
	FirstMode int64 `json:"first_mode"`
	AgainMode int64 `json:"again_mode"`
}

// Same tells whether the two are the same bytes, and both programs or neither.
// Other permissions are the user's own.
func (a ArtifactPair) Same() bool { return a.First == a.Again && !a.otherMode() }

// otherMode tells whether one only may be executed.
func (a ArtifactPair) otherMode() bool { return executable(a.FirstMode) != executable(a.AgainMode) }

func executable(mode int64) bool { return mode&0o111 != 0 }

// InputPair is an image that two farms made differently.
type InputPair struct {
	// Target is the target's folder.
	Target string `json:"target"`
	// What it is: "root base", "the source of zarith.1.14", "the project's files".
	What string `json:"what"`
	// First and Again are the digests of both.
	First string `json:"first"`
	Again string `json:"again"`
}

// StepPair is what a step or a root of a target left in both builds.
type StepPair struct {
	// Target is the target's folder.
	Target string `json:"target"`
	// Step is a step's name, or "root NAME".
	Step string `json:"step"`
	// First and Again are the digests of both, [verify.Tree.Digest].
	First string `json:"first"`
	Again string `json:"again"`
	// After names the differing steps among all that this one depends on: if
	// there are any, its difference may merely follow from theirs.
	After []string `json:"after,omitempty"`
}

// Same tells whether the two are the same.
func (s StepPair) Same() bool { return s.First == s.Again }

// StepDifference is a difference that began at a step, or an artifact that no
// step explains.
type StepDifference struct {
	// Target is the target's folder.
	Target string `json:"target"`
	// Step is as in [StepPair]; empty if the artifacts differ and no step does, as
	// far as steps could be compared.
	Step string `json:"step,omitempty"`
	// Changes are all files that differ, sorted by path; paths are below the
	// step's output, or artifacts' paths.
	Changes []verify.Change `json:"changes"`
	// Explained are some of them, the most telling first; at least one.
	Explained []verify.Difference `json:"explained"`
	// Report is a file with what diffoscope says of the first; empty for none.
	Report string `json:"report,omitempty"`
}

// NothingToVerifyError says that there are no artifacts of a target.
type NothingToVerifyError struct {
	// Path is that of artifacts.json.
	Path string
	// Target is the target's folder; empty for any target.
	Target string
}

func (e *NothingToVerifyError) Error() string {
	if e.Target == "" {
		return fmt.Sprintf("%q describes no artifact", e.Path)
	}
	return fmt.Sprintf("%q describes no artifact of %s", e.Path, e.Target)
}

// Verify builds again, from the same inputs and nothing else, under other
// circumstances, and compares: artifacts, and where they differ, or always if
// [VerifyOptions.Deep] is set, what every step of theirs left. What differs is a
// result and no error. What the second build made is removed, except what
// differs. Where something went wrong after differences were found, there are both
// a result and an error.
//
// Errors: [*NothingToVerifyError], [*OtherBuildError],
// [*GivenArtifactError], [*NotEmptyError], [*PlaceError], and those of both builds;
// those of the second one in an [*AgainError] each.
func (f *Farm) Verify(ctx context.Context, o VerifyOptions) (v *Verified, err error) {
	run := &verification{opt: o, result: &Verified{
		Artifacts: []ArtifactPair{}, Inputs: []InputPair{}, Steps: []StepPair{}, Differences: []StepDifference{},
	}}
	defer func() { err = errors.Join(err, run.close()) }()
	if err := run.prepare(f); err != nil {
		return nil, err
	}
	if err := run.first(ctx, f); err != nil {
		return nil, err
	}
	if err := run.buildAgain(ctx); err != nil {
		return nil, run.againErrors(err)
	}
	if err = run.compare(ctx); err != nil {
		err = fmt.Errorf("comparing: %w", err)
		if run.result.Same() || ctx.Err() != nil {
			return nil, err // it isn't known whether all is the same
		}
		if !run.kept.some {
			return run.result, err // what was kept before is no worse
		}
	}
	var errKept error
	run.result.Kept, errKept = run.kept.settle()
	return run.result, errors.Join(err, errKept)
}

// verification is one run of [Farm.Verify].
type verification struct {
	opt    VerifyOptions
	one    *side
	two    *side
	parent string // of folder
	folder *scratch.Folder
	filled int64 // bytes of memory that the second build may fill
	kept   *kept
	result *Verified
}

// prepare makes the folders that are needed later.
func (r *verification) prepare(f *Farm) (err error) {
	if r.kept, err = newKept(r.opt.Keep, f.VerifyDir()); err != nil {
		return err
	}
	r.parent = r.opt.againParent(f)
	engine := r.opt.Engine
	engine.BinDir = f.BinDir
	if r.folder, err = newAgainFolder(r.parent, engine); err != nil {
		return &PlaceError{Dir: r.parent, Err: err}
	}
	return nil
}

func (r *verification) begin(s VerifyStage) {
	if r.opt.Begin != nil {
		r.opt.Begin(s)
	}
}

// close stops what runs and removes what isn't kept.
func (r *verification) close() error {
	var errs []error
	for _, s := range []*side{r.one, r.two} {
		if s != nil && s.engine != nil {
			errs = append(errs, s.engine.Close())
		}
	}
	if r.folder != nil {
		errs = append(errs, endAgain(r.folder))
	}
	if r.kept != nil {
		errs = append(errs, r.kept.discard())
	}
	return errors.Join(errs...)
}

// compare fills in the result of two builds. Artifacts that differ are kept also
// where nothing can be said of their steps.
func (r *verification) compare(ctx context.Context) error {
	r.result.Inputs = r.otherInputs()
	differing, err := r.compareArtifacts()
	if err != nil {
		return err
	}
	if r.opt.Deep || len(differing) > 0 || len(r.result.Inputs) > 0 {
		r.begin(StageCompare)
	}
	if err = r.lookDeeper(ctx, differing); err != nil && ctx.Err() != nil {
		return err
	}
	return errors.Join(err, r.keepArtifacts(ctx, differing))
}

// lookDeeper says what was varied, and compares steps where that is needed.
func (r *verification) lookDeeper(ctx context.Context, differing map[string]bool) error {
	if err := r.observe(ctx, len(differing) > 0); err != nil {
		return err
	}
	for i := range r.one.plans {
		folder := r.one.folder(i)
		if !r.opt.Deep && !differing[folder] {
			continue
		}
		if err := r.compareSteps(ctx, i); err != nil {
			return fmt.Errorf("%s: %w", folder, err)
		}
	}
	return nil
}

// secondEngine are the options of the daemon that builds again.
func (r *verification) secondEngine(memory int64) solve.Options {
	jobs := max(r.opt.Jobs, 1)
	return solve.Options{
		Sockets: []string{}, BinDir: r.one.farm.BinDir, Path: r.opt.Engine.Path, RuntimeDir: r.opt.Engine.RuntimeDir,
		CPUs: jobs, Parallel: jobs, Memory: memory,
	}
}
