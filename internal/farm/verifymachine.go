package farm

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/llb"
)

// Circumstance is something that a build may come to depend on.
type Circumstance struct {
	What Aspect `json:"what"`
	// First and Again are what the two builds had; empty if unknown.
	First string `json:"first"`
	Again string `json:"again"`
	// Varied tells whether the two are known to differ.
	Varied bool `json:"varied"`
}

// Aspect is a kind of [Circumstance].
type Aspect string

// The aspects, in the order in which they are told. Those up to Owner are
// varied where they can be, the others only happen to differ.
const (
	Clock       Aspect = "time"
	Processors  Aspect = "processors"
	Parallel    Aspect = "steps-at-once"
	FileSystem  Aspect = "file-system"
	FolderOrder Aspect = "order-in-folders"
	Folder      Aspect = "folder"
	Owner       Aspect = "owner"
	Snapshotter Aspect = "snapshotter"
	Kernel      Aspect = "kernel"
	Processor   Aspect = "processor"
	Memory      Aspect = "memory"
	HostName    Aspect = "host-name"
)

// machine is what a step sees of the machine it runs on.
type machine struct {
	processors int
	order      string // the entries of a folder
	model      string // the processors'
	memory     string
	host       string
	kernel     string
	fileSystem string // a step's output is on
}

// observe fills in the circumstances. Those of artifacts that were given, and
// whose steps nobody asked for, are unknown.
func (r *verification) observe(ctx context.Context, differing bool) error {
	compared := r.opt.Deep || differing
	if compared && !r.result.Built {
		if err := r.one.catchUp(ctx); err != nil {
			return fmt.Errorf("building what the first daemon hasn't: %w", err)
		}
	}
	sides := []*side{r.two}
	if !r.opt.Given || compared {
		sides = append(sides, r.one)
	}
	for _, s := range sides {
		if err := s.hold(ctx); err != nil {
			return err
		}
		if err := s.lookAtMachine(ctx); err != nil {
			return fmt.Errorf("looking at the machine: %w", err)
		}
	}
	first, again := r.one.aspects(), r.two.aspects()
	for i, a := range again {
		was := first[i].value
		r.result.Circumstances = append(r.result.Circumstances, Circumstance{a.what, was, a.value, was != "" && was != a.value})
	}
	return nil
}

// aspect is one build's side of a circumstance.
type aspect struct {
	what  Aspect
	value string
}

// aspects list a build's circumstances, all in the order of the constants. Of
// one whose daemon isn't known, most are unknown.
func (s *side) aspects() []aspect {
	var m machine
	var clock, parallel, snapshotter, folder, owner string
	if start, _ := s.times(); !start.IsZero() {
		clock = start.UTC().Format(time.RFC3339)
	}
	if s.machine != nil {
		m = *s.machine
		snapshotter = s.engine.Snapshotter
		folder, owner = absolute(s.opt.Project.Dir), ownerOf(s.opt.Project.Dir)
		if s.engine.Private {
			parallel = orAny(s.opt.Engine.Parallel)
		}
	}
	return []aspect{
		{Clock, clock},
		{Processors, orNothing(m.processors)},
		{Parallel, parallel},
		{FileSystem, m.fileSystem},
		{FolderOrder, m.order},
		{Folder, folder},
		{Owner, owner},
		{Snapshotter, snapshotter},
		{Kernel, m.kernel},
		{Processor, m.model},
		{Memory, m.memory},
		{HostName, m.host},
	}
}

func orAny(n int) string {
	if n == 0 {
		return "any number"
	}
	return strconv.Itoa(n)
}

func orNothing(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func absolute(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}

// ownerOf is "uid:gid".
func ownerOf(dir string) string {
	info, err := os.Stat(dir)
	if err != nil {
		return ""
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%d:%d", st.Uid, st.Gid)
}

// lookAtMachine runs a step that looks.
func (s *side) lookAtMachine(ctx context.Context) error {
	def, err := llb.CompileMachine(ctx, s.plans[0], s.images[0])
	if err != nil {
		return err
	}
	files := map[string]string{}
	r := s.request("machine", def)
	r.Tar = func(r io.Reader) error { return readFiles(r, files) }
	if _, err := s.engine.Run(ctx, []solve.Request{r}, solve.RunOptions{}); err != nil {
		return err
	}
	s.machine = newMachine(files)
	return nil
}

// mostSeen is how long a file may be that tells of the machine.
const mostSeen = 16 << 20

// readFiles reads the files at the top of a tar.
func readFiles(r io.Reader, files map[string]string) error {
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg || strings.Contains(h.Name, "/") {
			continue
		}
		if h.Size > mostSeen {
			return &fs.PathError{Op: "read", Path: h.Name, Err: errors.New("it is too long")}
		}
		data, err := io.ReadAll(tr)
		if err != nil {
			return err
		}
		files[h.Name] = string(data)
	}
}

// newMachine reads what [llb.CompileMachine] says; what isn't told is empty.
func newMachine(files map[string]string) *machine {
	m := &machine{
		order:      strings.ReplaceAll(strings.Join(strings.Fields(files["order"]), " "), "folder/", ""),
		model:      field(files["cpuinfo"], "model name"),
		memory:     field(files["meminfo"], "MemTotal"),
		host:       strings.TrimSpace(files["hostname"]),
		kernel:     strings.TrimSpace(files["osrelease"]),
		fileSystem: fileSystemOf(files["mountinfo"], "/ofarm/out"),
	}
	m.processors, _ = strconv.Atoi(strings.TrimSpace(files["processors"]))
	return m
}

// field is the value of the first line "NAME : VALUE", as in proc(5).
func field(text, name string) string {
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(key) == name {
			return strings.Join(strings.Fields(value), " ")
		}
	}
	return ""
}

// fileSystemOf is the type of the file system at a mount point, by
// /proc/self/mountinfo (proc_pid_mountinfo(5)).
func fileSystemOf(mountinfo, point string) string {
	for line := range strings.Lines(mountinfo) {
		before, after, _ := strings.Cut(line, " - ")
		f, rest := strings.Fields(before), strings.Fields(after)
		if len(f) > 4 && f[4] == point && len(rest) > 0 {
			return rest[0]
		}
	}
	return ""
}
