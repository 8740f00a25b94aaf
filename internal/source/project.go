package source

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/opencontainers/go-digest"

	"github.com/ofarm/ofarm/internal/oci"
)

// ProjectOptions say how a project's files are found.
type ProjectOptions struct {
	// Git is the git program; empty means "git" on PATH.
	Git string
	// Exclude has further patterns of paths that don't go in, in the language of
	// .dockerignore files. Outside a git checkout they follow DefaultExcludes,
	// of which "!PATTERN" takes something back.
	Exclude []string
	// Files are the project's files by their paths, where they are known
	// already: then nothing is asked and nothing excluded, and one that isn't
	// there is absent. Nil: they are found.
	Files []string
}

// DefaultExcludes are the patterns of what doesn't go in outside a git
// checkout: version control, what dune, opam and esy build, what ofarm exports,
// and what editors and systems leave behind.
func DefaultExcludes() []string {
	return []string{
		"**/.git", "**/.hg", "**/.svn", "**/_darcs",
		"**/_build", "**/_opam", "**/_esy", "**/*.install", "dist",
		"**/.merlin", "**/.vscode", "**/.idea", "**/.direnv", "**/node_modules",
		"**/*~", "**/.*.swp", "**/#*#", "**/.#*", "**/.DS_Store",
	}
}

// Project lists the files of the project in the folder dir, sorted by path,
// relative to dir: the ones that git tracks there, in submodules too, with the
// content that they have now; one that was deleted is absent. Outside a git
// checkout it lists all files that aren't excluded. Modes are 0755 for
// executables and 0644 for others, symlinks are kept.
//
// A checkout without a git program is a [*GitMissingError], one that git
// refuses a [*GitError], and one in which git tracks nothing below dir an
// [*UntrackedError].
func Project(dir string, opts ProjectOptions) ([]oci.Entry, error) {
	entries, err := project(dir, opts)
	if err != nil {
		return nil, fmt.Errorf("listing the project's files: %w", err)
	}
	return entries, nil
}

func project(dir string, opts ProjectOptions) ([]oci.Entry, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(abs); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%q is not a folder", dir)
	}
	switch {
	case opts.Files != nil:
		return known(abs, opts.Files)
	case inCheckout(abs):
		return tracked(abs, opts)
	}
	return untracked(abs, opts)
}

// known lists files by their paths.
func known(dir string, names []string) ([]oci.Entry, error) {
	var entries []oci.Entry
	for _, name := range slices.Sorted(slices.Values(names)) {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return nil, fmt.Errorf("%q is no path in the project", name)
		}
		e, ok, err := worktreeEntry(dir, name)
		if err != nil {
			return nil, err
		}
		if ok {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// Digest names a project's files: the sha256 of their tar, as [oci.WriteTree]
// writes it.
func Digest(entries []oci.Entry) (digest.Digest, error) {
	sum := sha256.New()
	if err := oci.WriteTree(sum, entries); err != nil {
		return "", fmt.Errorf("reading the project: %w", err)
	}
	return digest.NewDigest(digest.SHA256, sum), nil
}

// inCheckout reports whether the folder or one above it has a .git.
func inCheckout(dir string) bool {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return false
		}
		dir = parent
	}
}

// tracked lists the files that git tracks.
func tracked(dir string, opts ProjectOptions) ([]oci.Entry, error) {
	names, err := listTracked(dir, opts.Git)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, &UntrackedError{Dir: dir}
	}
	exclude, err := patternmatcher.New(opts.Exclude)
	if err != nil {
		return nil, err
	}
	var entries []oci.Entry
	folders := map[string]bool{".": true}
	for _, name := range names {
		excluded, err := exclude.MatchesOrParentMatches(name)
		if err != nil {
			return nil, err
		}
		if excluded || !isFolder(dir, path.Dir(name), folders) {
			continue
		}
		e, ok, err := worktreeEntry(dir, name)
		if err != nil {
			return nil, err
		}
		if ok {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// isFolder reports whether the path and all above it are folders and not
// symlinks: git holds a file below a symlink for deleted. It notes what it
// finds.
func isFolder(root, name string, known map[string]bool) bool {
	is, ok := known[name]
	if !ok {
		info, err := os.Lstat(filepath.Join(root, filepath.FromSlash(name)))
		is = err == nil && info.IsDir() && isFolder(root, path.Dir(name), known)
		known[name] = is
	}
	return is
}

// untracked lists all files that aren't excluded.
func untracked(dir string, opts ProjectOptions) ([]oci.Entry, error) {
	exclude, err := patternmatcher.New(slices.Concat(DefaultExcludes(), opts.Exclude))
	if err != nil {
		return nil, err
	}
	var entries []oci.Entry
	err = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(p[len(dir):], string(filepath.Separator)))
		excluded, err := exclude.MatchesOrParentMatches(name)
		if err != nil {
			return err
		}
		if excluded && d.IsDir() && !exclude.Exclusions() {
			return fs.SkipDir
		}
		if excluded || d.IsDir() {
			return nil
		}
		e, ok, err := worktreeEntry(dir, name)
		if ok {
			entries = append(entries, e)
		}
		return err
	})
	slices.SortFunc(entries, func(a, b oci.Entry) int { return strings.Compare(a.Path, b.Path) })
	return entries, err
}

// worktreeEntry makes an entry of a file of the project. One that isn't there,
// and what is neither file nor folder nor link, isn't ok.
func worktreeEntry(dir, name string) (e oci.Entry, ok bool, err error) {
	file := filepath.Join(dir, filepath.FromSlash(name))
	info, err := os.Lstat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return e, false, nil
	}
	if err != nil {
		return e, false, err
	}
	switch mode := info.Mode(); {
	case mode.IsRegular():
		c := content{size: info.Size(), open: func() (io.ReadCloser, error) { return os.Open(file) }}
		e = c.entry(name)
		if mode&0o100 != 0 {
			e.Mode = 0o755
		}
	case mode.IsDir(): // a submodule that isn't checked out
		e = oci.Entry{Path: name, Type: oci.Dir, Mode: 0o755}
	case mode&fs.ModeSymlink != 0:
		e = oci.Entry{Path: name, Type: oci.Symlink}
		e.Linkname, err = os.Readlink(file)
	default:
		return e, false, nil
	}
	return e, err == nil, err
}
