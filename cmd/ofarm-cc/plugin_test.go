package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// cxxStub is a stub that throws and catches, and writes with C++'s streams.
const cxxStub = `#include <iostream>
#include <stdexcept>
extern "C" long NAME(long v) {
  long n = v >> 1;
  try {
    if (n % 2) throw std::domain_error("odd");
    return n | 1;
  } catch (const std::exception &e) {
    std::cout << "caught " << e.what() << std::endl;
    return -1;
  }
}
`

// cxxWorld has a plugin with C++ stubs of its own, and hosts with C++ and
// without.
func cxxWorld(t *testing.T) *site {
	t.Helper()
	needOCaml(t)
	if exec.Command("g++", "-fsyntax-only", "-x", "c++", os.DevNull).Run() != nil {
		t.Skip("g++ is not installed")
	}
	s := newSite(t)
	s.installAs(nativeCompiler(t))
	for _, name := range []string{"host", "plugin"} {
		s.write(name+"_stubs.cc", strings.ReplaceAll(cxxStub, "NAME", name+"_half"), 0o666)
		s.must("g++", "-fPIC", "-O2", "-c", name+"_stubs.cc")
		s.must("ar", "rcs", "lib"+name+"_stubs.a", name+"_stubs.o")
	}
	s.write("plugin.ml", "external half : int -> int = \"plugin_half\" [@@noalloc]\nlet () = Printf.printf \"plugin %d %d\\n%!\" (half 84) (half 1)\n", 0o666)
	s.write("plain.ml", "let () = Dynlink.loadfile Sys.argv.(1)\n", 0o666)
	s.write("host.ml", "external half : int -> int = \"host_half\" [@@noalloc]\nlet () = ignore (half 1)\nlet () = Dynlink.loadfile Sys.argv.(1)\n"+
		"let () = ignore (half 3)\n", 0o666)
	return s
}

// plug links the plugin.
func (s *site) plug() {
	s.t.Helper()
	s.must("ocamlopt", "-shared", "-o", "plugin.cmxs", "-I", ".", "plugin.ml", "-cclib", "-lplugin_stubs", "-cclib", "-lstdc++")
}

// TestCPlusPlusPlugins: a mostly-static plugin needs nothing but libc, and gets
// along with a host that has C++ of its own. A stub library stays as it is.
func TestCPlusPlusPlugins(t *testing.T) {
	t.Parallel()
	s := cxxWorld(t)
	s.setenv("OFARM_LINK_MODE", "mostly-static")
	s.plug()
	checkNeeded(t, s.path("plugin.cmxs"))
	s.must("ocamlopt", "-I", "+dynlink", "dynlink.cmxa", "plain.ml", "-o", "plain")
	s.must("ocamlopt", "-I", "+dynlink", "-I", ".", "dynlink.cmxa", "host.ml", "-o", "host", "-cclib", "-lhost_stubs", "-cclib", "-lstdc++")
	checkNeeded(t, s.path("host"))
	said := "caught odd\nplugin 42 -1\n"
	if out := s.must(s.path("plain"), "./plugin.cmxs"); out != said {
		t.Errorf("it says %q", out)
	}
	if out := s.must(s.path("host"), "./plugin.cmxs"); out != "caught odd\n"+said+"caught odd\n" {
		t.Errorf("in a host with C++ it says %q", out)
	}
	s.must("ocamlmklib", "-o", "plugin_stubs", "plugin_stubs.o", "-lstdc++")
	if libs := needed(t, s.path("dllplugin_stubs.so")); !slices.Contains(libs, "libstdc++.so.6") {
		t.Errorf("the stub library needs %q", libs)
	}
	if got := recordedOutputs(s.records()); !slices.Equal(got, []string{"host", "plain"}) {
		t.Errorf("records of %q", got)
	}
}

// TestCPlusPlusPluginsUnchanged: in other modes, and where the compiler can't, a
// plugin is linked as its line says.
func TestCPlusPlusPluginsUnchanged(t *testing.T) {
	t.Parallel()
	s := cxxWorld(t)
	s.setenv("OFARM_LINK_MODE", "dynamic")
	s.plug()
	if libs := needed(t, s.path("plugin.cmxs")); !slices.Contains(libs, "libstdc++.so.6") {
		t.Errorf("dynamic: it needs %q", libs)
	}
	name := nativeCompiler(t)
	gcc, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	s.mkdir("real")
	s.write("real/"+name, "#!/bin/sh\nfor a; do [ \"$a\" != -static-libstdc++ ] || { echo 'not here' >&2; exit 1; }; done\nexec "+gcc+" \"$@\"\n", 0o777)
	s.setenv("PATH", s.path("bin")+":"+s.path("real")+":"+os.Getenv("PATH"))
	s.setenv("OFARM_LINK_MODE", "mostly-static")
	s.plug()
	if libs := needed(t, s.path("plugin.cmxs")); !slices.Contains(libs, "libstdc++.so.6") {
		t.Errorf("a compiler that can't: it needs %q", libs)
	}
}
