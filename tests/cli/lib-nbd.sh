# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# NBD servers for the tests; sourced after lib-cli.sh.
#
#   serve NAME nbdkit-arguments...   -> $NBD_PID $NBD_LOG; nbd NAME is its address
#   nbd NAME [EXPORT]

command -v nbdkit >/dev/null && command -v qemu-nbd >/dev/null && command -v nbdinfo >/dev/null ||
	skip_all "nbdkit or qemu-nbd is not installed"

# nbdkit wants numbers and paths as they are for it; it looks nowhere else.
serve() {
	local name=$1
	shift
	rm -f "$TMP/$name.sock"
	NBD_LOG=$TMP/$name.log
	nbdkit -f -U "$TMP/$name.sock" "$@" >"$NBD_LOG" 2>&1 &
	NBD_PID=$!
	LIB_PIDS+=("$NBD_PID")
	await test -S "$TMP/$name.sock" || { diag "nbdkit did not start: $*" "$(cat "$NBD_LOG")"; return 1; }
}

nbd() { echo "nbd+unix:///${2:-}?socket=$TMP/$1.sock"; }

# holds NAME FILE: read by another client, its first bytes are those of the file.
holds() {
	nbdcopy --request-size=65536 "$(nbd "$1")" - | cmp -n "$(stat -c %s "$2")" - "$2"
}

# ended PID: by KILL, and gone.
ended() {
	kill -KILL "$1"
	wait "$1" 2>/dev/null
	return 0
}
