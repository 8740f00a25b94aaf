package farm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/internal/link"
	"github.com/ofarm/ofarm/targets"
)

// linkFolder has the records of links in a target's folder, below the export.
const linkFolder = "link"

// exportRecords puts beside the exported executables in dir the record of the
// link that each came from: link/NAME.json for bin/NAME, link/PATH.json for
// others. Which record it is, the loaded content says: names change between
// the link and the installation, and stripping changes the rest. Records of
// what isn't exported, such as tests and configurators, stay where they are.
func exportRecords(dir, records string, artifacts []Artifact) error {
	byContent, err := recordsByContent(records)
	if err != nil {
		return err
	}
	for i := range artifacts {
		a := &artifacts[i]
		if a.Kind != "elf" {
			continue
		}
		folder := targets.Folder(a.Target, targets.Platform(a.Platform))
		name := strings.TrimPrefix(a.Path, folder+"/")
		// What was packed after its link has no such content, or none at all.
		content, err := contentOf(filepath.Join(dir, filepath.FromSlash(name)))
		r := byContent[content]
		if err != nil || r == nil {
			continue
		}
		own := *r
		own.Executable = name
		to := path.Join(linkFolder, strings.TrimPrefix(name, "bin/")+".json")
		if err := writeRecord(filepath.Join(dir, filepath.FromSlash(to)), &own); err != nil {
			return err
		}
		a.LinkRecord = path.Join(folder, to)
	}
	return nil
}

// recordsByContent reads the records of successful links in a folder, which
// may not be there: a project that links itself has none.
func recordsByContent(dir string) (map[string]*link.Record, error) {
	all, err := link.ReadRecords(dir)
	if err != nil {
		return nil, fmt.Errorf("exporting the records of links: %w", err)
	}
	out := map[string]*link.Record{}
	for _, r := range all {
		if r.Status == 0 && r.Content != "" && out[r.Content] == nil {
			out[r.Content] = r
		}
	}
	return out, nil
}

// originsOf tells where what an executable needs comes from; nil where there is
// no record of its link.
func originsOf(file string, linked map[string]*link.Record) audit.Origins {
	content, err := contentOf(file)
	r := linked[content]
	if err != nil || r == nil {
		return nil
	}
	data, err := json.Marshal(r)
	if err != nil {
		return nil
	}
	origins, err := audit.ParseLink(data)
	if err != nil {
		return nil
	}
	return origins
}

func contentOf(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return link.Content(f)
}

func writeRecord(file string, r *link.Record) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return WriteFile(file, append(data, '\n'))
}

// NoRecordsError says that a folder has no artifacts with records of links.
type NoRecordsError struct {
	Dir string
	// Target is the one that was asked for, or empty.
	Target string
}

func (e *NoRecordsError) Error() string {
	if e.Target != "" {
		return fmt.Sprintf("%s has no record of a link for target %s", e.Dir, e.Target)
	}
	return fmt.Sprintf("%s has no record of a link", e.Dir)
}

// Linked is one exported executable with the record of its link.
type Linked struct {
	Artifact Artifact
	Record   *link.Record
	// File is where the record was read.
	File string
}

// ReadLinked reads the records that the last builds exported to a folder, in
// the order of artifacts.json: those of the named folders of targets, or of all
// where there are no names. Executables without a record are left out.
//
// Errors: [*NoRecordsError].
func ReadLinked(dir string, folders []string) ([]Linked, error) {
	artifacts, err := ReadArtifacts(filepath.Join(dir, ArtifactsName))
	if err != nil {
		return nil, err
	}
	var out []Linked
	found := map[string]bool{}
	for _, a := range artifacts {
		folder := targets.Folder(a.Target, targets.Platform(a.Platform))
		if a.LinkRecord == "" || len(folders) > 0 && !slices.Contains(folders, folder) {
			continue
		}
		file := filepath.Join(dir, filepath.FromSlash(a.LinkRecord))
		r, err := link.ReadRecord(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found[folder] = true
		out = append(out, Linked{Artifact: a, Record: r, File: file})
	}
	for _, folder := range folders {
		if !found[folder] {
			return nil, &NoRecordsError{Dir: dir, Target: folder}
		}
	}
	if len(out) == 0 {
		return nil, &NoRecordsError{Dir: dir}
	}
	return out, nil
}
