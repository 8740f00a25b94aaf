package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion(w *world) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: words.versionShort,
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(w.Stdout, versionText())
			return err
		},
	}
}

// versionText says which ofarm this is and which BuildKit it speaks with.
func versionText() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "ofarm (unknown build)"
	}
	text := "ofarm " + info.Main.Version
	for _, d := range info.Deps {
		if d.Path == "github.com/moby/buildkit" {
			text += ", BuildKit " + d.Version
		}
	}
	return text + ", " + info.GoVersion
}
