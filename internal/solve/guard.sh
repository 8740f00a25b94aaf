#!/bin/sh
# guard LOCK COMMAND [ARG...]
#
# Runs COMMAND until nobody holds LOCK shared any more, then stops it and
# exits. LOCK stays held while COMMAND is being stopped, so whoever comes next
# waits, and finds COMMAND gone. File descriptor 3 is held open as long as this
# lives. Every process made here is waited for by its parent: where the machine's
# first process doesn't reap orphans, none is left to it.
set -u

# As root this is the first process of namespaces of its own: whatever the
# daemon leaves, processes and mounts, ends with this. It needs its own /proc.
if [ "$$" -eq 1 ]; then
	mount -t proc proc /proc || exit
fi

exec 9<>"$1"
shift

# The lock belongs to the open file, which this shell shares with flock: it
# stays when flock has ended.
flock -x 9 3>&- &
watcher=$!

# keep COMMAND...: runs the daemon; stops it when told to, after ten seconds by
# force; tells the watcher when it ends.
keep() {
	"$@" 3>&- 9>&- &
	daemon=$!
	trap stop TERM
	wait "$daemon"
	status=$?
	# A trapped signal has ended wait early.
	while kill -0 "$daemon" 2>/dev/null; do
		wait "$daemon"
		status=$?
	done
	kill -TERM "$watcher" 2>/dev/null
	return "$status"
}

# shellcheck disable=SC2317 # a trap calls it
stop() {
	kill -TERM "$daemon" 2>/dev/null
	tries=0
	while kill -0 "$daemon" 2>/dev/null && [ "$tries" -lt 1000 ]; do
		sleep 0.01
		tries=$((tries + 1))
	done
	kill -KILL "$daemon" 2>/dev/null
}

keep "$@" &
keeper=$!
trap 'kill -TERM "$keeper" 2>/dev/null' HUP INT TERM

wait "$watcher"
kill -TERM "$keeper" 2>/dev/null
wait "$keeper"
status=$?
while kill -0 "$keeper" 2>/dev/null; do
	wait "$keeper"
	status=$?
done
kill -TERM "$watcher" 2>/dev/null
wait
exit "$status"
