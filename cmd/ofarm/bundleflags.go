package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

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
		if _, err := pushRef(o.push); err != nil {
			return err
		}
	}
	return notFolder(o.output)
}

// notFolder refuses a folder where a bundle's file is to be.
func notFolder(file string) error {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return &usageError{err: fmt.Errorf("--output %q: it is a folder, and a bundle is a file", file), command: "ofarm bundle"}
	}
	return nil
}

// placeFor makes the folder of a bundle's file.
func placeFor(file string) error {
	if err := notFolder(file); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("writing bundle %q: %w", file, err)
	}
	return nil
}

// fromFile is about a file to copy a bundle from that isn't to be pushed.
func fromFile(place string) error {
	u := &usageError{err: errFromFile, command: "ofarm bundle"}
	if _, err := os.Stat(place); err == nil {
		return u
	}
	if _, err := registry.ParseRef(place); err == nil {
		return &usageError{err: fmt.Errorf("--from %q: there is no such file", place), near: registry.Scheme + place}
	}
	return u
}
