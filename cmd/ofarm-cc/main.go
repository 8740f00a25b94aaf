package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/ofarm/ofarm/internal/link"
)

const exitFailed = 1

// recordsVariable names the folder for records.
const recordsVariable = "OFARM_LINK_RECORDS"

func main() {
	code, err := run(os.Args)
	if err != nil {
		report(os.Stderr, err)
		code = exitFailed
	}
	os.Exit(code)
}

// run handles one call and returns the exit code.
func run(argv []string) (int, error) {
	real, err := compiler(argv[0], os.Getenv("PATH"))
	if err != nil {
		return 0, err
	}
	name := os.Getenv("OFARM_LINK_MODE")
	if name == "" {
		return 0, pass(real, argv)
	}
	mode, err := link.ParseMode(name)
	if err != nil {
		return 0, fmt.Errorf("OFARM_LINK_MODE: %w", err)
	}
	line, err := link.Parse(argv[1:], os.ReadFile)
	if err != nil {
		return 0, err
	}
	switch {
	case line.Final:
		return finalLink(real, line, mode)
	case line.Shared && mode == link.MostlyStatic:
		return sharedLink(real, argv, line, mode)
	}
	return 0, pass(real, argv)
}

// pass becomes the real compiler. argv[0] is its full path: GCC looks for its
// own files from there.
func pass(real string, argv []string) error {
	args := append([]string{real}, argv[1:]...)
	return fmt.Errorf("running %s: %w", real, syscall.Exec(real, args, os.Environ()))
}

// sharedLink links a native plugin with the compiler's own libraries static, and
// passes on what is another library, or can't be linked so: that a plugin isn't
// portable is for the audit to say.
func sharedLink(real string, argv []string, line *link.Line, mode link.Mode) (int, error) {
	o, err := options(real, line, mode)
	if err != nil {
		return 0, err
	}
	if args := link.RewritePlugin(line, o); args != nil {
		if done, err := tryCompiler(real, args); done || err != nil {
			return 0, err
		}
	}
	return 0, pass(real, argv)
}

// finalLink rewrites a link, runs it and writes it down, whether it worked or not.
func finalLink(real string, line *link.Line, mode link.Mode) (int, error) {
	o, err := options(real, line, mode)
	if err != nil {
		return 0, err
	}
	res, err := link.Rewrite(line, o)
	if err != nil {
		return 0, err
	}
	crossRef := newCrossRef(line, res.Args, mode)
	defer crossRef.remove()
	status, err := runLink(real, res.Args, crossRef)
	if err != nil {
		return 0, err
	}
	if status != 0 {
		missing(os.Stderr, res.Inputs)
	}
	rec := &link.Record{
		Output: line.Output, Dir: o.Dir, Mode: mode, Compiler: real, Status: status,
		Seen: line.Args, Used: res.Args, Inputs: res.Inputs, Notes: res.Notes,
	}
	line.Origins(rec.Inputs, o, filepath.EvalSymlinks)
	return status, write(rec, crossRef)
}

func options(real string, line *link.Line, mode link.Mode) (link.Options, error) {
	o := link.Options{Mode: mode, PkgConfig: pkgConfig()}
	var err error
	if o.Dir, err = os.Getwd(); err != nil {
		return o, err
	}
	if s := os.Getenv("OFARM_THREAD_STACK"); s != "" {
		if o.ThreadStack, err = strconv.ParseInt(s, 10, 64); err != nil || o.ThreadStack <= 0 {
			return o, fmt.Errorf("OFARM_THREAD_STACK: %q is no number of bytes", s)
		}
	}
	o.Dirs, err = searchDirs(real, line.Args)
	return o, err
}

// pkgConfig lists the folders of .pc files that the environment names.
func pkgConfig() []string {
	dirs := filepath.SplitList(os.Getenv("PKG_CONFIG_PATH"))
	return append(dirs, filepath.SplitList(os.Getenv("PKG_CONFIG_LIBDIR"))...)
}

func write(rec *link.Record, crossRef *crossRef) error {
	dir := os.Getenv(recordsVariable)
	if dir == "" {
		return nil
	}
	if rec.Status == 0 {
		if err := describe(rec, crossRef); err != nil {
			return err
		}
	}
	rec.Steady(os.TempDir())
	return rec.Write(dir)
}

// report prints what went wrong, one error and one hint for each library.
func report(w io.Writer, err error) {
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for _, err := range all {
		fmt.Fprintf(w, "ofarm-cc: error: %v\n", err)
		var hinted interface{ Hint() string }
		if errors.As(err, &hinted) {
			fmt.Fprintf(w, "ofarm-cc: hint: %s\n", hinted.Hint())
		}
	}
}

// missing follows a failed link with the libraries that were left out of it.
func missing(w io.Writer, inputs []link.Input) {
	some := false
	for _, in := range inputs {
		if in.Linkage == link.InputMissing {
			fmt.Fprintf(w, "ofarm-cc: hint: -l%s, which %s asks for, was left out: %s\n", in.Name, in.By, in.Why)
			some = true
		}
	}
	if some {
		fmt.Fprintln(w, "ofarm-cc: hint: if symbols of theirs are undefined, name the distro packages that have these files as distro-packages in ofarm.toml")
	}
}
