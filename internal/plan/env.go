package plan

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/targets"
)

// targetVariables are opam's global variables in the formulas and commands of
// a target's packages.
func targetVariables(r targets.Release, p targets.Platform) map[string]opam.Value {
	vars := opam.BuildVariables()
	for name, value := range r.OpamVariables(p) {
		vars[name] = opam.String(value)
	}
	return vars
}

// env is the environment of a package's commands. Installed are the packages
// of its closure and no others: what a step can't see isn't there.
func (b *builder) env(p *pkg) opam.Scope {
	if p.scope == nil {
		scope := b.newScope(p)
		p.scope = &scope
	}
	return *p.scope
}

func (b *builder) newScope(p *pkg) opam.Scope {
	globals := map[string]opam.Value{
		"jobs":   opam.RunTime("jobs"),
		"make":   opam.String("make"),
		"switch": opam.String("ofarm"),
		"user":   opam.String("root"),
		"group":  opam.String("root"),
	}
	maps.Copy(globals, b.vars)
	installed := map[string]opam.Package{}
	for _, name := range p.closure {
		installed[name] = b.scopePackage(b.packages[name])
	}
	return opam.Scope{
		Prefix:    Prefix,
		Globals:   globals,
		Name:      p.name,
		Self:      b.scopePackage(p),
		Installed: installed,
		Unknown: func(v opam.Variable) {
			b.entry(p, "it uses the variable %s, whose value is known only after %s is built; "+
				"ofarm plans without building and its table of such variables has no row for it", v, v.Package)
		},
	}
}

func (b *builder) scopePackage(p *pkg) opam.Package {
	return opam.Package{Version: p.version, Build: path.Join(BuildDir, p.id())}
}

// stepEnv is the whole environment of a step that builds some packages: ours,
// what the packages in the closure set, and the packages' own build-env.
func (b *builder) stepEnv(building []*pkg) ([]Var, error) {
	env := map[string]string{
		"CDPATH":             "",
		"HOME":               "/tmp/home",
		"DUNE_CACHE":         "disabled",
		"LC_ALL":             "C.UTF-8",
		"LOGNAME":            "root",
		"MAKEFLAGS":          "",
		"MAKELEVEL":          "",
		"OPAMCLI":            "2.0",
		"OPAMSWITCH":         "ofarm",
		"OPAM_SWITCH_PREFIX": Prefix,
		"PATH":               Prefix + "/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"SOURCE_DATE_EPOCH":  strconv.FormatInt(b.plan.Epoch, 10),
		"TERM":               "dumb",
		"TMPDIR":             "/tmp",
		"TZ":                 "UTC",
		"USER":               "root",
	}
	for _, p := range b.order {
		if len(p.file.SetEnv) == 0 || p.locked == nil || !inClosure(building, p) {
			continue
		}
		if err := apply(env, p.file.SetEnv, b.env(p)); err != nil {
			return nil, fmt.Errorf("%s: setenv: %w", p.id(), err)
		}
	}
	for _, p := range building {
		if err := apply(env, p.file.BuildEnv, b.env(p)); err != nil {
			return nil, fmt.Errorf("%s: build-env: %w", p.id(), err)
		}
	}
	return sortedVars(env), nil
}

// inClosure tells whether one of some packages depends on p.
func inClosure(building []*pkg, p *pkg) bool {
	return slices.ContainsFunc(building, func(q *pkg) bool {
		_, found := slices.BinarySearch(q.closure, p.name)
		return found
	})
}

func apply(env map[string]string, updates []opam.EnvUpdate, vars opam.Env) error {
	for _, u := range updates {
		value, err := opam.ExpandString(u.Value, vars)
		if err != nil {
			return err
		}
		env[u.Name] = u.Apply(env[u.Name], value, ":")
	}
	return nil
}

func sortedVars(env map[string]string) []Var {
	var out []Var
	for _, name := range slices.Sorted(maps.Keys(env)) {
		out = append(out, Var{name, env[name]})
	}
	return out
}

// projectEnv adds what only the project's step has: the linker shim first on
// PATH, and how to link.
func (b *builder) projectEnv(step Step, vars []Var) []Var {
	env := map[string]string{"BUILD_PATH_PREFIX_MAP": step.Name + "=" + strings.ReplaceAll(step.Dir, ":", "%.")}
	for _, v := range vars {
		env[v.Name] = v.Value
	}
	env["LINKING_MODE"] = string(step.Link)
	if step.Link == targets.Project {
		env["LINKING_MODE"] = string(b.plan.Release.Link)
		return sortedVars(env)
	}
	env["PATH"] = ShimDir + ":" + env["PATH"]
	env["OFARM_LINK_MODE"] = string(step.Link)
	env["OFARM_LINK_RECORDS"] = LinkDir
	if b.in.Settings.ThreadStack > 0 {
		env["OFARM_THREAD_STACK"] = strconv.FormatInt(b.in.Settings.ThreadStack, 10)
	}
	return sortedVars(env)
}
