#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A mover killed while it copies through the host, onto a block device and onto
# a file, and started again: it gets the claim, ends with every byte right, and
# what lies behind the range is as it was.  A round counts only when bytes had
# moved and the copy was not over.
#
# XM_LONG=1: 100 rounds for each engine, else 4.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

rounds=4
[ "${XM_LONG:-}" != 1 ] || rounds=100
cd "$TMP" || exit 1
stamped src 24
loop=
# shellcheck disable=SC2317 # called by the trap
release() {
	[ -z "$loop" ] || losetup -d "$loop"
	lib_cleanup
}
trap release EXIT

begun() { ! cmp -s -n 4096 dst /dev/zero; }

# fresh FILE: 25 MiB, the last of them a guard.
fresh() {
	head -c $((24 << 20)) /dev/zero >"$1"
	head -c $((1 << 20)) src >>"$1"
}

# killed ENGINE DST: a mover dies part of the way.
killed() {
	local mover
	"$xmover" copy --io="$1" --verify=none --rate=4M --quiet src "$2" >/dev/null 2>&1 &
	mover=$!
	await begun || { kill -KILL $mover; wait $mover 2>/dev/null; return 1; }
	sleep "0.0$((RANDOM % 100))"
	kill -KILL $mover
	wait $mover 2>/dev/null
	! cmp -s -n $((24 << 20)) src dst
}

round() { # ENGINE DST
	fresh dst
	killed "$1" "$2" || { diag "not killed part of the way"; return 1; }
	"$xmover" copy --io="$1" --quiet src "$2" >out 2>&1 || { diag "again: $?" "$(cat out)"; return 1; }
	[ -z "$loop" ] || sync "$loop"
	cmp -n $((24 << 20)) src dst || return 1
	cmp -n $((1 << 20)) -i $((24 << 20)):0 dst src
}

all() { # ENGINE DST
	local i
	for ((i = 0; i < rounds; i++)); do
		round "$1" "$2" || return 1
	done
}

for engine in uring threads; do
	try "a file, by $engine: $rounds kills" all $engine dst
done
fresh dst
if loop=$(losetup -f --show dst 2>/dev/null); then
	for engine in uring threads; do
		try "a loop device, by $engine: $rounds kills" all $engine "$loop"
	done
else
	skip "a loop device" "no loop devices here"
fi
done_testing
