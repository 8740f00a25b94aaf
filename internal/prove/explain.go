package prove

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/ofarm/ofarm/internal/audit"
)

// Kind says what sort of reason one is.
type Kind string

// The kinds of reason.
const (
	// Unfit: the root has not the executable's libc; it isn't run there.
	Unfit Kind = "unfit"
	// SymbolVersion: a library of the root lacks symbol versions.
	SymbolVersion Kind = "symbol-version"
	// Symbol: no library has the symbols.
	Symbol Kind = "symbol"
	// Library: the root lacks the libraries, or they are of no use.
	Library Kind = "library"
	// Interpreter: the root lacks the loader that the executable names.
	Interpreter Kind = "interpreter"
	// Platform: the machine can't run executables of the platform.
	Platform Kind = "platform"
	// Loader: the loader gave up for another reason.
	Loader Kind = "loader"
	// Start: the executable couldn't be started for another reason.
	Start Kind = "start"
	// Signal: a signal ended it.
	Signal Kind = "signal"
	// Exit: it ended with an exit code other than 0.
	Exit Kind = "exit"
	// Unexpected: it didn't write what was expected.
	Unexpected Kind = "unexpected-output"
	// Timeout: it took too long.
	Timeout Kind = "timeout"
)

// Reason says why a check didn't pass.
type Reason struct {
	Kind Kind `json:"kind"`
	// Missing are the symbol versions, symbols, libraries or the interpreter
	// that the root lacks, in the order of their importance.
	Missing []string `json:"missing,omitempty"`
	// In is the library that should have the first of them, where known.
	In string `json:"in,omitempty"`
	// By is the file that asks for them.
	By string `json:"by,omitempty"`
	// Symbols are those of the executable that ask for a missing version,
	// sorted.
	Symbols []string `json:"symbols,omitempty"`
	// Text is the whole on one line.
	Text string `json:"text"`
}

// Failure is what is known of a program that failed.
type Failure struct {
	// Output is what it, its loader and runc wrote.
	Output string
	// ExitCode is -1 if it came to no exit.
	ExitCode int
	// Start says why it couldn't be started, in runc's words; empty if it was.
	Start string
	// Foreign tells that the daemon doesn't name the executable's platform among
	// those whose executables it runs.
	Foreign bool
}

// Explain finds the reason of a failure. The report is the executable's audit.
// Libraries come before symbols: musl's loader goes on without a library, and
// then misses its symbols too.
func Explain(f Failure, r *audit.Report) Reason {
	for _, read := range []func(Failure, *audit.Report) *Reason{
		missingVersions, missingLibraries, missingSymbols, otherLoader, notStarted, signal,
	} {
		if why := read(f, r); why != nil {
			why.Text = printable(why.Text)
			return *why
		}
	}
	return Reason{Kind: Exit, Text: printable(withLast(fmt.Sprintf("exit code %d", f.ExitCode), f.Output))}
}

// printable leaves out what would do something to a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
}

// The messages of the loaders: glibc's _dl_check_map_versions,
// _dl_map_object and _dl_signal_error, musl's load_deps and do_relocs.
var (
	glibcVersion = regexp.MustCompile("(?m)^.*?: (\\S+): version `([^']+)' not found \\(required by (.+)\\)$")
	glibcLibrary = regexp.MustCompile(`(?m)error while loading shared libraries: ([^:\n]+): (.+)$`)
	glibcSymbol  = regexp.MustCompile(`(?m)symbol lookup error: ([^:\n]+): undefined symbol: ([^\s,]+)(?:, version (\S+))?`)
	glibcOther   = regexp.MustCompile(`(?m)^(Inconsistency detected by ld\.so: .+|FATAL: kernel too old|.*CPU ISA level is lower than required.*|.*cannot allocate memory in static TLS block.*)$`)
	muslSymbol   = regexp.MustCompile(`(?m)^Error relocating ([^:\n]+): (\S+): symbol not found$`)
	muslLibrary  = regexp.MustCompile(`(?m)^Error loading shared library ([^:\n]+): (.+?)(?: \(needed by (.+)\))?$`)
)

// notThere is how both loaders say that a file is missing.
const notThere = "No such file or directory"

// missing is a symbol version that a library of the root lacks.
type missing struct{ library, version, by string }

