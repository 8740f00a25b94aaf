package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/link"
	"github.com/ofarm/ofarm/targets"
)

// flagsOptions are the flags of ofarm flags.
type flagsOptions struct {
	linkOptions
	mode string
	os   string
	from string
	exe  string
}

func newFlags(w *world) *cobra.Command {
	o := flagsOptions{linkOptions: linkOptions{platform: string(targets.LinuxAMD64)}}
	c := &cobra.Command{
		Use:     "flags [PROJECT]",
		Short:   flagsShort,
		Long:    flagsLong,
		Example: flagsExample,
		Args:    oneProject,
		RunE:    func(_ *cobra.Command, args []string) error { return w.flags(o, projectDir(args)) },
	}
	f := c.Flags()
	choice(f, &o.mode, "mode", flagModes, flagFlagsMode)
	choice(f, &o.os, "os", systems(), flagFlagsOS)
	f.StringVar(&o.from, "from", "", flagFrom)
	f.StringVar(&o.exe, "executable", "", flagExecutable)
	f.StringVarP(&o.output, "output", "o", "", flagOutput)
	f.StringSliceVarP(&o.targets, "target", "t", nil, flagLinkTarget)
	choice(f, &o.platform, "platform", platforms, flagPlatform)
	complete(c)
	_ = c.RegisterFlagCompletionFunc("mode", fixed(flagModes)) // the flags are there
	_ = c.RegisterFlagCompletionFunc("os", fixed(systems()))
	return c
}

// flagModes are the values of --mode: those of which there are flags.
var flagModes = []string{string(link.Static), string(link.MostlyStatic), string(link.Dynamic)}

func systems() []string {
	var out []string
	for _, s := range link.Systems() {
		out = append(out, string(s))
	}
	return out
}

// hostSystem is the system that ofarm runs on.
func hostSystem() string {
	if runtime.GOOS == "darwin" {
		return string(link.MacOSX)
	}
	return string(link.LinuxGLIBC)
}

func (w *world) flags(o flagsOptions, dir string) error {
	system, err := o.system()
	if err != nil {
		return err
	}
	if o.mode == "" {
		o.mode = string(link.MostlyStatic)
		if system == link.LinuxMusl {
			o.mode = string(link.Static)
		}
	}
	from, err := o.source(dir, system)
	if err != nil {
		return err
	}
	flags, err := link.Flags(from.line, system, w.flagSearch(link.Mode(o.mode), from.dir), from.inputs)
	if err != nil {
		return err
	}
	if from.record != "" {
		fmt.Fprintf(w.Stderr, noteFlagsFrom, from.record)
	}
	_, err = w.Stdout.Write(link.AppendSexp(nil, flags))
	return err
}

// system is the one that flags are for: as asked for, else the one that the
// targets' libc makes, else this machine's.
func (o flagsOptions) system() (link.OS, error) {
	if o.os != "" || len(o.targets) == 0 {
		return link.OS(cmp.Or(o.os, hostSystem())), nil
	}
	var system link.OS
	for _, name := range o.targets {
		r, err := targets.Find(name, nil)
		if err != nil {
			return "", err
		}
		if own := libcOf(r.Name); system != "" && own != system {
			return "", &usageError{err: errors.New("--target names targets of two systems; name one with --os"), command: "ofarm flags"}
		}
		system = libcOf(r.Name)
	}
	return system, nil
}

// linkSource is the link line that flags are made of.
type linkSource struct {
	line   *link.Line
	inputs []link.Input // as recorded; nil without a record
	dir    string       // where relative paths start
	record string       // the file of the last build's record; empty for others
}

