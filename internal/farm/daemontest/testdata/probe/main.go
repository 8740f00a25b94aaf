// Probe tries to get out of the step that runs it, and prints a line for each
// way: its name, and "refused" or what it got.
//
// It refuses to run anywhere but in a step, and no attempt would harm the
// machine if it succeeded: what could be written to is opened and not written,
// and what root may do is read from the process's capabilities instead of done.
//
// Its flags say where the host's own things are: a TCP port, a UDP port, the
// name of an abstract socket, a file, a word in the host's environment.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const patience = 3 * time.Second

func main() {
	tcp := flag.String("tcp", "", "port of the host's loopback")
	udp := flag.String("udp", "", "port of the host's loopback")
	outside := flag.String("outside", "", "an address of the host")
	abstract := flag.String("abstract", "", "name of an abstract socket of the host")
	file := flag.String("file", "", "a file of the host")
	word := flag.String("word", "", "a word in the host's environment")
	flag.Parse()
	if _, err := os.Stat("/ofarm/lib/step.sh"); err != nil || os.Getenv("OPAM_SWITCH_PREFIX") != "/ofarm/switch" {
		fmt.Fprintln(os.Stderr, "probe: this is no step of a build: not run")
		os.Exit(2)
	}
	for _, t := range []struct {
		name string
		try  func() (string, error)
	}{
		{"name lookup", lookup},
		{"tcp to the host's loopback", dial("tcp", "127.0.0.1:"+*tcp)},
		{"tcp to the host's loopback, IPv6", dial("tcp", "[::1]:"+*tcp)},
		{"tcp to an address of the host", dial("tcp", net.JoinHostPort(*outside, *tcp))},
		{"tcp outside", dial("tcp", "192.0.2.1:80")},
		{"udp to the host's loopback", send("127.0.0.1:" + *udp)},
		{"udp outside", send("192.0.2.1:53")},
		{"abstract socket", dial("unix", "@"+*abstract)},
		{"socket for traces", dial("unix", "/dev/otel-grpc.sock")},
		{"packets", packets},
		{"network devices", devices},
		{"connections in /proc/net", connections},
		{"file of the host", read(*file)},
		{"file of the host through process 1", read("/proc/1/root" + *file)},
		{"processes of the host", processes},
		{"environment", environment(*word)},
		{"write to /", create("/probe")},
		{"write to /etc", create("/etc/probe")},
		{"write to the step library", create("/ofarm/lib/probe")},
		{"write to a dependency", create("/ofarm/dep/d.1/probe")},
		{"write to /proc/sys", open("/proc/sys/kernel/core_pattern")},
		{"write to /sys", open("/sys/kernel/mm/transparent_hugepage/enabled")},
		{"mount", mount},
		{"disk", disk},
		{"capabilities", capabilities},
	} {
		got, err := t.try()
		if err != nil {
			fmt.Printf("%s: refused\n", t.name)
			fmt.Fprintf(os.Stderr, "%s: %v\n", t.name, err)
		} else {
			fmt.Printf("%s: got through %s\n", t.name, got)
		}
	}
}

func lookup() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupHost(ctx, "example.org")
	return fmt.Sprint(addrs), err
}

func dial(network, addr string) func() (string, error) {
	return func() (string, error) {
		c, err := net.DialTimeout(network, addr, patience)
		if err != nil {
			return "", err
		}
		defer c.Close()
		_, err = c.Write([]byte("probe"))
		return c.RemoteAddr().String(), err
	}
}

// send wants an answer: sending alone proves nothing.
func send(addr string) func() (string, error) {
	return func() (string, error) {
		c, err := net.Dial("udp", addr)
		if err != nil {
			return "", err
		}
		defer c.Close()
		if _, err := c.Write([]byte("probe")); err != nil {
			return "", err
		}
		_ = c.SetReadDeadline(time.Now().Add(patience))
		n, err := c.Read(make([]byte, 100))
		return fmt.Sprint(n), err
	}
}

// packets sends a frame on whatever device isn't the loopback.
func packets() (string, error) {
	fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW, 0x0300)
	if err != nil {
		return "", err
	}
	defer syscall.Close(fd)
	list, err := net.Interfaces()
	if err != nil {
		return "", err
	}
	for _, i := range list {
		to := &syscall.SockaddrLinklayer{Ifindex: i.Index, Halen: 6}
		if i.Flags&net.FlagLoopback == 0 && syscall.Sendto(fd, make([]byte, 64), 0, to) == nil {
			return i.Name, nil
		}
	}
	return "", errors.New("no device but the loopback")
}

