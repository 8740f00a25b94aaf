package testworld

import (
	"os"
	"path/filepath"
	"testing"
)

// required tells that a test that can't run has failed.
func required() bool { return os.Getenv("OFARM_TEST_DAEMON") == "require" }

// skip ends a test that can't run here.
func skip(t testing.TB, why error) {
	t.Helper()
	if required() {
		t.Fatalf("OFARM_TEST_DAEMON=require: %v", why)
	}
	t.Skip(why)
}

// AlpineWorld makes an Alpine repository with the named libraries for a test.
// What it is made of is kept in the folder $OFARM_TEST_WORLD, or below the
// user's cache folder if that isn't set but OFARM_TEST_DAEMON is "require":
// the first call takes half a minute, and minutes for each library. Without
// either variable the test is skipped. With the test bed's minirootfs at hand
// ($OFARM_TESTBED) its packages are the root's.
func AlpineWorld(t testing.TB, libraries ...string) *World {
	t.Helper()
	work := os.Getenv("OFARM_TEST_WORLD")
	if work == "" {
		if !required() {
			t.Skip("OFARM_TEST_WORLD names no folder to keep an Alpine world in")
		}
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		work = filepath.Join(cache, "ofarm-testworld")
	}
	debian, err := DebianMirrors()
	if err != nil {
		skip(t, err)
	}
	w, err := AlpineRepository(t.Context(), Options{
		Dir: t.TempDir(), Work: work, Root: minirootfs(), Libraries: libraries,
		Debian: debian, Log: t.Output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// minirootfs is the test bed's, or "".
func minirootfs() string {
	found, _ := filepath.Glob(filepath.Join(os.Getenv("OFARM_TESTBED"), "alpine", "alpine-minirootfs-*-x86_64.tar.gz"))
	if os.Getenv("OFARM_TESTBED") == "" || len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}
