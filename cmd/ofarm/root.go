package main

import (
	"github.com/spf13/cobra"
)

// newRoot makes the whole command line of ofarm.
func newRoot(w *world) *cobra.Command {
	root := &cobra.Command{
		Use:               "ofarm COMMAND [PROJECT]",
		Short:             rootShort,
		Long:              rootLong,
		Version:           versionText(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              knownCommand,
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
		PersistentPreRunE: func(c *cobra.Command, _ []string) error { return w.checkGiven(c) },
	}
	root.SetUsageFunc(printUsage)
	root.SetFlagErrorFunc(flagError)
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetHelpCommand(newHelp())
	root.AddCommand(
		newBuild(w), newFetch(w), newBundle(w), newBase(w), newLock(w), newPlan(w), newLLB(w), newTargets(w), newProve(w), newVerify(w),
		newAudit(w), newTree(w), newOutdated(w), newImport(w), newLink(w), newFlags(w), newInit(w), newConfigHelp(w), newVersion(w), newCompletion(w),
	)
	root.Flags().BoolP("version", "v", false, versionShort)
	for _, c := range root.Commands() {
		nameValues(c.Flags())
	}
	return root
}

// newHelp is ofarm help, which refuses what there is no help about.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:               "help [COMMAND]",
		Short:             helpShort,
		ValidArgsFunction: completeCommands,
		RunE: func(c *cobra.Command, args []string) error {
			about, rest, err := c.Root().Find(args)
			if err != nil || about == c.Root() && len(rest) > 0 {
				return knownCommand(c.Root(), args)
			}
			if err := noArgs(c, rest); err != nil {
				return err
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}
