package solve

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/grpcerrors"
	"google.golang.org/grpc/codes"
)

// DefaultKeepBytes is how much a private daemon keeps on disk when
// [Options.KeepBytes] is zero: 20 GiB.
const DefaultKeepBytes = 20 << 30

// Options say where to look for a daemon and how to start a private one.
// Nothing here is read from the environment; the zero value finds only a daemon
// at the system's default socket.
type Options struct {
	// Addr is the daemon to use, and the only one tried, if not empty:
	// unix://, tcp://, ssh://, docker-container://NAME, podman-container://NAME,
	// nerdctl-container://NAME, kube-pod://NAME.
	Addr string
	// TLS are the files for a tcp:// address.
	TLS TLS
	// Sockets are addresses of daemons that may be running; nil means
	// DefaultSockets(RuntimeDir), an empty list means none.
	Sockets []string
	// StateDir is the private daemon's folder, created when needed; empty
	// means that none is started.
	StateDir string
	// BinDir is searched for programs before Path: the folder of ofarm's own
	// binary.
	BinDir string
	// Path is a list of folders as in $PATH: where buildkitd, runc and, when
	// not root, rootlesskit and newuidmap are looked for.
	Path string
	// RuntimeDir is $XDG_RUNTIME_DIR, or empty.
	RuntimeDir string
	// KeepBytes is how much the private daemon keeps on disk between builds;
	// 0 means DefaultKeepBytes.
	KeepBytes int64
	// Parallel is how many steps a private daemon runs at once; 0 means no
	// limit.
	Parallel int
	// CPUs is how many processors a private daemon that is started, and its
	// steps, have; 0 and more than there are mean all.
	CPUs int
	// Memory is the size, in bytes, of a file system in memory in which a
	// private daemon that is started keeps what it makes. It ends with the
	// daemon, however that ends. 0 means that all is kept in StateDir.
	Memory int64
}

// TLS are the files of a mutually authenticated connection, in PEM. The zero
// value connects in the clear.
type TLS struct {
	ServerName string // as in the daemon's certificate; empty: the address's host
	CACert     string
	Cert       string
	Key        string
}

// Engine is a daemon that answered. It is safe for concurrent use.
type Engine struct {
	// Addr is the daemon's address.
	Addr string
	// Private tells a daemon started by ofarm from a found one.
	Private bool
	// Version is what the daemon calls itself: "v0.34.2", or "v0.0.0+unknown"
	// for one built without a version.
	Version string
	// Platforms are those of the default worker, "linux/amd64" first on an
	// amd64 machine.
	Platforms []string
	// Snapshotter is how the default worker keeps root file systems:
	// "overlayfs", "fuse-overlayfs", "native"; empty if unknown.
	Snapshotter string

	client   *client.Client
	daemon   *daemon // nil unless Private
	keep     int64
	executed atomic.Bool // a step ran: there may be something to prune
}

// DefaultSockets are the addresses where a running daemon is looked for:
// BuildKit's system-wide socket, then its rootless one in runtimeDir
// ($XDG_RUNTIME_DIR), if that is not empty.
func DefaultSockets(runtimeDir string) []string {
	list := []string{"unix:///run/buildkit/buildkitd.sock"}
	if runtimeDir != "" {
		list = append(list, "unix://"+filepath.Join(runtimeDir, "buildkit", "buildkitd.sock"))
	}
	return list
}

// Find returns the first daemon that answers, in the order the package comment
// states, and starts a private one if there is none. Its errors are
// [*UnreachableError], [*OldDaemonError], [*MissingError] and [*StartError].
func Find(ctx context.Context, o Options) (*Engine, error) {
	if o.Addr != "" {
		return connect(ctx, o.Addr, o.TLS)
	}
	sockets := o.Sockets
	if sockets == nil {
		sockets = DefaultSockets(o.RuntimeDir)
	}
	var skipped []error
	for _, addr := range sockets {
		if !socketExists(addr) {
			continue
		}
		e, err := connect(ctx, addr, TLS{})
		if err == nil {
			return e, nil
		}
		if ctx.Err() != nil {
			return nil, err
		}
		skipped = append(skipped, err)
	}
	e, err := private(ctx, o)
	if err != nil {
		return nil, errors.Join(append([]error{err}, skipped...)...)
	}
	return e, nil
}

// Close ends the use of the daemon. A private daemon that nobody else uses is
// stopped, and gone when Close returns.
func (e *Engine) Close() error {
	if e.daemon == nil {
		return e.client.Close()
	}
	err := e.prune()
	return errors.Join(err, e.client.Close(), e.daemon.release())
}

// prune asks a private daemon to shrink to its limit, if this engine made it
// grow. One that is gone needs nothing.
func (e *Engine) prune() error {
	if !e.executed.Load() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), pruneTimeout)
	defer cancel()
	err := e.client.Prune(ctx, nil, client.PruneAll, client.WithKeepOpt(0, 0, e.keep, 0))
	if err != nil && ctx.Err() == nil && grpcerrors.Code(err) != codes.Unavailable {
		return fmt.Errorf("pruning the private daemon: %w", err)
	}
	return nil
}
