package solve

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ofarm/ofarm/internal/testworld/otheruser"
)

// As root, the tests with a daemon run a second time as another user. As anybody
// else they are rootless anyway.
func TestRootless(t *testing.T) {
	needDaemon(t)
	data, err := program()
	if err != nil {
		t.Fatal(err)
	}
	prog := filepath.Join(t.TempDir(), "prog")
	if err := os.WriteFile(prog, data, 0o755); err != nil {
		t.Fatal(err)
	}
	otheruser.Run(t, "^(TestRun|TestPrivate|TestStale|TestLong|TestFind|TestOther|TestParallel)",
		map[string]string{"prog": prog, "buildkitd": "../../bin/buildkitd"},
		func(dir string) []string {
			return []string{"SOLVE_TEST_PROG=" + filepath.Join(dir, "prog"), "SOLVE_TEST_BIN=" + dir}
		})
}
