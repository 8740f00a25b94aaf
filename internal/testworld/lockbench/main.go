// Lockbench measures what it takes to choose the versions of opam packages over
// the whole real opam repository. It answers the requests of opamoracle, each
// in a process of its own, and prints a table: the requests that read the most
// versions and some between those and the smallest, each with
//
//	packages    chosen
//	versions    whose opam files were read
//	questions   that the SAT solver was asked
//	cpu, wall   processor and wall time of the whole process: opening the
//	            repository, reading the files, choosing
//	peak        memory, in MiB
//	opam cpu    processor time of opam for the same request over the same
//	            repository (of the first and the middle row, because it takes
//	            half a minute; -opam all asks for every row)
//	ratio       of opam's to ours
//
// The repository lies unpacked on disk, as ofarm keeps it: the test bed's
// ($OFARM_TESTBED), unpacked below the cache folder at the first time, or any
// other folder or tarball. Without opam the last two columns stay empty.
//
//	go run ./internal/testworld/lockbench -repository FOLDER
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/ofarm/ofarm/internal/testworld/opamoracle"
)

// options are the command line's.
type options struct {
	repository string
	cache      string
	largest    int
	typical    int
	all        bool
	opam       string
	releases   string
	// one is the request that a child of this program answers, from 1.
	one int
}

func main() {
	var o options
	flag.StringVar(&o.repository, "repository", "", "the opam repository, a folder or tarball; default: the test bed's")
	flag.StringVar(&o.cache, "cache", "", "where a tarball is unpacked; default: below the user's cache folder")
	flag.IntVar(&o.largest, "largest", 5, "rows for the requests that read the most versions")
	flag.IntVar(&o.typical, "typical", 5, "rows for requests spread over the others")
	flag.BoolVar(&o.all, "all", false, "a row for each request")
	flag.StringVar(&o.opam, "opam", "some", "which rows to ask opam: none, some or all")
	flag.StringVar(&o.releases, "releases", "", "further releases to choose for at once, comma-separated")
	flag.IntVar(&o.one, "one", 0, "only answer this request, and print what it took as JSON")
	flag.Parse()
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "lockbench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	requests, err := opamoracle.Requests()
	if err != nil {
		return err
	}
	if o.one > 0 {
		return answer(ctx, os.Stdout, o, requests[min(o.one, len(requests))-1])
	}
	if !slices.Contains([]string{"none", "some", "all"}, o.opam) {
		return fmt.Errorf("-opam is none, some or all, not %q", o.opam)
	}
	if o.repository, err = unpacked(ctx, o); err != nil {
		return fmt.Errorf("opening the opam repository: %w", err)
	}
	var rows []row
	for i, r := range requests {
		m, err := measure(ctx, o, i+1)
		if err != nil {
			return fmt.Errorf("measuring %s: %w", r, err)
		}
		rows = append(rows, row{request: r, number: i + 1, measurement: m})
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(b.Versions, a.Versions) })
	printLoad(os.Stdout)
	printSummary(os.Stdout, rows)
	rows = o.choose(rows)
	if err := o.askOpam(ctx, rows); err != nil {
		return err
	}
	return printRows(os.Stdout, rows)
}

// row is a line of the table.
type row struct {
	request opamoracle.Request
	number  int
	measurement
	// opam is opam's processor time in seconds; 0 where it wasn't asked.
	opam float64
}

// choose takes the largest rows and some of the others, evenly spread; rows are
// sorted, the largest first.
func (o options) choose(rows []row) []row {
	if o.all || o.largest+o.typical >= len(rows) {
		return rows
	}
	chosen := slices.Clone(rows[:o.largest])
	rest := rows[o.largest:]
	for i := range o.typical {
		chosen = append(chosen, rest[(2*i+1)*len(rest)/(2*o.typical)])
	}
	return chosen
}

// askOpam fills in opam's times.
func (o options) askOpam(ctx context.Context, rows []row) error {
	for i := range rows {
		if o.opam == "none" || (o.opam == "some" && i != 0 && i != len(rows)/2) {
			continue
		}
		seconds, err := opamTime(ctx, o.repository, rows[i].request)
		if errors.Is(err, errNoOpam) {
			fmt.Println(err)
			return nil
		}
		if err != nil {
			return fmt.Errorf("asking opam for %s: %w", rows[i].request, err)
		}
		rows[i].opam = seconds
	}
	return nil
}

func printRows(w io.Writer, rows []row) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "packages\tversions\tquestions\tcpu\twall\tpeak\topam cpu\tratio\t request")
	for _, r := range rows {
		packages, theirs, ratio := "none", "", ""
		if r.Packages > 0 {
			packages = fmt.Sprint(r.Packages)
		}
		if r.opam > 0 {
			theirs, ratio = fmt.Sprintf("%.2fs", r.opam), fmt.Sprintf("%.0f", r.opam/r.CPU)
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%.2fs\t%.2fs\t%.0f\t%s\t%s\t %s\n",
			packages, r.Versions, r.Questions, r.CPU, r.Wall, r.Peak, theirs, ratio, r.request)
	}
	return table.Flush()
}

// printSummary tells of all requests, in one line.
func printSummary(w io.Writer, rows []row) {
	cpu := make([]float64, len(rows))
	for i, r := range rows {
		cpu[i] = r.CPU
	}
	slices.Sort(cpu)
	fmt.Fprintf(w, "processor time of %d requests: median %.2fs, at most %.2fs\n", len(cpu), cpu[len(cpu)/2], cpu[len(cpu)-1])
}

// printLoad tells how busy the machine is, where it can be known: processor
// times grow on shared processors too.
func printLoad(w io.Writer) {
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Fprintf(w, "load: %s\n", strings.Join(strings.Fields(string(text))[:3], " "))
	}
}
