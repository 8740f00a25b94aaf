package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ofarm/ofarm/internal/aptsources"
	"github.com/ofarm/ofarm/internal/config"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/targets"
)

// newRoot makes the whole command line of ofarm.
func newRoot(w *world) *cobra.Command {
	root := &cobra.Command{
		Use:           "ofarm",
		Short:         words.rootShort,
		Long:          words.rootLong,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          usageArgs(cobra.NoArgs),
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.AddCommand(
		newBuild(w), newLock(w), newPlan(w), newLLB(w), newTargets(w), newConfigHelp(w), newVersion(w),
	)
	return root
}

// usageArgs marks a mistake in arguments as one of usage.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return &usageError{err}
		}
		return nil
	}
}

// common are the options of every command that reads a project.
type common struct {
	targets        []string
	platform       string
	cacheDir       string
	offline        bool
	mirrors        []string
	debianMirrors  []string
	alpineMirrors  []string
	noAptSources   bool
	parallelLevels int
}

func (o *common) register(f *pflag.FlagSet) {
	f.StringSliceVarP(&o.targets, "target", "t", nil, words.flagTarget)
	f.StringVar(&o.platform, "platform", string(targets.LinuxAMD64), words.flagPlatform)
	f.StringVar(&o.cacheDir, "cache-dir", "", words.flagCacheDir)
	f.BoolVar(&o.offline, "offline", false, words.flagOffline)
	f.StringSliceVar(&o.mirrors, "mirror", nil, words.flagMirror)
	f.StringSliceVar(&o.debianMirrors, "debian-mirror", nil, words.flagDebianMirror)
	f.StringSliceVar(&o.alpineMirrors, "alpine-mirror", nil, words.flagAlpineMirror)
}

// projectDir is the project that a command line names.
func projectDir(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}

// cacheFolder is the folder for all that can be made again.
func (w *world) cacheFolder(o common) string {
	switch {
	case o.cacheDir != "":
		return o.cacheDir
	case w.Getenv("OFARM_CACHE_DIR") != "":
		return w.Getenv("OFARM_CACHE_DIR")
	case w.Getenv("XDG_CACHE_HOME") != "":
		return filepath.Join(w.Getenv("XDG_CACHE_HOME"), "ofarm")
	}
	return filepath.Join(w.Getenv("HOME"), ".cache", "ofarm")
}

// openFarm opens the farm of a command, without any archive's mirrors: these
// depend on the lock.
func (w *world) openFarm(o common) (*farm.Farm, *input.Meter, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	meter := input.NewMeter(w.Stderr, isTerminal(w.Stderr), w.Now)
	cache, err := filepath.Abs(w.cacheFolder(o))
	if err != nil {
		return nil, nil, err
	}
	f, err := farm.Open(cache, filepath.Dir(self), input.Fetcher{
		Offline:  o.offline,
		Progress: meter.Event,
		Proxy:    proxy(w.Getenv),
	})
	return f, meter, err
}

// mirrors gathers what flags, the environment, ofarm.toml and the machine say,
// in this order.
func (w *world) mirrors(o common, dir string, c config.File) (farm.Mirrors, error) {
	m := farm.Mirrors{Archives: map[string][]string{}}
	add := func(name string, lists ...[]string) {
		for _, l := range lists {
			for _, u := range l {
				m.Archives[name] = append(m.Archives[name], placeURL(dir, u))
			}
		}
	}
	for _, l := range [][]string{o.mirrors, list(w.Getenv("OFARM_MIRROR")), c.Mirrors.ByHash} {
		for _, u := range l {
			m.ByHash = append(m.ByHash, placeURL(dir, u))
		}
	}
	add("debian", o.debianMirrors, list(w.Getenv("OFARM_DEBIAN_MIRROR")), c.Mirrors.Debian)
	add("debian-security", c.Mirrors.DebianSecurity)
	add("alpine", o.alpineMirrors, list(w.Getenv("OFARM_ALPINE_MIRROR")), c.Mirrors.Alpine)
	// A line of apt's that can't be read is apt's business.
	machine, _ := aptsources.Mirrors(os.DirFS("/etc/apt"))
	add("debian", machine[aptsources.Main])
	add("debian-security", machine[aptsources.Security])
	return m, nil
}

// list splits the value of an environment variable at blanks and commas.
func list(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' })
}

// placeURL makes a URL of a folder, which is relative to the project.
func placeURL(dir, place string) string {
	if strings.Contains(place, "://") {
		return place
	}
	if !filepath.IsAbs(place) {
		place = filepath.Join(dir, place)
	}
	abs, err := filepath.Abs(place)
	if err != nil {
		abs = place
	}
	return "file://" + filepath.ToSlash(abs)
}

// engine are the options that choose a BuildKit daemon.
func (w *world) engine(addr string) solve.Options {
	if addr == "" {
		addr = w.Getenv("BUILDKIT_HOST")
	}
	return solve.Options{Addr: addr, Path: w.Getenv("PATH"), RuntimeDir: w.Getenv("XDG_RUNTIME_DIR")}
}
