package audit

import (
	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/tomlfile"
)

// PolicyKey documents one key of a policy's file.
type PolicyKey struct {
	Name, Kind, Text string
}

// PolicyKeys lists every key, in the order of the manual.
func PolicyKeys() []PolicyKey {
	return []PolicyKey{
		{"name", "text", "what to call the policy; the file's name without it"},
		{"like", "name", "a policy by its name, to begin with; the other keys go over it"},
		{"linkage", "static, mostly-static or dynamic", "how it must be linked: dynamic allows everything"},
		{"platform", "linux/amd64 and its like", "what it must be for"},
		{"max-glibc", "version", "highest glibc floor"},
		{"max-macos", "version", "highest minimum version of macOS"},
		{"allow-needed", "list of patterns", "shared libraries allowed besides libc's own; no others are"},
		{"allow-runpath", "list of patterns", "folders allowed in RUNPATH and RPATH ($ORIGIN/../lib); no others are"},
		{"forbid-exec-stack", "true or false", "no executable stack"},
		{"forbid-leaks", "true or false", "no paths of the build"},
		{"build-paths", "list of prefixes", "what a path of the build starts with, besides the usual places"},
		{"forbid-temporary-files", "true or false", "no names of a compiler's temporary files"},
		{"forbid-glibc-private", "true or false", "no GLIBC_PRIVATE symbols"},
		{"forbid-debug-info", "true or false", "no debug information"},
		{"require-stripped", "true or false", "no symbol table"},
		{"require-pie", "true or false", "position-independent executables only"},
		{"require-relro", "partial or full", "tables for dynamic linking that become read-only"},
		{"require-bind-now", "true or false", "no lazy binding"},
		{"min-thread-stack", "bytes", "stack of a thread where libc isn't glibc (musl's default is 131072)"},
	}
}

// policyFile is what is read. A list that isn't there differs from an empty one.
type policyFile struct {
	Name         string    `toml:"name"`
	Like         string    `toml:"like"`
	Linkage      string    `toml:"linkage"`
	Platform     string    `toml:"platform"`
	MaxGLIBC     string    `toml:"max-glibc"`
	MaxMacOS     string    `toml:"max-macos"`
	AllowNeeded  *[]string `toml:"allow-needed"`
	AllowRunpath *[]string `toml:"allow-runpath"`
	ExecStack    *bool     `toml:"forbid-exec-stack"`
	Leaks        *bool     `toml:"forbid-leaks"`
	BuildPaths   []string  `toml:"build-paths"`
	Temps        *bool     `toml:"forbid-temporary-files"`
	Private      *bool     `toml:"forbid-glibc-private"`
	Debug        *bool     `toml:"forbid-debug-info"`
	Stripped     *bool     `toml:"require-stripped"`
	PIE          *bool     `toml:"require-pie"`
	RELRO        string    `toml:"require-relro"`
	BindNow      *bool     `toml:"require-bind-now"`
	ThreadStack  *uint64   `toml:"min-thread-stack"`
}

// ParsePolicy reads a policy from TOML; see [PolicyKeys]. What no key speaks of
// is allowed. The prefixes are those of build-paths, for [Options.Prefixes]. All
// mistakes are reported at once, as a *multierror.Error of [*Mistake].
func ParsePolicy(name string, data []byte) (p Policy, prefixes []string, err error) {
	var f policyFile
	if list := tomlfile.Decode(name, data, &f); list != nil {
		var all *multierror.Error
		for _, m := range list {
			all = multierror.Append(all, &Mistake{m})
		}
		return Policy{}, nil, all
	}
	if err := f.check(name, data); err != nil {
		return Policy{}, nil, err
	}
	if f.Like != "" {
		if p, err = Named(f.Like); err != nil {
			return Policy{}, nil, err
		}
	}
	p.Name = name
	if f.Name != "" {
		p.Name = f.Name
	}
	f.over(&p)
	return p, f.BuildPaths, nil
}

// over sets what the file speaks of.
func (f policyFile) over(p *Policy) {
	set(&p.Linkage, f.Linkage)
	set(&p.Platform, f.Platform)
	set(&p.MaxGLIBC, f.MaxGLIBC)
	set(&p.MaxMacOS, f.MaxMacOS)
	set(&p.RELRO, f.RELRO)
	if f.AllowNeeded != nil {
		p.OnlyNeeded, p.AllowNeeded = true, *f.AllowNeeded
	}
	if f.AllowRunpath != nil {
		p.NoRunpath, p.AllowRunpath = true, *f.AllowRunpath
	}
	if f.ThreadStack != nil {
		p.ThreadStack = *f.ThreadStack
	}
	for _, flag := range []struct{ from, to *bool }{
		{f.ExecStack, &p.NoExecStack}, {f.Leaks, &p.NoLeaks}, {f.Temps, &p.NoTemps},
		{f.Private, &p.NoPrivate}, {f.Debug, &p.NoDebug}, {f.Stripped, &p.NoSymbols},
		{f.PIE, &p.PIE}, {f.BindNow, &p.BindNow},
	} {
		if flag.from != nil {
			*flag.to = *flag.from
		}
	}
}

func set(to *string, value string) {
	if value != "" {
		*to = value
	}
}
