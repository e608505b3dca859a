#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A destination that loses its volatile cache in the middle of a job: what was
# answered and not yet flushed is copied again, by the array and by the host.
# A round counts only when the cache held something of this job.
#
# XM_LONG=1: 20 rounds a way, else 2.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

rounds=2
[ "${XM_LONG:-}" != 1 ] || rounds=20
cd "$TMP" || exit 1
stamped lun0 64
truncate -s 64M lun1
start_array --target "$IQN" --lun "0=$TMP/lun0" --lun "1=$TMP/lun1,cache=volatile" || exit 1

written() { ctl stats | json /dev/stdin "\$j->{written_bytes} + \$j->{copies}{bytes} >= $1"; }
some_written() { [ "$(written $((16 << 20)))" = 1 ]; }

# crashed NAME OPTION...: the cache goes after a quarter of the bytes.
crashed() {
	local name=$1 mover got=0
	shift
	truncate -s 0 lun1 && truncate -s 64M lun1
	ctl stats clear >/dev/null
	"$xmover" copy "$(disk 0)" "$(disk 1)" --quiet --report=report "$@" >out 2>err &
	mover=$!
	if ! await some_written; then
		not_ok "$name: a quarter is written"
	fi
	is "$(ctl crash)" "ok 1" "$name: the cache is lost"
	wait $mover || got=$?
	is "$got" 0 "$name: the job ends well" || diag "$(cat err)"
	is "$(written $((65 << 20)))" 1 "$name: what was lost was written again"
	try "$name: equal" cmp lun0 lun1
}

ctl set copy_latency 100 >/dev/null
for round in $(seq $rounds); do
	crashed "by the array, round $round" --rate=16M
	report_holds report "by the array, round $round"
	crashed "by the host, round $round" --offload=never --rate=16M
	report_holds report "by the host, round $round"
done
done_testing
