package solve

import (
	"bufio"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// inMemoryScript runs the daemon with its root folder in memory.
//
//go:embed inmemory.sh
var inMemoryScript string

// minSubIDs is how many subordinate ids a rootless daemon needs: packages'
// files may belong to any user up to nobody, 65534.
const minSubIDs = 65536

// host is what a private daemon finds on a machine.
type host struct {
	root string // "/", another folder in tests
	uid  int
	user string // login name; empty if unknown
	path string // list of folders
}

// thisHost is the machine and the user this process runs as.
func thisHost(o Options) host {
	h := host{root: "/", uid: os.Getuid(), path: joinPath(o.BinDir, o.Path)}
	h.user = h.userName()
	return h
}

// joinPath puts first before the folders of path.
func joinPath(first, path string) string {
	if first == "" {
		return path
	}
	if path == "" {
		return first
	}
	return first + string(filepath.ListSeparator) + path
}

// CanStart tells whether a private daemon of these options could be started here;
// if not, a [*MissingError].
func CanStart(o Options) error {
	_, err := thisHost(o).needs(o)
	return err
}

// programs are what a daemon consists of.
type programs struct{ buildkitd, runtime, rootlesskit string }

// needs finds what a daemon needs, or returns a *MissingError with everything that
// stands against it.
func (h host) needs(o Options) (p programs, err error) {
	lacks := &MissingError{Rootless: h.uid != 0}
	find := func(pkg string, names ...string) string {
		for _, name := range names {
			if file := h.look(name); file != "" {
				return file
			}
		}
		lacks.Missing = append(lacks.Missing, Requirement{What: strings.Join(names, " or "), Package: pkg, Detail: "not in " + h.path})
		return ""
	}
	p.buildkitd = find("", "buildkitd")
	p.runtime = find("runc", "runc", "crun")
	find("util-linux", "flock")
	if !lacks.Rootless || o.Memory > 0 {
		find("mount", "mount")
	}
	if lacks.Rootless {
		p.rootlesskit = find("rootlesskit", "rootlesskit")
		find("uidmap", "newuidmap")
		find("uidmap", "newgidmap")
		lacks.Missing = append(lacks.Missing, h.namespaces()...)
		lacks.Missing = append(lacks.Missing, h.subIDs()...)
	}
	if len(lacks.Missing) > 0 {
		return programs{}, lacks
	}
	return p, nil
}

// command writes the daemon's configuration and returns the command that runs
// it, or a *MissingError.
func (h host) command(p places, o Options) ([]string, error) {
	found, err := h.needs(o)
	if err != nil {
		return nil, err
	}
	rootless := found.rootlesskit != ""
	if err := p.writeConfig(found.runtime, rootless, o); err != nil {
		return nil, fmt.Errorf("starting buildkitd: %w", err)
	}
	var command []string
	if rootless {
		command = append(command, found.rootlesskit, p.rootlessState(), "--net=host", "--pidns")
	}
	if o.Memory > 0 {
		command = append(command, "/bin/sh", "-c", inMemoryScript, "ofarm-inmemory", strconv.FormatInt(o.Memory, 10), p.root())
	}
	return append(command, found.buildkitd, "--config", p.config()), nil
}

// look finds a program on the path, or returns "".
func (h host) look(name string) string {
	for _, dir := range filepath.SplitList(h.path) {
		if !filepath.IsAbs(dir) {
			continue
		}
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0 {
			return file
		}
	}
	return ""
}

// namespaces returns the kernel's settings that forbid user namespaces.
func (h host) namespaces() []Requirement {
	forbidden := []struct{ file, value string }{
		{"/proc/sys/user/max_user_namespaces", "0"},                     // user_namespaces(7)
		{"/proc/sys/kernel/unprivileged_userns_clone", "0"},             // Debian's kernels
		{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"}, // Ubuntu since 23.10
	}
	var list []Requirement
	for _, f := range forbidden {
		data, err := os.ReadFile(filepath.Join(h.root, f.file))
		if err == nil && strings.TrimSpace(string(data)) == f.value {
			list = append(list, Requirement{What: "user namespaces", Detail: f.file + " is " + f.value})
		}
	}
	return list
}

// subIDs returns which of the user's ranges in /etc/subuid and /etc/subgid are
// lacking or too small.
func (h host) subIDs() []Requirement {
	var list []Requirement
	for _, file := range []string{"/etc/subuid", "/etc/subgid"} {
		if n := h.countIDs(file); n < minSubIDs {
			list = append(list, Requirement{
				What:   fmt.Sprintf("%d subordinate ids in %s", minSubIDs, file),
				Detail: fmt.Sprintf("user %q has %d", h.nameOrID(), n),
			})
		}
	}
	return list
}

// countIDs adds up the user's ranges in a file of subuid(5)'s format, lines of
// "name or id:first:count".
func (h host) countIDs(file string) int {
	n := 0
	h.lines(file, func(f []string) {
		if len(f) == 3 && (f[0] == strconv.Itoa(h.uid) || f[0] == h.user && h.user != "") {
			count, _ := strconv.Atoi(f[2])
			n += count
		}
	})
	return n
}

// userName looks the user up in /etc/passwd (passwd(5)); other sources of
// users know their own subordinate ids by number.
func (h host) userName() string {
	name := ""
	h.lines("/etc/passwd", func(f []string) {
		if len(f) > 2 && f[2] == strconv.Itoa(h.uid) && name == "" {
			name = f[0]
		}
	})
	return name
}

func (h host) nameOrID() string {
	if h.user != "" {
		return h.user
	}
	return strconv.Itoa(h.uid)
}

// lines calls f with the colon-separated fields of each line; a file that
// can't be read has none.
func (h host) lines(file string, f func(fields []string)) {
	r, err := os.Open(filepath.Join(h.root, file))
	if err != nil {
		return
	}
	defer r.Close()
	for s := bufio.NewScanner(r); s.Scan(); {
		f(strings.Split(s.Text(), ":"))
	}
}
