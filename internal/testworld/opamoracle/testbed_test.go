package opamoracle

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "with OFARM_TEST_E2E=1: ask opam all requests and write data/answers.tsv anew")

// answersHeader says what the answers are; %s is opam's version.
const answersHeader = `# What opam %s answers to requests.tsv over the opam repository at commit
# 97014be61691efb695da5de8e860cba5d74fa1f5: OCaml's version, the release, OK or
# NO, what is to be installed, the number of packages, and the packages or opam's
# explanation. Written by this package's tests, with -update.
`

// e2e tells whether the long tests are asked for.
func e2e() bool { return os.Getenv("OFARM_TEST_E2E") == "1" }

// every takes each n-th element, or all if long tests are asked for.
func every[T any](n int, all []T) []T {
	if e2e() {
		return all
	}
	var some []T
	for i := 0; i < len(all); i += n {
		some = append(some, all[i])
	}
	return some
}

// obtainable makes the repository that resolved.tsv was made over, and reads
// resolved.tsv.
func obtainable(t *testing.T) (repo Repository, rows []Answer) {
	t.Helper()
	testbed := Testbed(t)
	dir := t.TempDir()
	if err := Obtainable(dir, Whole(t), testbed); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(testbed, "resolved.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err = ParseResolved(string(data))
	if err != nil {
		t.Fatal(err)
	}
	return Folder(dir), rows
}

// TestResolvedE2E has opam answer rows of resolved.tsv over what they reach of
// the obtainable packages: the same solutions, and none where there was none.
// All rows take half a minute.
func TestResolvedE2E(t *testing.T) {
	o := New(t)
	repo, rows := obtainable(t)
	if len(rows) != 123 {
		t.Errorf("%d rows, want 123", len(rows))
	}
	for _, row := range every(25, rows) {
		got, err := o.answer(t, row.Request, repo)
		if err != nil {
			t.Fatal(err)
		}
		o.compare(t, got, row)
	}
}

// answer asks opam a request over what it reaches of a repository.
func (o *Oracle) answer(t *testing.T, r Request, repo Repository) (Answer, error) {
	env, err := r.Environment()
	if err != nil {
		return Answer{}, err
	}
	reached, err := Reach(r.Atoms(), env, repo)
	if err != nil {
		return Answer{}, err
	}
	trimmed := t.TempDir()
	if err := Trim(trimmed, reached, repo); err != nil {
		return Answer{}, err
	}
	return o.ask(r, env, trimmed)
}

// ask asks opam a request.
func (o *Oracle) ask(r Request, env map[string]string, repo string) (Answer, error) {
	a := Answer{Request: r}
	var err error
	a.Solution, err = o.Resolve(repo, r.Atoms(), env)
	if none := (*NoSolution)(nil); errors.As(err, &none) {
		a.Text = none.Text
		return a, nil
	}
	return a, err
}

// TestAnswersE2E has opam answer the requests again over what they reach, which
// must give what it answered over the whole repository, and accept its own
// answers. With -update it asks over the whole repository first.
func TestAnswersE2E(t *testing.T) {
	o := New(t)
	whole := Whole(t)
	answers, err := Answers()
	if *update && e2e() {
		answers, err = o.askAll(t, whole)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range every(25, answers) {
		got, err := o.answer(t, a.Request, whole)
		if err != nil {
			t.Fatal(err)
		}
		o.compare(t, got, a)
		if a.Solution == nil {
			continue
		}
		env, err := a.Environment()
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Accepts(a.Solution, a.Atoms(), env, whole); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
}

// compare holds an answer against the recorded one. Another opam than the one
// that gave it may choose other versions.
func (o *Oracle) compare(t *testing.T, got, want Answer) {
	t.Helper()
	if (got.Solution == nil) != (want.Solution == nil) {
		t.Errorf("%s: got %v %s, want %v %s", want, got.Solution, got.Text, want.Solution, want.Text)
		return
	}
	if o.Version != AnsweredBy {
		t.Logf("%s: opam is %s, and the answer %s's", want, o.Version, AnsweredBy)
		return
	}
	for _, d := range Diff(got.Solution, want.Solution) {
		t.Errorf("%s: %s", want, d)
	}
}

// askAll asks all requests over the whole repository and keeps the answers.
func (o *Oracle) askAll(t *testing.T, whole Repository) ([]Answer, error) {
	requests, err := Requests()
	if err != nil {
		return nil, err
	}
	all, err := All(whole)
	if err != nil {
		return nil, err
	}
	dir := t.TempDir()
	if err := Trim(dir, all, whole); err != nil {
		return nil, err
	}
	var answers []Answer
	for _, r := range requests {
		env, err := r.Environment()
		if err != nil {
			return nil, err
		}
		a, err := o.ask(r, env, dir)
		if err != nil {
			return nil, err
		}
		t.Logf("%s: %d packages %s", r, len(a.Solution), a.Text)
		answers = append(answers, a)
	}
	return answers, writeAnswers(o.Version, answers)
}

func writeAnswers(version string, answers []Answer) error {
	b := fmt.Appendf(nil, answersHeader, version)
	for _, a := range answers {
		b = appendAnswer(b, a)
	}
	if err := writeFile("data/answers.tsv.new", b); err != nil {
		return err
	}
	return os.Rename("data/answers.tsv.new", "data/answers.tsv")
}

// TestRequests holds the committed requests to what they are for, and the
// answers to the requests.
func TestRequests(t *testing.T) {
	requests, err := Requests()
	if err != nil {
		t.Fatal(err)
	}
	if len(requests) != 100 {
		t.Errorf("%d requests, want 100", len(requests))
	}
	compilers, releases := map[string]int{}, map[string]int{}
	for _, r := range requests {
		compilers[r.OCaml]++
		releases[r.Release]++
		if _, err := r.Environment(); err != nil {
			t.Errorf("%s: %v", r, err)
		}
		for _, atom := range r.Atoms() {
			if _, err := ParseAtom(atom); err != nil {
				t.Errorf("%s: %v", r, err)
			}
		}
	}
	for _, v := range []string{"4.13.1", "4.14.2", "5.3.0", "5.4.1"} {
		if compilers[v] != 25 {
			t.Errorf("OCaml %s: %d requests, want 25", v, compilers[v])
		}
	}
	if releases["alpine-3.22"] != 50 || releases["debian-bookworm"] != 50 {
		t.Errorf("releases: got %v, want 50 each", releases)
	}
	checkAnswers(t, requests)
}

func checkAnswers(t *testing.T, requests []Request) {
	t.Helper()
	answers, err := Answers()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(answersTSV, fmt.Sprintf(answersHeader, AnsweredBy)) {
		t.Errorf("answers.tsv doesn't begin as opam %s's answers do", AnsweredBy)
	}
	none := 0
	for i, a := range answers {
		if i < len(requests) && a.String() != requests[i].String() {
			t.Errorf("answer %d is to %s, want %s", i+1, a, requests[i])
		}
		if a.Solution == nil {
			none++
		}
		if (a.Solution == nil) == (a.Text == "") || (a.Solution != nil && a.Solution["ocaml"] != a.OCaml) {
			t.Errorf("%s: %v %q", a, a.Solution, a.Text)
		}
	}
	if len(answers) != len(requests) || none < 8 || none > 30 {
		t.Errorf("%d answers, %d without a solution", len(answers), none)
	}
}

// TestAnswerRows reads what is written, and refuses what is not a row.
func TestAnswerRows(t *testing.T) {
	want := Answer{Request: Request{OCaml: "5.3.0", Packages: []string{"a", "b>=2"}}, Solution: mustPackages(t, "a.1 b.2")}
	row := strings.ReplaceAll(string(appendAnswer(nil, want)), "\t\t", "\t") // no release
	got, err := ParseResolved("# a comment\n" + row + "5.3.0\tNO\ta\t\t[ERROR] No.\n")
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	if d := Diff(got[0].Solution, want.Solution); len(d) > 0 || !slices.Equal(got[0].Packages, want.Packages) {
		t.Errorf("got %v, want %v", got[0], want)
	}
	if got[1].Solution != nil || got[1].Text != "[ERROR] No." {
		t.Errorf("got %v", got[1])
	}
	for _, bad := range []string{"5.3.0\tOK\ta", "5.3.0\tOK\ta\t2\ta.1", "5.3.0\tOK\ta\t2\ta.1 a.2", "5.3.0\tOK\ta\t1\ta", "5.3.0\tMAYBE\ta\t1\ta.1"} {
		if _, err := ParseResolved(bad); err == nil || !strings.HasPrefix(err.Error(), "resolved.tsv:1: ") {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}
