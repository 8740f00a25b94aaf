package registry

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Descriptor names a manifest or a blob: its media type, digest and size.
type Descriptor = ocispec.Descriptor

// Options of a client. The zero value takes what is public from registries that
// speak HTTPS or are on this machine.
type Options struct {
	// Credentials are asked where a registry wants them, by its host. A secret
	// without a user is an identity token; neither means none. Nil: none.
	Credentials func(host string) (user, secret string, err error)
	// PlainHTTP are the hosts of registries that are spoken to by HTTP wherever
	// they are, as references name them: with their port if they have one.
	PlainHTTP []string
	// Offline forbids every connection.
	Offline bool
	// Proxy chooses a proxy, such as [http.ProxyFromEnvironment]; nil means none.
	Proxy func(*http.Request) (*url.URL, error)
	// UserAgent is sent with requests; empty means "ofarm".
	UserAgent string
	// Parallel is how many blobs are pushed at once; 0 means 4.
	Parallel int
	// Stall is how long a transfer may stand still; 0 means a minute.
	Stall time.Duration
}

// answerTime is how long a registry may take to answer a whole blob.
const answerTime = 10 * time.Minute

// Client talks to registries. Its methods may be called by several goroutines
// at once.
type Client struct {
	opt    Options
	hosts  docker.RegistryHosts
	header http.Header
}

// New returns a client. It makes no connection.
func New(o Options) *Client {
	o.Parallel = cmp.Or(max(o.Parallel, 0), 4)
	o.Stall = cmp.Or(o.Stall, time.Minute)
	header := http.Header{"User-Agent": {cmp.Or(o.UserAgent, "ofarm")}}
	// Where a stall is short, so are the pauses, which are no stall.
	client := &http.Client{Transport: retrying{o.transport(), min(retryPause, o.Stall/40)}}
	authorizer := docker.NewDockerAuthorizer(
		docker.WithAuthClient(client), docker.WithAuthHeader(header), docker.WithAuthCreds(o.credentials))
	return &Client{opt: o, header: header, hosts: docker.ConfigureDefaultRegistries(
		docker.WithClient(client), docker.WithAuthorizer(authorizer), docker.WithPlainHTTP(o.plain))}
}

// plain tells whether a registry is spoken to by HTTP.
func (o Options) plain(host string) (bool, error) {
	for _, h := range o.PlainHTTP {
		if strings.EqualFold(h, host) {
			return true, nil
		}
	}
	return docker.MatchLocalhost(host)
}

func (o Options) transport() *http.Transport {
	return &http.Transport{
		Proxy:                 o.Proxy,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		MaxIdleConnsPerHost:   2 * o.Parallel,
		IdleConnTimeout:       30 * time.Second,
		ResponseHeaderTimeout: answerTime,
		ForceAttemptHTTP2:     true,
	}
}

// credentials are the options', with errors that explain themselves.
func (o Options) credentials(host string) (user, secret string, err error) {
	if o.Credentials == nil {
		return "", "", nil
	}
	user, secret, err = o.Credentials(host)
	if err != nil {
		err = &CredentialsError{Host: host, Err: err}
	}
	return user, secret, err
}

// resolver is containerd's client. Each push has one of its own: it takes what
// it has pushed to one repository as there in all of them.
func (c *Client) resolver(ref Ref) (remotes.Resolver, error) {
	if c.opt.Offline {
		return nil, &OfflineError{Ref: ref}
	}
	return docker.NewResolver(docker.ResolverOptions{Hosts: c.hosts, Headers: c.header}), nil
}

// quiet keeps containerd from warning of media types that it doesn't know.
func quiet(ctx context.Context, list ...Descriptor) context.Context {
	for _, d := range list {
		ctx = remotes.WithMediaTypeKeyPrefix(ctx, d.MediaType, "blob")
	}
	return ctx
}
