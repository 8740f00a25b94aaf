package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"

	"github.com/ofarm/ofarm/internal/audit"
)

// printAudit prints a block for one file, a table for several, or JSON. Below
// stands what breaks the policy.
func (w *world) printAudit(o auditOptions, all []audited) error {
	if o.json {
		return w.printJSON(append([]audited{}, all...))
	}
	if len(all) == 1 && !o.symbols {
		return w.printOne(all[0], o)
	}
	if o.symbols {
		for _, a := range all {
			if err := w.printOne(a, o); err != nil {
				return err
			}
		}
		return nil
	}
	if len(all) == 0 {
		return nil
	}
	if err := w.auditTable(all); err != nil {
		return err
	}
	for _, a := range all {
		if a.Verdict != nil && !a.Verdict.Kept {
			fmt.Fprintf(w.Stdout, "\n%s:\n", a.File)
			printViolations(w.Stdout, *a.Verdict)
		}
	}
	return nil
}

func (w *world) auditTable(all []audited) error {
	head := []string{"FILE", "LINKAGE", "PLATFORM", "NEEDS", "OLDEST SYSTEM", "HARDENING", "BUILD PATHS"}
	if all[0].Verdict != nil {
		head = append(head, "POLICY")
	}
	t := w.table(head...)
	for _, a := range all {
		for _, r := range slicesOf(a.Report) {
			row := []string{a.File, orDash(r.Linkage), orDash(r.Platform), orDash(shorten(r.Needed, " ", 3)),
				orDash(oldest(r)), orDash(strings.Join(hardening(r), ", ")), fmt.Sprint(a.LeakCount)}
			if r.Kind == audit.KindScript {
				row[1] = r.Kind
			}
			if a.Verdict != nil {
				row = append(row, a.Verdict.text())
			}
			t.row(row...)
		}
	}
	return t.flush()
}

// slicesOf are a file's architectures, which is itself for most.
func slicesOf(r *audit.Report) []*audit.Report {
	if len(r.Slices) > 0 {
		return r.Slices
	}
	return []*audit.Report{r}
}

func (v *verdict) text() string {
	switch {
	case v.Kept && v.script:
		return verdictScript
	case v.Kept:
		return "kept"
	}
	return counted(len(v.Violations), "violation", "violations")
}

// oldest is the oldest system that an executable runs on.
func oldest(r *audit.Report) string {
	switch {
	case r.Floor != "":
		return "glibc " + r.Floor
	case r.MinOS != "":
		return "macOS " + r.MinOS
	}
	return ""
}

