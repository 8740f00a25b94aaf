package audit

import (
	"fmt"
	"slices"
	"strings"
)

func (p Policy) platform(r *Report) []*Violation {
	v := &Violation{Rule: RulePlatform, What: fmt.Sprintf("%d-bit %s", r.Class, r.Machine)}
	switch {
	case p.OS == "linux" && r.Kind == KindMachO, p.OS == "darwin" && r.Kind == KindELF:
		v.What = r.Kind
		v.Why = "the policy is for " + p.OS
	case p.Platform != "" && p.Platform != r.Platform:
		v.Why = "the target's platform is " + p.Platform
	default:
		return nil
	}
	return []*Violation{v}
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
	if p.Linkage != Static && p.Linkage != MostlyStatic && !p.OnlyNeeded {
		return nil
	}
	var out []*Violation
	for _, lib := range r.Needed {
		if p.Linkage != Static && r.ofLibc(lib) || p.allows(lib) {
			continue
		}
		symbols := r.SymbolsOf(lib)
		out = append(out, &Violation{
			Rule: RuleNeeded, What: lib, Library: lib, Symbols: symbols, Origins: r.culpritsOf(lib),
			Why: p.notAllowed() + because(symbols),
		})
	}
	return out
}

// notAllowed says why a shared library is none too many.
func (p Policy) notAllowed() string {
	if p.Linkage == Static || p.Linkage == MostlyStatic {
		return fmt.Sprintf("a %s executable must not need this shared library", p.Linkage)
	}
	return "not among the shared libraries that the policy allows"
}

// ofLibc tells whether a library is the system's own libc.
func (r *Report) ofLibc(lib string) bool {
	if r.Kind == KindMachO {
		return lib == libSystem
	}
	return LibcFamily(lib)
}

