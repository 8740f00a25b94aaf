package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/internal/bundle"
	"github.com/ofarm/ofarm/internal/registry"
)

// checkBundleFlags refuses what would be passed over, or be found wrong only after
// the work is done.
func checkBundleFlags(c *cobra.Command, o bundleOptions, args []string) error {
	modes := []struct {
		flag string
		not  []string
	}{
		{"check", []string{"unpack-tools", "from", "push", "output", "with-tools", "bundle", "target", "platform"}},
		{"unpack-tools", []string{"from", "push", "output", "with-tools", "target", "platform"}},
		{"from", []string{"with-tools", "bundle", "target", "platform"}},
	}
	for _, mode := range modes {
		if !c.Flags().Changed(mode.flag) {
			continue
		}
		if len(args) > 0 {
			return &usageError{err: fmt.Errorf("--%s takes no project: %q", mode.flag, args[0]), command: c.CommandPath()}
		}
		for _, other := range mode.not {
			if c.Flags().Changed(other) {
				return &usageError{err: fmt.Errorf("--%s doesn't go with --%s", mode.flag, other), command: c.CommandPath()}
			}
		}
	}
	if o.push != "" {
		if o.offline {
			return &usageError{err: errors.New("--push doesn't go with --offline"), command: c.CommandPath()}
		}
		if _, err := pushRef(o.push); err != nil {
			return err
		}
	}
	_, err := outputFile(o.output)
	return err
}

// outputFile tells where a bundle's file is to be written: where a symlink leads,
// if it is one. It refuses what isn't a file's place, and devices and pipes, in
// whose place the file would come.
func outputFile(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	var wrong string
	info, err := os.Stat(file)
	link, errLink := os.Lstat(file)
	switch {
	case file == "-":
		wrong = "a bundle goes to a file (./- is one of that name)"
	case err == nil && info.IsDir(), os.IsPathSeparator(file[len(file)-1]):
		wrong = "it is a folder, and a bundle is a file"
	case err == nil && !info.Mode().IsRegular():
		wrong = "it isn't a regular file"
	case err == nil:
		return filepath.EvalSymlinks(file)
	case errLink == nil && link.Mode().Type() == fs.ModeSymlink:
		wrong = "it is a symlink that leads to no file"
	default:
		return file, nil
	}
	return "", &usageError{err: fmt.Errorf("--output %q: %s", file, wrong), command: "ofarm bundle"}
}

// placeFor makes the folder of a bundle's file, and tells where it is written.
func placeFor(file string) (string, error) {
	place, err := outputFile(file)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return "", fmt.Errorf("writing bundle %q: %w", file, err)
	}
	return place, nil
}

// flagRef reads the reference that a flag names.
func flagRef(flag, text string) (registry.Ref, error) {
	ref, err := registry.ParseRef(text)
	if err != nil {
		err = &usageError{err: fmt.Errorf("--%s: %w", flag, err)}
	}
	return ref, err
}

// openFile opens a bundle's file that a flag names. One that isn't there may be
// meant for a reference.
func openFile(flag, place string) (*bundle.Bundle, error) {
	b, err := bundle.Open(place)
	if errors.Is(err, fs.ErrNotExist) && isRef(place) {
		return nil, noFile(flag, place)
	}
	return b, err
}

func isRef(place string) bool {
	_, err := registry.ParseRef(place)
	return err == nil
}

func noFile(flag, place string) error {
	return &usageError{err: fmt.Errorf("--%s %q: there is no such file", flag, place), near: registry.Scheme + place}
}

// fromFile is about a file to copy a bundle from that isn't to be pushed.
func fromFile(place string) error {
	if _, err := os.Stat(place); err != nil && isRef(place) {
		return noFile("from", place)
	}
	return &usageError{err: errFromFile, command: "ofarm bundle"}
}
