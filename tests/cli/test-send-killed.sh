#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Two-way, each side killed (SIGKILL) at random points of the copy, 100 times a side (500 with XM_LONG=1):
# the receiver goes on from what is durable by its state file, and the end is equal.  A kill counts when the copy was
# neither over nor not begun: by the receiver's own progress.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

cd "$TMP" || exit 1
KILLS=100
[ "${XM_LONG:-}" != 1 ] || KILLS=500
RANDOM=${XM_SEED:=$$}
diag "XM_SEED=$XM_SEED"
stamped src 32

# run RATE: the sender in the background, the receiver its command; pids in $sender and the file `pid`,
# the receiver's exit in `code`.
cat >receive <<-END
	'$xmover' receive dst --stdio --state=state --state-window=1M --verify=full \\
		--progress=json --rate=\$RATE <&3 2>progress & echo \$! >pid.new; mv pid.new pid
	wait \$!; echo \$? >code.new; mv code.new code
END
run() {
	rm -f pid code progress
	RATE=$1 "$xmover" send src --exec "exec 3<&0; . ./receive" >/dev/null 2>send.err &
	sender=$!
}
copying() { grep -q '"phase":"copy"' progress || [ -e code ]; }
ended() { [ -e code ]; }
fresh() { rm -f state; head -c 32M /dev/zero | tr '\0' '\377' >dst; }

# kill_side NAME: until KILLS kills counted; every copy that ends is equal
kill_side() {
	local counted=0 over=0 resumed=0 unequal=0 strange=0 got tries=0
	fresh
	while [ $counted -lt "$KILLS" ] && [ $tries -lt $((KILLS * 6)) ]; do
		tries=$((tries + 1))
		run 32M
		await copying
		sleep "0.$(printf '%03d' $((RANDOM % 250)))"
		if [ "$1" = sender ]; then kill -KILL "$sender"; else kill -KILL "$(cat pid)"; fi 2>/dev/null
		wait "$sender" 2>/dev/null
		await ended || { not_ok "the receiver ended in bounded time"; break; }
		got=$(cat code)
		grep -q '"event":"resumed"' progress && resumed=$((resumed + 1))
		if [ "$got" = 0 ]; then
			over=$((over + 1))
			cmp -s src dst || unequal=$((unequal + 1))
			fresh
		elif grep -q '"phase":"copy"' progress; then
			counted=$((counted + 1))
			[ "$1" = receiver ] || [ "$got" = 75 ] || strange=$((strange + 1))
		fi
	done
	run 0
	wait "$sender"; got=$?
	await ended
	is "$(cat code) $got" "0 0" "after the kills of the $1: done"
	try "equal" cmp src dst
	is "$unequal" 0 "so was every copy that ended before"
	is "$strange" 0 "a receiver whose sender dies exits 75"
	if [ $counted -ge "$KILLS" ] && [ $resumed -gt 0 ]; then
		ok "$KILLS kills of the $1 inside the copy"
	else
		not_ok "$KILLS kills of the $1 inside the copy" "counted $counted, resumed $resumed, in $tries runs"
	fi
	diag "$1: $counted kills, $resumed runs resumed, $over ended, $tries runs"
}
kill_side sender
kill_side receiver
done_testing
