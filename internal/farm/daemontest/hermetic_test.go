package daemontest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/internal/testworld/shellworld"
)

// lures are the host's things that a step tries to reach, and a count of how
// often something did.
type lures struct {
	tcp, udp, outside, abstract, file string
	touched                           atomic.Int32
}

const secret = "a-word-of-the-host"

func newLures(t *testing.T) *lures {
	t.Helper()
	l := &lures{abstract: fmt.Sprintf("ofarm-lure-%d", os.Getpid()), outside: hostAddress()}
	tcp, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	_, l.tcp, _ = net.SplitHostPort(tcp.Addr().String())
	unix, err := net.Listen("unix", "@"+l.abstract)
	if err != nil {
		t.Fatal(err)
	}
	for _, listener := range []net.Listener{tcp, unix} {
		t.Cleanup(func() { listener.Close() })
		go l.accept(listener)
	}
	udp, err := net.ListenPacket("udp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { udp.Close() })
	_, l.udp, _ = net.SplitHostPort(udp.LocalAddr().String())
	go l.echo(udp)
	l.file = filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(l.file, []byte(secret), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("OFARM_LURE", secret)
	l.reach(t)
	return l
}

func (l *lures) accept(from net.Listener) {
	for {
		c, err := from.Accept()
		if err != nil {
			return
		}
		l.touched.Add(1)
		c.Close()
	}
}

func (l *lures) echo(c net.PacketConn) {
	buf := make([]byte, 100)
	for {
		n, from, err := c.ReadFrom(buf)
		if err != nil {
			return
		}
		l.touched.Add(1)
		_, _ = c.WriteTo(buf[:n], from)
	}
}

// hostAddress is an address of this machine that isn't the loopback, if it has
// one.
func hostAddress() string {
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.IsGlobalUnicast() {
			return ip.IP.String()
		}
	}
	return "192.0.2.2"
}

func (l *lures) flags() []string {
	return []string{
		"-tcp", l.tcp, "-udp", l.udp, "-outside", l.outside, "-abstract", l.abstract, "-file", l.file, "-word", secret,
	}
}

// A hostile package gets nowhere: no network of any kind, no file, process or
// variable of the host, no place to write but its own.
//
// What a step sees all the same is in the table of package llb, and TestStepSees
// looks at it.
func TestHermetic(t *testing.T) {
	l := newLures(t)
	b := newBench(t,
		shellworld.Package{Name: "d", Script: note("d", "d")},
		shellworld.Package{
			Name: "hostile", Depends: []string{"d"}, Files: map[string]string{"probe": readFile(t, program(t, "probe"))},
			Script: "mkdir -p $OPAM_SWITCH_PREFIX/lib/hostile\n" +
				"./probe " + strings.Join(l.flags(), " ") + ` >"$OPAM_SWITCH_PREFIX/lib/hostile/text"` + "\n",
		})
	dir := b.project(shellworld.Package{Name: "app", Depends: []string{"hostile"}, Script: cat}, "")
	b.build(dir)
	found := strings.Split(strings.TrimSpace(exported(t, dir, alpine+"/bin/all")), "\n")
	if len(found) != 26 {
		t.Errorf("%d lines, want 26", len(found))
	}
	for _, line := range found[1:] {
		if !strings.HasSuffix(line, ": refused") {
			t.Error(line)
		}
	}
	if n := l.touched.Load(); n > 0 {
		t.Errorf("%d times something reached the host", n)
	}
}

// reach shows that the lures can be reached where nothing forbids it: else
// that nothing reached them would say nothing.
func (l *lures) reach(t *testing.T) {
	t.Helper()
	for _, to := range [][2]string{{"tcp", "127.0.0.1:" + l.tcp}, {"unix", "@" + l.abstract}, {"udp", "127.0.0.1:" + l.udp}} {
		c, err := net.Dial(to[0], to[1])
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write([]byte("x"))
		_, _ = c.Read(make([]byte, 1)) // an answer or the end: it was noticed
		c.Close()
	}
	if n := l.touched.Load(); n != 3 {
		t.Fatalf("%d of 3 lures can be reached", n)
	}
	l.touched.Store(0)
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A step that fails for want of a network says so: the error is a step's, and
// the command line's hint tells that steps have none.
func TestNetworkHint(t *testing.T) {
	l := newLures(t)
	b := newBench(t)
	ofarm := program(t, "ofarm")
	connect := "nc -w 3 %s %s </dev/null" // with glibc a static busybox's wget crashes
	if needKit(t).root.Has("lib/ld-musl-x86_64.so.1") {
		connect = "wget -T 3 http://%s:%s/" // Alpine's nc says nothing
	}
	for name, command := range map[string]string{
		"a lookup": "timeout 5 nslookup example.org",
		"loopback": fmt.Sprintf(connect, "127.0.0.1", l.tcp),
		"outside":  fmt.Sprintf(connect, "192.0.2.1", "80"),
	} {
		b.put(shellworld.Package{Name: "p", Script: command + "\n"})
		dir := b.project(shellworld.Package{Name: "app", Depends: []string{"p"}, Script: cat}, "")
		_, err := b.try(dir)
		var step *solve.StepError
		if !errors.As(err, &step) || step.ExitCode <= 0 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		out, err := exec.Command(ofarm, b.flags("build", dir)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "hint: steps have no network") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	if n := l.touched.Load(); n > 0 {
		t.Errorf("%d times something reached the host", n)
	}
}

// flags are those of a command that uses the bench's world and cache.
func (b *bench) flags(command, dir string) []string {
	args := []string{command, "--cache-dir", b.farm.CacheDir, "--offline"}
	for _, u := range b.world.Mirrors().Archives["alpine"] {
		args = append(args, "--alpine-mirror", u)
	}
	if command == "build" {
		args = append(args, "--addr", "private")
	}
	return append(args, dir)
}
