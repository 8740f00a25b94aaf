package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"github.com/ofarm/ofarm/internal/bundle"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/registry"
)

// TestSettings has bases of two platforms in one ofarm.toml.
func TestSettings(t *testing.T) {
	bases := []farm.Base{
		{Target: lock.TargetID{Name: "alpine-3.20", Platform: "linux/amd64"}},
		{Target: lock.TargetID{Name: "alpine-3.20", Platform: "linux/arm64"}},
		{Target: lock.TargetID{Name: "debian-bullseye", Platform: "linux/arm64"}},
	}
	var b strings.Builder
	for i, base := range bases {
		b.WriteString(settingOf(bases[:i], base.Target, registry.Ref{Host: "registry.example", Repository: "bases", Tag: fmt.Sprint(i)}))
	}
	var got struct {
		Target map[string]struct{ Base string }
	}
	err := toml.Unmarshal([]byte(b.String()), &got)
	if err != nil || got.Target["alpine-3.20"].Base != "oci://registry.example/bases:0" || len(got.Target) != 2 {
		t.Errorf("got %v of\n%s: %v", got, &b, err)
	}
	if !strings.Contains(b.String(), "for linux/arm64 give\n#   --base oci://registry.example/bases:1\n") {
		t.Errorf("got\n%s", &b)
	}
}

// TestRegistryHints has errors of registries that no script makes.
func TestRegistryHints(t *testing.T) {
	for want, err := range map[string]error{
		hintRegistryRefused: fmt.Errorf("pushing: %w", &registry.RefusedError{Status: "429 Too Many Requests"}),
		hintNotPushed:       &registry.NotFoundError{What: "the manifest"},
		hintBundleMany:      fmt.Errorf("writing: %w", &bundle.TooManyError{}),
		hintNoRepository:    &registry.NotFoundError{What: "the repository"},
		hintBlobGone:        &registry.NotFoundError{What: "the blob sha256:00"},
		fmt.Sprintf(hintPlainHTTP, "registry.example:80"): &registry.UnreachableError{
			Ref: registry.Ref{Host: "registry.example:80"}, Err: http.ErrSchemeMismatch,
		},
		hintRegistryGone: &registry.UnreachableError{Err: errors.New("no such host")},
	} {
		if got := hint(err); got != want {
			t.Errorf("%v: got %q", err, got)
		}
	}
}
