package lock

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhole(t *testing.T) {
	data := whole(t)
	f, err := Parse("ofarm.lock", data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(data), string(f.Append(nil))); diff != "" {
		t.Errorf("Append (-want +got):\n%s", diff)
	}
	bullseye := TargetID{"debian-bullseye", "linux/amd64"}
	options := Options{OCaml: "5.3.0", WithTest: true, Constraints: []string{"dune<4", "dune>=3.10"}}
	if diff := cmp.Diff(options, f.Options); diff != "" {
		t.Errorf("Options (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"conf-libev", "dune"}, f.Projects[0].Depends); diff != "" {
		t.Errorf("depends of the project (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Depexts{{bullseye, []string{"libev-dev", "pkg-config"}}}, f.Packages[0].Depexts); diff != "" {
		t.Errorf("depexts of conf-libev (-want +got):\n%s", diff)
	}
}

func TestNeedsMistakes(t *testing.T) {
	const conf = "  only debian-bullseye linux/amd64\n  depends dune\n"
	const own = "  depext debian-bullseye linux/amd64 libev-dev pkg-config\n"
	tests := map[string]struct{ old, new, want string }{
		"not there":            {conf, "  depends dune lwt\n", `ofarm.lock:19: conf-libev.4-12: depends on "lwt", which is not in the lock`},
		"not there for root":   {"conf-libev dune\n", "conf-libev lwt\n", `ofarm.lock:11: fserv.opam: depends on "lwt", which is not in the lock`},
		"itself":               {"  depends dune\n", "  depends conf-libev\n", "ofarm.lock:20: conf-libev.4-12: depends on itself"},
		"root itself":          {"depends conf-libev dune\n", "depends conf-libev fserv\n", "ofarm.lock:11: fserv.opam: depends on itself"},
		"order":                {"conf-libev dune\n", "dune conf-libev\n", "ofarm.lock:11: depends: the names are not sorted, each once"},
		"name twice":           {"conf-libev dune\n", "conf-libev dune dune\n", "ofarm.lock:11: depends: the names are not sorted, each once"},
		"line twice":           {"  depends dune\n", "  depends dune\n  depends dune\n", "ofarm.lock:21: depends of conf-libev.4-12 is already on line 20"},
		"none":                 {"  depends dune\n", "  depends\n", "ofarm.lock:20: depends: want NAME…"},
		"below target":         {"  base gcc-10", "  depends dune\n  base gcc-10", "ofarm.lock:42: depends does not belong here"},
		"depext without names": {own, "  depext debian-bullseye linux/amd64\n", "ofarm.lock:21: depext: want TARGET PLATFORM NAME…"},
		"depext elsewhere":     {own, "  depext alpine-3.20 linux/amd64 libev-dev\n", `ofarm.lock:21: conf-libev.4-12: it has a depext on "alpine-3.20 linux/amd64", which is not one of its targets`},
		"depext unknown":       {own, "  depext debian-bullseye linux/amd64 libevent-dev\n", `ofarm.lock:21: conf-libev.4-12: its depext "libevent-dev" is not among those of debian-bullseye linux/amd64`},
		"depext order":         {own, "  depext debian-bullseye linux/amd64 pkg-config libev-dev\n", "ofarm.lock:21: depext: the names are not sorted, each once"},
		"depext twice":         {own, own + own, "ofarm.lock:22: depext of conf-libev.4-12 on debian-bullseye linux/amd64 is already on line 21"},
		"option":               {"option with-test", "option with-tests", "ofarm.lock:6: option: want ocaml VERSION, opam CONSTRAINT, with-doc or with-test"},
		"option twice":         {"option with-test\n", "option with-test\noption with-test\n", "ofarm.lock:7: option with-test is already on line 6"},
		"option order":         {"option ocaml 5.3.0\n", "option with-doc\noption ocaml 5.3.0\n", `ofarm.lock:3: not the canonical spelling, which has "option ocaml 5.3.0" here`},
		"constraint":           {"dune<4", "dune~4", `ofarm.lock:4: option opam: "dune~4" is not a package with a version such as lwt>=5.6`},
		"constraint spelling":  {"dune<4", `dune<"4"`, `ofarm.lock:4: option opam: not the canonical spelling, which is "dune<4"`},
		"constraint order":     {"dune<4", "lwt", "ofarm.lock:5: option opam: the constraints are not sorted"},
		"compiler":             {"ocaml 5.3.0", "ocaml >=5.3.0", `ofarm.lock:3: option ocaml: ">=5.3.0" is not a version`},
		"no commit":            {"#0123456789", "#master", "ofarm.lock:8: repository git: its URL doesn't end in the commit, #HEX"},
		"git sha256":           {"repository git git+", "repository git git+https://example.org/r.git#0123456789012345678901234567890123456789 sha256:" + zeros + "\nrepository git2 git+", "ofarm.lock:8: repository git: a git repository has no sha256, but a commit"},
		"tarball":              {"git+https", "https", "ofarm.lock:8: repository git: only a git repository has a ref"},
		"tarball without hash": {"git+https://example.org/repo.git#0123456789012345678901234567890123456789 ref:main", "https://example.org/r.tar", "ofarm.lock:8: repository git: no sha256"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { mistake(t, whole(t), tt.old, tt.new, tt.want) })
	}
}

const zeros = "0000000000000000000000000000000000000000000000000000000000000000"

// TestTargetsOfDepends: a package may depend only on what one of its own
// targets has.
func TestTargetsOfDepends(t *testing.T) {
	const dune = "    checksum md5=00000000000000000000000000000000\n"
	mistake(t, whole(t), dune, dune+"  only alpine-3.20 linux/amd64\n  depends conf-libev\n",
		`ofarm.lock:20: conf-libev.4-12: depends on "dune", which none of its targets has`)
	mistake(t, whole(t), dune, dune+"  only alpine-3.20 linux/amd64\n  depends conf-libev\n",
		`ofarm.lock:30: dune.3.17.2: depends on "conf-libev", which none of its targets has`)
}

func TestDependsOnProject(t *testing.T) {
	f, err := Parse("ofarm.lock", whole(t))
	if err != nil {
		t.Fatal(err)
	}
	f.Projects = append(f.Projects, Project{File: "other.opam", SHA256: zeros, Depends: []string{"fserv"}})
	if _, err := Parse("ofarm.lock", f.Append(nil)); err != nil {
		t.Error(err)
	}
}

func TestConstraint(t *testing.T) {
	tests := map[string]string{
		"lwt":                 "lwt",
		" lwt >= 5.6 ":        "lwt>=5.6",
		`"lwt" {>= "5.6"}`:    "lwt>=5.6",
		"lwt.5.6.1":           "lwt=5.6.1",
		"conf-libev!=4-12":    "conf-libev!=4-12",
		"ocaml-base+x<5.0~a2": "ocaml-base+x<5.0~a2",
		"":                    "",
		"lwt>=":               "",
		"lwt>=5 6":            "",
		"lwt>=5.6\nepoch 1":   "",
		"lwt.":                "",
	}
	for in, want := range tests {
		got, err := Constraint(in)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("Constraint(%q) = %q, %v; want %q", in, got, err, want)
		}
		if again, err := Constraint(got); want != "" && (err != nil || again != got) {
			t.Errorf("Constraint(%q) = %q, %v", got, again, err)
		}
	}
}
