package base

import (
	"archive/tar"
	"bytes"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// addDatabase makes apk's files, as apk 2.14 leaves them in lib/apk/db and etc/apk.
func (t *alpineTree) addDatabase(opt Options) error {
	scripts, err := t.scripts(opt.Epoch)
	if err != nil {
		return err
	}
	files := map[string]madeFile{
		"etc/apk/repositories":   {mode: 0o644},
		"etc/apk/world":          {mode: 0o644, body: t.world(opt.World)},
		"lib/apk/db/installed":   {mode: 0o644, body: t.installed()},
		"lib/apk/db/lock":        {mode: 0o600},
		"lib/apk/db/scripts.tar": {mode: 0o644, body: scripts},
		"lib/apk/db/triggers":    {mode: 0o644, body: t.triggers()},
	}
	if arch := t.arch(); arch != "" {
		files["etc/apk/arch"] = madeFile{mode: 0o644, body: arch + "\n"}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if f := t.files[name]; f != nil {
			return fmt.Errorf("%s belongs to apk's database, but %s has it", name, f.owner.info.ID())
		}
		t.makeFolder(alpineFolder{path.Dir(name), 0, 0, 0o755})
		t.made[name] = files[name]
	}
	return nil
}

func (t *alpineTree) world(names []string) string {
	if names == nil {
		for _, p := range t.packages {
			names = append(names, p.info.Name)
		}
	}
	var b strings.Builder
	for _, n := range slices.Compact(slices.Sorted(slices.Values(names))) {
		b.WriteString(n + "\n")
	}
	return b.String()
}

// arch is the first architecture a package is for.
func (t *alpineTree) arch() string {
	for _, p := range t.packages {
		if !everyArch(p.info.Arch) {
			return p.info.Arch
		}
	}
	return ""
}

// installed is the database of packages and their files.
func (t *alpineTree) installed() string {
	var b []byte
	for _, p := range t.packages {
		b = p.info.AppendIndex(b)
		b = p.info.AppendInstalled(b)
		b = t.appendFiles(b, p)
		b = append(b, '\n')
	}
	return string(b)
}

// appendFiles lists a package's folders and, in each, the files that are the package's own.
func (t *alpineTree) appendFiles(b []byte, p *alpinePackage) []byte {
	folders := map[string]alpineFolder{}
	for _, d := range p.folders {
		folders[d.path] = d
	}
	files := map[string][]*alpineFile{}
	for _, f := range p.files {
		dir := path.Dir(f.path)
		if t.files[f.path] != f {
			continue
		}
		files[dir] = append(files[dir], f)
		if _, ok := folders[dir]; !ok {
			folders[dir] = alpineFolder{dir, 0, 0, 0o755}
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(folders)) {
		b = folders[dir].appendTo(b)
		slices.SortFunc(files[dir], func(x, y *alpineFile) int { return strings.Compare(x.path, y.path) })
		for _, f := range files[dir] {
			b = f.appendTo(b)
		}
	}
	return b
}

func (d alpineFolder) appendTo(b []byte) []byte {
	b = fmt.Appendf(b, "F:%s\n", strings.TrimPrefix(d.path, "."))
	if d.uid != 0 || d.gid != 0 || d.mode != 0o755 {
		b = fmt.Appendf(b, "M:%d:%d:%o\n", d.uid, d.gid, d.mode)
	}
	return b
}

func (f *alpineFile) appendTo(b []byte) []byte {
	b = fmt.Appendf(b, "R:%s\n", path.Base(f.path))
	if f.uid != 0 || f.gid != 0 || f.mode != 0o644 {
		b = fmt.Appendf(b, "a:%d:%d:%o\n", f.uid, f.gid, f.mode)
	}
	if !f.sum.IsZero() {
		b = fmt.Appendf(b, "Z:%s\n", f.sum)
	}
	return b
}

// triggers lists the folders whose change runs a package's trigger.
func (t *alpineTree) triggers() string {
	var b strings.Builder
	for _, p := range t.packages {
		if len(p.info.Triggers) > 0 {
			fmt.Fprintf(&b, "%s %s\n", p.info.Checksum, strings.Join(p.info.Triggers, " "))
		}
	}
	return b.String()
}

// scripts is the tar of the packages' scripts, which apk keeps for upgrades and removals.
func (t *alpineTree) scripts(epoch time.Time) (string, error) {
	var b bytes.Buffer
	tw := tar.NewWriter(&b)
	for _, p := range t.packages {
		for _, s := range p.info.Scripts {
			h := &tar.Header{
				Typeflag: tar.TypeReg, Name: fmt.Sprintf("%s.%s%s", p.info.ID(), p.info.Checksum, s.Name), Mode: 0o755,
				Size: int64(len(s.Body)), ModTime: clamp(time.Unix(p.info.BuildTime, 0), epoch),
			}
			if err := tw.WriteHeader(h); err != nil {
				return "", fmt.Errorf("scripts of %s: %w", p.info.ID(), err)
			}
			if _, err := tw.Write(s.Body); err != nil {
				return "", fmt.Errorf("scripts of %s: %w", p.info.ID(), err)
			}
		}
	}
	if err := tw.Close(); err != nil {
		return "", fmt.Errorf("scripts: %w", err)
	}
	return b.String(), nil
}

// clamp is t in whole seconds, or the epoch if that is earlier.
func clamp(t, epoch time.Time) time.Time {
	if t.After(epoch) {
		t = epoch
	}
	return t.Truncate(time.Second)
}
