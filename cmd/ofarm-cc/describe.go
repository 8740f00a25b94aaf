package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"

	"github.com/ofarm/ofarm/internal/link"
)

// describe puts into a record what the linked file tells: its digest and, of an
// ELF file, what it takes from shared libraries. A compiler that made no file
// (-o /dev/null) leaves nothing to tell.
func describe(rec *link.Record, c *crossRef) error {
	st, err := os.Stat(rec.Output)
	if err != nil || !st.Mode().IsRegular() {
		return nil
	}
	f, err := os.Open(rec.Output)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	rec.SHA256 = hex.EncodeToString(h.Sum(nil))
	if rec.Content, err = link.Content(f); err != nil {
		rec.Content = ""
		rec.Notes = append(rec.Notes, err.Error())
		return nil
	}
	var why string
	if rec.Undefined, why = c.undefined(f); why != "" {
		rec.Notes = append(rec.Notes, "it isn't known which inputs refer to shared libraries: "+why)
	}
	return nil
}
