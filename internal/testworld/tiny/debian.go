package tiny

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Debian adds a suite ("bookworm") with the component main for amd64 to an
// archive in a folder (https://wiki.debian.org/DebianRepository/Format). The
// first package is essential.
func Debian(dir, suite string, keys *Keys, packages []Package) error {
	var index strings.Builder
	for i, p := range packages {
		fields := fmt.Sprintf("Package: %s\nVersion: 1\nArchitecture: amd64\nMaintainer: nobody\nDescription: tiny\n", p.Name)
		if len(p.Depends) > 0 {
			fields += "Depends: " + strings.Join(p.Depends, ", ") + "\n"
		}
		if i == 0 {
			fields += "Essential: yes\n"
		}
		data, err := debFile(fields, p.Files)
		if err != nil {
			return err
		}
		name := path.Join("pool", p.Name+"_1_amd64.deb")
		if err := writeFile(filepath.Join(dir, name), data); err != nil {
			return err
		}
		fmt.Fprintf(&index, "%sFilename: %s\nSize: %d\nSHA256: %x\n\n", fields, name, len(data), sha256.Sum256(data))
	}
	return writeSuite(filepath.Join(dir, "dists", suite), suite, keys, []byte(index.String()))
}

func writeSuite(dir, suite string, keys *Keys, index []byte) error {
	packed, err := zip(index)
	if err != nil {
		return err
	}
	const name = "main/binary-amd64/Packages.gz"
	if err := writeFile(filepath.Join(dir, name), packed); err != nil {
		return err
	}
	release := fmt.Sprintf("Origin: tiny\nSuite: %s\nCodename: %s\nDate: %s\nArchitectures: amd64\nComponents: main\nSHA256:\n %x %d %s\n",
		suite, suite, date.Format(time.RFC1123), sha256.Sum256(packed), len(packed), name)
	var signed bytes.Buffer
	w, err := clearsign.Encode(&signed, keys.debian.PrivateKey, &packet.Config{Time: func() time.Time { return date }})
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(release)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "InRelease"), signed.Bytes())
}

// debFile makes a package file, deb(5): an ar of three members.
func debFile(control string, files map[string]string) ([]byte, error) {
	controlTar, err := tarOf("./", map[string]string{"control": control})
	if err != nil {
		return nil, err
	}
	dataTar, err := tarOf("./", files)
	if err != nil {
		return nil, err
	}
	out := []byte("!<arch>\n")
	for _, m := range []struct {
		name string
		data []byte
	}{{"debian-binary", []byte("2.0\n")}, {"control.tar", controlTar}, {"data.tar", dataTar}} {
		out = fmt.Appendf(out, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", m.name, 0, 0, 0, "100644", len(m.data))
		if out = append(out, m.data...); len(m.data)%2 == 1 {
			out = append(out, '\n')
		}
	}
	return out, nil
}
