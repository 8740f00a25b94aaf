# shellcheck shell=sh
# Runs a script that is too long for one argument of a program: its pieces are
# the arguments. It runs under "sh -eu" on dash and on busybox.

script=
for piece; do
	script=$script$piece
done
eval "$script"
