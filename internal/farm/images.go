package farm

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/ofarm/ofarm/internal/base"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/oci"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/source"
	"github.com/ofarm/ofarm/llb"
	"github.com/ofarm/ofarm/targets"
)

// imageVersion is part of every image's key: it changes when the code that
// makes images makes other bytes of the same inputs.
const imageVersion = "1"

// image is one image that a plan needs.
type image struct {
	// what it is, for errors.
	what string
	// key says what it is made of.
	key string
	// inputs are what making it reads.
	inputs []input.Request
	// layers write its layers, lowest first.
	layers []func(w io.Writer) error
	// arch is the architecture that it is for, as OCI calls it; empty where its
	// config needn't say.
	arch string
	// base says of a target's base what it is made of; empty for other images.
	base digest.Digest
	// put notes its digest.
	put func(digest.Digest)
}

// imageSet collects the images of several plans; equal ones are made once.
type imageSet struct {
	farm   *Farm
	images []image
	mu     sync.Mutex
}

// Images brings all images of the plans into the layout: it fetches the inputs
// of those that aren't there, and makes them. The result has one value for
// each plan, in their order.
func (f *Farm) Images(ctx context.Context, p *Project, l *lock.File, plans []*plan.Plan) ([]llb.Images, error) {
	set := &imageSet{farm: f}
	out := make([]llb.Images, len(plans))
	for i, pl := range plans {
		out[i] = llb.Images{Roots: map[string]digest.Digest{}, Sources: map[string]digest.Digest{}}
		if err := set.add(l, pl, &out[i]); err != nil {
			return nil, err
		}
	}
	if err := set.takeBases(ctx, l); err != nil {
		return nil, err
	}
	if err := set.prepare(ctx); err != nil {
		return nil, err
	}
	project, err := f.projectImage(p)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Project = project
	}
	return out, nil
}

// add lists the images of one plan.
func (s *imageSet) add(l *lock.File, pl *plan.Plan, to *llb.Images) error {
	for _, r := range pl.Roots {
		if err := s.addRoot(l, pl, r, to); err != nil {
			return fmt.Errorf("root %s of %s: %w", r.Name, pl.Release.Name, err)
		}
	}
	for _, step := range pl.Steps {
		if step.Source == nil {
			continue
		}
		if err := s.addSource(l, step, to); err != nil {
			return fmt.Errorf("the source of %s: %w", step.Name, err)
		}
	}
	s.addFiles("step library", llb.StepLib(), func(d digest.Digest) { to.StepLib = d })
	if pl.Release.Distro == targets.Debian {
		s.addFiles("root library", rootLib(), func(d digest.Digest) { to.RootLib = d })
	}
	return s.addShim(pl, to)
}

func rootLib() []llb.LibFile {
	return []llb.LibFile{
		{Name: "configure.sh", Data: base.ConfigureScript()},
		{Name: "extra.sh", Data: base.ExtraScript()},
	}
}

// prepare makes what isn't there.
func (s *imageSet) prepare(ctx context.Context) error {
	missing := map[string]image{}
	var requests []input.Request
	for _, img := range s.images {
		if d, ok := s.farm.Layout.Lookup(img.key); ok {
			img.put(d)
		} else if _, listed := missing[img.key]; !listed {
			missing[img.key] = img
			requests = append(requests, img.inputs...)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if err := s.farm.Sources().Fetch(ctx, requests); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, img := range missing {
		group.Go(func() error { return s.make(ctx, img) })
	}
	return group.Wait()
}

func (s *imageSet) make(ctx context.Context, img image) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d, err := s.farm.writeImage(img)
	if err != nil {
		return fmt.Errorf("making the image of %s: %w", img.what, err)
	}
	if err := s.farm.Layout.Remember(img.key, d); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, same := range s.images {
		if same.key == img.key {
			same.put(d)
		}
	}
	return nil
}

func (f *Farm) writeImage(img image) (digest.Digest, error) {
	// Most images say nothing of their platform: which one is meant is in the
	// graph, and the same source is the same image for all of them.
	out := oci.Image{Platform: ocispec.Platform{OS: "linux", Architecture: cmp.Or(img.arch, "amd64")}}
	if img.base != "" {
		out.Labels = map[string]string{baseLabel: img.base.String()}
	}
	for _, write := range img.layers {
		d, err := f.Layout.WriteLayer(write)
		if err != nil {
			return "", err
		}
		out.Layers = append(out.Layers, d)
	}
	return f.Layout.WriteImage(out)
}

// architecture is a platform's, as OCI calls it.
func architecture(p targets.Platform) string { return strings.TrimPrefix(string(p), "linux/") }

// addRoot adds the image of a root: for Alpine the whole root, for Debian the
// unpacked base, or the folder of .deb files that another root adds to it.
func (s *imageSet) addRoot(l *lock.File, pl *plan.Plan, r plan.Root, to *llb.Images) error {
	target, _ := l.Target(lock.TargetID{Name: pl.Release.Name, Platform: string(pl.Platform)})
	img, err := s.base(target, pl.Epoch)
	if err != nil {
		return err
	}
	if len(r.Depexts) > 0 {
		if img, err = s.extraRoot(target, pl, r); err != nil {
			return err
		}
	}
	img.put = func(d digest.Digest) { to.Roots[r.Name] = d }
	s.images = append(s.images, img)
	return nil
}

// extraRoot is the image of a root that has more than the base.
func (s *imageSet) extraRoot(target lock.Target, pl *plan.Plan, r plan.Root) (image, error) {
	img := image{what: fmt.Sprintf("root %s of %s", r.Name, pl.Release.Name), inputs: requests(r.Packages, target)}
	if pl.Release.Distro != targets.Alpine {
		img.key = key("debian packages", pl.Epoch, r.Packages)
		img.layers = []func(io.Writer) error{func(w io.Writer) error { return s.debFolder(w, r.Packages) }}
		return img, nil
	}
	extra, err := s.packages(r.Packages)
	if err != nil {
		return image{}, err
	}
	below, err := s.packages(target.Base)
	if err != nil {
		return image{}, err
	}
	opt := base.Options{Epoch: time.Unix(pl.Epoch, 0).UTC()}
	img.key = key("alpine root", pl.Epoch, target.Base) + key("and", pl.Epoch, r.Packages)
	img.inputs = append(requests(target.Base, target), img.inputs...)
	img.layers = []func(io.Writer) error{
		func(w io.Writer) error { return base.Alpine(w, below, opt) },
		func(w io.Writer) error { return base.AlpineExtra(w, below, extra, opt) },
	}
	return img, nil
}

// key names an image of package files.
func key(kind string, epoch int64, pkgs []lock.DistroPackage) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %d\n", kind, imageVersion, epoch)
	for _, p := range pkgs {
		fmt.Fprintf(&b, "%s %s\n", p.SHA256, path.Base(p.Path))
	}
	return b.String()
}

