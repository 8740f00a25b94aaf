package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/link"
)

// originsOf reads the record of a file's link: the one that a user names, or
// the one that artifacts.json names for it; nil where there is none.
func originsOf(file, record string) (audit.Origins, error) {
	named := record != ""
	if !named {
		record = recordBeside(file)
	}
	if record == "" {
		return nil, nil
	}
	data, err := os.ReadFile(record)
	if err != nil {
		return nil, err
	}
	o, err := audit.ParseLink(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", record, err)
	}
	if named && ofAnother(data, file) {
		return nil, &otherRecordError{record, file}
	}
	return o, nil
}

// otherRecordError says that a record of a link is of another file.
type otherRecordError struct{ record, file string }

func (e *otherRecordError) Error() string {
	return fmt.Sprintf("--link-record %q is of another file than %q", e.record, e.file)
}

// ofAnother tells whether a record of ofarm's names other content than a file
// has; a linker's map doesn't tell, and neither does a file of no such content.
func ofAnother(record []byte, file string) bool {
	r := new(link.Record)
	if json.Unmarshal(record, r) != nil || r.Content == "" {
		return false
	}
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	content, err := link.Content(f)
	return err == nil && content != r.Content
}

// recordBeside looks in the file's folder and the three above it for the
// artifacts.json that describes the file. It is an extra: one that can't be read
// or that knows other bytes under the name tells nothing.
func recordBeside(file string) string {
	abs, err := filepath.Abs(file)
	if err != nil {
		return ""
	}
	dir := filepath.Dir(abs)
	for range 4 {
		all, err := farm.ReadArtifacts(filepath.Join(dir, farm.ArtifactsName))
		if err == nil {
			if record := recordAmong(all, dir, abs); record != "" {
				return record
			}
		}
		dir = filepath.Dir(dir)
	}
	return ""
}

func recordAmong(all []farm.Artifact, dir, file string) string {
	for _, a := range all {
		if a.LinkRecord == "" || filepath.Join(dir, filepath.FromSlash(a.Path)) != file {
			continue
		}
		record := filepath.Join(dir, filepath.FromSlash(a.LinkRecord))
		st, err := os.Stat(file)
		if err != nil || st.Size() != a.Size {
			return ""
		}
		if _, err := os.Stat(record); errors.Is(err, fs.ErrNotExist) {
			return ""
		}
		return record
	}
	return ""
}
