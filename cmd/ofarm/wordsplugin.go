package main

// Plugins and other shared libraries, of which a link mode changes only what the
// compiler brings itself.
const (
	hintPlugin         = `in a plugin ofarm links the compiler's own libraries statically, and no others: give the path of the lib*.a in the project's flags, don't export the plugin, or set link = "dynamic"`
	hintAuditNotStatic = "no shared library is static, and no static executable loads one"
	hintAuditLibrary   = "give the path of the library's lib*.a, built with -fPIC, in place of -l"
)
