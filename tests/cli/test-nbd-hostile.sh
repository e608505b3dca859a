#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# NBD servers that cannot be believed: about what is data, about sizes, about what they sent.
# Each ends in the stated way; exit 0 means that the bytes are right.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"
# shellcheck source=tests/cli/lib-nbd.sh
. "$(dirname "$0")/lib-nbd.sh"

cd "$TMP" || exit 1
stamped src 8

# hostile HOW EXIT [WORDS]; $PATIENCE is for servers that answer: they are never given up
PATIENCE=60
hostile() {
	rm -f "h.sock" out
	"$XM_SRC/tests/cli/nbd-hostile" "$TMP/h.sock" src "$1" &
	NBD_PID=$!
	LIB_PIDS+=("$NBD_PID")
	await test -S h.sock
	exits "$2" "$1: $2" timeout 600 "$xmover" copy --create --progress=none --timeout="$PATIENCE" "$(nbd h)" out
	[ "$2" != 0 ] || try "$1: the bytes are right" cmp src out
	[ -z "${3:-}" ] || like "$OUT" "$3" "$1: it says so"
	ended "$NBD_PID"
}

# ---- block status: what is not known is data ------------------------------------------------
hostile status-fine 0
for how in empty zero zero-after error none context; do
	hostile status-$how 0 extents_unknown
done
# that answers everything else
PATIENCE=5 hostile status-silent 0 extents_unknown
hostile status-twice 0
hostile status-long 0
hostile status-tiny 0
hostile status-flags 0
# a hole that does not read as zeros, as it is announced
hostile status-hole 0

# ---- what cannot be ------------------------------------------------------------------------------
hostile size-negative 74
hostile size-ragged 74 'size or a block size that cannot be'
# libnbd takes that for no answer: blocks of 1
hostile block-odd 0
hostile shrink 74 'another export'
PATIENCE=1 hostile mute 75 'does not answer'
hostile garbage 74 'NBD magic'

# ---- reads that are answered and not done ------------------------------------------------------
hostile read-short 74 'did not send all bytes'
hostile read-none 74
# a protocol error ends the connection each time
hostile read-beyond 75 'again and again'

# ---- one connection of four ends, again and again: the others go on ----------------------------
hostile drop-one 0 path_lost
done_testing
