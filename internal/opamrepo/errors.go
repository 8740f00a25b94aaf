package opamrepo

import (
	"cmp"
	"fmt"
	"strconv"
)

func quoted(s string) string { return strconv.Quote(s) }

// SpecError says why a text names no opam repository.
type SpecError struct {
	// URL is the text.
	URL string
	// Reason goes on after it, such as "is empty".
	Reason string
}

func (e *SpecError) Error() string {
	return fmt.Sprintf("opam repository %q %s", redact(e.URL), e.Reason)
}

// NotRepositoryError says that what a spec names is there or not, but isn't an
// opam repository.
type NotRepositoryError struct {
	Spec
	// Reason is a whole sentence, such as "there is no such folder".
	Reason string
}

func (e *NotRepositoryError) Error() string {
	return fmt.Sprintf("opam repository %s: %s", e.Spec, e.Reason)
}

// ChangedError says that the place of a tarball gives other bytes than the ones
// that were locked, and nobody else has these.
type ChangedError struct {
	Spec
	// SHA256 is of the locked bytes, in hex.
	SHA256 string
	// Err is the fetcher's error.
	Err error
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("opam repository %s has changed since it was locked: %v", e.Spec, e.Err)
}

func (e *ChangedError) Unwrap() error { return e.Err }

// GoneError says that a git remote lacks a commit or a ref that was asked for.
type GoneError struct {
	// Remote is the remote's URL as git has it, without a password.
	Remote string
	// Ref is what was asked for.
	Ref string
}

// Commit reports whether a whole commit was asked for, and not a branch or tag.
func (e *GoneError) Commit() bool { return isCommit(e.Ref) }

func (e *GoneError) Error() string {
	switch {
	case e.Commit():
		return fmt.Sprintf("the commit %s is not, or no longer, in %s", e.Ref, e.Remote)
	case isHex(e.Ref) && len(e.Ref) >= 7:
		return fmt.Sprintf("%s has no branch or tag %q; a commit needs all of its %d digits", e.Remote, e.Ref, commitLen)
	}
	return fmt.Sprintf("%s has no branch or tag %q", e.Remote, cmp.Or(e.Ref, "HEAD"))
}

// OfflineError says that a git commit isn't kept here, while connections are
// forbidden.
type OfflineError struct {
	// Remote is the remote's URL, without a password.
	Remote string
	// Ref is what was asked for; empty for HEAD.
	Ref string
}

func (e *OfflineError) Error() string {
	return fmt.Sprintf("offline, and %q of %s was not fetched before", cmp.Or(e.Ref, "HEAD"), e.Remote)
}

// GitMissingError says that there is no git program to fetch a remote with.
type GitMissingError struct {
	Remote string
	// Err says where git was looked for.
	Err error
}

func (e *GitMissingError) Error() string {
	return fmt.Sprintf("fetching %s needs git, which can't be run: %v", e.Remote, e.Err)
}

func (e *GitMissingError) Unwrap() error { return e.Err }

// GitError says that git failed.
type GitError struct {
	Remote string
	// Command is git's subcommand, such as "fetch".
	Command string
	// Stderr is what git wrote last.
	Stderr string
	// Err is how git ended.
	Err error
}

func (e *GitError) Error() string {
	return fmt.Sprintf("git %s of %s: %s", e.Command, e.Remote, cmp.Or(e.Stderr, e.Err.Error()))
}

func (e *GitError) Unwrap() error { return e.Err }

// SubmoduleError says that a commit has a submodule, whose files are not part of
// its tree.
type SubmoduleError struct {
	Remote, Commit string
	// Path is the submodule's.
	Path string
}

func (e *SubmoduleError) Error() string {
	return fmt.Sprintf("%s at %s: %q is a git submodule, whose files the commit doesn't hold", e.Remote, e.Commit, e.Path)
}

// EntryError says why a tarball isn't unpacked.
type EntryError struct {
	// Entry is the name in the tarball.
	Entry  string
	Reason string
}

func (e *EntryError) Error() string { return fmt.Sprintf("%q %s", e.Entry, e.Reason) }

// MissingError says that no repository has a version of a package.
type MissingError struct {
	Name, Version string
	// Others are the versions that there are, newest first; none where no
	// repository has the package.
	Others []string
}

func (e *MissingError) Error() string {
	if len(e.Others) == 0 {
		return fmt.Sprintf("no opam repository has a package %q", e.Name)
	}
	return fmt.Sprintf("no opam repository has version %q of %s; the newest is %q", e.Version, e.Name, e.Others[0])
}

// FileError is one mistake in an opam file of a repository.
type FileError struct {
	// Repository is its name, such as "main".
	Repository string
	// Err is the mistake, with the file's path, line and column.
	Err error
}

func (e *FileError) Error() string { return e.Err.Error() }
func (e *FileError) Unwrap() error { return e.Err }
