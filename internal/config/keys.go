package config

// Key documents one key of ofarm.toml.
type Key struct {
	Name string
	// Kind is the kind of its value, Default what holds without it.
	Kind, Default string
	Text          string
	// PerTarget tells that a [target.NAME] table may set it too.
	PerTarget bool
}

// Keys lists every key, in the order of the manual.
func Keys() []Key {
	return []Key{
		{"targets", "list of names", `["alpine", "debian-oldstable"]`, "what `ofarm lock` locks and `ofarm build` builds without --target", false},
		{"packages", "list of names", "every *.opam file", "the project's opam packages to build", false},
		{"opam-repositories", "list", "the public one", "opam repositories: folders (relative to this file), tarballs (a path or URL), or git (`git+https://…#REF`); the first one wins", false},
		{"ocaml", "version", "the newest", "the OCaml to build with: `5.3.0`, or `5.3` for the newest of a series", false},
		{"opam", "list", "none", "further demands on opam packages: `lwt<6`, `ocaml-option-flambda`", false},
		{"with-test", "true or false", "false", "lock what the project's tests need, too", false},
		{"with-doc", "true or false", "false", "lock what the project's documentation needs, too", false},
		{"opam-locked", "file name", "none", "a NAME.opam.locked or `opam switch export` to take the versions from, instead of choosing them", false},
		{"output", "folder", `"dist"`, "where artifacts go", false},
		{"prove", "list of names", "none", "roots to lock, in which `ofarm prove` runs executables: targets' names (a bare root with the release's libc), `busybox`; `empty` needs no lock", false},
		{"smoke.NAME.args", "list of words", `["--version"]`, "arguments with which the executable NAME is tried", false},
		{"smoke.NAME.expect", "text", "none", "what the executable must write then", false},
		{"link", "link mode", "the target's", "how executables are linked: static, static-pie, mostly-static, dynamic, or project (the project does it, and finds the target's mode in LINKING_MODE)", true},
		{"thread-stack", "size", `"8MiB"`, "stack of a thread in static musl executables", true},
		{"max-glibc", "version", "the release's own", "highest glibc floor an executable may have", true},
		{"strip", "true or false", "true", "strip exported executables", true},
		{"export", "list of patterns", `["bin/*"]`, "what is exported, relative to the opam prefix", true},
		{"build", "list of commands", "build: of the opam files", "commands that build the project; a command is a list of words", true},
		{"install", "list of commands", "install: of the opam files", "commands that install the project; files that NAME.install lists are installed all the same", true},
		{"distro-packages", "list of names", "none", "distro packages that the project's step has beyond the depexts of its dependencies", true},
		{"target.NAME.base", "reference", "assembled", "image in a container registry that is the target's base, as `ofarm base push` prints it: `oci://HOST/REPOSITORY:TAG@sha256:…`; there is one for a target, and other platforms' bases are assembled, or named with `--base`", false},
		{"mirrors.by-hash", "list", "none", "mirrors of any input, in opam's cache layout (sha256/ab/abcd…)", false},
		{"mirrors.debian", "list", "the timestamped archive at snapshot.debian.org, and on Debian the machine's own mirror", "base URLs of Debian's main archive", false},
		{"mirrors.debian-security", "list", "likewise, for debian-security", "base URLs of Debian's security archive", false},
		{"mirrors.alpine", "list", "https://dl-cdn.alpinelinux.org/alpine", "base URLs of Alpine's archive", false},
		{"keys.debian", "list of files", "Debian's archive keys", "OpenPGP public keys to trust beyond the built-in ones", false},
		{"keys.alpine", "list of files", "Alpine's keys", "RSA public keys (NAME.rsa.pub) to trust beyond the built-in ones", false},
	}
}

// Markdown is the key's row in the README's table.
func (k Key) Markdown() string {
	perTarget := ""
	if k.PerTarget {
		perTarget = "yes"
	}
	return "| `" + k.Name + "` | " + k.Kind + " | " + k.Default + " | " + perTarget + " | " + k.Text + " |"
}
