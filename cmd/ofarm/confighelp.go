package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/internal/config"
)

// newConfigHelp is a page of the manual, "ofarm help config".
func newConfigHelp(_ *world) *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: configShort,
		Long:  configText(),
	}
}

func configText() string {
	var b strings.Builder
	b.WriteString(configIntro)
	for _, k := range config.Keys() {
		fmt.Fprintf(&b, "\n  %s  (%s; default: %s)\n      %s\n", k.Name, k.Kind, k.Default, k.Text)
		if k.PerTarget {
			b.WriteString("      Also in a [target.NAME] table.\n")
		}
	}
	b.WriteString(configOrder)
	return b.String()
}
