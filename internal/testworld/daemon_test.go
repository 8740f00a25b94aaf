package testworld

import (
	"os"
	"testing"

	"github.com/moby/buildkit/client"
)

func TestDaemons(t *testing.T) {
	var first *BuildKit
	t.Run("two at once", func(t *testing.T) {
		first = Daemon(t)
		for _, b := range []*BuildKit{first, Daemon(t)} {
			c, err := client.New(t.Context(), b.Address)
			if err != nil {
				t.Fatal(err)
			}
			workers, err := c.ListWorkers(t.Context())
			if err != nil || len(workers) != 1 {
				t.Errorf("%s: %d workers, %v; want one", b.Address, len(workers), err)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	if first == nil {
		t.Skip("no daemon here")
	}
	if _, err := os.Stat(first.Root); !os.IsNotExist(err) {
		t.Errorf("the daemon's folder outlives its test: %v", err)
	}
}
