package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	diffoscopeTime  = 2 * time.Minute
	diffoscopeLines = 400
	diffoscopeBytes = 32 << 10
)

// Diffoscope runs the diffoscope at path on two files or folders, and returns its
// report as text, cut to 400 lines and 32 KiB; of equal ones it is empty. With an
// empty path it runs nothing and returns "". It takes at most two minutes.
func Diffoscope(ctx context.Context, path, first, again string) (string, error) {
	if path == "" {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, diffoscopeTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--no-progress", "--max-text-report-size", strconv.Itoa(4*diffoscopeBytes),
		"--text", "-", "--", first, again)
	var out, errs head
	cmd.Stdout, cmd.Stderr = &out, &errs
	killGroup(cmd)
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("running %q on %q: %w", path, first, context.Cause(ctx))
	case errors.As(err, &exit) && exit.ExitCode() == 1: // they differ
	case err != nil:
		return "", fmt.Errorf("running %q on %q: %w: %s", path, first, err, strings.TrimSpace(errs.lines(5)))
	}
	return out.lines(diffoscopeLines), nil
}

// killGroup makes the end of cmd's context end the tools that it runs as well.
func killGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
}

// head keeps the first diffoscopeBytes that are written to it.
type head struct {
	kept bytes.Buffer
	full bool
}

func (h *head) Write(p []byte) (int, error) {
	n := min(len(p), diffoscopeBytes-h.kept.Len())
	h.kept.Write(p[:n])
	h.full = h.full || n < len(p)
	return len(p), nil
}

// lines are the first n lines, and a last one that says so if there are more.
func (h *head) lines(n int) string {
	var b strings.Builder
	for line := range strings.Lines(strings.ToValidUTF8(h.kept.String(), "")) {
		if n--; n < 0 {
			h.full = true
			break
		}
		b.WriteString(line)
	}
	if !h.full {
		return b.String()
	}
	return strings.TrimSuffix(b.String(), "\n") + "\n… (cut)\n"
}
