package base

import (
	"archive/tar"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/apk"
)

// busyboxLists is the folder of the lists of links that busybox's packages want.
const busyboxLists = "etc/busybox-paths.d/"

// maxBusyboxList bounds such a list, in bytes.
const maxBusyboxList = 1 << 20

// An alpinePackage is what a package file was found to hold.
type alpinePackage struct {
	input   Input
	info    apk.Info
	folders []alpineFolder
	files   []*alpineFile // everything but folders, in the package file's order
}

// An alpineFolder is a folder as one package has it.
type alpineFolder struct {
	path     string
	uid, gid int
	mode     int64 // permission bits, the sticky and the set-id ones
}

// An alpineFile is a file, symlink, hard link or device as one package has it.
type alpineFile struct {
	owner    *alpinePackage
	path     string
	link     string // a hard link's path in the root
	uid, gid int
	mode     int64
	sum      apk.Checksum // zero where the installed database has none
	body     []byte       // of busybox's lists
}

// scanAlpine reads the package files, all their data included, and gives them sorted by name.
func scanAlpine(inputs []Input) ([]*alpinePackage, error) {
	inputs = slices.Clone(inputs)
	slices.SortFunc(inputs, func(a, b Input) int { return strings.Compare(a.Name, b.Name) })
	var out []*alpinePackage
	for i, in := range inputs {
		if i > 0 && inputs[i-1].Name == in.Name {
			return nil, fmt.Errorf("package %q is there twice, as %s and %s", in.Name, inputs[i-1].Version, in.Version)
		}
		p, err := scanAlpinePackage(in)
		if err != nil {
			return nil, fmt.Errorf("%s-%s: %w", in.Name, in.Version, err)
		}
		out = append(out, p)
	}
	return out, nil
}

func scanAlpinePackage(in Input) (*alpinePackage, error) {
	r, f, err := openAlpine(in)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	p := &alpinePackage{input: in}
	for {
		h, err := f.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := p.add(h, f); err != nil {
			return nil, fmt.Errorf("%s: %w", h.Name, err)
		}
	}
	p.info = f.Info
	p.info.Size = f.BytesRead()
	return p, p.settleHardLinks()
}

// openAlpine opens a package file and checks that it is the one that is meant.
func openAlpine(in Input) (io.Closer, *apk.File, error) {
	r, err := in.Open()
	if err != nil {
		return nil, nil, err
	}
	f, err := apk.Open(r, apk.OpenOptions{})
	if err == nil && (f.Name != in.Name || f.Version != in.Version || !sameArch(f.Arch, in.Arch)) {
		err = fmt.Errorf("the package file holds %s for %s", f.ID(), f.Arch)
	}
	if err != nil {
		return nil, nil, errors.Join(err, r.Close())
	}
	return r, f, nil
}

func sameArch(has, want string) bool { return has == want || everyArch(has) || want == "" }

// everyArch reports whether a package is for all architectures.
func everyArch(arch string) bool { return arch == "noarch" || arch == "all" }

// add takes an entry of the data.
func (p *alpinePackage) add(h *tar.Header, content io.Reader) error {
	mode := h.Mode & 0o7777
	if h.Typeflag == tar.TypeDir {
		if h.Name != "." {
			p.folders = append(p.folders, alpineFolder{h.Name, h.Uid, h.Gid, mode})
		}
		return nil
	}
	file := &alpineFile{owner: p, path: h.Name, uid: h.Uid, gid: h.Gid, mode: mode}
	p.files = append(p.files, file)
	if strings.HasPrefix(h.Name, busyboxLists) {
		b, err := io.ReadAll(io.LimitReader(content, maxBusyboxList))
		if err != nil {
			return err
		}
		file.body, content = b, strings.NewReader(string(b))
	}
	return file.identify(h, content)
}

// identify finds the entry's checksum.
func (f *alpineFile) identify(h *tar.Header, content io.Reader) error {
	recorded, ok := apk.EntryChecksum(h)
	switch h.Typeflag {
	case tar.TypeReg:
		sum := sha1.New()
		if _, err := io.Copy(sum, content); err != nil {
			return err
		}
		f.sum = apk.Checksum(sum.Sum(nil))
		if ok && recorded != f.sum {
			return &apk.ChecksumError{What: "recorded in the package file", Want: recorded.String(), Got: f.sum.String()}
		}
	case tar.TypeSymlink:
		f.sum = sha1.Sum([]byte(h.Linkname))
	case tar.TypeLink:
		f.link = cleanLink(h.Linkname)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
	default:
		return fmt.Errorf("tar entry of type %q is not supported", h.Typeflag)
	}
	return nil
}

// settleHardLinks gives hard links the checksum of their file, which has to come before them.
func (p *alpinePackage) settleHardLinks() error {
	sums := map[string]apk.Checksum{}
	for _, f := range p.files {
		if f.link != "" {
			sum, ok := sums[f.link]
			if !ok {
				return fmt.Errorf("%s: hard link to %q, which the package does not have before it", f.path, f.link)
			}
			f.sum = sum
		}
		sums[f.path] = f.sum
	}
	return nil
}
