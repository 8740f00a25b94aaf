package site

import (
	"context"
	"os"
	"slices"

	"github.com/ofarm/ofarm/internal/aptsources"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
)

// FetchLibc brings the package files of a target's bare root into a store.
func FetchLibc(ctx context.Context, store *input.Store, t lock.Target) error {
	machine, err := aptsources.Mirrors(os.DirFS("/etc/apt"))
	if err != nil {
		return err
	}
	mirrors := farm.Mirrors{Archives: machine}
	var requests []input.Request
	for _, p := range t.Base {
		if !slices.Contains(libcPackages, p.Name) {
			continue
		}
		sum, err := input.ParseDigest("sha256:" + p.SHA256)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(t.Archives, func(a lock.Archive) bool { return a.Name == p.Archive })
		requests = append(requests, input.Request{
			Name: p.Name, Sum: sum, Size: p.Size, Path: p.Path,
			Archive: farm.ArchiveAt(p.Archive, t.Archives[i].Timestamp),
		})
	}
	_, err = input.Fetcher{Store: store, Mirrors: mirrors.For([]lock.Target{t})}.Fetch(ctx, requests)
	return err
}
