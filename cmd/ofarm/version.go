package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion(w *world) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: versionShort,
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(w.Stdout, versionText())
			return err
		},
	}
}

// versionText says which ofarm this is, which BuildKit it speaks with, and
// with which Go it was built.
func versionText() string {
	info := buildInfo()
	buildkit := "unknown"
	for _, d := range info.Deps {
		if d.Path == "github.com/moby/buildkit" {
			buildkit = d.Version
		}
	}
	return fmt.Sprintf("ofarm %s, BuildKit %s, %s %s/%s",
		ownVersion(info), buildkit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// buildInfo is what Go noted of this binary; empty where it did not.
func buildInfo() *debug.BuildInfo {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info
	}
	return &debug.BuildInfo{}
}

// ownVersion is the module's version, or the commit that was built where Go
// noted one: "devel 0123456789ab, changed since".
func ownVersion(info *debug.BuildInfo) string {
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	text := "devel"
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			text += fmt.Sprintf(" %.12s", s.Value)
		case s.Key == "vcs.modified" && s.Value == "true":
			text += " (changed since)"
		}
	}
	return text
}
