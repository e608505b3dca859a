#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A mover killed with copies in flight and started again waits for the old
# copies before it writes.  Each round counts only when the array says that
# copies were running when the mover died.
#
# XM_LONG=1: 100 rounds, else 5.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

rounds=5
[ "${XM_LONG:-}" != 1 ] || rounds=100
cd "$TMP" || exit 1
stamped lun0 64
truncate -s 64M lun1
start_array --target "$IQN" --lun "0=$TMP/lun0" --lun "1=$TMP/lun1" || exit 1

some_running() { [ "$(ctl running)" -ge 2 ]; }

# killed_in_flight NAME [MS]: a mover dies with copies running, that take MS or, where this machine
# is too slow for that, longer; their count is left in $left.
killed_in_flight() {
	local mover ms=${2:-2000}
	truncate -s 0 lun1 && truncate -s 64M lun1
	ctl set copy_latency "$ms" >/dev/null
	ctl stats clear >/dev/null
	"$xmover" copy "$(disk 0)" "$(disk 1)" --verify=none --quiet >/dev/null 2>&1 &
	mover=$!
	if ! await some_running; then
		not_ok "$1: copies are in flight"
		kill -KILL $mover
		return 1
	fi
	kill -KILL $mover
	wait $mover 2>/dev/null
	left=$(ctl running)
	[ "$left" -gt 0 ] || [ "$ms" -gt 30000 ] || { killed_in_flight "$1" $((ms * 4)); return; }
	[ "$left" -gt 0 ] || { not_ok "$1: copies outlive the mover"; return 1; }
	ctl set copy_latency 0 >/dev/null
	ctl writes clear >/dev/null
}

# Entries of the write log that a copy made after the successor's first write.
late() {
	ctl writes | json /dev/stdin 'my $host = 0; my $late = 0;
		for (@$j) { $host = 1 if $_->{by} eq "host"; $late++ if $host && $_->{by} eq "copy" }
		$host ? $late : "no host writes"'
}

for round in $(seq $rounds); do
	killed_in_flight "round $round" || continue
	got=0
	"$xmover" copy "$(disk 0)" "$(disk 1)" --offload=never --quiet >out 2>err || got=$?
	is "$got" 0 "round $round: started again with $left copies in flight" || diag "$(cat err)"
	is "$(ctl stats | json /dev/stdin '$j->{logins_held} >= 1')" 1 "round $round: its login was held"
	is "$(late)" 0 "round $round: nothing of the dead was written after the successor's first write"
	try "round $round: equal" cmp lun0 lun1
done

# That this can fail: under another job's name nothing is held, and the dead write last.
killed_in_flight "control" 8000 &&
	"$xmover" copy "$(disk 0)" "$(disk 1)" --job=another --offload=never --quiet >out 2>err
none_running() { [ "$(ctl running)" = 0 ]; }
await none_running
like "$(late)" '^[1-9]' "control: without the fence the dead write after the successor"
done_testing
