package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"
)

// Policy says what a target allows of an executable. The zero value allows
// everything.
type Policy struct {
	Linkage     string   // [Static], or [MostlyStatic], which a static file meets as well; empty allows all
	Platform    string   // "linux/amd64"; empty allows all
	MaxGLIBC    string   // highest glibc floor, "2.31"; empty allows all
	AllowNeeded []string // sonames allowed besides libc's family, as path.Match patterns: "libssl.so.*"
	NoRunpath   bool     // no RPATH and no RUNPATH
	NoExecStack bool     // no executable stack
	NoLeaks     bool     // none of the prefixes given to [Read]
	NoPrivate   bool     // no GLIBC_PRIVATE
}

// Rule names what a violation broke, for tables and JSON.
type Rule string

// The rules of a [Policy].
const (
	RulePlatform    Rule = "platform"
	RuleInterpreter Rule = "interpreter"
	RuleNeeded      Rule = "needed"
	RuleGLIBC       Rule = "glibc-floor"
	RulePrivate     Rule = "glibc-private"
	RuleRunpath     Rule = "runpath"
	RuleExecStack   Rule = "exec-stack"
	RuleLeak        Rule = "leak"
)

// Violation is one thing that a policy doesn't allow. A report that breaks
// several rules, or one rule several times, has one violation for each.
type Violation struct {
	File    string
	Rule    Rule
	What    string   // what was found: "libssl.so.3", "GLIBC_2.34", "/opt/lib"
	Why     string   // why that is wrong, and what it comes from
	Library string   // the library concerned, as in NEEDED, or empty
	Symbols []string // the symbols that ask for What, where known, sorted
}

// Error gives file, finding and reason on one line.
func (v *Violation) Error() string {
	return fmt.Sprintf("%s: %s: %s", v.File, v.What, v.Why)
}

// Check holds a report against the policy. Its error is a *multierror.Error of
// [*Violation], or nil. Only ELF executables and libraries have a linkage: of
// other files only leaks are checked.
func (p Policy) Check(r *Report) error {
	var all []*Violation
	if r.Kind == KindELF {
		all = slices.Concat(p.platform(r), p.interpreter(r), p.needed(r), p.glibc(r), p.runpath(r), p.stack(r))
	}
	all = append(all, p.leaks(r)...)
	var errs *multierror.Error
	for _, v := range all {
		v.File = r.File
		errs = multierror.Append(errs, v)
	}
	return errs.ErrorOrNil()
}

func (p Policy) platform(r *Report) []*Violation {
	if p.Platform == "" || p.Platform == r.Platform {
		return nil
	}
	return []*Violation{{
		Rule: RulePlatform,
		What: fmt.Sprintf("%d-bit %s", r.Class, r.Machine),
		Why:  "the target's platform is " + p.Platform,
	}}
}

func (p Policy) interpreter(r *Report) []*Violation {
	if p.Linkage != Static || r.Interpreter == "" {
		return nil
	}
	return []*Violation{{
		Rule: RuleInterpreter,
		What: r.Interpreter,
		Why:  "an interpreter in an executable that must be static",
	}}
}

func (p Policy) needed(r *Report) []*Violation {
	if p.Linkage != Static && p.Linkage != MostlyStatic {
		return nil
	}
	var out []*Violation
	for _, lib := range r.Needed {
		if p.Linkage == MostlyStatic && LibcFamily(lib) || p.allows(lib) {
			continue
		}
		symbols := r.SymbolsOf(lib)
		out = append(out, &Violation{
			Rule: RuleNeeded, What: lib, Library: lib, Symbols: symbols,
			Why: fmt.Sprintf("a %s executable must not need this shared library%s", p.Linkage, because(symbols)),
		})
	}
	return out
}

func (p Policy) allows(lib string) bool {
	return slices.ContainsFunc(p.AllowNeeded, func(pat string) bool { return matches(pat, lib) })
}

// glibc makes one violation per version above the limit, highest first, so that
// a reader sees everything that has to go and not just the worst.
func (p Policy) glibc(r *Report) []*Violation {
	var out []*Violation
	for _, v := range slices.Backward(r.Versions) {
		if v.Name == glibcPrivate && p.NoPrivate {
			out = append(out, &Violation{
				Rule: RulePrivate, What: v.Name, Library: v.Library, Symbols: v.Symbols,
				Why: fmt.Sprintf("ties the file to one build of %s%s", v.Library, because(v.Symbols)),
			})
		}
		x, ok := glibcVersion(v.Name)
		if ok && p.MaxGLIBC != "" && CompareVersions(x, p.MaxGLIBC) > 0 {
			out = append(out, &Violation{
				Rule: RuleGLIBC, What: v.Name, Library: v.Library, Symbols: v.Symbols,
				Why: fmt.Sprintf("newer than %s, the highest glibc this target allows%s", p.MaxGLIBC, because(v.Symbols)),
			})
		}
	}
	return out
}

func (p Policy) runpath(r *Report) []*Violation {
	if !p.NoRunpath {
		return nil
	}
	var out []*Violation
	for _, s := range r.RPath {
		out = append(out, &Violation{Rule: RuleRunpath, What: s, Why: "an RPATH: libraries would be searched in a folder of the build"})
	}
	for _, s := range r.RunPath {
		out = append(out, &Violation{Rule: RuleRunpath, What: s, Why: "a RUNPATH: libraries would be searched in a folder of the build"})
	}
	return out
}

func (p Policy) stack(r *Report) []*Violation {
	if !p.NoExecStack || !r.ExecStack {
		return nil
	}
	return []*Violation{{
		Rule: RuleExecStack,
		What: "executable stack",
		Why:  "some object file lacks .note.GNU-stack, often one written in assembly; hardened kernels refuse to start such files",
	}}
}

func (p Policy) leaks(r *Report) []*Violation {
	if !p.NoLeaks {
		return nil
	}
	var out []*Violation
	for _, l := range r.Leaks {
		out = append(out, &Violation{Rule: RuleLeak, What: fmt.Sprintf("%q", l.Text), Why: "a path of the build" + place(l)})
	}
	return out
}

func place(l Leak) string {
	if l.Section == "" {
		return fmt.Sprintf(" at offset %d", l.Offset)
	}
	return fmt.Sprintf(" in %s at offset %d", l.Section, l.Offset)
}

// because names at most five symbols.
func because(symbols []string) string {
	const most = 5
	switch n := len(symbols); {
	case n == 0:
		return ""
	case n > most:
		return fmt.Sprintf("; asked for by %s and %d more", strings.Join(symbols[:most], ", "), n-most)
	default:
		return "; asked for by " + strings.Join(symbols, ", ")
	}
}
