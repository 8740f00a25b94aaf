package prove

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ofarm/ofarm/internal/scratch"
)

// maxOutput is how much of what a program wrote is read, in bytes.
const maxOutput = 1 << 20

// readLog is what a vertex wrote in one solve: nil if nothing is known, which
// is also what a program that wrote nothing leaves.
func readLog(dir, vertex string) []byte {
	_, sum, _ := strings.Cut(vertex, ":")
	found, _ := filepath.Glob(filepath.Join(dir, "*-"+sum[:min(12, len(sum))]+".log"))
	if len(found) == 0 {
		return nil
	}
	f, err := os.Open(found[0])
	if err != nil {
		return nil
	}
	defer f.Close()
	data, _ := io.ReadAll(io.LimitReader(f, maxOutput))
	return data
}

// settleOutput keeps the output of a program that ran, and finds that of one
// that BuildKit had cached; nil if it isn't known.
func (r *runner) settleOutput(output []byte, vertex string, cached bool) ([]byte, error) {
	_, sum, _ := strings.Cut(vertex, ":")
	kept := filepath.Join(r.Dir, sum)
	if !cached {
		if output == nil {
			output = []byte{}
		}
		return output, writeFile(kept, output)
	}
	data, err := os.ReadFile(kept)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// writeFile writes a file as a whole or not at all.
func writeFile(path string, data []byte) error {
	f, err := scratch.NewFile(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Keep(0o600)
}

// lastLines are the last n lines of a text, without empty ones at its end.
func lastLines(text string, n int) []string {
	text = strings.TrimRight(text, "\r\n\t ")
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	lines = lines[max(0, len(lines)-n):]
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, "\r")
	}
	return lines
}
