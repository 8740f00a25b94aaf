package verify

import (
	"encoding/binary"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	month = `(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*`
	day   = `(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*`
	clock = `[0-2]?\d:[0-5]\d(?::[0-6]\d(?:\.\d+)?)?`
	year  = `(?:19|20)\d\d`
	zone  = `(?: ?(?:[A-Z]{1,5}|[+-]\d\d:?\d\d)\b)?`
)

// datePattern matches a date or a time of day as people and programs write it.
var datePattern = regexp.MustCompile(strings.Join([]string{
	// ctime(3), date(1): Thu Jan  1 00:00:00 UTC 1970
	`\b` + day + `,? ` + month + ` +\d{1,2},? ` + clock + `(?: [AP]M)?` + zone + ` ` + year,
	// RFC 2822, RFC 850: Thu, 01 Jan 1970 00:00:00 +0000
	`\b(?:` + day + `,? )?\d{1,2}[ -]` + month + `[ -](?:` + year + `|\d\d\b)(?:,? ` + clock + zone + `)?`,
	// __DATE__: Jan  1 1970
	`\b` + month + ` +\d{1,2}(?:st|nd|rd|th)?,? ` + year + `(?:,? ` + clock + zone + `)?`,
	// ISO 8601 and its like: 1970-01-01T00:00:00Z, 1970/01/01 00:00
	`\b` + year + `[-/.][01]\d[-/.][0-3]\d(?:[T _-]` + clock + `(?:Z|` + zone + `))?`,
	// 31.12.1970, 12/31/1970
	`\b[0-3]?\d[./-][0-3]?\d[./-]` + year + `\b(?:,? ` + clock + zone + `)?`,
	// 19700101, 19700101T000000Z
	`\b20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:T?[0-2]\d[0-5]\d(?:[0-5]\d)?Z?)?\b`,
	// __TIME__
	`\b[0-2]\d:[0-5]\d:[0-6]\d(?:\.\d+)?\b`,
}, "|"))

// dates tells dates and times of day.
func (x *explainer) dates(t twoTexts) (verdict, bool) {
	_, _, ok := t.match(datePattern)
	return verdicts[Timestamp], ok
}

// epochPattern matches seconds since 1970, or thousandths to billionths of them.
var epochPattern = regexp.MustCompile(`\b[12]\d{9}(?:\d{3}){0,3}(?:\.\d+)?\b`)

// epochs tells numbers that count from 1970 to the builds.
func (x *explainer) epochs(t twoTexts) (verdict, bool) {
	a, b, ok := t.match(epochPattern)
	if !ok || !near(decimal(a), x.hints.First) || !near(decimal(b), x.hints.Again) {
		return verdict{}, false
	}
	return because(Timestamp, "a timestamp: seconds since 1970, or parts of them"), true
}

func decimal(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return f
}

const aDay = 24 * 60 * 60

// near tells whether a number, of seconds since 1970 or parts of them, lies between
// the start and the end of a build, or at most a day away. If the build's time isn't known, whatever is between
// 2001 and 2038 is.
func near(v float64, c Circumstances) bool {
	from, to := float64(1e9), float64(1<<31)
	if !c.Start.IsZero() {
		from, to = float64(c.Start.Unix()-aDay), float64(c.Start.Unix()+aDay)
		if c.End.After(c.Start) {
			to = float64(c.End.Unix() + aDay)
		}
	}
	for range 4 {
		if v >= from && v <= to {
			return true
		}
		v /= 1000
	}
	return false
}

// binaryTime tells a time in a number of four or eight bytes that holds the whole
// part, and shows it.
func (x *explainer) binaryTime(r region, s span) (verdict, string, bool) {
	if x.hints.First.Start.IsZero() || x.hints.Again.Start.IsZero() {
		return verdict{}, "", false
	}
	for _, read := range numbers {
		for at := max(s.to-read.size, 0); at <= s.from && at+read.size <= len(r.a); at++ {
			a, b := read.value(r.a[at:]), read.value(r.b[at:])
			if near(a, x.hints.First) && near(b, x.hints.Again) {
				text := fmt.Sprintf("a timestamp: %d bytes that hold the seconds since 1970, or parts of them", read.size)
				return because(Timestamp, text), instant(a) + " and " + instant(b), true
			}
		}
	}
	return verdict{}, "", false
}

// instant shows a number of seconds since 1970, or parts of them.
func instant(v float64) string {
	for v > 1e11 {
		v /= 1000
	}
	return time.Unix(int64(v), 0).UTC().Format(time.RFC3339)
}

// number is a way to store one.
type number struct {
	size  int
	value func(b []byte) float64
}

// numbers are the usual ones, then OCaml's: a native int n is 2n+1.
var numbers = []number{
	{8, func(b []byte) float64 { return float64(binary.LittleEndian.Uint64(b)) }},
	{8, func(b []byte) float64 { return float64(binary.BigEndian.Uint64(b)) }},
	{8, func(b []byte) float64 { return finite(math.Float64frombits(binary.LittleEndian.Uint64(b))) }},
	{8, func(b []byte) float64 { return finite(math.Float64frombits(binary.BigEndian.Uint64(b))) }},
	{8, func(b []byte) float64 { return float64(binary.LittleEndian.Uint64(b) / 2) }},
	{4, func(b []byte) float64 { return float64(binary.LittleEndian.Uint32(b)) }},
	{4, func(b []byte) float64 { return float64(binary.BigEndian.Uint32(b)) }},
}

func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}
