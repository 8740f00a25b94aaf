package link

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
)

// Content returns the sha256, in hex, of what of an ELF file is loaded: name,
// address, size and bytes of each of its allocated sections. Stripping and
// appending (as ocamlc -custom does) leave it as it is, so it tells which link
// an exported executable came from.
func Content(r io.ReaderAt) (string, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return "", fmt.Errorf("reading an executable's sections: %w", err)
	}
	h := sha256.New()
	for _, s := range f.Sections {
		if s.Flags&elf.SHF_ALLOC == 0 {
			continue
		}
		fmt.Fprintf(h, "%q", s.Name)
		var place [16]byte
		binary.BigEndian.PutUint64(place[:8], s.Addr)
		binary.BigEndian.PutUint64(place[8:], s.Size)
		h.Write(place[:])
		if s.Type == elf.SHT_NOBITS {
			continue
		}
		if _, err := io.Copy(h, s.Open()); err != nil {
			return "", fmt.Errorf("reading an executable's section %s: %w", s.Name, err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
