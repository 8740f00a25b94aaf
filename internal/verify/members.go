package verify

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"time"
)

// member is a file in an archive.
type member struct {
	name string
	// title names the place of its content; `member "x"` if it is empty.
	title       string
	time        time.Time
	owner, mode string
	inside      string // the name that a gzip file gives its content
	data        []byte
	follows     bool // see finding
	own         bool // made by the archiver, and no file of its own
}

// membersOf explains archives by a reader of their members, which gives up at
// budget bytes of content.
func membersOf(read func(b []byte, budget *budget) ([]member, error)) func(*explainer, string, []byte, []byte, int) bool {
	return func(x *explainer, at string, a, b []byte, depth int) bool {
		left := budget(maxUnpacked)
		as, err := read(a, &left)
		if err != nil {
			return false
		}
		bs, err := read(b, &left)
		if err != nil {
			return false
		}
		x.members(at, as, bs, depth)
		return true
	}
}

// budget is how many bytes may still be unpacked.
type budget int64

var errBudget = errors.New("too much to unpack")

func (b *budget) readAll(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(*b)+1))
	if *b -= budget(len(data)); *b < 0 {
		return nil, errBudget
	}
	return data, err
}

// members explains which members there are and in which order, then those of the
// same name against each other.
func (x *explainer) members(at string, as, bs []member, depth int) {
	x.items(names(as), names(bs), func(i item) string { return join(at, fmt.Sprintf("member %q", i.text)) })
	for _, m := range matched(as, bs) {
		x.member(at, as[m[0]], bs[m[1]], depth)
	}
}

// matched pairs members of the same name, by index: the first with the first, and
// so on.
func matched(as, bs []member) [][2]int {
	next := map[string][]int{}
	for j, b := range bs {
		next[b.name] = append(next[b.name], j)
	}
	var out [][2]int
	for i, a := range as {
		if same := next[a.name]; len(same) > 0 {
			out = append(out, [2]int{i, same[0]})
			next[a.name] = same[1:]
		}
	}
	return out
}

func names(ms []member) []item {
	var out []item
	for i, m := range ms {
		if !m.own {
			out = append(out, item{m.name, i})
		}
	}
	return out
}

func (x *explainer) member(at string, a, b member, depth int) {
	place := join(at, cmp.Or(a.title, fmt.Sprintf("member %q", a.name)))
	header := func(what, a, b string, v verdict) {
		if a != b {
			x.add(finding{where: join(place, what), what: a + " and " + b, verdict: v, textual: true})
		}
	}
	header("its time", stamp(a.time), stamp(b.time), because(Timestamp, "a timestamp in the archive's header").
		do("leave times out: ar with D (ARFLAGS, ranlib -D), gzip -n, tar --mtime=@$SOURCE_DATE_EPOCH, zip -X after touch"))
	header("its owner", a.owner, b.owner, because(Machine, "who packed the archive").
		do("leave owners out: ar with D, tar --owner=0 --group=0 --numeric-owner"))
	header("its name inside", fmt.Sprintf("%+q", a.inside), fmt.Sprintf("%+q", b.inside), x.judge(a.inside, b.inside))
	header("its mode", a.mode, b.mode, because(Unknown, "not known; modes often come from the umask"))
	if bytes.Equal(a.data, b.data) {
		return
	}
	from := len(x.found)
	x.compare(place, a.data, b.data, depth+1)
	for i := range x.found[from:] {
		x.found[from+i].follows = x.found[from+i].follows || a.follows
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "none"
	}
	return t.UTC().Format(time.RFC3339)
}

func gzipMembers(b []byte, left *budget) ([]member, error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	m := member{name: "content", title: "gzip", inside: r.Name, time: r.ModTime, mode: fmt.Sprintf("system %d", r.OS)}
	m.data, err = left.readAll(r)
	return []member{m}, err
}

func zipMembers(b []byte, left *budget) ([]member, error) {
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	var out []member
	for _, f := range r.File {
		m := member{name: f.Name, time: f.Modified, mode: f.Mode().String()}
		content, err := f.Open()
		if err != nil {
			return nil, err
		}
		m.data, err = left.readAll(content)
		content.Close()
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func tarMembers(b []byte, left *budget) ([]member, error) {
	r := tar.NewReader(bytes.NewReader(b))
	var out []member
	for {
		h, err := r.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		m := member{name: h.Name, time: h.ModTime, mode: fmt.Sprintf("%c %o", h.Typeflag, h.Mode)}
		m.owner = fmt.Sprintf("%d:%d (%s:%s)", h.Uid, h.Gid, h.Uname, h.Gname)
		if m.data, err = left.readAll(r); err != nil {
			return nil, err
		}
		if h.Linkname != "" {
			m.data = []byte(h.Linkname)
		}
		out = append(out, m)
	}
}
