#!/bin/busybox sh
# shellcheck shell=dash
/bin/busybox mkdir -p /bin /sbin /usr/bin /usr/sbin
exec /bin/busybox --install -s
