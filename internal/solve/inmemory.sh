#!/bin/sh
# inmemory SIZE FOLDER COMMAND [ARG...]
#
# Runs COMMAND with an empty file system in memory at FOLDER, of at most SIZE
# bytes. This runs in a mount namespace of its own, with which it ends.
set -eu

mkdir -p "$2"
mount -t tmpfs -o "size=$1,mode=0700" tmpfs "$2"
shift 2
exec "$@"
