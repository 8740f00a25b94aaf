package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/targets"
)

// treeOptions are the flags of ofarm tree.
type treeOptions struct {
	targets  []string
	platform string // empty for all
	why      string
	depth    int
	json     bool
}

func newTree(w *world) *cobra.Command {
	var o treeOptions
	c := &cobra.Command{
		Use:     "tree [PROJECT]",
		Short:   treeShort,
		Long:    treeLong,
		Example: treeExample,
		Args:    oneProject,
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.check(c); err != nil {
				return err
			}
			return w.tree(o, projectDir(args))
		},
	}
	f := c.Flags()
	f.StringSliceVarP(&o.targets, "target", "t", nil, flagTreeTarget)
	choice(f, &o.platform, "platform", platforms, flagTreePlatform)
	f.StringVar(&o.why, "why", "", flagWhy)
	f.IntVar(&o.depth, "depth", allLevels, flagDepth)
	f.BoolVar(&o.json, "json", false, flagJSON)
	complete(c)
	return c
}

func (o treeOptions) check(c *cobra.Command) error {
	switch {
	case o.depth < 0:
		return &usageError{err: fmt.Errorf("--depth %d: not a number of levels", o.depth), command: c.CommandPath()}
	case c.Flags().Changed("depth") && (o.why != "" || o.json):
		return &usageError{err: errors.New("--depth is for trees alone"), command: c.CommandPath()}
	}
	return nil
}

// noDependsError says that a lock doesn't have what packages depend on.
type noDependsError struct{ path string }

func (e *noDependsError) Error() string {
	return fmt.Sprintf("%s doesn't say what packages depend on: it is from before locks did", e.path)
}

func (w *world) tree(o treeOptions, dir string) error {
	project, err := openProject(dir)
	if err != nil {
		return err
	}
	l, _, err := project.ReadLock()
	if err != nil {
		return err
	}
	if !l.HasDepends() {
		return &noDependsError{project.LockPath()}
	}
	ids, err := o.chosen(l)
	if err != nil {
		return err
	}
	switch {
	case o.why != "":
		return w.why(l, ids, o)
	case o.json:
		return w.printJSON(describeTree(l.Graph(ids), ids))
	}
	return printTree(w.Stdout, l.Graph(ids), ids, o.depth)
}

// chosen are the locked targets that a tree is of.
func (o treeOptions) chosen(l *lock.File) ([]lock.TargetID, error) {
	return farm.TargetIDs(l, o.targets, targets.Platform(o.platform))
}

// allLevels is the depth of a whole tree.
const allLevels = math.MaxInt

// printTree prints a tree for each opam file of the project. What is below a
// package is printed once; where it comes again there is a (*).
func printTree(out io.Writer, g *lock.Graph, ids []lock.TargetID, depth int) error {
	p := &treePrinter{ids: ids, shown: map[*lock.Node]int{}}
	for i, root := range g.Roots {
		if i > 0 {
			p.WriteString("\n")
		}
		p.node(root, "", "", depth)
	}
	_, err := io.WriteString(out, p.String())
	return err
}

type treePrinter struct {
	strings.Builder
	ids []lock.TargetID
	// shown says how many levels below a node have been printed.
	shown map[*lock.Node]int
}

// node prints a node and depth levels below it. first stands before its own
// line, rest before the others.
func (p *treePrinter) node(n *lock.Node, first, rest string, depth int) {
	text := first + nodeText(n, p.ids)
	levels, before := p.shown[n]
	switch {
	case len(n.Depends) == 0 || depth == 0:
		fmt.Fprintln(p, text)
		return
	case before && levels >= depth:
		fmt.Fprintln(p, text+" (*)")
		return
	}
	p.shown[n] = depth
	fmt.Fprintln(p, text)
	if depth != allLevels {
		depth--
	}
	for i, d := range n.Depends {
		if i < len(n.Depends)-1 {
			p.node(d, rest+"├── ", rest+"│   ", depth)
		} else {
			p.node(d, rest+"└── ", rest+"    ", depth)
		}
	}
}

// nodeText is an opam package with its version, and with the targets that have
// it where not all do; of the project it is the file's name.
func nodeText(n *lock.Node, ids []lock.TargetID) string {
	if n.Project != nil {
		return n.Project.File
	}
	text := n.Package.Name + " " + n.Package.Version
	if has := packageTargets(n, ids); len(has) < len(ids) {
		text += " [" + strings.Join(has, ", ") + "]"
	}
	return text
}

// packageTargets are those of some targets that have a package.
func packageTargets(n *lock.Node, ids []lock.TargetID) []string {
	out := []string{}
	for _, id := range ids {
		if n.Package == nil || len(n.Package.Only) == 0 || slices.Contains(n.Package.Only, id) {
			out = append(out, folderOf(id))
		}
	}
	return out
}
