package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ofarm/ofarm/internal/config"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/targets"
)

// initOptions are the flags of ofarm init.
type initOptions struct {
	targets   []string
	yes       bool
	linkFlags bool
}

func newInit(w *world) *cobra.Command {
	var o initOptions
	c := &cobra.Command{
		Use:     "init [PROJECT]",
		Short:   initShort,
		Long:    initLong,
		Example: initExample,
		Args:    oneProject,
		RunE:    func(_ *cobra.Command, args []string) error { return w.initialise(o, projectDir(args)) },
	}
	f := c.Flags()
	f.StringSliceVarP(&o.targets, "target", "t", []string{"alpine", "debian-oldstable"}, flagInitTarget)
	f.BoolVarP(&o.yes, "yes", "y", false, flagYes)
	f.BoolVar(&o.linkFlags, "link-flags", false, flagLinkFlags)
	complete(c)
	return c
}

// proposal is what a project would get.
type proposal struct {
	files []newFile
	// told is what a user has to do, below the files.
	told strings.Builder
}

// newFile is a file below the project's folder, with slashes.
type newFile struct{ path, text string }

func (w *world) initialise(o initOptions, dir string) error {
	for _, name := range o.targets {
		if _, err := targets.Find(name, nil); err != nil {
			return err
		}
	}
	project, err := openProject(dir)
	if err != nil {
		return err
	}
	p := &proposal{}
	p.files = append(p.files, newFile{config.Name, configFor(o.targets, project)})
	if o.linkFlags {
		if err := p.addLinkFlags(dir, project); err != nil {
			return err
		}
	}
	missing, err := w.show(dir, p)
	if err != nil {
		return err
	}
	return w.writeIfWanted(o, dir, missing)
}

// show prints the files that aren't there yet, and returns them.
func (w *world) show(dir string, p *proposal) ([]newFile, error) {
	var missing []newFile
	for _, f := range p.files {
		path := filepath.Join(dir, filepath.FromSlash(f.path))
		_, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		default:
			fmt.Fprintf(w.Stdout, initIsThere, path)
			continue
		}
		missing = append(missing, f)
		fmt.Fprintf(w.Stdout, initNew, path)
		for line := range strings.Lines(f.text) {
			fmt.Fprint(w.Stdout, "+ "+line)
		}
	}
	fmt.Fprint(w.Stdout, p.told.String())
	return missing, nil
}

// writeIfWanted writes the files if the user says so, by --yes or when asked.
func (w *world) writeIfWanted(o initOptions, dir string, files []newFile) error {
	if len(files) == 0 {
		fmt.Fprintln(w.Stdout, initNothing)
		return nil
	}
	if !o.yes && !w.asked(counted(len(files), "file", "files")) {
		fmt.Fprintln(w.Stdout, initHow)
		return nil
	}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.path))
		if err := create(path, f.text); err != nil {
			return err
		}
		fmt.Fprintf(w.Stdout, initWrote, path)
	}
	return nil
}

// create writes a file that isn't there, as a whole or not at all.
func create(path, text string) error {
	f, err := farm.NewFile(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		return err
	}
	return f.KeepNew(0o644)
}

// asked asks whether to write; without a terminal nobody is there to answer.
func (w *world) asked(what string) bool {
	in, ok := w.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) || !isTerminal(w.Stdout) {
		return false
	}
	fmt.Fprintf(w.Stdout, initAsk, what)
	answer, _ := bufio.NewReader(in).ReadString('\n') // no answer is a no
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}

// initKeys are the keys of ofarm.toml that a new one has as comments.
var initKeys = []string{"opam-repositories", "ocaml", "link", "max-glibc", "export", "thread-stack"}

// configFor is an ofarm.toml with what is known of a project.
func configFor(names []string, p *farm.Project) string {
	var b strings.Builder
	fmt.Fprintf(&b, configHead, tomlList(names))
	var packages []string
	for _, pkg := range p.Packages {
		packages = append(packages, pkg.Name)
	}
	comment(&b, "packages", fmt.Sprintf("packages = %s", tomlList(packages)))
	for _, name := range initKeys {
		comment(&b, name, name+" = "+configExamples[name])
	}
	return b.String()
}

// comment writes a key's description and an example, both as comments.
func comment(b *strings.Builder, name, example string) {
	for _, k := range config.Keys() {
		if k.Name == name {
			fmt.Fprintf(b, "\n# %s (default: %s)\n# %s\n", k.Text, k.Default, example)
		}
	}
}

func tomlList(words []string) string {
	var quoted []string
	for _, w := range words {
		quoted = append(quoted, fmt.Sprintf("%q", w))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
