package solve

import (
	"bytes"
	"io"
	"os"
	"strings"
)

const (
	// daemonTail is how many lines of the daemon's log an error shows.
	daemonTail = 15
	// tailBytes is how much of the end of a log is kept for an error.
	tailBytes = 64 << 10
)

// fileTail returns the last n lines of a file; none if it can't be read.
func fileTail(name string, n int) []string {
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	if size, err := f.Seek(0, io.SeekEnd); err == nil {
		_, _ = f.Seek(max(0, size-tailBytes), io.SeekStart)
	}
	data, _ := io.ReadAll(io.LimitReader(f, tailBytes))
	return lastLines(data, n)
}

// lastLines returns the last n lines of data. Of a line that was written over
// with carriage returns, as progress displays do, only the last version counts.
func lastLines(data []byte, n int) []string {
	data = bytes.TrimRight(data, "\r\n")
	if len(data) == 0 || n <= 0 {
		return nil
	}
	lines := strings.Split(string(data), "\n")
	lines = lines[max(0, len(lines)-n):]
	for i, line := range lines {
		line = strings.TrimRight(line, "\r")
		lines[i] = line[strings.LastIndexByte(line, '\r')+1:]
	}
	return lines
}
