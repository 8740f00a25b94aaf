package config

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/targets"
)

var (
	glibcVersion = regexp.MustCompile(`^2\.[0-9]+$`)
	stackSize    = regexp.MustCompile(`^[1-9][0-9]*(KiB|MiB)?$`)
)

// check looks at values that TOML's own kinds can't tell apart.
func check(name string, f File) error {
	var all *multierror.Error
	add := func(format string) {
		all = multierror.Append(all, &Mistake{File: name, Text: format})
	}
	for _, t := range f.Targets {
		if _, err := targets.Find(t, nil); err != nil {
			all = multierror.Append(all, &Mistake{File: name, Text: "targets: " + err.Error()})
		}
	}
	checkTarget("", f.AllTargets, add)
	for _, t := range slices.Sorted(maps.Keys(f.Target)) {
		if _, err := targets.Find(t, nil); err != nil {
			add("target." + t + ": " + err.Error())
		}
		checkTarget("target."+t+".", f.Target[t], add)
	}
	return all.ErrorOrNil()
}

func checkTarget(prefix string, t Target, add func(string)) {
	if t.Link != "" && !slices.Contains(targets.LinkModes(), t.Link) {
		add(prefix + "link: unknown link mode " + strings.TrimSpace(quote(string(t.Link))))
	}
	if t.MaxGLIBC != "" && !glibcVersion.MatchString(t.MaxGLIBC) {
		add(prefix + "max-glibc: " + quote(t.MaxGLIBC) + ` is not a glibc version such as "2.31"`)
	}
	if t.ThreadStack != "" && !stackSize.MatchString(t.ThreadStack) {
		add(prefix + "thread-stack: " + quote(t.ThreadStack) + ` is not a size such as "8MiB"`)
	}
}

func quote(s string) string { return `"` + s + `"` }

func joinKey(key []string) string { return strings.Join(key, ".") }

// trimTOML takes the library's prefix off its message.
func trimTOML(s string) string { return strings.TrimPrefix(s, "toml: ") }

// Bytes reads a size such as "8MiB", "512KiB" or "65536"; empty is 0.
func Bytes(size string) (int64, error) {
	if size == "" {
		return 0, nil
	}
	digits := strings.TrimRight(size, "KMiB")
	n, err := strconv.ParseInt(digits, 10, 64)
	switch size[len(digits):] {
	case "KiB":
		n <<= 10
	case "MiB":
		n <<= 20
	}
	return n, err
}
