package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/resolve"
	"github.com/ofarm/ofarm/targets"
)

// dropError says why something can't be taken out of a lock.
type dropError struct {
	name, why string
	// known are what can be, where there is no such thing.
	known []string
}

func (e *dropError) Error() string { return fmt.Sprintf("--drop %q: %s", e.name, e.why) }

// drops tells whether a target or a root is to be taken out of the lock. A name or
// an alias is that of --platform's; what a lock is printed with is of its own.
func (o lockOptions) drops(id lock.TargetID, old *lock.File) bool {
	return slices.ContainsFunc(o.drop, func(name string) bool { return o.means(name, id, old) })
}

func (o lockOptions) means(name string, id lock.TargetID, old *lock.File) bool {
	if bare, err := farm.BareRoots([]string{name}, old.TargetNames()); err == nil && len(bare) > 0 {
		return id == lock.TargetID{Name: bare[0].Name, Platform: o.platform}
	}
	return name == folderOf(id)
}

// checkDrops refuses to drop what the lock hasn't, and what is asked for all the
// same; and to leave no target.
func (o lockOptions) checkDrops(old *lock.File, opt resolve.Options) error {
	stays := map[string]bool{}
	for _, t := range opt.Targets {
		stays["target "+targets.Folder(t.Release.Name, t.Platform)] = true
	}
	if len(stays) == 0 {
		return &dropError{name: strings.Join(o.drop, ","), why: "no target would be left"}
	}
	for _, r := range opt.Roots {
		stays["root "+targets.Folder(r.Name, r.Platform)] = true
	}
	for _, name := range o.drop {
		if err := o.checkDrop(name, orEmpty(old), stays); err != nil {
			return err
		}
	}
	return nil
}

func (o lockOptions) checkDrop(name string, old *lock.File, stays map[string]bool) error {
	var known []string
	found := false
	for kind, list := range map[string][]lock.Target{"target ": old.Targets, "root ": old.Roots} {
		for _, t := range list {
			known = append(known, folderOf(t.TargetID))
			if !o.means(name, t.TargetID, old) {
				continue
			}
			if found = true; !stays[kind+folderOf(t.TargetID)] {
				return nil
			}
		}
	}
	if found {
		return &dropError{name: name, why: "ofarm.toml or another flag asks for it"}
	}
	slices.Sort(known)
	return &dropError{name: name, why: "the lock has no such target or root", known: slices.Compact(known)}
}
