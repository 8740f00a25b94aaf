package main

import (
	"context"
	"net/http"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ofarm/ofarm/internal/testworld/registrytest"
)

// startRegistry starts a container registry, and sets a variable to its host:
// registry VARIABLE [USER PASSWORD]
func startRegistry(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(registrytest.Missing())
	o := registrytest.Options{Dir: ts.MkAbs("registry-" + args[0])}
	if len(args) == 3 {
		o.Users = ts.MkAbs("htpasswd")
		ts.Check(os.WriteFile(o.Users, []byte(registrytest.Users(args[1], args[2])), 0o644))
	}
	s, err := registrytest.Run(context.Background(), o)
	ts.Check(err)
	ts.Defer(s.Stop)
	ts.Setenv(args[0], s.Host)
}

// spoiling starts a proxy before a registry that flips a bit of every blob,
// and sets a variable to its host: spoiling VARIABLE HOST
func spoiling(ts *testscript.TestScript, _ bool, args []string) {
	p := registrytest.NewProxy(&registrytest.Server{Host: args[1]})
	ts.Defer(p.Close)
	ts.Setenv(args[0], p.Host)
	p.Answer(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/blobs/") {
			next.ServeHTTP(w, r)
			return
		}
		registrytest.Spoil(w, r, next, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
	})
}

// setVariable sets a variable to the one line of a file: setenv VARIABLE FILE
func setVariable(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}