func devices() (string, error) {
	list, err := net.Interfaces()
	for _, i := range list {
		if i.Flags&net.FlagLoopback == 0 && i.Flags&net.FlagUp != 0 {
			return i.Name, nil
		}
	}
	return "", errors.Join(err, errors.New("no device but the loopback"))
}

// connections looks for more than the heading.
func connections() (string, error) {
	for _, name := range []string{"tcp", "tcp6", "udp", "udp6", "unix", "raw"} {
		data, err := os.ReadFile("/proc/net/" + name)
		if err == nil && bytes.Count(data, []byte("\n")) > 1 {
			return name + ": " + string(data), nil
		}
	}
	return "", errors.New("none")
}

func read(file string) func() (string, error) {
	return func() (string, error) {
		data, err := os.ReadFile(file)
		return string(data), err
	}
}

// processes are the host's if there are more than a step has: the shell, its
// command's shell, this.
func processes() (string, error) {
	list, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(list) <= 5 {
		return "", fmt.Errorf("%d processes, %v", len(list), err)
	}
	return fmt.Sprint(list), nil
}

// environment looks at that of all processes of the step.
func environment(word string) func() (string, error) {
	return func() (string, error) {
		list, err := filepath.Glob("/proc/[0-9]*/environ")
		if err != nil {
			return "", err
		}
		for _, file := range list {
			data, err := os.ReadFile(file)
			if err != nil {
				continue
			}
			for v := range strings.SplitSeq(string(data), "\x00") {
				if strings.HasPrefix(v, "OTEL_") || strings.HasPrefix(v, "TRACEPARENT") || strings.Contains(v, word) {
					return v, nil
				}
			}
		}
		return "", fmt.Errorf("clean in %d processes", len(list))
	}
}

// create makes a new file, in the step's own file systems.
func create(file string) func() (string, error) {
	return func() (string, error) {
		f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err != nil {
			return "", err
		}
		return file, errors.Join(f.Close(), os.Remove(file))
	}
}

// open opens for writing and writes nothing: the file may be the kernel's own.
func open(file string) func() (string, error) {
	return func() (string, error) {
		f, err := os.OpenFile(file, os.O_WRONLY, 0)
		if err != nil {
			return "", err
		}
		return file, f.Close()
	}
}

// mount mounts on a new folder of the step's own.
func mount() (string, error) {
	dir, err := os.MkdirTemp("", "mount")
	if err != nil {
		return "", err
	}
	if err := syscall.Mount("none", dir, "tmpfs", 0, ""); err != nil {
		return "", err
	}
	return dir, syscall.Unmount(dir, 0)
}

// capabilities looks for those that would change the machine, by their numbers
// in capabilities(7)'s header linux/capability.h.
func capabilities() (string, error) {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "", err
	}
	_, rest, _ := strings.Cut(string(data), "CapEff:")
	var have uint64
	if _, err := fmt.Sscanf(strings.TrimSpace(rest), "%x", &have); err != nil {
		return "", err
	}
	for name, bit := range map[string]int{
		"CAP_NET_ADMIN": 12, "CAP_SYS_MODULE": 16, "CAP_SYS_RAWIO": 17, "CAP_SYS_PTRACE": 19,
		"CAP_SYS_ADMIN": 21, "CAP_SYS_BOOT": 22, "CAP_SYS_TIME": 25, "CAP_SYSLOG": 34, "CAP_BPF": 39,
	} {
		if have&(1<<bit) != 0 {
			return name, nil
		}
	}
	return "", fmt.Errorf("none that matters in %x", have)
}

// disk makes a device file of the first disk there is and reads it.
func disk() (string, error) {
	list, err := filepath.Glob("/sys/block/*/dev")
	if err != nil {
		return "", err
	}
	last := errors.New("no disk")
	for _, file := range list {
		var major, minor int
		text, _ := os.ReadFile(file)
		if _, err := fmt.Sscanf(string(text), "%d:%d", &major, &minor); err != nil {
			continue
		}
		node := filepath.Join("/tmp", filepath.Base(filepath.Dir(file)))
		if last = syscall.Mknod(node, syscall.S_IFBLK|0o600, major<<8|minor); last != nil {
			continue
		}
		var f *os.File
		if f, last = os.Open(node); last == nil {
			_, last = f.Read(make([]byte, 512))
			f.Close()
			if last == nil {
				return node, nil
			}
		}
	}
	return "", last
}
