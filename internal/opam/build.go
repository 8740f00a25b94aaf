package opam

// Version is the opam whose behaviour this package follows, and the value of
// the variable opam-version.
const Version = "2.1.2"

// BuildVariables are the global variables that say how packages are built, as
// opam has them for "opam install" without options: no tests, no
// documentation, released sources.
func BuildVariables() map[string]Value {
	return map[string]Value{
		"opam-version":   String(Version),
		"with-test":      Bool(false),
		"with-doc":       Bool(false),
		"with-dev-setup": Bool(false),
		"dev":            Bool(false),
	}
}
