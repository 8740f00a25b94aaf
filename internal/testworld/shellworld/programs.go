package shellworld

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Programs puts the programs that a build runs beside ofarm into a folder: the
// linker shim for amd64 and buildkitd. The shim is built. Buildkitd is
// linked to: the named one, else bin/buildkitd of the repository, else it is
// built too, which takes a while the first time.
func Programs(ctx context.Context, dir, buildkitd string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := Build(ctx, filepath.Join(dir, "ofarm-cc-linux-amd64"), "github.com/ofarm/ofarm/cmd/ofarm-cc"); err != nil {
		return err
	}
	if buildkitd == "" {
		mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
		if err != nil {
			return fmt.Errorf("looking for the repository: %w", err)
		}
		buildkitd = filepath.Join(filepath.Dir(strings.TrimSpace(string(mod))), "bin", "buildkitd")
	}
	link := filepath.Join(dir, "buildkitd")
	if _, err := os.Stat(buildkitd); err == nil {
		return os.Symlink(buildkitd, link)
	}
	return Build(ctx, link, "github.com/moby/buildkit/cmd/buildkitd")
}

// Build builds a static program of the module or of what it requires.
func Build(ctx context.Context, file, pkg string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", file, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, out)
	}
	return nil
}