// source reads the link line: from the file of --from, or from the record of
// the last build. The flags of a static link, and no flags at all, need none.
func (o flagsOptions) source(dir string, system link.OS) (linkSource, error) {
	switch {
	case o.from != "":
		return readLinkSource(o.from)
	case o.mode == string(link.Dynamic), o.mode == string(link.Static):
		return linkSource{line: &link.Line{}}, nil
	}
	linked, err := readLinked(o.output, dir, o.targets, o.platform)
	if err != nil {
		return linkSource{}, err
	}
	l, err := oneLinked(linked, o.exe, system)
	if err != nil {
		return linkSource{}, err
	}
	from, err := recordedSource(l.Record)
	from.record = l.File
	return from, err
}

func recordedSource(r *link.Record) (linkSource, error) {
	line, err := link.Parse(r.Seen, noResponse)
	return linkSource{line: line, inputs: append([]link.Input{}, r.Inputs...), dir: r.Dir}, err
}

// noResponse finds no response file: a record has its arguments expanded.
func noResponse(string) ([]byte, error) { return nil, os.ErrNotExist }

// readLinkSource reads a file with a record, or with what a compiler printed.
func readLinkSource(file string) (linkSource, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return linkSource{}, err
	}
	if strings.HasPrefix(strings.TrimSpace(string(data)), "{") {
		r := new(link.Record)
		if err := json.Unmarshal(data, r); err != nil {
			return linkSource{}, fmt.Errorf("%s: reading a link's record: %w", file, err)
		}
		return recordedSource(r)
	}
	line, err := link.FindLine(string(data), noResponse)
	if err != nil {
		return linkSource{}, fmt.Errorf("%s: %w", file, err)
	}
	dir, err := os.Getwd()
	return linkSource{line: line, dir: dir}, err
}

// flagSearch says where .pc files and libraries are, as pkg-config and the
// linker would look: on macOS Homebrew's folders too, whose keg-only packages
// have folders of their own.
func (w *world) flagSearch(mode link.Mode, dir string) link.Options {
	o := link.Options{Mode: mode, Dir: dir}
	for _, variable := range []string{"PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR"} {
		o.PkgConfig = append(o.PkgConfig, filepath.SplitList(w.Getenv(variable))...)
	}
	if runtime.GOOS != "darwin" {
		return o
	}
	for _, brew := range []string{cmp.Or(w.Getenv("HOMEBREW_PREFIX"), "/opt/homebrew"), "/usr/local"} {
		kegs, _ := filepath.Glob(filepath.Join(brew, "opt", "*", "lib", "pkgconfig")) // a constant pattern
		o.PkgConfig = append(append(o.PkgConfig, filepath.Join(brew, "lib", "pkgconfig")), kegs...)
		o.Dirs = append(o.Dirs, filepath.Join(brew, "lib"))
	}
	return o
}

// manyExecutablesError says that there is more than one executable to choose
// from, or none of the name that was asked for.
type manyExecutablesError struct {
	asked string
	known []string
}

func (e *manyExecutablesError) Error() string {
	if e.asked != "" {
		return fmt.Sprintf("the last build has no executable %q", e.asked)
	}
	return "the last build has more than one executable"
}

// oneLinked chooses one executable by its name, and of several targets the
// first with the libc of a system.
func oneLinked(linked []farm.Linked, name string, system link.OS) (farm.Linked, error) {
	var names []string
	for _, l := range linked {
		if base := path.Base(l.Artifact.Path); !slices.Contains(names, base) {
			names = append(names, base)
		}
	}
	if name == "" && len(names) == 1 {
		name = names[0]
	}
	var found []farm.Linked
	for _, l := range linked {
		if path.Base(l.Artifact.Path) == name {
			found = append(found, l)
		}
	}
	if len(found) == 0 {
		return farm.Linked{}, &manyExecutablesError{asked: name, known: names}
	}
	i := slices.IndexFunc(found, func(l farm.Linked) bool { return libcOf(l.Artifact.Target) == system })
	return found[max(i, 0)], nil
}

// libcOf is the system that a target's libc makes.
func libcOf(target string) link.OS {
	r, err := targets.Find(target, nil)
	if err == nil && r.Libc == targets.GLIBC {
		return link.LinuxGLIBC
	}
	return link.LinuxMusl
}
