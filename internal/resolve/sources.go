package resolve

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/opamrepo"
)

// SourceError says why a package's source can't be locked.
type SourceError struct {
	// File and Pos are where the opam file says it; Pos can be none.
	File string
	Pos  opam.Position
	// Package is "NAME.VERSION".
	Package string
	Text    string
}

func (e *SourceError) Error() string {
	if e.Pos == (opam.Position{}) {
		return e.Package + ": " + e.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s: %s", e.File, e.Pos.Line, e.Pos.Column, e.Package, e.Text)
}

// checkSources looks for what no lock can name: a source without a checksum
// that still means something, a version control system's checkout. All
// mistakes are reported at once.
func checkSources(id string, file *opam.File) error {
	var errs *multierror.Error
	if file.URL != nil {
		if text := wrongSource(*file.URL); text != "" {
			errs = multierror.Append(errs, &SourceError{file.Path, file.URL.At, id, "its source " + text})
		}
	}
	return multierror.Append(errs, checkExtraSources(id, file)).ErrorOrNil()
}

func checkExtraSources(id string, file *opam.File) error {
	var errs *multierror.Error
	for _, s := range file.ExtraSources {
		if text := wrongSource(s); text != "" {
			errs = multierror.Append(errs, &SourceError{file.Path, s.At, id, fmt.Sprintf("its extra source %q %s", s.Name, text)})
		}
	}
	return errs.ErrorOrNil()
}

// wrongSource says what is wrong with a source; empty for nothing.
func wrongSource(s opam.Source) string {
	for _, text := range s.URLs() {
		u, err := url.Parse(text)
		if err != nil || !slices.Contains([]string{"http", "https", "file"}, u.Scheme) {
			return fmt.Sprintf("%q is not a file that can be downloaded by http or https", text)
		}
	}
	weak := func(c opam.Checksum) bool { return input.Kind(c.Kind) == input.MD5 }
	switch {
	case s.Subpath != "":
		return fmt.Sprintf("is only the folder %q of what its URL gives (subpath), which ofarm can't build", s.Subpath)
	case len(s.Checksums) == 0:
		return "has no checksum"
	case !slices.ContainsFunc(s.Checksums, func(c opam.Checksum) bool { return !weak(c) }):
		return "has only an md5 checksum, which other bytes can be made to have; its opam file needs a sha256 or a sha512"
	}
	return ""
}

// extraFiles takes in the files beside an opam file: those that it lists, with
// the checksums that it gives, or all where it lists none.
func (r *resolver) extraFiles(id string, p *opamrepo.Package) ([]lock.NamedInput, error) {
	file := p.File
	listed := map[string]opam.Checksum{}
	for _, f := range file.ExtraFiles {
		listed[f.Name] = f.Checksum
	}
	var out []lock.NamedInput
	folder := p.Files()
	err := fs.WalkDir(folder, ".", func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == "." {
			return nil
		}
		sum, ok := listed[path]
		if err != nil || d.IsDir() || !ok && len(file.ExtraFiles) > 0 {
			return err
		}
		in, err := r.putFile(folder, path, sum)
		out = append(out, lock.NamedInput{Name: path, Input: in})
		delete(listed, path)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: taking in the files beside its opam file: %w", id, err)
	}
	for _, f := range file.ExtraFiles {
		if _, missing := listed[f.Name]; missing {
			return nil, &SourceError{Package: id, Text: fmt.Sprintf("its opam file lists the file %q, which is not in %q", f.Name, p.FilesDir())}
		}
	}
	return out, nil
}

// putFile puts a file into the store; the zero checksum fits any file.
func (r *resolver) putFile(folder fs.FS, path string, sum opam.Checksum) (lock.Input, error) {
	data, err := fs.ReadFile(folder, path)
	if err != nil {
		return lock.Input{}, err
	}
	if sum.Hex == "" {
		return r.put(data)
	}
	d, size, err := r.Fetcher.Store.PutUnknown(bytes.NewReader(data), input.Checksum{Kind: input.Kind(sum.Kind), Hex: sum.Hex})
	if err != nil {
		return lock.Input{}, fmt.Errorf("%q: %w", path, err)
	}
	return lock.Input{SHA256: d.Hex(), Size: size}, nil
}

// lockedSource is a source's entry in the lock, whose sha256 and size are known
// once it was fetched.
func lockedSource(s opam.Source) lock.Source {
	out := lock.Source{Name: s.Name, URLs: s.URLs()}
	for _, c := range s.Checksums {
		if c.Kind != "sha256" {
			out.Checksums = append(out.Checksums, c.String())
		}
	}
	slices.Sort(out.Checksums)
	return out
}

func sourceRequest(name string, s opam.Source) input.Request {
	r := input.Request{Name: name, URLs: s.URLs()}
	for _, c := range s.Checksums {
		r.Checksums = append(r.Checksums, input.Checksum{Kind: input.Kind(c.Kind), Hex: c.Hex})
	}
	return r
}