func (s *imageSet) packages(pkgs []lock.DistroPackage) ([]base.Input, error) {
	var out []base.Input
	for _, p := range pkgs {
		d, err := digestOf(p.Input)
		if err != nil {
			return nil, err
		}
		out = append(out, base.Input{
			Name: p.Name, Version: p.Version, Arch: p.Arch,
			Open: func() (io.ReadCloser, error) { return s.farm.Store.OpenFile(d) },
		})
	}
	return out, nil
}

// requests asks for package files.
func requests(pkgs []lock.DistroPackage, t lock.Target) []input.Request {
	var out []input.Request
	for _, p := range pkgs {
		r, err := inputRequest(t.Name+" "+p.Name+" "+p.Version, p.Input)
		if err != nil {
			continue // lock.Parse has checked every sum
		}
		r.Archive = ArchiveAt(p.Archive, timestamp(t, p.Archive))
		r.Path = p.Path
		out = append(out, r)
	}
	return out
}

func timestamp(t lock.Target, archive string) string {
	for _, a := range t.Archives {
		if a.Name == archive {
			return a.Timestamp
		}
	}
	return "-"
}

// debFolder writes the .deb files as they are.
func (s *imageSet) debFolder(w io.Writer, pkgs []lock.DistroPackage) error {
	var entries []oci.Entry
	for _, p := range pkgs {
		d, err := digestOf(p.Input)
		if err != nil {
			return err
		}
		entries = append(entries, oci.Entry{
			Path: path.Base(p.Path), Mode: 0o644, Size: p.Size,
			Open: func() (io.ReadCloser, error) { return s.farm.Store.OpenFile(d) },
		})
	}
	return oci.WriteTree(w, entries)
}

// addSource adds the image of a step's source.
func (s *imageSet) addSource(l *lock.File, step plan.Step, to *llb.Images) error {
	img := image{
		what: "the source of " + step.Name,
		key:  "source " + imageVersion + "\n",
		put:  func(d digest.Digest) { to.Sources[step.Name] = d },
	}
	archive := source.Archive{TempDir: s.farm.CacheDir}
	if a := step.Source.Archive; a != nil {
		d, err := digestOf(a.Input)
		if err != nil {
			return err
		}
		archive.Path, archive.Name = s.farm.Store.Path(d), source.URLName(a.URLs[0])
		img.key += a.SHA256 + " " + archive.Name + "\n"
		r, err := source.Request(step.Name, *a)
		if err != nil {
			return err
		}
		img.inputs = append(img.inputs, r)
	}
	var extra []source.File
	for _, f := range step.Source.Files {
		d, err := digestOf(f.Input)
		if err != nil {
			return err
		}
		extra = append(extra, source.File{Name: f.Name, Path: s.farm.Store.Path(d)})
		img.key += f.SHA256 + " " + f.Name + "\n"
		r, err := s.extraRequest(l, step, f)
		if err != nil {
			return err
		}
		img.inputs = append(img.inputs, r)
	}
	img.layers = []func(io.Writer) error{func(w io.Writer) error { return source.Layer(w, archive, extra) }}
	s.images = append(s.images, img)
	return nil
}

// extraRequest asks for an extra source, or for a file that lies beside an
// opam file and is in the store already.
func (s *imageSet) extraRequest(l *lock.File, step plan.Step, f lock.NamedInput) (input.Request, error) {
	for _, p := range l.Packages {
		for _, e := range p.ExtraSources {
			if p.ID() == step.Name && e.Name == f.Name {
				return source.Request(step.Name+"/"+f.Name, e)
			}
		}
	}
	return inputRequest(step.Name+"/"+f.Name, f.Input)
}

func fileURL(path string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}
