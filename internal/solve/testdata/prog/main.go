// Prog is the one program in the root that the tests' steps run in.
package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"
)

func main() {
	args := os.Args[2:]
	switch os.Args[1] {
	case "write": // FILE TEXT
		must(os.MkdirAll(filepath.Dir(args[0]), 0o755))
		must(os.WriteFile(args[0], []byte(args[1]), 0o755))
	case "machine": // FILE: the processors and the file systems that this sees
		mounts, err := os.ReadFile("/proc/self/mountinfo")
		must(err)
		must(os.WriteFile(args[0], fmt.Appendf(nil, "%d processors\n%s", runtime.NumCPU(), mounts), 0o644))
	case "link": // FILE TARGET
		must(os.Symlink(args[1], args[0]))
	case "fail": // CODE LINES
		lines, err := strconv.Atoi(args[1])
		must(err)
		for i := range lines {
			fmt.Printf("line %d\n", i+1)
		}
		code, err := strconv.Atoi(args[0])
		must(err)
		os.Exit(code)
	case "sleep": // ANYTHING: says that it sleeps
		fmt.Println("sleeping")
		time.Sleep(time.Hour)
	case "net": // ADDRESS: fails if it can be reached, or if there is any interface but lo
		list, err := net.Interfaces()
		must(err)
		for _, i := range list {
			if i.Name != "lo" {
				panic("there is an interface " + i.Name)
			}
		}
		if _, err := net.DialTimeout("tcp", args[0], time.Second); err == nil {
			panic("reached " + args[0])
		} else {
			fmt.Println(err)
		}
	default:
		panic(os.Args[1])
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
