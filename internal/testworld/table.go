package testworld

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/ofarm/ofarm/internal/input"
)

// table is a file of columns separated by tabs, whose first line names them.
type table struct {
	name    string
	columns []string
	rows    [][]string
}

func readTableFile(path string) (table, error) {
	f, err := os.Open(path)
	if err != nil {
		return table{}, err
	}
	defer f.Close()
	return readTable(path, f)
}

// readTable reads a table. In the names of columns a space and an underscore
// are the same.
func readTable(name string, r io.Reader) (table, error) {
	t := table{name: name}
	lines := bufio.NewScanner(r)
	var mistakes []error
	for n := 1; lines.Scan(); n++ {
		row := strings.Split(lines.Text(), "\t")
		if n == 1 {
			t.columns = strings.Split(strings.ReplaceAll(lines.Text(), " ", "_"), "\t")
			continue
		}
		if len(row) != len(t.columns) {
			mistakes = append(mistakes, fmt.Errorf("%s:%d: %d columns, the first line has %d", name, n, len(row), len(t.columns)))
		}
		t.rows = append(t.rows, row)
	}
	if err := lines.Err(); err != nil {
		mistakes = append(mistakes, fmt.Errorf("reading %s: %w", name, err))
	}
	return t, errors.Join(mistakes...)
}

// column tells where a column is.
func (t table) column(name string) (int, error) {
	i := slices.Index(t.columns, name)
	if i < 0 {
		return 0, fmt.Errorf("%s:1: no column %q among %q", t.name, name, t.columns)
	}
	return i, nil
}

// pick gives the values of some columns, row by row.
func (t table) pick(names ...string) ([][]string, error) {
	at := make([]int, len(names))
	for i, name := range names {
		var err error
		if at[i], err = t.column(name); err != nil {
			return nil, err
		}
	}
	picked := make([][]string, len(t.rows))
	for i, row := range t.rows {
		for _, c := range at {
			picked[i] = append(picked[i], row[c])
		}
	}
	return picked, nil
}

// poolFile is a file of Debian's archive.
type poolFile struct {
	// name is what it is: "zarith.1.13", "gcc-14".
	name string
	// path is relative to a mirror's base URL: "pool/main/z/zarith/…".
	path string
	sum  input.Digest
	size int64
}

// poolFiles reads the columns package, pool_path, sha256 and size.
func (t table) poolFiles() ([]poolFile, error) {
	rows, err := t.pick("package", "pool_path", "sha256", "size")
	if err != nil {
		return nil, err
	}
	var files []poolFile
	var mistakes []error
	for i, row := range rows {
		sum, err := input.ParseDigest("sha256:" + row[2])
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s:%d: %w", t.name, i+2, err))
		}
		size, err := strconv.ParseInt(row[3], 10, 64)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s:%d: size: %w", t.name, i+2, err))
		}
		files = append(files, poolFile{name: row[0], path: row[1], sum: sum, size: size})
	}
	return files, errors.Join(mistakes...)
}
