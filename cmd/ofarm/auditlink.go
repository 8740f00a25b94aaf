package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/internal/farm"
)

// originsOf reads the record of a file's link: the one that a user names, or
// the one that artifacts.json names for it; nil where there is none.
func originsOf(file, record string) (audit.Origins, error) {
	if record == "" {
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
	return o, nil
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
