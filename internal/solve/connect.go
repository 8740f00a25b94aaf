package solve

import (
	"context"
	"errors"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client"
	_ "github.com/moby/buildkit/client/connhelper/dockercontainer"  // docker-container://
	_ "github.com/moby/buildkit/client/connhelper/kubepod"          // kube-pod://
	_ "github.com/moby/buildkit/client/connhelper/nerdctlcontainer" // nerdctl-container://
	_ "github.com/moby/buildkit/client/connhelper/podmancontainer"  // podman-container://
	_ "github.com/moby/buildkit/client/connhelper/ssh"              // ssh://
	"golang.org/x/mod/semver"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	// connectTimeout is how long a daemon may take to answer a first call.
	connectTimeout = 10 * time.Second
	// pruneTimeout bounds the pruning at the end of a build; what it doesn't
	// reach is pruned after the next.
	pruneTimeout = 20 * time.Second
	// minVersion is the oldest BuildKit whose interface has all that is used:
	// base images through the session (0.11) and internal solves (0.12).
	minVersion = "v0.12.0"
)

// schemes are those of the addresses that BuildKit's client understands here.
var schemes = []string{"unix", "tcp", "ssh", "docker-container", "podman-container", "nerdctl-container", "kube-pod"}

// IsAddr tells whether a daemon could have this address.
func IsAddr(addr string) bool {
	scheme, rest, ok := strings.Cut(addr, "://")
	return ok && rest != "" && slices.Contains(schemes, scheme)
}

// connect returns the daemon at addr if it answers and is new enough.
func connect(ctx context.Context, addr string, t TLS) (*Engine, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	c, err := client.New(ctx, addr, tlsOptions(addr, t)...)
	if err != nil {
		return nil, &UnreachableError{Addr: addr, Err: err}
	}
	e := &Engine{Addr: addr, client: c}
	if err := e.ask(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return e, nil
}

// tlsOptions are the client's options for t.
func tlsOptions(addr string, t TLS) []client.ClientOpt {
	var list []client.ClientOpt
	if t.CACert != "" {
		name := t.ServerName
		if u, err := url.Parse(addr); name == "" && err == nil {
			name = u.Hostname()
		}
		list = append(list, client.WithServerConfig(name, t.CACert))
	}
	if t.Cert != "" || t.Key != "" {
		list = append(list, client.WithCredentials(t.Cert, t.Key))
	}
	return list
}

// ask fills in what the daemon says of itself, and refuses one that is too old
// or has no worker.
func (e *Engine) ask(ctx context.Context) error {
	workers, err := e.client.ListWorkers(ctx)
	if err != nil {
		return &UnreachableError{Addr: e.Addr, Err: err}
	}
	if len(workers) == 0 {
		return &UnreachableError{Addr: e.Addr, Err: errors.New("the daemon has no worker")}
	}
	w := workers[0]
	e.Version = w.BuildkitVersion.Version
	if e.Version == "" {
		if e.Version, err = e.askVersion(ctx); err != nil {
			return err
		}
	}
	if tooOld(e.Version) {
		return &OldDaemonError{Addr: e.Addr, Version: e.Version, Need: minVersion}
	}
	for _, p := range w.Platforms {
		e.Platforms = append(e.Platforms, platforms.Format(p))
	}
	e.Snapshotter = w.Labels["org.mobyproject.buildkit.worker.snapshotter"]
	return nil
}

// askVersion asks a daemon whose workers don't tell: one before 0.11 doesn't
// know the call either.
func (e *Engine) askVersion(ctx context.Context) (string, error) {
	info, err := e.client.Info(ctx)
	if status.Code(errors.Unwrap(err)) == codes.Unimplemented {
		return "", &OldDaemonError{Addr: e.Addr, Version: "before v0.11", Need: minVersion}
	}
	if err != nil {
		return "", &UnreachableError{Addr: e.Addr, Err: err}
	}
	return info.BuildkitVersion.Version, nil
}

// tooOld tells whether version is a release before minVersion. A daemon built
// without a version, "v0.0.0+unknown", gets the benefit of the doubt.
func tooOld(version string) bool {
	if !strings.HasPrefix(version, "v") {
		version = "v" + version
	}
	if !semver.IsValid(version) || strings.HasPrefix(version, "v0.0.0") {
		return false
	}
	return semver.Compare(version, minVersion) < 0
}

// socketExists tells whether the file behind a unix:// address is there.
func socketExists(addr string) bool {
	_, err := os.Stat(strings.TrimPrefix(addr, "unix://"))
	return err == nil
}
