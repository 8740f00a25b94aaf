package solve

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// withCPUs runs start, which starts a process, so that the process and all it
// starts have only n processors: the first ones that this process has. 0 and
// more than there are mean all.
//
// A process inherits this from the thread that makes it. Since 1.3.1 runc, and
// since 1.9.1 crun, take it back for what they run, so as root that is made
// impossible for the process: the kernel answers sched_setaffinity(2) without
// doing anything. Rootless, with a newer runc, a step has all processors.
func withCPUs(n int, start func() error) error {
	if n == 0 {
		return start()
	}
	ended := make(chan error)
	go func() {
		// What is changed can't be changed back: this thread ends with its
		// goroutine.
		runtime.LockOSThread()
		ended <- onFirstCPUs(n, start)
	}()
	return <-ended
}

func onFirstCPUs(n int, start func() error) error {
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return fmt.Errorf("reading which processors there are: %w", err)
	}
	some := first(&all, n)
	if err := unix.SchedSetaffinity(0, &some); err != nil {
		return fmt.Errorf("choosing %d processors: %w", n, err)
	}
	if os.Getuid() == 0 {
		if err := keepCPUs(); err != nil {
			return fmt.Errorf("keeping %d processors: %w", n, err)
		}
	}
	return start()
}

// first are the first n processors of a set.
func first(all *unix.CPUSet, n int) unix.CPUSet {
	var some unix.CPUSet
	for cpu := 0; cpu < len(all)*64 && some.Count() < n; cpu++ {
		if all.IsSet(cpu) {
			some.Set(cpu)
		}
	}
	return some
}

const offsetCall, offsetArch = 0, 4 // in struct seccomp_data of linux/seccomp.h

var auditArch = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// keepCPUs lets sched_setaffinity(2) do nothing, and give no error, in this
// thread and in all processes that come from it; see seccomp(2).
func keepCPUs() error {
	load, equal, ret := uint16(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS), uint16(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K), uint16(unix.BPF_RET|unix.BPF_K)
	filter := []unix.SockFilter{
		{Code: load, K: offsetArch},
		{Code: equal, K: auditArch[runtime.GOARCH], Jf: 3},
		{Code: load, K: offsetCall},
		{Code: equal, K: unix.SYS_SCHED_SETAFFINITY, Jf: 1},
		{Code: ret, K: unix.SECCOMP_RET_ERRNO},
		{Code: ret, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
	runtime.KeepAlive(filter)
	return err
}
