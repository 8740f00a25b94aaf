package solve

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/pelletier/go-toml/v2"
)

// maxSocketPath is the longest path a unix socket may have, without the final
// zero: 108 bytes in Linux's struct sockaddr_un (unix(7)).
const maxSocketPath = 107

// places are the files of a private daemon.
type places struct {
	state  string // absolute
	socket string // in state, or in a folder with a short name
}

func (p places) addr() string      { return "unix://" + p.socket }
func (p places) usersLock() string { return filepath.Join(p.state, "users.lock") }
func (p places) startLock() string { return filepath.Join(p.state, "start.lock") }
func (p places) aliveLock() string { return filepath.Join(p.state, "alive.lock") }
func (p places) config() string    { return filepath.Join(p.state, "buildkitd.toml") }
func (p places) log() string       { return filepath.Join(p.state, "buildkitd.log") }
func (p places) root() string      { return filepath.Join(p.state, "root") }
func (p places) home() string      { return filepath.Join(p.state, "home") }
func (p places) temp() string      { return filepath.Join(p.state, "tmp") }

// rootlessState is rootlesskit's flag for the folder of its own sockets.
func (p places) rootlessState() string {
	return "--state-dir=" + filepath.Join(filepath.Dir(p.socket), "rk")
}

// tracing is the socket at which the daemon collects traces.
func (p places) tracing() string { return filepath.Join(filepath.Dir(p.socket), "otel.sock") }

// makePlaces makes the state folder and decides where the socket is: in the
// state folder, or, where that path is too long, in a folder of the same user
// in /tmp, named after the state folder. The place depends on the state folder
// and the user alone, so that all processes agree on it.
func makePlaces(state string) (places, error) {
	state, err := filepath.Abs(state)
	if err != nil {
		return places{}, err
	}
	p := places{state: state}
	for _, dir := range []string{p.state, p.home()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return places{}, err
		}
	}
	// A rootless daemon makes more sockets beside it, of up to 20 bytes.
	dir := filepath.Join(state, "run")
	if len(dir) > maxSocketPath-20 {
		dir = filepath.Join("/tmp", fmt.Sprintf("ofarm-%d-%.12x", os.Getuid(), sha256.Sum256([]byte(state))))
	}
	p.socket = filepath.Join(dir, "buildkitd.sock")
	return p, ownFolder(dir)
}

// ownFolder makes a folder that only this user can use, or checks that it is
// one: in /tmp somebody else may have been first.
func ownFolder(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || !ok || int(st.Uid) != os.Getuid() {
		return fmt.Errorf("%s is not a folder of this user alone", dir)
	}
	return nil
}

// newLog opens an empty log; the log of the daemon before stays beside it.
func (p places) newLog() (*os.File, error) {
	if err := os.Rename(p.log(), p.log()+".1"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(p.log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
}

// emptyTemp makes an empty folder for temporary files. BuildKit leaves a folder
// there for each single file that it mounts into a step, and all of them when it
// is killed. No daemon may run: with its namespaces its mounts have ended.
func (p places) emptyTemp() error {
	if err := os.RemoveAll(p.temp()); err != nil {
		return err
	}
	return os.Mkdir(p.temp(), 0o700)
}

// environment is the daemon's: nothing of the user's own gets in.
// A step's whole log is wanted, so BuildKit's limits on it are lifted.
func (p places) environment(o Options) []string {
	return []string{
		"PATH=" + joinPath(o.BinDir, o.Path),
		"HOME=" + p.home(),
		"TMPDIR=" + p.temp(),
		"XDG_RUNTIME_DIR=" + filepath.Dir(p.socket),
		"BUILDKIT_STEP_LOG_MAX_SIZE=-1",
		"BUILDKIT_STEP_LOG_MAX_SPEED=-1",
	}
}

// daemonConfig is what of buildkitd.toml is set; the format is BuildKit's
// docs/buildkitd.toml.md.
type daemonConfig struct {
	Root string `toml:"root"`
	GRPC struct {
		Address []string `toml:"address"`
	} `toml:"grpc"`
	OTEL struct {
		SocketPath string `toml:"socketPath"`
	} `toml:"otel"`
	CDI struct {
		Disabled bool `toml:"disabled"`
	} `toml:"cdi"`
	Worker struct {
		OCI        ociConfig `toml:"oci"`
		Containerd struct {
			Enabled bool `toml:"enabled"`
		} `toml:"containerd"`
	} `toml:"worker"`
}

// ociConfig is the worker that runs runc or crun itself.
type ociConfig struct {
	Enabled     bool       `toml:"enabled"`
	Binary      string     `toml:"binary"`
	Rootless    bool       `toml:"rootless"`
	Snapshotter string     `toml:"snapshotter"`
	NetworkMode string     `toml:"networkMode"`
	Parallel    int        `toml:"max-parallelism"`
	GC          bool       `toml:"gc"`
	GCPolicy    []gcPolicy `toml:"gcpolicy"`
}

type gcPolicy struct {
	All          bool  `toml:"all"`
	MaxUsedSpace int64 `toml:"maxUsedSpace"`
}

// writeConfig writes the daemon's configuration: one worker, which keeps up to
// the stated size, without CNI: its steps have no network. The snapshotter
// is BuildKit's choice: overlayfs, else fuse-overlayfs, else native.
func (p places) writeConfig(runtime string, rootless bool, o Options) error {
	var c daemonConfig
	c.Root = p.root()
	c.GRPC.Address = []string{p.addr()}
	c.OTEL.SocketPath = p.tracing()
	c.CDI.Disabled = true
	c.Worker.OCI = ociConfig{
		Enabled:     true,
		Binary:      runtime,
		Rootless:    rootless,
		Snapshotter: "auto",
		NetworkMode: "host",
		Parallel:    o.Parallel,
		GC:          true,
		GCPolicy:    []gcPolicy{{All: true, MaxUsedSpace: o.keepBytes()}},
	}
	data, err := toml.Marshal(c)
	if err != nil {
		return err
	}
	temp := p.config() + ".new"
	if err := os.WriteFile(temp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(temp, p.config())
}

// RemoveState removes the state folder of a private daemon that isn't running,
// with all that belongs to it. Of the options it takes StateDir, BinDir and Path.
//
// Files of a rootless daemon's steps may belong to subordinate ids, or be in
// folders that nobody may write to; they are removed where this user is root.
func RemoveState(o Options) error {
	p, err := makePlaces(o.StateDir)
	if err != nil {
		return fmt.Errorf("removing the state of buildkitd: %w", err)
	}
	err = os.RemoveAll(p.root())
	if rootlesskit := thisHost(o).look("rootlesskit"); errors.Is(err, fs.ErrPermission) && os.Getuid() != 0 && rootlesskit != "" {
		cmd := exec.Command(rootlesskit, p.rootlessState(), "/bin/sh", "-c", `rm -rf -- "$1"`, "ofarm-remove", p.root())
		cmd.Env = p.environment(o)
		if out, failed := cmd.CombinedOutput(); failed != nil {
			err = fmt.Errorf("%w (rootlesskit rm: %w: %.200q)", err, failed, out)
		} else {
			err = nil
		}
	}
	if err == nil { // else the daemon's log stays, too
		err = errors.Join(os.RemoveAll(filepath.Dir(p.socket)), os.RemoveAll(p.state))
	}
	if err != nil {
		return fmt.Errorf("removing the state of buildkitd: %w", err)
	}
	return nil
}
