package main

import (
	"runtime/debug"
	"testing"
)

func TestOwnVersion(t *testing.T) {
	vcs := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"}, {Key: "vcs.modified", Value: modified},
		}
	}
	tests := map[string]struct {
		info debug.BuildInfo
		want string
	}{
		"release":  {debug.BuildInfo{Main: debug.Module{Version: "v1.2.0"}, Settings: vcs("false")}, "v1.2.0"},
		"checkout": {debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: vcs("false")}, "devel 0123456789ab"},
		"changed":  {debug.BuildInfo{Settings: vcs("true")}, "devel 0123456789ab (changed since)"},
		"no vcs":   {debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, "devel"},
	}
	for name, test := range tests {
		if got := ownVersion(&test.info); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
