package main

import (
	"io"
	"net/http"
	"net/url"
	"os"

	"golang.org/x/net/http/httpproxy"
	"golang.org/x/term"
)

// isTerminal tells whether somebody reads along.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// proxy follows HTTP_PROXY and its like.
func proxy(getenv func(string) string) func(*http.Request) (*url.URL, error) {
	pick := func(names ...string) string {
		for _, n := range names {
			if v := getenv(n); v != "" {
				return v
			}
		}
		return ""
	}
	c := httpproxy.Config{
		HTTPProxy:  pick("http_proxy"), // HTTP_PROXY may be a CGI request's header
		HTTPSProxy: pick("https_proxy", "HTTPS_PROXY"),
		NoProxy:    pick("no_proxy", "NO_PROXY"),
	}
	choose := c.ProxyFunc()
	return func(r *http.Request) (*url.URL, error) { return choose(r.URL) }
}
