package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/targets"
)

// shells are those that completion can be written for.
var shells = []string{"bash", "zsh", "fish"}

func newCompletion(w *world) *cobra.Command {
	return &cobra.Command{
		Use:       "completion bash|zsh|fish",
		Short:     completionShort,
		Long:      completionLong,
		Example:   completionExample,
		ValidArgs: shells,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 || oneOf(args[0], shells) != nil {
				return &usageError{err: fmt.Errorf("name one shell: %s", strings.Join(shells, ", ")), command: c.CommandPath()}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			switch args[0] {
			case "zsh":
				return c.Root().GenZshCompletion(w.Stdout)
			case "fish":
				return c.Root().GenFishCompletion(w.Stdout, true)
			}
			return c.Root().GenBashCompletionV2(w.Stdout, true)
		},
	}
}

// completer offers the ends of a word.
type completer = func(c *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective)

// complete sets what the flags of a command that reads a project are completed
// with; flags that it lacks are left out.
func complete(c *cobra.Command) {
	folders := func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	for name, f := range map[string]completer{
		"target":          completeTargets,
		"platform":        fixed(platforms),
		"progress":        fixed(progressModes),
		"link":            fixed(linkModes()),
		"max-glibc":       cobra.NoFileCompletions,
		"addr":            cobra.NoFileCompletions,
		"cache-dir":       folders,
		"output":          folders,
		"artifacts":       folders,
		"state":           folders,
		"keep":            folders,
		"opam-repository": folders,
	} {
		if c.Flags().Lookup(name) != nil {
			_ = c.RegisterFlagCompletionFunc(name, f) // the flag is there
		}
	}
	c.ValidArgsFunction = folders
}

// fixed offers a few values.
func fixed(values []string) completer {
	return cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
}

// completeTargets offers the names of targets for the last one of a list.
func completeTargets(_ *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	before := word[:strings.LastIndexByte(word, ',')+1]
	var out []cobra.Completion
	for _, name := range targets.Names() {
		out = append(out, before+name)
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// completeCommands offers the commands.
func completeCommands(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var out []cobra.Completion
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, sub := range c.Root().Commands() {
		out = append(out, cobra.CompletionWithDesc(sub.Name(), sub.Short))
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
