package input

import (
	"bytes"
	"crypto/md5"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// openStore opens a store in a folder of the test.
func openStore(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sumsOf returns the checksums of all kinds.
func sumsOf(b []byte) []Checksum {
	s512, m := sha512.Sum512(b), md5.Sum(b)
	return []Checksum{
		{SHA512, hex.EncodeToString(s512[:])},
		SumBytes(b).Checksum(),
		{MD5, hex.EncodeToString(m[:])},
	}
}

// files lists the files and links below the store's folder.
func (s *Store) files(t *testing.T) []string {
	t.Helper()
	list := []string{}
	err := filepath.WalkDir(s.dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			list = append(list, strings.TrimPrefix(p, s.dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestPut(t *testing.T) {
	s := openStore(t)
	data := []byte("hello")
	d := SumBytes(data)
	if s.Has(d) {
		t.Error("an empty store has it")
	}
	if _, err := s.OpenFile(d); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	for range 2 {
		if n, err := s.Put(bytes.NewReader(data), d); err != nil || n != 5 {
			t.Fatalf("got %d, %v", n, err)
		}
	}
	if got, err := s.ReadFile(d); err != nil || string(got) != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
	if diff := cmp.Diff([]string{"sha256/" + d.Hex()[:2] + "/" + d.Hex()}, s.files(t)); diff != "" {
		t.Errorf("opam's cache layout (-want +got)\n%s", diff)
	}
	if err := s.Verify(d); err != nil {
		t.Error(err)
	}
}

func TestPutLeavesNothingAfterFailure(t *testing.T) {
	s := openStore(t)
	var wrong *ChecksumError
	if _, err := s.Put(strings.NewReader("other"), SumBytes([]byte("hello"))); !errors.As(err, &wrong) {
		t.Errorf("got %v", err)
	}
	broken := io.MultiReader(strings.NewReader("hel"), iotest.ErrReader(io.ErrUnexpectedEOF))
	if _, err := s.Put(broken, SumBytes([]byte("hello"))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]string{}, s.files(t)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPutUnknownIsFoundByItsOtherSums(t *testing.T) {
	s := openStore(t)
	data := []byte("hello")
	sums := sumsOf(data)
	d, n, err := s.PutUnknown(bytes.NewReader(data), sums[0], sums[2])
	if err != nil || n != 5 || d != SumBytes(data) {
		t.Fatalf("got %v, %d, %v", d, n, err)
	}
	for _, c := range sums {
		if got, ok := s.Find(c); !ok || got != d {
			t.Errorf("%s: got %v, %v", c, got, ok)
		}
		// The folder is a mirror: the bytes are there under each name.
		if b, err := os.ReadFile(filepath.Join(s.Dir(), c.path())); err != nil || string(b) != "hello" {
			t.Errorf("%s: got %q, %v", c, b, err)
		}
	}
	stronger := Checksum{SHA512, strings.Repeat("0", 128)}
	if _, ok := s.Find(sums[2], stronger); ok {
		t.Error("an md5 was believed though there was a sha512")
	}
	if _, _, err := s.PutUnknown(bytes.NewReader(data), stronger); err == nil {
		t.Error("a wrong sha512 was accepted")
	}
}

func TestVerifyDamage(t *testing.T) {
	s := openStore(t)
	d, _, err := s.PutUnknown(strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(s.Path(d)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Path(d), []byte("hullo"), 0o644); err != nil {
		t.Fatal(err)
	}
	var wrong *ChecksumError
	if err := s.Verify(d); !errors.As(err, &wrong) {
		t.Errorf("got %v", err)
	}
	if err := errors.Join(s.Remove(d), s.Remove(d)); err != nil || s.Has(d) {
		t.Errorf("after Remove: %v", err)
	}
}

func TestConcurrentPuts(t *testing.T) {
	s := openStore(t)
	data := bytes.Repeat([]byte("x"), 1<<20)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := s.Put(bytes.NewReader(data), SumBytes(data)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := s.Verify(SumBytes(data)); err != nil || len(s.files(t)) != 1 {
		t.Errorf("%v, %v", s.files(t), err)
	}
}

func TestRemovePartial(t *testing.T) {
	s := openStore(t)
	limit := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, at := range map[string]time.Time{"old": limit.Add(-time.Hour), "new": limit.Add(time.Hour)} {
		path := filepath.Join(s.dir, partialDir, name)
		if err := errors.Join(os.WriteFile(path, []byte(name), 0o644), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.RemovePartial(limit); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"partial/new"}, s.files(t)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file); err == nil {
		t.Error("a file was opened as a store")
	}
}