// culpritsOf returns the inputs that brought a shared library, or else those
// that use its symbols.
func (r *Report) culpritsOf(lib string) []Origin {
	if from := r.sourcesOf(lib); len(from) > 0 {
		return from
	}
	var out []Origin
	for _, v := range r.Versions {
		if v.Library == lib {
			out = append(out, v.Culprits()...)
		}
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
	newest := slices.Clone(r.Versions)
	slices.SortStableFunc(newest, func(a, b Version) int { return compareNames(b.Name, a.Name) })
	for _, v := range newest {
		if v.Name == glibcPrivate && p.NoPrivate {
			out = append(out, v.violation(RulePrivate, "ties the file to one build of "+v.Library))
		}
		if x := glibcOf(v.Name); x != "" && p.MaxGLIBC != "" && CompareVersions(x, p.MaxGLIBC) > 0 {
			out = append(out, v.violation(RuleGLIBC, fmt.Sprintf("newer than %s, the highest glibc allowed", p.MaxGLIBC)))
		}
	}
	return out
}

// glibcOf is the glibc that a version came with, or empty.
func glibcOf(name string) string {
	if name == "GLIBC_ABI_DT_RELR" {
		return "2.36"
	}
	v, _ := glibcVersion(name)
	return v
}

func (v Version) violation(rule Rule, why string) *Violation {
	return &Violation{
		Rule: rule, What: v.Name, Library: v.Library, Symbols: v.Symbols, Origins: v.Culprits(),
		Why: why + because(v.Symbols),
	}
}

// versions checks libraries other than glibc. A version that is no number after
// its prefix (CXXABI_TM_1) has no order and passes.
func (p Policy) versions(r *Report) []*Violation {
	var out []*Violation
	for _, v := range slices.Backward(r.Versions) {
		i := strings.LastIndexByte(v.Name, '_')
		if i < 0 {
			continue
		}
		limit, ok := p.MaxVersions[v.Name[:i]]
		if ok && CompareVersions(v.Name[i+1:], limit) > 0 {
			out = append(out, v.violation(RuleVersion, fmt.Sprintf("newer than %s_%s, the highest that the policy allows", v.Name[:i], limit)))
		}
	}
	return out
}

func (p Policy) macOS(r *Report) []*Violation {
	if p.MaxMacOS == "" || r.MinOS == "" || CompareVersions(r.MinOS, p.MaxMacOS) <= 0 {
		return nil
	}
	return []*Violation{{
		Rule: RuleMacOS, What: "macOS " + r.MinOS,
		Why: fmt.Sprintf("the oldest macOS it starts on, newer than %s", p.MaxMacOS),
	}}
}

func (p Policy) runpath(r *Report) []*Violation {
	if !p.NoRunpath {
		return nil
	}
	var out []*Violation
	for _, kind := range []struct {
		name  string
		paths []string
	}{{"an RPATH", r.RPath}, {"a RUNPATH", r.RunPath}} {
		for _, s := range kind.paths {
			if !p.allowsRunpath(s) {
				out = append(out, &Violation{Rule: RuleRunpath, What: s, Why: kind.name + ": libraries would be searched in a folder of the build"})
			}
		}
	}
	return out
}

// allowsRunpath tells whether all folders of a path are allowed.
func (p Policy) allowsRunpath(path string) bool {
	for dir := range strings.SplitSeq(path, ":") {
		if !slices.ContainsFunc(p.AllowRunpath, func(pat string) bool { return matches(pat, dir) }) {
			return false
		}
	}
	return true
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

func (p Policy) hardening(r *Report) []*Violation {
	var out []*Violation
	if r.Type == TypeShared || r.Type == TypeRelocatable {
		return nil
	}
	if p.PIE && !r.PIE {
		out = append(out, &Violation{Rule: RulePIE, What: "no PIE", Why: "the executable is loaded at a fixed address"})
	}
	if r.Kind != KindELF {
		return out
	}
	if p.RELRO != "" && r.RELRO != RELROFull && r.RELRO != p.RELRO {
		out = append(out, &Violation{Rule: RuleRELRO, What: "RELRO " + r.RELRO, Why: "the policy asks for " + p.RELRO})
	}
	if p.BindNow && !r.BindNow && len(r.Needed) > 0 {
		out = append(out, &Violation{Rule: RuleBindNow, What: "lazy binding", Why: "functions of shared libraries are bound when they are first called"})
	}
	return out
}

// content checks what is in the file besides the program.
func (p Policy) content(r *Report) []*Violation {
	var out []*Violation
	if p.NoDebug && r.Debug {
		out = append(out, &Violation{Rule: RuleDebug, What: "debug information", Why: "it names sources, and makes the file larger"})
	}
	if p.NoSymbols && r.Symbols {
		out = append(out, &Violation{Rule: RuleSymbols, What: "symbol table", Why: "the file isn't stripped"})
	}
	return out
}

// threadStack holds for musl alone, where PT_GNU_STACK decides; glibc takes the
// limit of the process.
func (p Policy) threadStack(r *Report) []*Violation {
	if r.Kind != KindELF || r.Libc == GLIBC || r.ThreadStack >= p.ThreadStack || r.Type == TypeShared {
		return nil
	}
	v := &Violation{Rule: RuleThreadStack, What: fmt.Sprintf("thread stack of %d bytes", r.ThreadStack)}
	if r.ThreadStack == 0 {
		v.What = "no thread stack size"
	}
	v.Why = fmt.Sprintf("threads shall have %d bytes, and musl gives them 128 KiB unless PT_GNU_STACK says more", p.ThreadStack)
	return []*Violation{v}
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

func (p Policy) temps(r *Report) []*Violation {
	if !p.NoTemps {
		return nil
	}
	var out []*Violation
	for _, l := range r.Temps {
		out = append(out, &Violation{Rule: RuleTemp, What: fmt.Sprintf("%q", l.Text), Why: "the name of a temporary file, another one in each build" + place(l)})
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

// describe names at most three inputs of a link.
func describe(from []Origin) string {
	const most = 3
	var out []string
	for i, o := range from {
		if i == most {
			out = append(out, fmt.Sprintf("%d more", len(from)-i))
			break
		}
		out = append(out, o.String())
	}
	return strings.Join(out, ", ")
}

// String names an input with its package: "/x/libx.a(stub.o) (opam package x)".
func (o Origin) String() string {
	text := o.File
	if o.Package != "" {
		text += " (opam package " + o.Package + ")"
	}
	if o.By != "" && o.By != o.File {
		text += ", linked by " + o.By
	}
	return text
}
