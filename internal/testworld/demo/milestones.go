package main

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// milestones lets through of plain progress which steps finished, one line
// each, and drops what the steps print and the loading of images.
type milestones struct {
	out   io.Writer
	rest  []byte
	names map[string]string
}

var (
	named = regexp.MustCompile(`^#([0-9]+) (\[.*)$`)
	ended = regexp.MustCompile(`^#([0-9]+) (DONE|CACHED|ERROR)(.*)$`)
)

func (m *milestones) Write(p []byte) (int, error) {
	m.rest = append(m.rest, p...)
	for {
		line, rest, ok := bytes.Cut(m.rest, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		m.rest = rest
		m.line(string(line))
	}
}

func (m *milestones) line(line string) {
	if m.names == nil {
		m.names = map[string]string{}
	}
	if found := named.FindStringSubmatch(line); found != nil {
		m.names[found[1]] = found[2]
	}
	found := ended.FindStringSubmatch(line)
	if found == nil || m.names[found[1]] == "" || strings.Contains(m.names[found[1]], "] load ") {
		return
	}
	fmt.Fprintf(m.out, "  %s: %s%s\n", m.names[found[1]], found[2], found[3])
}
