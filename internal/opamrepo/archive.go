package opamrepo

import (
	"archive/tar"
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// archiveTop is the folder in an archive that holds all of the tree.
const archiveTop = "source/"

// Archive writes the tree that a git URL names ("git+https://host/path#REF",
// without a ref HEAD's) as a tar, and returns the commit in 40 hexadecimal
// digits. The tar depends on the tree alone: sorted, below one top folder,
// owned by 0:0, modes 0644 and 0755, times 0 since 1970, symlinks as they are.
//
// The errors are [*SpecError], [*GoneError], [*OfflineError],
// [*SubmoduleError], [*GitMissingError] and [*GitError]. After one, what was
// written is not a whole tar.
func (g Git) Archive(ctx context.Context, w io.Writer, url string) (commit string, err error) {
	p, err := parsePlace(url)
	if err != nil {
		return "", err
	}
	r, err := g.remote(p)
	if err != nil {
		return "", err
	}
	commit, err = r.fetch(ctx, p.ref)
	if err == nil {
		err = r.archive(ctx, w, commit)
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("archiving %s: %w", redact(url), err)
	}
	return commit, nil
}

// unpack writes the repository in a commit's tree as readyDir into a folder.
func (r *remote) unpack(ctx context.Context, commit string, into *os.Root) error {
	pr, pw := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := r.archive(ctx, pw, commit, packagesDir, repoFile)
		pw.CloseWithError(err)
		done <- err
	}()
	err := unpack(ctx, pr, into)
	pr.CloseWithError(cmp.Or(err, io.ErrClosedPipe))
	if archiveErr := <-done; archiveErr != nil && err == nil {
		return archiveErr
	}
	return err
}

// treeEntry is a file of a tree.
type treeEntry struct {
	mode, object, path string
}

// archive writes a commit's tree, or the given paths of it, as a tar.
func (r *remote) archive(ctx context.Context, w io.Writer, commit string, paths ...string) error {
	entries, err := r.tree(ctx, commit, paths)
	if err != nil {
		return err
	}
	tw := tar.NewWriter(w)
	if err := tw.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: archiveTop, Mode: 0o755, ModTime: time.Unix(0, 0)}); err != nil {
		return err
	}
	if err := r.contents(ctx, tw, entries); err != nil {
		return err
	}
	return tw.Close()
}

// tree lists the files of a commit's tree, sorted by path.
func (r *remote) tree(ctx context.Context, commit string, paths []string) ([]treeEntry, error) {
	args := append([]string{"ls-tree", "-r", "-z", "--full-tree", commit, "--"}, paths...)
	out, err := r.run(ctx, args...)
	if err != nil {
		return nil, err
	}
	var entries []treeEntry
	for line := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if line == "" {
			continue
		}
		e, err := parseTreeEntry(line)
		if err == nil && e.mode == "160000" {
			err = &SubmoduleError{Remote: r.name(), Commit: commit, Path: e.path}
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b treeEntry) int { return cmp.Compare(a.path, b.path) })
	return entries, nil
}

// parseTreeEntry reads an entry as git-ls-tree(1) writes it.
func parseTreeEntry(line string) (treeEntry, error) {
	about, name, ok := strings.Cut(line, "\t")
	fields := strings.Fields(about)
	if !ok || len(fields) != 3 {
		return treeEntry{}, fmt.Errorf("git ls-tree writes %q, which is no entry", line)
	}
	if !fs.ValidPath(name) {
		return treeEntry{}, &EntryError{name, "is not a path below the tree's root"}
	}
	return treeEntry{mode: fields[0], object: fields[2], path: name}, nil
}

// contents writes the entries with what git holds of them.
func (r *remote) contents(ctx context.Context, tw *tar.Writer, entries []treeEntry) error {
	var ask bytes.Buffer
	for _, e := range entries {
		ask.WriteString(e.object + "\n")
	}
	return r.start(ctx, &ask, func(stdout io.Reader) error {
		in := bufio.NewReaderSize(stdout, 64<<10)
		for _, e := range entries {
			if err := e.write(tw, in); err != nil {
				return err
			}
		}
		return nil
	}, "cat-file", "--batch", "--buffer")
}

// write writes one entry, whose object is next in what git cat-file --batch
// gives.
func (e treeEntry) write(tw *tar.Writer, in *bufio.Reader) error {
	size, err := objectSize(in, e.object)
	if err != nil {
		return fmt.Errorf("reading %q: %w", e.path, err)
	}
	h := &tar.Header{Typeflag: tar.TypeReg, Name: path.Join(archiveTop, e.path), Mode: 0o644, Size: size, ModTime: time.Unix(0, 0)}
	var content io.Reader = io.LimitReader(in, size)
	switch e.mode {
	case "120000":
		target, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		h.Typeflag, h.Mode, h.Size, h.Linkname = tar.TypeSymlink, 0o777, 0, string(target)
		content = bytes.NewReader(nil)
	case "100755":
		h.Mode = 0o755
	}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	if _, err := io.Copy(tw, content); err != nil {
		return err
	}
	_, err = in.Discard(1)
	return err
}

// objectSize reads the line that git cat-file --batch writes before an object.
func objectSize(in *bufio.Reader, object string) (int64, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return 0, cmp.Or(unexpected(err), err)
	}
	fields := strings.Fields(line)
	if len(fields) != 3 || fields[0] != object || fields[1] != "blob" {
		return 0, fmt.Errorf("git cat-file writes %q for object %s", strings.TrimSpace(line), object)
	}
	return strconv.ParseInt(fields[2], 10, 64)
}

// unexpected turns an end that comes too early into an error of that name.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return nil
}
