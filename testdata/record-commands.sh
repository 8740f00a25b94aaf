#!/bin/sh
# Records the commands that the installed opam really runs for every package
# that the two example projects need, and writes recorded-commands.tsv.
#
# opam gets a root of its own in a scratch folder, the repository beside this
# script as its only one, two jobs, and a wrapper (wrap-build-commands,
# wrap-install-commands) that notes each command before it runs it. It compiles
# OCaml: ten minutes of processor time.
#
# Sources come from Debian's mirror where sources.tsv and a mirror's address
# (OFARM_DEBIAN_MIRROR, or the apt sources of this machine) allow it, else opam
# fetches them from upstream.
set -eu

usage() {
	cat <<USAGE
usage: record-commands.sh [-d DIR] [-o FILE]

  -d DIR   work in DIR and keep it, opam's root and switch included
           (default: a temporary folder that is removed at the end)
  -o FILE  write the table to FILE (default: recorded-commands.tsv beside this script)
USAGE
}

die() {
	echo "record-commands.sh: $*" >&2
	exit 1
}

here=$(cd "$(dirname "$0")" && pwd)
table=$here/recorded-commands.tsv
scratch=
while getopts d:o:h option; do
	case $option in
	d) scratch=$OPTARG ;;
	o) table=$OPTARG ;;
	h)
		usage
		exit 0
		;;
	*)
		usage >&2
		exit 2
		;;
	esac
done

for tool in opam cc make curl sha256sum pkg-config; do
	command -v "$tool" >/dev/null || die "$tool is not installed"
done

if [ -n "$scratch" ]; then
	mkdir -p "$scratch"
	scratch=$(cd "$scratch" && pwd)
else
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 130' INT TERM
fi

# mirrors prints the addresses that may serve Debian's pool, one a line.
mirrors() {
	if [ -n "${OFARM_DEBIAN_MIRROR:-}" ]; then
		echo "$OFARM_DEBIAN_MIRROR"
	fi
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
		case $file in
		*.sources) sed -n 's/^URIs:[[:space:]]*//p' "$file" | tr -s ' ' '\n' ;;
		*.list) sed -n 's/^deb[[:space:]]\{1,\}\(\[[^]]*\][[:space:]]*\)\{0,1\}\([^[:space:]]*\).*/\2/p' "$file" ;;
		esac
	done 2>/dev/null | awk '/^https?:/ && !seen[$0]++'
}

# by_hash FOLDER SHA256 prints where opam's cache layout puts a source.
by_hash() {
	echo "$1/sha256/$(printf %.2s "$2")/$2"
}

# fetch SHA256 PATH FILE takes PATH from the first mirror that has those bytes.
fetch() {
	mirrors | while read -r mirror; do
		curl -fsSL --retry 2 -o "$3.part" "${mirror%/}/$2" 2>/dev/null || continue
		echo "$1  $3.part" | sha256sum -c --quiet >/dev/null 2>&1 || continue
		mv "$3.part" "$3"
		break
	done
	rm -f "$3.part"
	[ -e "$3" ]
}

# fill_cache FOLDER lays the sources of sources.tsv into FOLDER by their hash.
fill_cache() {
	tail -n +2 "$here/sources.tsv" | while IFS='	' read -r package sha256 _ path _; do
		file=$(by_hash "$1" "$sha256")
		mkdir -p "${file%/*}"
		[ -e "$file" ] || fetch "$sha256" "$path" "$file" ||
			echo "record-commands.sh: no Debian mirror has the source of $package, opam asks upstream" >&2
	done
}

# write_wrapper FILE LOGS writes the command that opam puts before each of its own.
write_wrapper() {
	cat >"$1" <<WRAPPER
#!/bin/sh
phase=\$1
shift
printf '%s\\n' "[\$phase] \$*" >>"$2/\$OPAM_PACKAGE_NAME.\$OPAM_PACKAGE_VERSION"
exec "\$@"
WRAPPER
	chmod +x "$1"
}

# write_table prints a line for each installed package, sorted: its name and
# version, and its commands in the order of their running.
write_table() {
	printf 'package\tcommands\n'
	opam list --installed --short --columns=package | sed 's/ *$//' | LC_ALL=C sort |
		while read -r package; do
			printf '%s\t' "$package"
			if [ -e "$logs/$package" ]; then
				sed "s|$prefix|%{prefix}%|g" "$logs/$package" |
					awk '{ printf "%s%s", (NR > 1 ? " ;; " : ""), $0 }'
			fi
			echo
		done
}

# The user's own opam must not take part.
for variable in $(env | sed -n 's/^\(OPAM[A-Z_]*\)=.*/\1/p') OCAMLPARAM CAML_LD_LIBRARY_PATH OCAML_TOPLEVEL_PATH; do
	unset "$variable"
done
export OPAMROOT="$scratch/root" OPAMROOTISOK=1 OPAMYES=1 OPAMJOBS=2 OPAMCOLOR=never
logs=$scratch/logs
rm -rf "$OPAMROOT" "$logs"
mkdir -p "$logs"

write_wrapper "$scratch/wrapper" "$logs"
cat >"$scratch/opamrc" <<OPAMRC
opam-version: "2.0"
wrap-build-commands: ["$scratch/wrapper" "build"]
wrap-install-commands: ["$scratch/wrapper" "install"]
wrap-remove-commands: []
OPAMRC
opam init --bare --no-setup --config="$scratch/opamrc" ofarm-examples "$here/opam-repository"
opam option --global depext=false
fill_cache "$OPAMROOT/download-cache"
opam switch create examples ocaml-base-compiler.4.13.1
export OPAMSWITCH=examples
prefix=$(opam var prefix)
opam install dune lwt ssl lwt_ssl conf-libev zarith cmdliner

write_table >"$table.part"
mv "$table.part" "$table"
