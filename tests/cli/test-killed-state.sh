#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 at random points, again and again, until a copy with --state gets through; then
# the next copy.  Each time a request must have been in flight, by the count of the array, or
# of the server behind a file, or the kill does not count.  At the end of each copy: equal,
# and what was written in all, by the same count, is at most the disk once and, for each kill,
# the window. Half of the time the array loses its volatile cache at the kill: what had not
# been flushed must be copied again, whatever the state file has seen.
#
# 104 kills; XM_LONG=1: 520.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

scale=1
[ "${XM_LONG:-}" != 1 ] || scale=5
mib=16 window=2
in_flight=$XM_SRC/tests/cli/kill-in-flight
seed=${XM_SEED:-$RANDOM}
RANDOM=$seed
diag "seed $seed (replay with XM_SEED)"
cd "$TMP" || exit 1
stamped lun0 $mib
cp lun0 src
head -c ${mib}M /dev/zero >zeros
cp zeros lun1

# ---- behind an iSCSI LUN: the array ---------------------------------------------------------

start_array --target "$IQN" --lun "0=$TMP/lun0" --lun "1=$TMP/lun1,cache=volatile" || exit 1

array_counts() { "$in_flight" array "$ARRAY_CTL" "$@"; }
array_killed() { [ $((RANDOM % 2)) = 0 ] || ctl crash >/dev/null; }
array_same() { cmp lun0 lun1; }
array_wipe() {
	cat zeros >lun1
	ctl writes clear >/dev/null
}

# ---- behind a file, and a loop device over it: a slow NBD server --------------------------------
#
# nbdkit logs each write when it comes and when it is answered; FUSE makes it a file.

mount_point='' loop='' fuse=''
# shellcheck disable=SC2317 # called by the trap
release() {
	[ -z "$loop" ] || losetup -d "$loop"
	[ -z "$mount_point" ] || umount -l "$mount_point" 2>/dev/null
	lib_cleanup
}
trap release EXIT

mount_slow() {
	command -v nbdkit >/dev/null && command -v nbdfuse >/dev/null || return 1
	mkdir mnt
	truncate -s ${mib}M back
	nbdkit -f -U "$TMP/slow.sock" --filter=log --filter=delay file back wdelay=40ms \
		logfile="$TMP/slow.log" >slow.out 2>&1 &
	LIB_PIDS+=($!)
	await test -S slow.sock || return 1
	nbdfuse -C 4 mnt/ --unix "$TMP/slow.sock" >>slow.out 2>&1 &
	fuse=$!
	LIB_PIDS+=("$fuse")
	await mounted_or_not
	test -f mnt/nbd && mount_point=mnt
}
mounted_or_not() { test -f mnt/nbd || ! kill -0 "$fuse"; }

slow_counts() { "$in_flight" log slow.log "$@"; }
slow_killed() { :; }
slow_same() { # by the server's own file
	[ -z "$loop" ] || sync "$loop"
	cmp src back
}
slow_idle() { awk '/ Write /{ n++ } /\.\.\.Write /{ n-- } END { exit n > 0 }' slow.log; }
slow_wipe() {
	await slow_idle
	dd if=zeros of=back conv=notrunc status=none bs=1M
	: >slow.log
}

# ---- kills ------------------------------------------------------------------------------------------

wipe() { # a fresh destination, and a fresh count
	rm -f state history
	"${behind}_wipe"
}

# run_and_kill OPTION...: 0 killed with requests in flight, 1 killed without, 2 it ended.
run_and_kill() {
	local mover got=0 flying=0
	"$xmover" copy "${pair[@]}" --state=state --state-window=${window}M --verify=none \
		--progress=none -v "$@" >out 2>err &
	mover=$!
	"${behind}_counts" $mover $((RANDOM % 12 << 19)) || flying=$?
	wait $mover 2>/dev/null || got=$?
	echo "$got $(grep -v '"refused"\|"login"' err)" >>history
	[ $got = 137 ] || { ended=$got; return 2; }
	return $flying
}

# kills BEHIND NAME N OPTION...
kills() {
	local behind=$1 name=$2 n=$3 done=0 since=0 copies=0 again=0 wrong=""
	shift 3
	wipe
	while [ $done -lt "$n" ] && [ -z "$wrong" ]; do
		run_and_kill "$@"
		case $? in
		0)	done=$((done + 1)) since=$((since + 1))
			"${behind}_killed" ;;
		1)	since=$((since + 1)) ;;
		*)	[ $ended = 0 ] || wrong="exit $ended: $(cat err)"
			finish ;;
		esac
	done
	[ -n "$wrong" ] || {
		"$xmover" copy "${pair[@]}" --state=state --state-window=${window}M --quiet \
			"$@" >out 2>err || wrong="the last: exit $?: $(cat err)"
		finish
	}
	is "$wrong" "" "$name: $done kills with requests in flight, $copies copies"
	diag "copied again for a kill: $((again / n)) bytes"
}

# A copy has got through: is it right, and was little written twice?
finish() {
	local bytes most over
	# killed between its last word in the file and its end: begun anew
	over=$(grep -c state_over history)
	copies=$((copies + 1))
	[ -n "$wrong" ] || "${behind}_same" || wrong="differs"
	bytes=$("${behind}_counts")
	most=$((((mib + mib * over) << 20) + since * ((window << 20) + stamp)))
	[ "$bytes" -ge $((mib << 20)) ] && [ "$bytes" -le "$most" ] ||
		wrong="$wrong written $bytes bytes after $since kills, at most $most; $(cat history)"
	again=$((again + bytes - (mib << 20)))
	since=0
	wipe
}

pair=("$(disk 0)" "$(disk 1)")
ctl set copy_latency 50 >/dev/null
# its trial: a place that holds the source's bytes already is stamped first, and then copied
stamp=$((window << 18))
kills array "offload" $((40 * scale))
stamp=0
ctl set latency 15 >/dev/null
kills array "host, over iSCSI" $((30 * scale)) --offload=never

if mount_slow; then
	pair=(src mnt/nbd)
	kills slow "a file, by uring" $((10 * scale)) --io=uring
	kills slow "a file, by threads" $((10 * scale)) --io=threads
	if loop=$(losetup -f --show mnt/nbd 2>/dev/null); then
		pair=(src "$loop")
		kills slow "a loop device, by uring" $((7 * scale)) --io=uring
		kills slow "a loop device, by threads" $((7 * scale)) --io=threads
	else
		skip "a loop device" "no loop devices here"
	fi
else
	skip "files" "nbdkit or FUSE is not to be had"
fi
done_testing
