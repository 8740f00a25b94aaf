// Sees prints what a step of a build sees of the world, a line for each thing:
// its name, a tab, and what is there, quoted as in Go. It makes files where it
// can, as a step may, and removes them again, except those that it is told to
// leave.
//
//	sees OUT [LEFTOVER]...
//
// OUT is the file that it prints to. A leftover is a file that it makes, with
// its folders; one that is there already is seen.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if _, err := os.Stat("/ofarm/lib/step.sh"); err != nil || len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "sees: this is no step of a build: not run")
		os.Exit(2)
	}
	var t table
	t.process()
	t.kernel()
	t.files()
	t.mounts()
	for _, name := range os.Args[2:] {
		t.leave(name)
	}
	out := os.Args[1]
	err := errors.Join(os.MkdirAll(filepath.Dir(out), 0o755), os.WriteFile(out, []byte(t.String()), 0o644))
	if err != nil {
		fmt.Fprintf(os.Stderr, "sees: %v\n", err)
		os.Exit(1)
	}
}

// table is what is printed.
type table struct{ strings.Builder }

func (t *table) tell(name, value string) { fmt.Fprintf(t, "%s\t%q\n", name, value) }

// process is about what a process has of its own.
func (t *table) process() {
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		t.tell("env "+name, value)
	}
	mask := syscall.Umask(0)
	syscall.Umask(mask)
	groups, _ := syscall.Getgroups()
	dir, _ := os.Getwd()
	t.tell("user", fmt.Sprintf("%d:%d groups %v", os.Getuid(), os.Getgid(), groups))
	t.tell("umask", fmt.Sprintf("%03o", mask))
	t.tell("folder", dir)
	for name, which := range map[string]int{"stack": syscall.RLIMIT_STACK, "core": syscall.RLIMIT_CORE} {
		var l syscall.Rlimit
		_ = syscall.Getrlimit(which, &l)
		t.tell("limit "+name, strconv.FormatUint(l.Max, 10))
	}
	for i := range 2 {
		name, err := os.MkdirTemp("", "")
		_ = os.Remove(name)
		t.tell("temporary folder "+strconv.Itoa(i), name+because(err))
	}
}

// kernel is about what only the kernel has.
func (t *table) kernel() {
	t.tell("clock", strconv.FormatInt(time.Now().Unix(), 10))
	host, _ := os.Hostname()
	t.tell("host name", host)
	var u syscall.Utsname
	_ = syscall.Uname(&u)
	t.tell("kernel", text(u.Release[:]))
	t.tell("domain name", text(u.Domainname[:]))
	t.tell("processors", strconv.Itoa(runtime.NumCPU()))
}

// text is what comes before the first NUL.
func text(chars []int8) string {
	var b strings.Builder
	for _, c := range chars {
		if c == 0 {
			break
		}
		b.WriteByte(byte(c))
	}
	return b.String()
}

// files is about files that a machine has, and what of it a file tells.
func (t *table) files() {
	for _, file := range []string{
		"/etc/resolv.conf", "/etc/hosts", "/etc/hostname", "/etc/machine-id", "/etc/localtime", "/proc/cpuinfo",
	} {
		data, err := os.ReadFile(file)
		t.tell("file "+file, string(data)+because(err))
	}
	for _, dir := range []string{"/dev", "/ofarm", "/sys/class/net"} {
		entries, err := os.ReadDir(dir)
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		t.tell("folder "+dir, strings.Join(names, " ")+because(err))
	}
	var found []string
	_ = filepath.WalkDir("/ofarm/dep", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return err
	})
	t.tell("dependencies", strings.Join(found, " "))
	for _, name := range append(found, "build.sh", "/etc/target", "/etc/resolv.conf", "/ofarm/lib/step.sh") {
		info, err := os.Stat(name)
		if err != nil {
			t.tell("time of "+name, because(err))
		} else {
			t.tell("time of "+name, strconv.FormatInt(info.ModTime().Unix(), 10))
		}
	}
}

// because is an error as a step sees it, without the path.
func because(err error) string {
	if err == nil {
		return ""
	}
	if inner, ok := err.(interface{ Unwrap() error }); ok {
		err = inner.Unwrap()
	}
	return err.Error()
}

// mounts tells of each mount: its kind of file system, whether a file can be
// made there, and what the kernel says of where it comes from.
func (t *table) mounts() {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.tell("mounts", because(err))
	}
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		at := slices.Index(f, "-")
		t.tell("mount "+f[4], f[at+1])
		t.tell("write "+f[4], writable(f[4]))
		t.tell("origin "+f[4], f[3]+" "+strings.Join(f[at+2:], " "))
	}
}

// writable tries to make a file in a folder, or to open a file for writing.
func writable(name string) string {
	info, err := os.Stat(name)
	if err != nil {
		return because(err)
	}
	file := name
	if info.IsDir() {
		file = filepath.Join(name, "made-by-sees")
		defer os.Remove(file)
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return because(err)
	}
	f.Close()
	return "yes"
}

// leave makes a file that nobody but this step should see.
func (t *table) leave(name string) {
	if _, err := os.Stat(name); err == nil {
		t.tell("leftover "+name, "seen")
		return
	}
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err == nil {
		err = os.WriteFile(name, []byte("left over"), 0o644)
	}
	if err != nil {
		t.tell("leftover "+name, because(err))
		return
	}
	t.tell("leftover "+name, "made")
}
