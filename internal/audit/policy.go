package audit

import (
	"fmt"
	"slices"

	"github.com/hashicorp/go-multierror"
)

// Policy says what a target allows of an executable. The zero value allows
// everything. [Named] has those with well-known names, [ParsePolicy] reads one
// from a file.
type Policy struct {
	Name        string   // as a user names it; empty for a target's own
	Linkage     string   // [Static], or [MostlyStatic], which a static file meets as well; empty allows all
	OS          string   // "linux" or "darwin"; empty allows all
	Platform    string   // "linux/amd64"; empty allows all
	MaxGLIBC    string   // highest glibc floor, "2.31"; empty allows all
	AllowNeeded []string // sonames allowed besides libc's family, as path.Match patterns: "libssl.so.*"
	NoRunpath   bool     // no RPATH and no RUNPATH
	NoExecStack bool     // no executable stack
	NoLeaks     bool     // none of the prefixes given to [Read]
	NoPrivate   bool     // no GLIBC_PRIVATE

	OnlyNeeded   bool              // nothing in NEEDED but libc's family and AllowNeeded, whatever Linkage says
	MaxVersions  map[string]string // highest versions of other libraries' symbols, by prefix: "GLIBCXX": "3.4.24"
	MaxMacOS     string            // highest minimum macOS, "11.0"; empty allows all
	AllowRunpath []string          // with NoRunpath: what is allowed all the same, as path.Match patterns: "$ORIGIN/*"
	NoTemps      bool              // no names of temporary files
	NoDebug      bool              // no debug information
	NoSymbols    bool              // stripped
	PIE          bool              // loaded at an address of the system's choice
	BindNow      bool              // no lazy binding
	RELRO        string            // at least [RELROPartial] or [RELROFull]; empty allows all
	ThreadStack  uint64            // least PT_GNU_STACK size in bytes, of executables that aren't glibc's; 0 allows all
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
	RuleVersion     Rule = "symbol-version"
	RuleMacOS       Rule = "macos-version"
	RuleTemp        Rule = "temporary-file"
	RuleDebug       Rule = "debug-info"
	RuleSymbols     Rule = "symbols"
	RulePIE         Rule = "pie"
	RuleBindNow     Rule = "bind-now"
	RuleRELRO       Rule = "relro"
	RuleThreadStack Rule = "thread-stack"
)

// Violation is one thing that a policy doesn't allow. A report that breaks
// several rules, or one rule several times, has one violation for each.
type Violation struct {
	File    string   `json:"-"`
	Slice   string   `json:"platform,omitempty"` // the architecture of a universal file, "darwin/arm64"
	Rule    Rule     `json:"rule"`
	What    string   `json:"what"`              // what was found: "libssl.so.3", "GLIBC_2.34", "/opt/lib"
	Why     string   `json:"why"`               // why that is wrong, and what it comes from
	Library string   `json:"library,omitempty"` // the library concerned, as in NEEDED, or empty
	Symbols []string `json:"symbols,omitempty"` // the symbols that ask for What, where known, sorted
	Origins []Origin `json:"from,omitempty"`    // the inputs of the link that ask for What, where known
}

// Error gives file, finding, reason and culprits on one line.
func (v *Violation) Error() string {
	text := fmt.Sprintf("%s: %s: %s", v.File, v.What, v.Why)
	if len(v.Origins) > 0 {
		text += "; from " + describe(v.Origins)
	}
	return text
}

// Check holds a report against the policy. Its error is a *multierror.Error of
// [*Violation], or nil. Only ELF and Mach-O files have a linkage: of other files
// only leaks and temporary files are checked.
func (p Policy) Check(r *Report) error {
	var errs *multierror.Error
	for _, v := range p.Violations(r) {
		errs = multierror.Append(errs, v)
	}
	return errs.ErrorOrNil()
}

// Violations is [Policy.Check] as a list, in the order of the rules.
func (p Policy) Violations(r *Report) []*Violation {
	all := p.linked(r)
	for _, s := range r.Slices {
		for _, v := range p.linked(s) {
			v.Slice = s.Platform
			all = append(all, v)
		}
	}
	all = slices.Concat(all, p.leaks(r), p.temps(r))
	for _, v := range all {
		v.File = r.File
	}
	return all
}

// linked checks what only a linked file of one architecture has.
func (p Policy) linked(r *Report) []*Violation {
	if r.Kind != KindELF && r.Kind != KindMachO || len(r.Slices) > 0 {
		return nil
	}
	return slices.Concat(p.platform(r), p.interpreter(r), p.needed(r), p.glibc(r), p.versions(r), p.macOS(r),
		p.runpath(r), p.stack(r), p.hardening(r), p.content(r), p.threadStack(r))
}
