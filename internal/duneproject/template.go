package duneproject

import (
	"strings"

	"github.com/ofarm/ofarm/internal/opam"
)

// ParseTemplate reads a NAME.opam.template, which name stands for in errors:
// an opam file that may lack its opam-version.
func ParseTemplate(name string, data []byte) (*opam.File, error) {
	// The version goes to the end, so that places stay what they are.
	text := strings.TrimSuffix(string(data), "\n") + "\nopam-version: \"2.0\"\n"
	if file, err := opam.Parse(name, []byte(text)); err == nil {
		file.Items = file.Items[:len(file.Items)-1]
		return file, nil
	}
	return opam.Parse(name, data)
}
