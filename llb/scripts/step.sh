# shellcheck shell=sh
# What every package step and the project's step do, as functions.
#
# A step sources this file and calls the functions in the order of its plan.
# It runs under "sh -eu" on dash and on busybox, without network, on a
# read-only root. It expects these folders:
#
#   /ofarm/switch    the prefix: empty, and afterwards just what the step installed
#   /ofarm/dep/NAME  what each dependency installed, read-only
#   /ofarm/lib       this file and its awk programs
#   /tmp             a file system in memory
#
# jobs is the one value that the plan leaves open.

# One stream: else what a command prints and what it complains of would reach
# the log in any order.
exec 2>&1

prefix=/ofarm/switch
deps=/ofarm/dep
installed=/ofarm/installed
lib=/ofarm/lib
state=/tmp/.ofarm

jobs=$(nproc)
# Never one: what makes that run side by side do twice is then done in another
# order. OCaml 5 compiles the interfaces of unix and str from two folders, with
# another path in each, and is another compiler after make -j1.
[ "$jobs" -ge 2 ] || jobs=2
# Steps may ask for it in their commands.
export jobs

fail() {
	echo "ofarm: error: $1" >&2
	[ $# -lt 2 ] || echo "ofarm: hint: $2" >&2
	exit 1
}

# link_dependencies makes the dependencies' folders in the prefix as real
# folders, and a link for each of their files: a package may write beside
# them, and not into them.
link_dependencies() {
	mkdir -p "$state" "$HOME"
	[ -z "${OFARM_LINK_RECORDS-}" ] || mkdir -p "$OFARM_LINK_RECORDS"
	list_files >"$state/files"
	sort "$state/files" | uniq -d >"$state/twice"
	[ ! -s "$state/twice" ] || report_twice "a file of more than one dependency"
	list_folders | sort -u | sort - "$state/files" | uniq -d >"$state/twice"
	[ ! -s "$state/twice" ] || report_twice "a file of one dependency and a folder of another"
	make_folders
	set -- "$deps"/*/.
	[ ! -d "$1" ] || cp -Rs "$@" "$prefix/"
	cd "$prefix" || exit
	find . -type l -print0 >"$state/links"
	find . -depth -mindepth 1 -type d -print0 >"$state/folders"
	list_links >"$state/before"
}

# make_folders makes what opam makes of an empty switch. ocamlfind, for one,
# edits a file of the compiler where there is no lib/stublibs.
make_folders() {
	for folder in bin sbin doc lib/stublibs lib/toplevel; do
		mkdir -p "$prefix/$folder"
	done
	for section in 1 1M 2 3 4 5 6 7 9; do
		mkdir -p "$prefix/man/man$section"
	done
}

# list_files prints the files of all dependencies, a line each.
list_files() {
	(cd "$deps" 2>/dev/null && find . -mindepth 2 ! -type d) | sed 's,^\./[^/]*/,./,'
}

# list_folders prints the folders of all dependencies, a line each.
list_folders() {
	(cd "$deps" 2>/dev/null && find . -mindepth 2 -type d) | sed 's,^\./[^/]*/,./,'
}

# report_twice names what two dependencies have and can't both have, and the
# two.
report_twice() {
	IFS= read -r file <"$state/twice"
	owners=
	for dep in "$deps"/*; do
		[ ! -e "$dep/$file" ] && [ ! -L "$dep/$file" ] || owners="$owners ${dep#"$deps"/}"
	done
	fail "${file#./} is $1:$owners" \
		"opam would let the later one overwrite it; lock versions that don't collide"
}

# list_links prints a line for each link in the current folder, with what it
# points to, so that a changed link is a changed line.
list_links() {
	xargs -0 -r ls -dln <"$state/links" 2>/dev/null | sort || :
}

# owner_of prints the dependency that a path below /ofarm/dep is from.
owner_of() {
	owner=${1#"$deps"/}
	echo "${owner%%/*}"
}

# package says which package the next commands build.
package() {
	OPAM_PACKAGE_NAME=$1
	OPAM_PACKAGE_VERSION=$2
	export OPAM_PACKAGE_NAME OPAM_PACKAGE_VERSION
}

# run says what it runs, and runs it: a program on PATH, as opam does, never a
# function or a builtin of this shell.
run() {
	printf '+ %s\n' "$*"
	(exec "$@")
}

# apply_patch applies a patch file of the source, as opam does.
apply_patch() {
	printf '+ patch -p1 -i %s\n' "$1"
	patch -p1 -i "$1"
}

# variables takes the table of variables for the next files to substitute from
# its standard input.
variables() {
	cat >"$state/variables"
	printf 'jobs\t%s\n' "$jobs" >>"$state/variables"
}

# substitute makes FILE of FILE.in.
substitute() {
	[ -f "$1.in" ] || fail "substs: there is no file $1.in in the source of $OPAM_PACKAGE_NAME"
	LC_ALL=C awk -v "table=$state/variables" -f "$lib/subst.awk" "$1.in" >"$state/subst"
	cat "$state/subst" >"$1"
}

# install_files installs what NAME.install lists, where there is one.
install_files() {
	[ -f "$1.install" ] || return 0
	echo "+ install the files of $1.install"
	LC_ALL=C awk -v "name=$1" -v "prefix=$prefix" -f "$lib/install.awk" "$1.install" >"$state/install"
	tab=$(printf '\t')
	while IFS=$tab read -r mode optional from to; do
		if [ ! -e "$from" ]; then
			[ "$optional" = 1 ] && continue
			fail "$1.install: there is no file $from"
		fi
		mkdir -p "$prefix/$(dirname "$to")"
		rm -f "$prefix/$to"
		cp -L "$from" "$prefix/$to"
		[ "$mode" = - ] || chmod "$mode" "$prefix/$to"
	done <"$state/install"
}

# unlink_dependencies takes away what link_dependencies made, after a look at
# whether all of it is still there.
unlink_dependencies() {
	cd "$prefix" || exit
	list_links >"$state/after"
	if ! cmp -s "$state/before" "$state/after"; then
		report_overwritten
	fi
	xargs -0 -r rm -f <"$state/links"
	xargs -0 -r rmdir <"$state/folders" 2>/dev/null || :
	# A package's prefix that is in memory has its output beside it.
	[ ! -d "$installed" ] || cp -a "$prefix/." "$installed/"
}

# report_overwritten names the files of dependencies that the step replaced or
# removed, and whose they are.
report_overwritten() {
	sed 's/^.* \.\//.\//' "$state/before" >"$state/was"
	while IFS= read -r line; do
		link=${line%% -> "$deps"/*}
		file=$deps/${line#* -> "$deps"/}
		[ "$(readlink "$link")" = "$file" ] ||
			echo "ofarm: error: $OPAM_PACKAGE_NAME changes the file ${link#./} of $(owner_of "$file")" >&2
	done <"$state/was"
	fail "a package may not change the files of its dependencies"
}

# export_files copies what the project installed and what matches the given
# patterns below the prefix to /ofarm/out, links followed. A pattern is one even
# with blanks in it.
export_files() {
	cd "$prefix" || exit
	IFS=
	for pattern; do
		found=
		for path in $pattern; do
			[ -e "$path" ] || continue
			found=yes
			to=/ofarm/out/$(dirname "$path")
			mkdir -p "$to"
			cp -RL "$path" "$to/"
		done
		[ "$found" ] || fail \
			"the project installed nothing that matches $pattern" \
			"an executable is installed with a public_name in its dune stanza, or with a bin: field in NAME.install"
	done
	unset IFS
}

# strip_files strips the executables among the exported files. Bytecode that
# ocamlc -custom put behind an executable would be lost: such a file stays as
# it is.
strip_files() {
	find /ofarm/out -type f ! -path "/ofarm/out/.ofarm/*" >"$state/exported"
	while IFS= read -r file; do
		[ "$(head -c 4 "$file" | tail -c 3)" = ELF ] || continue
		case $(tail -c 12 "$file" | tr -d '\0') in
		Caml1999X*) echo "not stripped, for the bytecode at its end: $file" ;;
		*) strip "$file" ;;
		esac
	done <"$state/exported"
}
