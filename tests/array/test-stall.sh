#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A copy that is said to run and stands still, over TCP and in real time: it is aborted, and its
# chunk goes by host with that reason.  In-process, and where the abort is refused: fault-table.h.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

MIB=1048576

# stalls METHOD RULE: a job of 16 MiB to a disk of 24.
stalls() {
	head -c $((16 * MIB)) /dev/urandom >"$TMP/src"
	head -c $((24 * MIB)) /dev/urandom >"$TMP/dst"
	cp "$TMP/dst" "$TMP/before"
	start_array --target iqn.t --lun "0=$TMP/src" --lun "1=$TMP/dst" --fault "$2" ||
		{ not_ok "$1: an array"; return; }
	exits 0 "$1: the job goes on" "$XM_BUILD/xmover" copy --timeout 2 --method="$1,host" \
		--progress=none --report "$TMP/$1.json" "iscsi://$ARRAY_ADDR/iqn.t/0" "iscsi://$ARRAY_ADDR/iqn.t/1"
	like "$(cat "$TMP/$1.json")" '"reason": ?"stalled"' "$1: with its reason"
	like "$(ctl stats)" '"op":"83/1c"[^}]*"count":1,' "$1: COPY OPERATION ABORT came once"
	like "$(ctl faults)" '"fired":1' "$1: the rule fired"
	stop_array "$ARRAY_PID"
	try "$1: the copy is right" cmp -n $((16 * MIB)) "$TMP/src" "$TMP/dst"
	try "$1: nothing behind it" cmp -i $((16 * MIB)) "$TMP/dst" "$TMP/before"
}

stalls odx 'op=83/11 nth=3 action=stall blocks=100'
stalls xcopy 'op=83/01 nth=3 action=stall blocks=0'
done_testing
