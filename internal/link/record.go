package link

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Record is what the shim writes down of one link: what it saw, what it made of
// it, and where each library came from.
type Record struct {
	// Executable is the exported file below its target's folder, "bin/fserv".
	// The shim doesn't know it; the export fills it in.
	Executable string `json:"executable,omitempty"`

	Output   string   `json:"output"`            // as the line names it
	Dir      string   `json:"dir"`               // the link's working folder
	Mode     Mode     `json:"mode"`              //
	Compiler string   `json:"compiler"`          // path of the real compiler
	Status   int      `json:"status"`            // its exit status
	SHA256   string   `json:"sha256,omitempty"`  // of the output; empty if there is none
	Content  string   `json:"content,omitempty"` // see [Content]; empty if the output is no ELF file
	Seen     []string `json:"seen"`              // the arguments as they came, response files expanded
	Used     []string `json:"used"`              // the arguments the compiler got; equal to Seen in mode project
	Inputs   []Input  `json:"inputs"`
	// Undefined are the symbols that the executable takes from shared libraries.
	// nil where that isn't known: a note says why.
	Undefined []Undefined `json:"undefined,omitempty"`
	Notes     []string    `json:"notes,omitempty"`
}

// Name is the record's file name: the output's base name and a digest of where
// it lies. It is not of the arguments, in which ocamlopt's temporary names
// differ each time: linking a file again replaces its record.
func (r *Record) Name() string {
	sum := sha256.Sum256([]byte(r.Dir + "\x00" + r.Output))
	return filepath.Base(r.Output) + "-" + hex.EncodeToString(sum[:6]) + ".json"
}

// Write writes the record into an existing folder, at once or not at all.
func (r *Record) Write(dir string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".record-")
	if err != nil {
		return fmt.Errorf("writing a link's record: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(b, '\n'))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, r.Name()))
	}
	if err != nil {
		return fmt.Errorf("writing a link's record: %w", err)
	}
	return nil
}

// ReadRecords reads all records of a folder, in the order of their names.
func ReadRecords(dir string) ([]*Record, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var out []*Record
	for _, name := range names {
		r, err := ReadRecord(name)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// ReadRecord reads the record in a file.
func ReadRecord(name string) (*Record, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	r := new(Record)
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("%s: reading a link's record: %w", name, err)
	}
	return r, nil
}

// Asked returns the rows of the table that a shared library of this soname came
// from: for "libssl.so.3" those of libssl.
func (r *Record) Asked(soname string) []Input {
	var out []Input
	for _, in := range r.Inputs {
		if in.Name == stem(soname) || strings.TrimPrefix(in.Name, ":") == soname || filepath.Base(in.Path) == soname {
			out = append(out, in)
		}
	}
	return out
}
