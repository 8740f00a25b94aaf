package apk

import (
	"fmt"
	"sort"
	"strings"
)

// Info is what a package file's control member says of it.
type Info struct {
	Package           // Checksum and Size are not in .PKGINFO: Open computes the first, File.BytesRead tells the second
	Packager string   //
	Triggers []string // patterns of folders; the package's .trigger script runs when one changes
	DataHash string   // SHA-256 of the data member's compressed bytes, hexadecimal
	Scripts  []Script // in the order of their names
}

// A Script is run by apk when the package is installed or removed.
type Script struct {
	Name string // .pre-install, .post-install, .pre-upgrade, .post-upgrade, .pre-deinstall, .post-deinstall, .trigger
	Body []byte
}

// parseInfo reads a .PKGINFO: lines KEY = VALUE and comments with #. Unknown keys are left out.
func parseInfo(text string) (Info, error) {
	var info Info
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return info, fmt.Errorf(".PKGINFO:%d: %q is not of the form KEY = VALUE", n, line)
		}
		if err := info.set(strings.TrimSpace(key), strings.TrimSpace(value)); err != nil {
			return info, fmt.Errorf(".PKGINFO:%d: %w", n, err)
		}
	}
	if err := info.check(); err != nil {
		return info, fmt.Errorf(".PKGINFO: %w", err)
	}
	return info, nil
}

func (i *Info) set(key, value string) error {
	var err error
	switch key {
	case "size":
		i.InstalledSize, err = parseNumber(key, value)
	case "builddate":
		i.BuildTime, err = parseNumber(key, value)
	case "provider_priority":
		i.ProviderPriority, err = parseSmall(key, value)
	case "replaces_priority":
		i.ReplacesPriority, err = parseSmall(key, value)
	case "depend", "provides", "install_if", "replaces":
		err = i.addDependencies(key, value)
	case "triggers":
		i.Triggers = append(i.Triggers, strings.Fields(value)...)
	default:
		i.setText(key, value)
	}
	return err
}

func (i *Info) addDependencies(key, value string) error {
	list, err := looseDependencies(value)
	field := map[string]*[]Dependency{
		"depend": &i.Depends, "provides": &i.Provides, "install_if": &i.InstallIf, "replaces": &i.Replaces,
	}[key]
	*field = append(*field, list...)
	return err
}

func (i *Info) setText(key, value string) {
	field := map[string]*string{
		"pkgname": &i.Name, "pkgver": &i.Version, "arch": &i.Arch, "pkgdesc": &i.Description, "url": &i.URL,
		"license": &i.License, "origin": &i.Origin, "maintainer": &i.Maintainer, "commit": &i.Commit,
		"packager": &i.Packager, "datahash": &i.DataHash,
	}[key]
	if field != nil {
		*field = value
	}
}

// appendTo writes a .PKGINFO that parseInfo reads.
func (i Info) appendTo(b []byte) []byte {
	line := func(key, value string) {
		if value != "" {
			b = fmt.Appendf(b, "%s = %s\n", key, value)
		}
	}
	lines := func(key string, list []Dependency) {
		for _, d := range list {
			line(key, d.String())
		}
	}
	line("pkgname", i.Name)
	line("pkgver", i.Version)
	line("pkgdesc", i.Description)
	line("url", i.URL)
	line("builddate", number64(i.BuildTime))
	line("packager", i.Packager)
	line("size", number64(i.InstalledSize))
	line("arch", i.Arch)
	line("origin", i.Origin)
	line("commit", i.Commit)
	line("maintainer", i.Maintainer)
	line("license", i.License)
	lines("replaces", i.Replaces)
	line("replaces_priority", number64(int64(i.ReplacesPriority)))
	lines("depend", i.Depends)
	lines("provides", i.Provides)
	line("provider_priority", number64(int64(i.ProviderPriority)))
	line("install_if", spelled(i.InstallIf))
	line("triggers", strings.Join(i.Triggers, " "))
	line("datahash", i.DataHash)
	return b
}

// number64 spells a number; zero, which every field has when it is not given, is empty.
func number64(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// isScript reports whether a control member's entry is a script that apk knows.
func isScript(name string) bool {
	switch name {
	case ".pre-install", ".post-install", ".pre-upgrade", ".post-upgrade", ".pre-deinstall", ".post-deinstall", ".trigger":
		return true
	}
	return false
}

func sortScripts(scripts []Script) {
	sort.Slice(scripts, func(i, j int) bool { return scripts[i].Name < scripts[j].Name })
}
