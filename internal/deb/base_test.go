package deb

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/ofarm/ofarm/targets"
)

// compareOnBase holds what depexts bring to a root that has a target's base,
// which is everything essential and the release's toolchain, against apt.
func compareOnBase(t *testing.T, w world, release targets.Release) {
	t.Helper()
	base, err := Select(Options{Universe: w.universe, Essential: true, Want: release.Toolchain})
	if err != nil {
		t.Fatal(err)
	}
	w.install(t, base)
	for _, depexts := range depextSets() {
		compareWithApt(t, w, "on the base: "+depexts, strings.Fields(depexts)...)
	}
}

// install makes packages the installed ones, of apt's root and for Select. The
// whole stanzas of the index go into the status file: apt takes a version with
// other fields for another version.
func (w *world) install(t *testing.T, s *Selection) {
	t.Helper()
	w.installed = map[string]string{}
	args := []string{"show"}
	for _, p := range s.Packages {
		w.installed[p.Name] = p.Version
		args = append(args, p.Name+"="+p.Version)
	}
	shown := run(t, w.apt, "apt-cache", args...)
	status := strings.ReplaceAll("\n"+shown, "\nPackage:", "\nStatus: install ok installed\nPackage:")
	write(t, filepath.Join(filepath.Dir(w.apt), "status"), strings.TrimPrefix(status, "\n"))
	run(t, w.apt, "apt-cache", "gencaches")
}

// depextSets lists what opam packages ask for, together as projects might: with
// names that only others provide (libcurl-dev), that are empty shells for
// another (pkg-config, libncurses5-dev), and that the base has.
func depextSets() []string {
	return []string{
		"libssl-dev libev-dev libgmp-dev pkg-config",
		"libpq-dev libsqlite3-dev libmariadb-dev",
		"default-libmysqlclient-dev freetds-dev unixodbc-dev",
		"libcurl4-gnutls-dev",
		"libcurl4-openssl-dev",
		"libcurl-dev",
		"libpcre2-dev",
		"libpcre3-dev",
		"zlib1g-dev libzstd-dev liblz4-dev libbz2-dev liblzma-dev",
		"libgl-dev libjpeg-dev libpng-dev libtiff-dev",
		"freeglut3-dev libglew-dev libglfw3-dev",
		"libsdl2-dev libsdl2-image-dev libsdl2-ttf-dev",
		"libgtk-3-dev libexpat1-dev",
		"libgtksourceview-3.0-dev",
		"libcairo2-dev libfontconfig1-dev libfreetype6-dev libpango1.0-dev",
		"libblas-dev liblapacke-dev libopenblas-dev libgsl-dev gfortran",
		"libmpfr-dev libglpk-dev libgdbm-dev libffi-dev",
		"libncurses5-dev libncurses-dev libreadline-dev libedit-dev",
		"llvm-dev libclang-dev clang",
		"build-essential autoconf automake libtool texinfo",
		"cmake g++ git curl wget rsync time",
		"capnproto libcapnp-dev protobuf-compiler libprotoc-dev",
		"libasound2-dev libao-dev libpulse-dev libsamplerate0-dev libmad0-dev",
		"libavcodec-dev libavdevice-dev libavformat-dev libswscale-dev",
		"libseccomp-dev libsystemd-dev libuv1-dev libev-dev libdlm-dev",
		"libzmq3-dev libxxhash-dev libleveldb-dev libsodium-dev libargon2-dev",
		"python3 python3-dev",
		"python3-distutils",
		"ruby graphviz gnuplot",
		"tcl-dev tk-dev qtbase5-dev",
		"postgresql-common postgresql imagemagick",
		"libkrb5-dev libpam0g-dev libldap2-dev libselinux1-dev",
		"libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libshout3-dev",
		"libboost-dev binutils-dev linux-libc-dev musl-tools",
		"mawk perl tar",
		"nosuchpackage libssl-dev",
	}
}
