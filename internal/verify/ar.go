package verify

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	arMagic  = "!<arch>\n"
	arHeader = 60
)

// arMembers reads an archive of object files as GNU ar writes it, with its table
// of symbols ("/") and with names of more than 15 bytes in a table of names ("//").
// BSD's long names ("#1/20") are a part of the content there.
func arMembers(b []byte, _ *budget) ([]member, error) {
	var out []member
	var long []byte
	for b = b[len(arMagic):]; len(b) > 0; {
		m, rest, err := arMember(b)
		if err != nil {
			return nil, err
		}
		b = rest
		switch m.name {
		case "//":
			long = m.data
			m.title, m.follows, m.own = "table of names", true, true
		case "/", "/SYM64/":
			m.title, m.follows, m.own = "table of symbols", true, true
		default:
			m.name = arName(m.name, long)
		}
		out = append(out, m)
	}
	return out, nil
}

var errAr = errors.New("damaged ar header")

func arMember(b []byte) (m member, rest []byte, err error) {
	if len(b) < arHeader || b[58] != '`' || b[59] != '\n' {
		return m, nil, errAr
	}
	field := func(from, to int) string { return strings.TrimRight(string(b[from:to]), " ") }
	size, err := strconv.ParseUint(field(48, 58), 10, 63)
	if err != nil || size > uint64(len(b)-arHeader) {
		return m, nil, errAr
	}
	m.name, m.mode = field(0, 16), field(40, 48)
	m.owner = fmt.Sprintf("%s:%s", field(28, 34), field(34, 40))
	if seconds, err := strconv.ParseInt(field(16, 28), 10, 64); err == nil {
		m.time = time.Unix(seconds, 0)
	}
	end := arHeader + int(size)
	m.data = b[arHeader:end]
	return m, b[min(end+int(size)%2, len(b)):], nil
}

// arName is the full name of a member: "/12" is at byte 12 of the table of names.
func arName(name string, long []byte) string {
	if at, err := strconv.Atoi(strings.TrimPrefix(name, "/")); err == nil && name[0] == '/' && at >= 0 && at < len(long) {
		end, _, _ := bytes.Cut(long[at:], []byte("\n"))
		name = string(end)
	}
	return strings.TrimSuffix(name, "/")
}
