package base

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/apk"
)

// A PathConflict says that two packages want one path, and neither may have the other's.
type PathConflict struct {
	Path          string
	First, Second string // the packages
}

func (e *PathConflict) Error() string {
	return fmt.Sprintf("%s is in %s and in %s, and neither replaces the other", e.Path, e.First, e.Second)
}

// An alpineTree is the root to be written.
type alpineTree struct {
	packages []*alpinePackage // by name
	folders  map[string]alpineFolder
	owners   map[string]*alpinePackage // of folders: the first package that has it
	files    map[string]*alpineFile    // what packages own
	made     map[string]madeFile       // what no package owns
}

// A madeFile is a file or a symlink that ofarm makes.
type madeFile struct {
	mode int64
	body string
	link string // a symlink's target
}

// essentialFolders are there even if no package has them.
var essentialFolders = []alpineFolder{
	{"dev", 0, 0, 0o755}, {"proc", 0, 0, 0o755}, {"run", 0, 0, 0o755}, {"sys", 0, 0, 0o755}, {"tmp", 0, 0, 0o1777},
	{"var/cache/apk", 0, 0, 0o755},
}

// newAlpineTree lays the packages, which are sorted, over each other.
func newAlpineTree(packages []*alpinePackage, opt Options) (*alpineTree, error) {
	t := &alpineTree{
		packages: packages, folders: map[string]alpineFolder{}, owners: map[string]*alpinePackage{},
		files: map[string]*alpineFile{}, made: map[string]madeFile{},
	}
	for _, p := range packages {
		for _, d := range p.folders {
			t.addFolder(d, p)
		}
	}
	for _, p := range packages {
		for _, f := range p.files {
			if err := t.addFile(f); err != nil {
				return nil, err
			}
		}
	}
	if err := t.checkFolders(); err != nil {
		return nil, err
	}
	t.addEssentials()
	t.addBusyboxLinks()
	return t, t.addDatabase(opt)
}

// addFolder merges a package's folder with what others say of it, as apk does: the lowest owner wins, and of the same
// owner's permissions only those that all give remain.
func (t *alpineTree) addFolder(d alpineFolder, p *alpinePackage) {
	old, ok := t.folders[d.path]
	switch {
	case !ok:
		t.owners[d.path] = p
		t.folders[d.path] = d
	case d.uid < old.uid, d.uid == old.uid && d.gid < old.gid:
		t.folders[d.path] = d
	case d.uid == old.uid && d.gid == old.gid:
		old.mode &= d.mode
		t.folders[d.path] = old
	}
}

// addFile gives a path to the package that apk would give it to.
func (t *alpineTree) addFile(f *alpineFile) error {
	old := t.files[f.path]
	if old != nil && old.owner != f.owner {
		wins, err := prevails(f, old)
		if err != nil || !wins {
			return err
		}
	}
	t.files[f.path] = f
	for dir := path.Dir(f.path); dir != "."; dir = path.Dir(dir) {
		if _, ok := t.folders[dir]; ok {
			break
		}
		t.addFolder(alpineFolder{dir, 0, 0, 0o755}, f.owner)
	}
	return nil
}

// prevails reports whether a later package's file takes the place of an earlier one's.
func prevails(later, earlier *alpineFile) (bool, error) {
	a, b := earlier.owner.info, later.owner.info
	if a.Origin != "" && a.Origin == b.Origin {
		return true, nil
	}
	first, second := replacing(a, b), replacing(b, a)
	switch {
	case first > second:
		return false, nil
	case second >= 0:
		return true, nil
	}
	return false, &PathConflict{Path: later.path, First: a.ID(), Second: b.ID()}
}

// replacing is the priority with which p replaces other's files, or -1 if it doesn't.
func replacing(p, other apk.Info) int {
	if slices.ContainsFunc(p.Replaces, func(d apk.Dependency) bool { return d.Matches(other.Package) }) {
		return p.ReplacesPriority
	}
	return -1
}

// checkFolders refuses a path that is a folder in one package and something else in another.
func (t *alpineTree) checkFolders() error {
	for _, name := range slices.Sorted(maps.Keys(t.files)) {
		if p, ok := t.owners[name]; ok {
			return fmt.Errorf("%s is a folder in %s and a file or symlink in %s",
				name, p.info.ID(), t.files[name].owner.info.ID())
		}
	}
	return nil
}

func (t *alpineTree) addEssentials() {
	for _, d := range essentialFolders {
		t.makeFolder(d)
	}
}

// makeFolder adds a folder that no package has, with those above it.
func (t *alpineTree) makeFolder(d alpineFolder) {
	if d.path == "." || t.has(d.path) {
		return
	}
	t.makeFolder(alpineFolder{path.Dir(d.path), 0, 0, 0o755})
	t.folders[d.path] = d
}

func (t *alpineTree) has(name string) bool {
	_, isFolder := t.folders[name]
	_, isMade := t.made[name]
	return isFolder || isMade || t.files[name] != nil
}

// addBusyboxLinks makes the links that busybox's post-install would make where no package has the path. A list under
// etc/busybox-paths.d is named as the program in /bin that the links lead to.
func (t *alpineTree) addBusyboxLinks() {
	for _, name := range slices.Sorted(maps.Keys(t.files)) {
		program, ok := strings.CutPrefix(name, busyboxLists)
		if !ok || !t.has("bin/"+program) && !t.has("usr/bin/"+program) {
			continue
		}
		for link := range strings.FieldsSeq(string(t.files[name].body)) {
			t.addLink(path.Clean(link), "/bin/"+program)
		}
	}
}

// addLink makes a symlink unless something is there, or would be by way of a symlink above it.
func (t *alpineTree) addLink(name, target string) {
	dir := path.Dir(name)
	if t.has(name) || t.files[dir] != nil || path.IsAbs(name) || strings.HasPrefix(name, "..") {
		return
	}
	t.makeFolder(alpineFolder{dir, 0, 0, 0o755})
	t.made[name] = madeFile{mode: 0o777, link: target}
}

// cleanLink is a hard link's target as a path in the root.
func cleanLink(name string) string {
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}
