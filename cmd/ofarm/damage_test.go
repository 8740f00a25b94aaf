package main

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// tarEntry is an entry of a bundle, to be damaged.
type tarEntry struct {
	header tar.Header
	data   []byte
}

func (e tarEntry) named(name string) tarEntry {
	e.header.Name = name
	return e
}

func (e tarEntry) with(data []byte) tarEntry {
	e.data = data
	return e
}

// size is what the entry takes in the tar.
func (e tarEntry) size() int { return 512 + (len(e.data)+511)/512*512 }

func readTar(data []byte) ([]tarEntry, error) {
	var out []tarEntry
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		out = append(out, tarEntry{*h, content})
	}
}

func writeTar(entries []tarEntry) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		e.header.Size = int64(len(e.data))
		_ = w.WriteHeader(&e.header) // memory doesn't fail
		_, _ = w.Write(e.data)
	}
	_ = w.Close()
	return b.Bytes()
}

// damage is a bundle that has to be refused, and the entry that has to be named.
type damage struct {
	name  string
	data  []byte
	entry string
}

// damages are the bundle, damaged in every way. Entries are the layout, the index,
// the manifest, the config, the lock, and inputs.
func damages(data []byte) ([]damage, error) {
	entries, err := readTar(data)
	if err != nil {
		return nil, err
	}
	out := entryDamages(data, entries)
	change := func(name, entry string, f func([]tarEntry) []tarEntry) {
		out = append(out, damage{name, writeTar(f(slices.Clone(entries))), entry})
	}
	extra := entries[0].with([]byte("extra"))
	for _, name := range []string{"extra", "../extra", "/etc/extra", "blobs/sha256/../../../extra", "blobs/sha256/" + strings.Repeat("0", 64)} {
		for _, at := range []int{0, 2, len(entries)} {
			change("another entry "+name, name, func(e []tarEntry) []tarEntry { return slices.Insert(e, at, extra.named(name)) })
		}
		out = append(out, damage{"appended " + name, append(slices.Clone(data), writeTar([]tarEntry{extra.named(name)})...), name})
	}
	replaced := func(name, entry string, i int, old, to string) {
		change(name, entry, func(e []tarEntry) []tarEntry {
			e[i] = e[i].with(bytes.Replace(e[i].data, []byte(old), []byte(to), 1))
			return e
		})
	}
	manifest := entries[2].header.Name
	replaced("a title that climbs out", manifest, 2, `title":"`, `title":"../`)
	replaced("another hash function", manifest, 2, `"sha256:`, `"sha512:`)
	replaced("another hash function of the manifest", "index.json", 1, `"sha256:`, `"sha512:`)
	replaced("an absurd size of the manifest", "index.json", 1, `"size":`, `"size":99999999999999`)
	return out, nil
}

// entryDamages are those of single entries: each left out, twice, cut off, with a
// flipped bit in its header, its content and its padding, and out of order. Of the
// inputs, some are enough.
func entryDamages(data []byte, entries []tarEntry) []damage {
	var out []damage
	at := 0
	for i, e := range entries {
		if i > 6 && i < len(entries)-1 {
			at += e.size() // an input like those before it
			continue
		}
		name := e.header.Name
		flipped := func(what string, offset int) {
			spoilt := slices.Clone(data)
			spoilt[at+offset] ^= 4
			out = append(out, damage{"a flipped bit in " + what + " of " + name, spoilt, name})
		}
		out = append(out,
			damage{"without " + name, writeTar(slices.Delete(slices.Clone(entries), i, i+1)), name},
			damage{"twice " + name, writeTar(slices.Insert(slices.Clone(entries), i, e)), name},
			damage{"cut off in " + name, data[:at+e.size()/2], name},
		)
		flipped("the header", 130) // in the size
		if len(e.data) > 0 && i != 1 {
			flipped("the content", 512+len(e.data)/2)
		}
		if len(e.data)%512 > 0 {
			flipped("the padding", e.size()-1)
		}
		if i > 0 {
			out = append(out, damage{"cut off before " + name, data[:at], name})
			swapped := slices.Clone(entries)
			swapped[i], swapped[i-1] = swapped[i-1], swapped[i]
			out = append(out, damage{"out of order " + name, writeTar(swapped), entries[i-1].header.Name})
		}
		at += e.size()
	}
	return append(out,
		damage{"cut off in the end", data[:len(data)-1], "the end of the file"},
		damage{"a flipped bit in the end", append(slices.Clone(data[:len(data)-1]), 4), "the end of the file"},
		damage{"more", append(slices.Clone(data), 0), "the end of the file"},
	)
}

// damaged wants every kind of damage to a bundle refused, with the name of the
// entry, by its check and by a command that takes inputs from it:
//
//	damaged BUNDLE PROJECT
func damaged(ts *testscript.TestScript, neg bool, args []string) {
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	list, err := damages(data)
	ts.Check(err)
	says := regexp.MustCompile(`(?m)the bundle "spoilt.tar" is damaged: .*`)
	for _, d := range list {
		ts.Check(os.WriteFile(ts.MkAbs("spoilt.tar"), d.data, 0o644))
		ts.Check(os.RemoveAll(ts.MkAbs("cache-for-damaged")))
		for _, command := range [][]string{
			{"bundle", "--check", "spoilt.tar"},
			{"fetch", "--cache-dir", "cache-for-damaged", "--bundle", "spoilt.tar", args[1]},
		} {
			err := ts.Exec("ofarm", command...)
			said := says.FindString(ts.ReadFile("stderr"))
			if err == nil || said == "" || !strings.Contains(said, d.entry) {
				ts.Fatalf("%s: ofarm %q: %v, want %s named in %s", d.name, command, err, d.entry, ts.ReadFile("stderr"))
			}
			left, _ := filepath.Glob(ts.MkAbs("cache-for-damaged/inputs/partial/*"))
			if len(left) > 0 {
				ts.Fatalf("%s: left over: %q", d.name, left)
			}
		}
	}
}
