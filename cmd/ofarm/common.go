package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/internal/aptsources"
	"github.com/ofarm/ofarm/internal/config"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/targets"
)

// platforms are the values of --platform.
var platforms = []string{string(targets.LinuxAMD64), string(targets.LinuxARM64)}

// common are the options of every command that reads a project.
type common struct {
	targets       []string
	platform      string
	cacheDir      string
	offline       bool
	bundles       []string // files, and references of registries
	bases         []string
	plainHTTP     []string // registries' hosts
	mirrors       []string
	debianMirrors []string
	alpineMirrors []string

	debianSecurityMirrors []string
}

// register adds the flags of a command that reads a project, whose own flags
// are there already.
func (o *common) register(c *cobra.Command) {
	f := c.Flags()
	o.platform = string(targets.LinuxAMD64)
	f.StringSliceVarP(&o.targets, "target", "t", nil, flagTarget)
	choice(f, &o.platform, "platform", platforms, flagPlatform)
	f.StringVar(&o.cacheDir, "cache-dir", "", flagCacheDir)
	f.BoolVar(&o.offline, "offline", false, flagOffline)
	f.StringSliceVar(&o.mirrors, "mirror", nil, flagMirror)
	f.StringSliceVar(&o.debianMirrors, "debian-mirror", nil, flagDebianMirror)
	f.StringSliceVar(&o.debianSecurityMirrors, "debian-security-mirror", nil, flagDebianSecurityMirror)
	f.StringSliceVar(&o.alpineMirrors, "alpine-mirror", nil, flagAlpineMirror)
	complete(c)
}

// registerLocked does so for a command that is about all targets of the lock, of
// all platforms, unless some are asked for.
func (o *common) registerLocked(c *cobra.Command) {
	o.register(c)
	o.platform = ""
	c.Flags().Lookup("target").Usage = flagTreeTarget
	c.Flags().Lookup("platform").Usage = flagTreePlatform
}

// locked are the targets that such a command is about.
func (o common) locked(_ *farm.Project, l *lock.File) ([]lock.TargetID, error) {
	return farm.TargetIDs(l, o.targets, targets.Platform(o.platform))
}

// projectDir is the project that a command line names.
func projectDir(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}

// errNoCache says that the environment has no place for the cache folder.
var errNoCache = errors.New("there is no place for the cache folder: HOME is not set")

// cacheFolder is the folder for all that can be made again, as an absolute
// path. XDG_CACHE_HOME counts only if it is one, as its specification says.
func (w *world) cacheFolder(o common) (string, error) {
	for _, dir := range []string{o.cacheDir, w.Getenv("OFARM_CACHE_DIR")} {
		if dir != "" {
			return filepath.Abs(dir)
		}
	}
	if xdg := w.Getenv("XDG_CACHE_HOME"); filepath.IsAbs(xdg) {
		return filepath.Join(xdg, "ofarm"), nil
	}
	home := w.Getenv("HOME")
	if home == "" {
		return "", errNoCache
	}
	return filepath.Abs(filepath.Join(home, ".cache", "ofarm"))
}

// openFarm opens the farm of a command, without any archive's mirrors: these
// depend on the lock.
func (w *world) openFarm(o common) (*farm.Farm, *input.Meter, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	cache, err := w.cacheFolder(o)
	if err != nil {
		return nil, nil, err
	}
	meter := input.NewMeter(w.Stderr, isTerminal(w.Stderr), w.Now)
	f, err := farm.Open(cache, filepath.Dir(self), input.Fetcher{
		Offline:  o.offline,
		Progress: meter.Event,
		Proxy:    proxy(w.Getenv),
	})
	if err != nil {
		return nil, nil, err
	}
	f.Tell = func(name, place string) { fmt.Fprintf(w.Stderr, tellFetching, name, place) }
	return f, meter, nil
}

// mirrors gathers what flags, the environment, ofarm.toml and the machine say,
// in this order. Folders of ofarm.toml are relative to it, others to where
// ofarm runs.
func (w *world) mirrors(o common, dir string, c config.File) farm.Mirrors {
	gather := func(flag []string, variable string, file []string) []string {
		return slices.Concat(places(".", flag), places(".", list(w.Getenv(variable))), places(dir, file))
	}
	// A line of apt's that can't be read is apt's business.
	machine, _ := aptsources.Mirrors(os.DirFS("/etc/apt"))
	return farm.Mirrors{
		ByHash: gather(o.mirrors, "OFARM_MIRROR", c.Mirrors.ByHash),
		Archives: map[string][]string{
			"debian": append(gather(o.debianMirrors, "OFARM_DEBIAN_MIRROR", c.Mirrors.Debian),
				machine[aptsources.Main]...),
			"debian-security": append(gather(o.debianSecurityMirrors, "OFARM_DEBIAN_SECURITY_MIRROR", c.Mirrors.DebianSecurity),
				machine[aptsources.Security]...),
			"alpine": gather(o.alpineMirrors, "OFARM_ALPINE_MIRROR", c.Mirrors.Alpine),
		},
	}
}

// list splits the value of an environment variable at blanks and commas.
func list(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' })
}

// places makes URLs of folders, which are relative to dir; what is a URL stays.
func places(dir string, list []string) []string {
	var out []string
	for _, place := range list {
		if !strings.Contains(place, "://") {
			place = folderURL(dir, place)
		}
		out = append(out, place)
	}
	return out
}

func folderURL(dir, place string) string {
	if !filepath.IsAbs(place) {
		place = filepath.Join(dir, place)
	}
	if abs, err := filepath.Abs(place); err == nil {
		place = abs
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(place)}).String()
}

// privateAddr is the address that stands for a daemon of ofarm's own, whatever
// runs at the default socket.
const privateAddr = "private"

// engine are the options that choose a BuildKit daemon.
func (w *world) engine(addr string) solve.Options {
	if addr == "" {
		addr = w.Getenv("BUILDKIT_HOST")
	}
	o := solve.Options{Addr: addr, Path: w.Getenv("PATH"), RuntimeDir: w.Getenv("XDG_RUNTIME_DIR")}
	if addr == privateAddr {
		o.Addr, o.Sockets = "", []string{}
	}
	return o
}
