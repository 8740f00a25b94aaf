package main

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/targets"
)

// auditHints say what would help, by the rule that is broken.
func auditHints(rule audit.Rule) string {
	switch rule {
	case audit.RuleInterpreter:
		return hintAuditStatic
	case audit.RulePrivate:
		return hintAuditPrivate
	case audit.RuleVersion:
		return hintAuditRuntime
	case audit.RuleRunpath:
		return hintAuditRunpath
	case audit.RuleExecStack:
		return hintAuditExecStack
	case audit.RuleLeak:
		return hintAuditLeak
	case audit.RuleTemp, audit.RuleDebug, audit.RuleSymbols:
		return hintAuditStrip
	case audit.RulePIE:
		return hintAuditPIE
	case audit.RuleRELRO, audit.RuleBindNow:
		return hintAuditRELRO
	case audit.RuleThreadStack:
		return hintAuditThreadStack
	case audit.RuleMacOS:
		return hintAuditMacOS
	}
	return ""
}

// auditHint says what would make a file keep a policy.
func auditHint(v *audit.Violation, p audit.Policy) string {
	switch v.Rule {
	case audit.RuleInterpreter:
		if v.What == macLoader {
			return hintAuditMacStatic
		}
	case audit.RuleGLIBC:
		return floorHint(v, p.MaxGLIBC)
	case audit.RuleNeeded:
		return neededHint(v, p)
	}
	return auditHints(v.Rule)
}

// floorHint names the newest target whose glibc is old enough, or else the
// oldest if it is older than what is asked for. It says that the sources can stay
// only where every symbol is known to be in older glibcs too.
func floorHint(v *audit.Violation, most string) string {
	r, ok := newestWith(most)
	if !ok {
		r = oldestGLIBC()
		if audit.CompareVersions(strings.TrimPrefix(v.What, "GLIBC_"), r.LibcVersion) <= 0 {
			return fmt.Sprintf(hintAuditNoTarget, most)
		}
		return fmt.Sprintf(hintAuditOldest, r.Name, r.LibcVersion)
	}
	if len(v.Symbols) > 0 && !slices.ContainsFunc(v.Symbols, func(s string) bool { return !audit.Renewed(s, v.What) }) {
		return fmt.Sprintf(hintAuditRenewed, r.Name, r.LibcVersion)
	}
	return fmt.Sprintf(hintAuditFloor, r.Name, r.LibcVersion)
}

// newestWith is the target with the newest glibc up to a version.
func newestWith(most string) (targets.Release, bool) {
	var best targets.Release
	for _, r := range targets.Releases() {
		if r.Libc == targets.GLIBC && audit.CompareVersions(r.LibcVersion, most) <= 0 &&
			(best.Name == "" || audit.CompareVersions(r.LibcVersion, best.LibcVersion) > 0) {
			best = r
		}
	}
	return best, best.Name != ""
}

// oldestGLIBC is the target with the oldest glibc.
func oldestGLIBC() targets.Release {
	var best targets.Release
	for _, r := range targets.Releases() {
		if r.Libc == targets.GLIBC && (best.Name == "" || audit.CompareVersions(r.LibcVersion, best.LibcVersion) < 0) {
			best = r
		}
	}
	return best
}

// macLoader is the interpreter of every executable on macOS.
const macLoader = "/usr/lib/dyld"

// neededHint tells how a library would be linked statically.
func neededHint(v *audit.Violation, p audit.Policy) string {
	switch {
	case strings.HasPrefix(v.Library, "/usr/lib/libSystem."):
		return hintAuditMacStatic
	case strings.HasSuffix(v.Library, ".dylib"), strings.Contains(v.Library, ".framework/"):
		return hintAuditDylib
	case p.Linkage == audit.Static && isLibrary(v.File):
		return hintAuditNotStatic
	case p.Linkage == audit.Static:
		return hintAuditStatic
	case strings.HasPrefix(v.Library, "libstdc++"), strings.HasPrefix(v.Library, "libgcc_s"):
		return hintAuditRuntime
	case isLibrary(v.File):
		return hintAuditLibrary
	}
	return hintAuditArchive
}

// isLibrary tells shared libraries, OCaml's plugins among them, by their names:
// no link mode changes what they need, and no record tells of their links.
func isLibrary(file string) bool {
	name := path.Base(file)
	return strings.HasSuffix(name, ".cmxs") || strings.HasSuffix(name, ".so") || strings.Contains(name, ".so.")
}

// policyHint is about files of policies that can't be understood.
func policyHint(err error) string {
	if as[*audit.Mistake](err) {
		return hintPolicyFile
	}
	return ""
}
