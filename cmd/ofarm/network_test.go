package main

import (
	"fmt"
	"testing"

	"github.com/ofarm/ofarm/internal/solve"
)

// What tools print where there is no network, and what has nothing to do with
// it.
func TestNetworkHint(t *testing.T) {
	for line, want := range map[string]bool{
		"wget: bad address 'example.org'":                                                                        true,
		"wget: can't connect to remote host (192.0.2.1): Network unreachable":                                    true,
		"nslookup: can't connect to remote host (192.0.2.53): Network is unreachable":                            true,
		"nc: can't connect to remote host (127.0.0.1): Connection refused":                                       true,
		";; connection timed out; no servers could be reached":                                                   true,
		"curl: (6) Could not resolve host: example.org":                                                          true,
		"fatal: unable to access 'https://example.org/x.git/': Could not resolve host: example.org":              true,
		"ssh: Could not resolve hostname example.org: Temporary failure in name resolution":                      true,
		"dial tcp: lookup example.org on 192.0.2.53:53: dial udp 192.0.2.53:53: connect: network is unreachable": true,
		"Fatal error: exception Unix.Unix_error(Unix.ENETUNREACH, \"connect\", \"\"): Network is unreachable":    true,
		"[Errno -2] Name or service not known":                                                                   true,
		"File \"network.ml\", line 3, characters 0-1: Syntax error":                                              false,
		"make: *** [Makefile:3: all] Error 1":                                                                    false,
	} {
		err := fmt.Errorf("building: %w", &solve.StepError{Request: "x", ExitCode: 1, Tail: []string{"+ make", line, "make: *** Error"}})
		if got := hint(err) == hintNetwork; got != want {
			t.Errorf("%s: hint about the network: %v, want %v", line, got, want)
		}
	}
}
