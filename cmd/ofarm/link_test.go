package main

import (
	"strings"
	"testing"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/targets"
)

// Without a platform all that were built are meant, by name or not.
func TestExportFolders(t *testing.T) {
	dir := t.TempDir()
	const list = `{"version": 1, "artifacts": [
  {"target": "alpine-3.20", "platform": "linux/amd64", "path": "alpine-3.20/bin/a"},
  {"target": "alpine-3.20", "platform": "linux/arm64", "path": "alpine-3.20-arm64/bin/a"},
  {"target": "debian-bookworm", "platform": "linux/amd64", "path": "debian-bookworm/bin/a"}
]}`
	if err := write(dir+"/"+farm.ArtifactsName, list); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		names    []string
		platform targets.Platform
		want     string
	}{
		{nil, "", ""}, // all
		{nil, targets.LinuxARM64, "alpine-3.20-arm64"},
		{[]string{"alpine"}, "", "alpine-3.20 alpine-3.20-arm64"},
		{[]string{"alpine"}, targets.LinuxAMD64, "alpine-3.20"},
		{[]string{"debian-bookworm"}, targets.LinuxARM64, "debian-bookworm-arm64"}, // which has no record
		{nil, "linux/riscv64", dir + " has nothing that was built for linux/riscv64"},
	} {
		out, err := exportFolders(dir, tt.names, tt.platform)
		got := strings.Join(out, " ")
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%q for %q: got %s, want %s", tt.names, tt.platform, got, tt.want)
		}
	}
}
