package link

import (
	"fmt"
	"strings"
)

// MissingError is a library that a static or mostly-static link asks for and
// that has no archive.
type MissingError struct {
	Library string   // "ssl" of -lssl
	File    string   // the archive's file name, "libssl.a"
	Asked   string   // how the line asks for it: "-lssl", "/usr/lib/libssl.so"
	Mode    Mode     // the mode that needs an archive
	OS      OS       // for [Flags]; empty means this machine's
	Shared  string   // the shared library that is there, or empty
	Dirs    []string // the folders searched
}

// Error names the archive that isn't there.
func (e *MissingError) Error() string {
	if e.Shared != "" {
		return fmt.Sprintf("cannot find %s for %q in a %s link: only %s is there", e.File, e.Asked, e.Mode, e.Shared)
	}
	return fmt.Sprintf("cannot find %s for %q in a %s link (searched %s)", e.File, e.Asked, e.Mode, strings.Join(e.Dirs, " "))
}

// Hint says where the archive can be had.
func (e *MissingError) Hint() string {
	if e.OS == MacOSX {
		return fmt.Sprintf("install %s with its archive (Homebrew's packages have them), and name the folder of its .pc file in PKG_CONFIG_PATH", e.Library)
	}
	if !e.Mode.static() {
		return fmt.Sprintf("Debian keeps static libraries in the -dev packages; where it has none, link %s from source or choose link = \"dynamic\"", e.Library)
	}
	p, ok := alpinePackages[e.Library]
	if !ok {
		return fmt.Sprintf("Alpine keeps static libraries in packages named -static, or in the -dev one: try %s-static or %s-dev", e.Library, e.Library)
	}
	return fmt.Sprintf("on Alpine it is in %s", p)
}

// alpinePackages says in which Alpine package a library's archive lies, where
// the package's name can't be guessed from the library's.
var alpinePackages = map[string]string{
	"ssl": "openssl-libs-static", "crypto": "openssl-libs-static",
	"z": "zlib-static", "bz2": "bzip2-static", "lzma": "xz-static", "zstd": "zstd-static",
	"gmp": "gmp-dev", "gmpxx": "gmp-dev", "ev": "libev-dev",
	"sqlite3": "sqlite-static", "curl": "curl-static", "ssh2": "libssh2-static", "nghttp2": "nghttp2-static",
	"ncurses": "ncurses-static", "ncursesw": "ncurses-static", "tinfo": "ncurses-static", "tinfow": "ncurses-static",
	"readline": "readline-static", "history": "readline-static", "event": "libevent-static", "uv": "libuv-static",
	"xml2": "libxml2-static", "xslt": "libxslt-static", "expat": "expat-static", "yaml": "yaml-static",
	"sodium": "libsodium-static", "zmq": "libzmq-static", "hogweed": "nettle-static", "nettle": "nettle-static",
	"png": "libpng-static", "png16": "libpng-static", "jpeg": "libjpeg-turbo-static", "webp": "libwebp-static",
	"cairo": "cairo-static", "freetype": "freetype-static", "fontconfig": "fontconfig-static", "pixman-1": "pixman-static",
	"glib-2.0": "glib-static", "gobject-2.0": "glib-static", "gio-2.0": "glib-static", "intl": "gettext-static",
	"seccomp": "libseccomp-static", "cap": "libcap-static", "elf": "libelf-static", "unistring": "libunistring-static",
	"idn2": "libidn2-static", "lz4": "lz4-static", "snappy": "snappy-static", "brotlidec": "brotli-static",
	"brotlienc": "brotli-static", "brotlicommon": "brotli-static", "unwind": "libunwind-static", "X11": "libx11-static",
	"mariadb": "mariadb-static", "icuuc": "icu-static", "icui18n": "icu-static", "icudata": "icu-static",
}
