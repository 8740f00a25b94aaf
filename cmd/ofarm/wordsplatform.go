package main

// Other platforms than the machine's own.
const hintPlatform = "let BuildKit's machine emulate that platform (Debian's qemu-user-static with binfmt-support; a registration in binfmt_misc needs the flag F), or name a daemon on a machine of it with --addr"
