package opamoracle

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ofarm/ofarm/targets"
)

//go:embed data/requests.tsv
var requestsTSV string

//go:embed data/answers.tsv
var answersTSV string

// AnsweredBy is the version of the opam that gave [Answers]; resolved.tsv comes
// from the same. Another may choose otherwise among the same versions.
const AnsweredBy = "2.1.2"

// resolvedRelease is the release that the rows of resolved.tsv are asked for,
// which names none.
const resolvedRelease = "debian-trixie"

// Request is what is to be installed, with which compiler, on which release.
type Request struct {
	// OCaml is the compiler's version, "5.3.0".
	OCaml string
	// Release is the name of a release in targets, "alpine-3.22"; the platform is
	// linux/amd64.
	Release string
	// Packages are atoms, see [ParseAtom].
	Packages []string
}

// String is the request in one line.
func (r Request) String() string {
	return fmt.Sprintf("%s on %s with OCaml %s", strings.Join(r.Packages, " "), r.Release, r.OCaml)
}

// Atoms are what opam is asked for: the packages and the compiler, which is
// ocaml-base-compiler in the request's version.
func (r Request) Atoms() []string {
	return append(slices.Clone(r.Packages), "ocaml-base-compiler."+r.OCaml)
}

// Environment is opam's variables on the request's release.
func (r Request) Environment() (map[string]string, error) {
	release, err := targets.Find(r.Release, nil)
	if err != nil {
		return nil, err
	}
	return release.OpamVariables(targets.LinuxAMD64), nil
}

// Answer is what opam said to a request.
type Answer struct {
	Request
	// Solution is the packages to install, name to version; nil where there is
	// no solution.
	Solution map[string]string
	// Text is opam's explanation where there is no solution.
	Text string
}

// Requests are the requests over the whole real repository.
func Requests() ([]Request, error) {
	var requests []Request
	err := eachRow("requests.tsv", requestsTSV, 3, func(c []string) error {
		requests = append(requests, Request{OCaml: c[0], Release: c[1], Packages: strings.Fields(c[2])})
		return nil
	})
	return requests, err
}

// Answers are what opam said to [Requests] over the whole real repository, in
// their order.
func Answers() ([]Answer, error) {
	var answers []Answer
	err := eachRow("answers.tsv", answersTSV, 6, func(c []string) error {
		a, err := parseAnswer(Request{OCaml: c[0], Release: c[1], Packages: strings.Fields(c[3])}, c[2], c[4], c[5])
		answers = append(answers, a)
		return err
	})
	return answers, err
}

// ParseResolved reads the test bed's resolved.tsv: OCaml's version, OK or NO,
// the packages, their number, and the packages to install or opam's explanation.
func ParseResolved(data string) ([]Answer, error) {
	var answers []Answer
	err := eachRow("resolved.tsv", data, 5, func(c []string) error {
		r := Request{OCaml: c[0], Release: resolvedRelease, Packages: strings.Fields(c[2])}
		a, err := parseAnswer(r, c[1], c[3], c[4])
		answers = append(answers, a)
		return err
	})
	return answers, err
}

// eachRow visits the rows of a table of tab-separated columns. Lines with "#"
// in front are comments.
func eachRow(name, data string, columns int, visit func([]string) error) error {
	for i, line := range strings.Split(strings.TrimSuffix(data, "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		row := strings.Split(line, "\t")
		if len(row) != columns {
			return fmt.Errorf("%s:%d: %d columns, want %d", name, i+1, len(row), columns)
		}
		if err := visit(row); err != nil {
			return fmt.Errorf("%s:%d: %w", name, i+1, err)
		}
	}
	return nil
}

func parseAnswer(r Request, verdict, count, text string) (Answer, error) {
	a := Answer{Request: r}
	if verdict == "NO" {
		a.Text = text
		return a, nil
	}
	if verdict != "OK" {
		return a, fmt.Errorf("%q is neither OK nor NO", verdict)
	}
	var err error
	if a.Solution, err = parsePackages(text); err != nil {
		return a, err
	}
	if n, err := strconv.Atoi(count); err != nil || n != len(a.Solution) {
		return a, fmt.Errorf("%d packages, said to be %q", len(a.Solution), count)
	}
	return a, nil
}

// appendAnswer writes an answer as a row of answers.tsv.
func appendAnswer(b []byte, a Answer) []byte {
	row := []string{a.OCaml, a.Release, "NO", strings.Join(a.Packages, " "), "", a.Text}
	if a.Solution != nil {
		row[2], row[4] = "OK", strconv.Itoa(len(a.Solution))
		row[5] = strings.Join(spellPackages(a.Solution), " ")
	}
	return append(append(b, strings.Join(row, "\t")...), '\n')
}

// Diff tells in words how a solution differs from opam's, one difference each:
// "lwt: 5.6.1, opam has 5.7.0", sorted; none if they are the same.
func Diff(ours, opams map[string]string) []string {
	all := maps.Clone(opams)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, ours)
	var out []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch us, them := ours[name], opams[name]; {
		case us == them:
		case them == "":
			out = append(out, name+": "+us+", opam has none")
		case us == "":
			out = append(out, name+": none, opam has "+them)
		default:
			out = append(out, name+": "+us+", opam has "+them)
		}
	}
	return out
}
