// Package opamoracle asks the real opam what it makes of the questions that
// ofarm's resolver answers, for tests: would opam find a solution, is ours one
// in its eyes, and which one does it choose.
//
// # The oracle
//
// [Oracle] runs "opam admin list --resolve=… --environment=…" in the folder of
// an opam repository. That command needs no switch, no initialised root and no
// network, takes the machine's variables from its command line, and uses the
// solver and the criteria of "opam install" in an empty switch: what it lists
// is what opam would install. It reads the whole repository first, 5 to 10 s of
// processor time for the 18,793 versions of the real one and 0.03 s for a
// hundred; so [Trim] makes repositories that hold only what matters.
//
// What was found by trying, with opam 2.1.2:
//
//   - Bindings of --environment are separated by commas. The synopsis of the
//     manual page says ";", which makes everything after it part of the first
//     value, silently: os-distribution is undefined then, and for one
//     ocamlfind.1.9.8 can't be installed on OCaml 5.
//   - A variable that isn't bound is undefined, os and arch too, as soon as one
//     other is bound; opam-version and make keep their own values. So a package
//     that wants sys-ocaml-version has none, as on a machine without OCaml.
//   - The exit code is 20 where there is no solution, and the reason is on the
//     standard error. A folder that is no repository is an empty one.
//   - Dependencies with build and post count, those with with-test and with-doc
//     don't. An option (depopts) that is there in a version which its formula
//     doesn't allow is no conflict.
//   - A repository with a package named "opam" can't be read.
//
// # Accepting
//
// [Oracle.Accepts] says whether opam takes a solution as it is. The repository
// is trimmed to the solution. Asked for every package by its exact version,
// opam must find a solution: nothing is missing, nothing is unavailable, and no
// two conflict. Asked for the request's own packages only, it must list the
// same set: what it leaves out isn't needed. Whether other versions would be
// newer, or an avoided one could be spared, is no part of this.
//
// # Reach
//
// [Reach] follows the dependencies of a request through all versions and all
// alternatives that the environment leaves. Packages outside of it can't become
// part of a solution that has nothing superfluous, so a repository trimmed to
// it has the same solutions as the whole one. A conflict with a package outside
// forbids nothing either. Of the real repository a request reaches 40 to 250
// packages in 350 to 2,100 versions, which opam answers in 0.3 to 3 s.
//
// # Requests and answers
//
// data/requests.tsv holds 100 requests over the whole real repository, 25 for
// each of four compilers, half on Alpine and half on Debian; 15 have no
// solution. data/answers.tsv has what opam answered over the whole repository.
// The tests ask for some of the answers again, over what the requests reach;
// with OFARM_TEST_E2E=1 for all of them; with -update as well over the whole
// repository, a quarter of an hour on one processor, and the file is written
// anew.
//
// The test bed's resolved.tsv has the same form without the release. It was made
// by "opam install", over the packages whose sources a closed machine can have:
// [Obtainable] makes that repository anew, and over it every row comes out as
// recorded. Repositories are made in folders of the test's own; the whole one
// stays in memory ([Whole]), because writing 18,793 files takes longer than all
// the rest.
//
// Like testworld's own, this package's New and Testbed read the environment:
// OFARM_TEST_DAEMON and OFARM_TESTBED.
package opamoracle
