package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/duneproject"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/link"
)

// duneFile is a dune file with the executables that are to have flags.
type duneFile struct {
	dir         string // below the project's folder, with slashes
	executables []duneproject.Executable
}

// name is a file of the same folder.
func (d duneFile) name(base string) string { return path.Join(d.dir, base) }

// addLinkFlags proposes for each folder with executables rules that choose a
// file of flags, and these files.
func (p *proposal) addLinkFlags(dir string, project *farm.Project) error {
	files, err := p.duneFiles(dir)
	if err != nil {
		return err
	}
	linked, err := farm.ReadLinked(filepath.Join(dir, project.Output()), nil)
	if err != nil && !as[*farm.NoRecordsError](err) {
		return err
	}
	var later []string
	for _, d := range files {
		p.files = append(p.files, newFile{d.name(rulesName), rules(d)})
		fmt.Fprintf(&p.told, initAdd+"+ (include %s)\n", d.name("dune"), rulesName)
		for _, e := range d.executables {
			fmt.Fprintf(&p.told, initExpand+"+ (link_flags (:include linking-flags-%s.sexp))\n", e.Name, e.Name)
			more, err := p.addFlags(d, e, linked)
			if err != nil {
				return err
			}
			later = append(later, more...)
		}
	}
	if len(later) > 0 {
		p.told.WriteString(initFlagsFor + strings.Join(later, ""))
	}
	return nil
}

// rulesName is a file of rules, beside the dune file that includes it.
const rulesName = "linking-flags.inc"

func rules(d duneFile) string {
	var b strings.Builder
	b.WriteString(rulesHead)
	for _, e := range d.executables {
		fmt.Fprintf(&b, rulesRule, e.Name)
	}
	return b.String()
}

// flagsName is the file of an executable's flags for a mode and what OCaml
// calls the system.
func flagsName(d duneFile, e duneproject.Executable, mode link.Mode, system string) string {
	return d.name(fmt.Sprintf("linking-flags-%s.%s.%s.sexp", e.Name, mode, system))
}

// addFlags proposes the flags of an executable that are known, and returns the
// commands that make the others.
func (p *proposal) addFlags(d duneFile, e duneproject.Executable, linked []farm.Linked) ([]string, error) {
	static, err := link.Flags(&link.Line{}, link.LinuxMusl, link.Options{Mode: link.Static}, nil)
	if err != nil {
		return nil, err
	}
	add := func(mode link.Mode, system string, flags []string) {
		p.files = append(p.files, newFile{flagsName(d, e, mode, system), string(link.AppendSexp(nil, flags))})
	}
	add(link.Dynamic, "linux", nil)
	add(link.Dynamic, "macosx", nil)
	add(link.Static, "linux", static)
	mac := fmt.Sprintf(flagsMacLater, flagsName(d, e, link.MostlyStatic, "macosx"))
	recorded := slices.IndexFunc(linked, func(l farm.Linked) bool {
		return strings.TrimSuffix(path.Base(l.Record.Output), ".exe") == e.Name && libcOf(l.Artifact.Target) == link.LinuxGLIBC
	})
	if recorded < 0 {
		name := e.Public
		if name == "" {
			name = e.Name
		}
		return []string{fmt.Sprintf(flagsLinuxLater, name, flagsName(d, e, link.MostlyStatic, "linux")), mac}, nil
	}
	from, err := recordedSource(linked[recorded].Record)
	if err != nil {
		return nil, err
	}
	flags, err := link.Flags(from.line, link.LinuxGLIBC, link.Options{Mode: link.MostlyStatic, Dir: from.dir}, from.inputs)
	add(link.MostlyStatic, "linux", flags)
	return []string{mac}, err
}

// duneFiles finds the dune files with executables below a folder. Those that
// are installed are meant; where none is, all are.
func (p *proposal) duneFiles(dir string) ([]duneFile, error) {
	var all, public []duneFile
	err := filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case entry.IsDir() && file != dir && (strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".") || name == "dist"):
			return fs.SkipDir
		case entry.IsDir() || name != "dune":
			return nil
		}
		d, err := p.duneFile(dir, file)
		if err != nil || len(d.executables) == 0 {
			return err
		}
		all = append(all, d)
		d.executables = slices.DeleteFunc(slices.Clone(d.executables), func(e duneproject.Executable) bool { return e.Public == "" })
		if len(d.executables) > 0 {
			public = append(public, d)
		}
		return nil
	})
	if len(public) > 0 {
		return public, err
	}
	return all, err
}

// duneFile reads one; what can't be read, such as one in OCaml's syntax, is
// told and has no executables.
func (p *proposal) duneFile(root, file string) (duneFile, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return duneFile{}, err
	}
	rel, err := filepath.Rel(root, filepath.Dir(file))
	if err != nil {
		return duneFile{}, err
	}
	d := duneFile{dir: filepath.ToSlash(rel)}
	if d.executables, err = duneproject.Executables(file, data); err != nil {
		text, _, _ := strings.Cut(err.Error(), "\n")
		fmt.Fprintf(&p.told, initUnread, text)
		d.executables = nil
	}
	return d, nil
}