// missingVersions reads "libc.so.6: version `GLIBC_2.34' not found". A loader
// tells all versions that are missing; the highest comes first here.
func missingVersions(f Failure, r *audit.Report) *Reason {
	var all []missing
	for _, m := range glibcVersion.FindAllStringSubmatch(f.Output, -1) {
		all = append(all, missing{path.Base(m[1]), m[2], path.Base(m[3])})
	}
	if all == nil {
		return nil
	}
	slices.SortStableFunc(all, func(a, b missing) int { return newerFirst(a.version, b.version) })
	why := &Reason{Kind: SymbolVersion, In: all[0].library, By: all[0].by}
	for _, m := range all {
		why.Symbols = append(why.Symbols, symbolsOf(r, m.library, m.version)...)
		if !slices.Contains(why.Missing, m.version) {
			why.Missing = append(why.Missing, m.version)
		}
	}
	slices.Sort(why.Symbols)
	why.Symbols = slices.Compact(why.Symbols)
	why.Text = lacking(all)
	switch {
	case len(why.Symbols) > 0:
		why.Text += "; asked for by " + some(why.Symbols)
	case why.By != path.Base(r.File):
		why.Text += "; asked for by " + why.By
	}
	return why
}

// lacking says which libraries lack which versions.
func lacking(all []missing) string {
	var libraries []string
	versions := map[string][]string{}
	for _, m := range all {
		if versions[m.library] == nil {
			libraries = append(libraries, m.library)
		}
		if !slices.Contains(versions[m.library], m.version) {
			versions[m.library] = append(versions[m.library], m.version)
		}
	}
	var parts []string
	for _, l := range libraries {
		parts = append(parts, l+" lacks "+some(versions[l]))
	}
	return strings.Join(parts, ", ")
}

// symbolsOf are the executable's symbols of one version of a library. A
// library's own needs aren't in the report.
func symbolsOf(r *audit.Report, library, version string) []string {
	for _, v := range r.Versions {
		if v.Library == library && v.Name == version {
			return v.Symbols
		}
	}
	return nil
}

// newerFirst orders GLIBC_2.34 before GLIBC_2.4, others by name.
func newerFirst(a, b string) int {
	x, okX := strings.CutPrefix(a, "GLIBC_")
	y, okY := strings.CutPrefix(b, "GLIBC_")
	if okX && okY {
		return cmp.Or(audit.CompareVersions(y, x), cmp.Compare(a, b))
	}
	return cmp.Compare(a, b)
}

// missingSymbols reads "symbol lookup error" and "Error relocating".
func missingSymbols(f Failure, _ *audit.Report) *Reason {
	why := &Reason{Kind: Symbol}
	for _, re := range []*regexp.Regexp{glibcSymbol, muslSymbol} {
		for _, m := range re.FindAllStringSubmatch(f.Output, -1) {
			why.By = cmp.Or(why.By, path.Base(m[1]))
			symbol := m[2]
			if len(m) > 3 && m[3] != "" {
				symbol += "@" + m[3]
			}
			if !slices.Contains(why.Missing, symbol) {
				why.Missing = append(why.Missing, symbol)
			}
		}
	}
	if why.Missing == nil {
		return nil
	}
	why.Text = fmt.Sprintf("no library has %s, which %s asks for", some(why.Missing), why.By)
	return why
}

// missingLibraries reads "error while loading shared libraries" and "Error
// loading shared library". glibc's loader stops at the first, so the text
// doesn't say that these are all.
func missingLibraries(f Failure, _ *audit.Report) *Reason {
	why := &Reason{Kind: Library}
	detail := ""
	for _, re := range []*regexp.Regexp{glibcLibrary, muslLibrary} {
		for _, m := range re.FindAllStringSubmatch(f.Output, -1) {
			if !slices.Contains(why.Missing, m[1]) {
				why.Missing = append(why.Missing, m[1])
			}
			detail = cmp.Or(detail, m[2])
			if len(m) > 3 {
				why.By = cmp.Or(why.By, path.Base(m[3]))
			}
		}
	}
	switch {
	case why.Missing == nil:
		return nil
	case strings.Contains(detail, notThere):
		why.Text = some(why.Missing) + isOrAre(why.Missing) + "not in the root"
	default:
		why.Text = some(why.Missing) + " can't be loaded: " + detail
	}
	if why.By != "" {
		why.Text += ", needed by " + why.By
	}
	return why
}

// otherLoader passes on what glibc's loader says of other troubles.
func otherLoader(f Failure, _ *audit.Report) *Reason {
	m := glibcOther.FindString(f.Output)
	if m == "" {
		return nil
	}
	return &Reason{Kind: Loader, Text: strings.TrimSpace(m)}
}

// some names at most three.
func some(names []string) string {
	const most = 3
	if n := len(names); n > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), n-most)
	}
	return strings.Join(names, ", ")
}

func isOrAre(names []string) string {
	if len(names) == 1 {
		return " is "
	}
	return " are "
}

// withLast adds the last line of an output.
func withLast(text, output string) string {
	last := lastLines(output, 1)
	if last == nil {
		return text
	}
	const most = 200
	return text + ": " + strings.ToValidUTF8(last[0][:min(most, len(last[0]))], "")
}