// printOne prints all that is known of a file, what matters most first.
func (w *world) printOne(a audited, o auditOptions) error {
	fmt.Fprintf(w.Stdout, "%s: %s\n", a.File, describeFile(a.Report))
	t := tabwriter.NewWriter(w.Stdout, 0, 0, 2, ' ', 0)
	f := facts{t}
	for _, r := range slicesOf(a.Report) {
		if len(a.Slices) > 0 {
			f.add("platform", r.Platform)
		}
		f.linkage(r)
		f.versions(r, o.symbols)
		f.safety(r)
	}
	f.content(a.Report)
	if a.Verdict != nil {
		f.add("policy", a.Verdict.Policy+": "+a.Verdict.text())
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if a.Verdict != nil {
		printViolations(w.Stdout, *a.Verdict)
	}
	return nil
}

// describeFile says in a line what a file is.
func describeFile(r *audit.Report) string {
	what := map[string]string{
		audit.TypeShared: "shared library", audit.TypeRelocatable: "object file", audit.TypeOther: "file",
	}[r.Type]
	if what == "" {
		what = "executable"
	}
	format := map[string]string{audit.KindELF: "ELF", audit.KindMachO: "Mach-O"}[r.Kind]
	switch {
	case r.Kind == audit.KindScript:
		return "script, run by " + r.Interpreter
	case len(r.Slices) > 0:
		return fmt.Sprintf("universal Mach-O file of %s", counted(len(r.Slices), "architecture", "architectures"))
	}
	platform := r.Platform
	if platform == "" {
		platform = fmt.Sprintf("%d-bit %s", r.Class, r.Machine)
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s, %s", r.Linkage, format, what, platform))
}

// facts writes rows of a name and what is known of it.
type facts struct{ w io.Writer }

func (f facts) add(name, value string) { fmt.Fprintf(f.w, "  %s\t%s\n", name, value) }

func (f facts) linkage(r *audit.Report) {
	if r.Linkage == "" {
		return
	}
	f.add("interpreter", orNone(r.Interpreter))
	f.add("needs", orNone(strings.Join(r.Needed, " ")))
	for _, s := range r.Sources {
		if !audit.LibcFamily(s.Library) {
			f.add("", fmt.Sprintf("  %s: %s", s.Library, inputs(s.From)))
		}
	}
	for _, p := range r.RPath {
		f.add("RPATH", p)
	}
	for _, p := range r.RunPath {
		f.add("RUNPATH", p)
	}
}

// versions tells the glibc floor and who sets it, or all versions with all
// their symbols.
func (f facts) versions(r *audit.Report, all bool) {
	if r.Floor != "" {
		f.add("glibc floor", r.Floor+setBy(r.FloorSymbols))
	}
	for _, v := range r.Versions {
		if v.Name == "GLIBC_"+r.Floor && !all {
			f.origins(v)
		}
	}
	for _, name := range r.ABI {
		f.add("", "  "+name)
	}
	if r.Private {
		f.add("", "  GLIBC_PRIVATE: works with one build of glibc only")
	}
	if !all {
		return
	}
	for _, v := range r.Versions {
		f.add(v.Name, v.Library+": "+strings.Join(v.Symbols, " "))
		f.origins(v)
	}
}

// origins tells which inputs of the link ask for a version's symbols.
func (f facts) origins(v audit.Version) {
	for _, s := range v.Origins {
		f.add("", fmt.Sprintf("  %s: %s", s.Symbol, inputs(s.From)))
	}
}

func (f facts) safety(r *audit.Report) {
	if h := hardening(r); len(h) > 0 {
		f.add("hardening", strings.Join(h, ", "))
	}
	switch {
	case r.Kind != audit.KindELF || r.Linkage == "" || r.Type == audit.TypeShared:
	case r.ThreadStack > 0:
		f.add("thread stack", humanize.IBytes(r.ThreadStack)+threadStackOf(r))
	case r.Libc == audit.Musl:
		f.add("thread stack", threadStackMusl)
	case r.Libc == "" && r.Linkage == audit.Static:
		f.add("thread stack", threadStackUnknown)
	}
	if r.MinOS != "" {
		f.add("macOS", fmt.Sprintf("%s or later, made with SDK %s, %s", r.MinOS, r.SDK, either(r.Signed, "signed", "not signed")))
	}
	if r.Linkage != "" {
		f.add("symbols", either(r.Symbols, "not stripped", "stripped")+", "+either(r.Debug, "with debug information", "no debug information"))
	}
}

// threadStackOf adds that glibc doesn't look at the size in the file.
func threadStackOf(r *audit.Report) string {
	if r.Libc == audit.GLIBC {
		return " in the file, of which glibc takes no notice"
	}
	return ""
}

func hardening(r *audit.Report) []string {
	if r.Linkage == "" {
		return nil
	}
	var out []string
	if r.Type != audit.TypeShared {
		out = append(out, either(r.PIE, "PIE", "no PIE"))
	}
	if r.RELRO != "" {
		out = append(out, either(r.RELRO == audit.RELRONone, "no RELRO", r.RELRO+" RELRO"))
	}
	if r.BindNow {
		out = append(out, "BIND_NOW")
	}
	if r.ExecStack {
		out = append(out, "EXECUTABLE STACK")
	}
	return out
}

func (f facts) content(r *audit.Report) {
	f.add("build paths", leaks(r.Leaks, r.LeakCount))
	f.add("temporary files", leaks(r.Temps, r.TempCount))
	f.add("size", humanize.Bytes(uint64(r.Size)))
	f.add("sha256", r.SHA256)
}

// leaks names three finds of different text, each with its place.
func leaks(all []audit.Leak, count int) string {
	if count == 0 {
		return "none"
	}
	var texts []string
	said := map[string]bool{}
	for _, l := range all {
		if !said[l.Text] && len(texts) < 3 {
			said[l.Text] = true
			texts = append(texts, fmt.Sprintf("%s (%s)", l.Text, l.Section))
		}
	}
	return fmt.Sprintf("%s: %s", counted(count, "place", "places"), strings.Join(texts, ", "))
}

// mostPaths is how many paths and names that a policy forbids are printed: who
// has more has one cause.
const mostPaths = 5

// printViolations prints what breaks a policy. A hint that several share is
// printed once, below the last of them.
func printViolations(to io.Writer, v verdict) {
	count := map[audit.Rule]int{}
	for i, one := range v.Violations {
		count[one.Rule]++
		last := i+1 == len(v.Violations) || v.Violations[i+1].Rule != one.Rule
		if count[one.Rule] <= mostPaths || one.Rule != audit.RuleLeak && one.Rule != audit.RuleTemp {
			fmt.Fprintf(to, "  %s: %s%s: %s\n", one.Rule, slicePrefix(one.Slice), one.What, one.Why)
			if len(one.Origins) > 0 {
				fmt.Fprintf(to, "    from %s\n", inputs(one.Origins))
			}
		} else if last {
			fmt.Fprintf(to, "  %s: %d more\n", one.Rule, count[one.Rule]-mostPaths)
		}
		if one.Hint != "" && (last || v.Violations[i+1].Hint != one.Hint) {
			fmt.Fprintf(to, "    hint: %s\n", one.Hint)
		}
	}
}

func slicePrefix(platform string) string {
	if platform == "" {
		return ""
	}
	return platform + ": "
}

// inputs names a few inputs of a link.
func inputs(from []audit.Origin) string {
	var out []string
	for _, o := range from {
		out = append(out, o.String())
	}
	return shorten(out, "; ", 3)
}

// setBy names a few symbols.
func setBy(symbols []string) string {
	if len(symbols) == 0 {
		return ""
	}
	return ", set by " + shorten(symbols, ", ", 6)
}

// shorten joins at most so many words.
func shorten(words []string, sep string, most int) string {
	if len(words) <= most {
		return strings.Join(words, sep)
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:most], sep), len(words)-most)
}

func either(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
