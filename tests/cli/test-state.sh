#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --state and what belongs to going on after trouble: a state file that is of
# something else, damaged, or cannot be kept; a second mover; --resume-by-compare;
# a source with bad blocks, with and without --salvage; a full destination; a stalled
# one; rates that are changed while a copy runs.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

cd "$TMP" || exit 1
mib=8
stamped src $mib
copy() { "$xmover" copy "$@" --quiet --report=r; }
bytes() { json r '$j->{bytes}{'"$1"'}'; }
# half_done STATE [OPTION...]: a copy of src to dst that was stopped on the way.
half_done() {
	local mover
	head -c ${mib}M /dev/zero >dst
	"$xmover" copy src dst --state="$1" --state-window=1M --rate=16M --quiet "${@:2}" >out 2>err &
	mover=$!
	await moved
	kill -TERM $mover
	wait $mover
}
moved() { ! cmp -s -n $((1 << 20)) src zero; cmp -s -n $((1 << 20)) src dst; }
head -c ${mib}M /dev/zero >zero

# ---- of this copy, and no other ------------------------------------------------------

exits 143 "stopped" half_done s
exits 0 "gone on" copy src dst --state=s
[ "$(bytes resumed)" -gt 0 ] && [ "$(bytes host)" -lt $((mib << 20)) ] && ok "not from the beginning" ||
	not_ok "not from the beginning" "$(cat r)"
try "equal" cmp src dst
report_holds r "gone on"
exits 0 "a copy that was finished begins anew" copy src dst --state=s
is "$(bytes resumed)" 0 "from the beginning"

half_done s
cp src other
exits 78 "another source is refused" copy other dst --state=s
like "$OUT" "another disk" "it says why"
exits 78 "another job is refused" copy src dst --state=s --job=x
printf '0 4194304\n' >list
exits 78 "another list is refused" copy src dst --state=s --dirty=list
mv dst gone
cp gone dst
exits 78 "a destination that was made anew is refused" copy src dst --state=s
rm dst
mv gone dst
exits 0 "and the right one still goes on" copy src dst --state=s
[ "$(bytes resumed)" -gt 0 ] && ok "not from the beginning" || not_ok "not from the beginning"

echo "notes" >notes
exits 78 "a file that is no state file is refused" copy src dst --state=notes
is "$(cat notes)" notes "and left alone"
exits 78 "a path where none can be made" copy src dst --state=/nonexistent/s
exits 78 "a folder" copy src dst --state=.

half_done s
dd if=/dev/zero of=s bs=1 seek=100 count=64 conv=notrunc status=none
dd if=/dev/zero of=s bs=1 seek=4196 count=64 conv=notrunc status=none
head -c ${mib}M /dev/zero >dst
exits 0 "both slots torn: copied anew" copy src dst --state=s
is "$(bytes resumed)" 0 "from the beginning"
like "$("$xmover" copy src dst --state=s --progress=none -v 2>&1)" state_over "a finished one is said"
try "equal" cmp src dst

half_done s
dd if=/dev/urandom of=s bs=1 seek=$((139264 + 100)) count=8 conv=notrunc status=none
like "$("$xmover" copy src dst --state=s --progress=none -v 2>&1)" state_damaged "a torn page is said"
try "and not believed" cmp src dst

rm -f s
"$xmover" copy src dst --state=s --rate=256K --quiet &
mover=$!
held() { [ -e s ] && ! flock -n s true; }
await held
exits 73 "a second mover with the same state is refused" copy src dst --state=s
kill -KILL $mover
wait $mover 2>/dev/null

# a dirty list, stopped and gone on with: clean places are not touched
cp zero dst
printf '0 1048576\n2097152 4194304\n' >list
"$xmover" copy src dst --dirty=list --state=d --state-window=1M --rate=4M --quiet &
mover=$!
await moved
kill -KILL $mover
wait $mover 2>/dev/null
exits 0 "a dirty list, gone on with" copy src dst --dirty=list --state=d
{ head -c 1M src; head -c 1M zero; tail -c +2097153 src | head -c 4M; head -c 2M zero; } >want
try "dirty is copied, clean is not touched" cmp want dst

if [ "$(id -u)" = 0 ] && mkdir small && mount -t tmpfs -o size=3M none small 2>/dev/null; then
	# shellcheck disable=SC2317
	release() { umount "$TMP/small"; lib_cleanup; }
	trap release EXIT
	head -c 3000K /dev/zero >small/filler
	exits 75 "no room for the state file" copy src dst --state=small/s
	rm small/*
	truncate -s ${mib}M small/dst
	exits 75 "no room at the destination" copy src small/dst --state=full
	like "$OUT" "no_space" "it says so"
	mount -o remount,size=16M small
	exits 0 "with room it goes on" copy src small/dst --state=full
	try "equal" cmp src small/dst
	mount -o remount,ro small
	exits 78 "a read-only place for the state file" copy src dst --state=small/s
	mount -o remount,rw small
else
	skip "small file systems" "cannot mount a tmpfs here"
fi

# ---- by comparing -----------------------------------------------------------------------

cp src dst
dd if=zero of=dst bs=64K seek=10 count=3 conv=notrunc status=none
exits 0 "by comparing" copy src dst --resume-by-compare
is "$(bytes resumed)/$(bytes host)" "$(((mib << 20) - 196608))/196608" "only what differs is copied"
try "equal" cmp src dst

# ---- trouble, by the array's word ---------------------------------------------------------

cp src lun0
cp zero lun1
start_array --target "$IQN" --lun "0=$TMP/lun0" --lun "1=$TMP/lun1" || exit 1
bad_block() { # LBA: reads of lun 0 that touch it fail
	ctl fault add op=reads lun=0 "lba=$1" action=sense k=3 asc=11 ascq=00 >/dev/null
}
bad_block 5000 || diag "$(ctl faults)"
exits 74 "a bad block ends the copy" copy "$(disk 0)" "$(disk 1)" --offload=never
like "$OUT" "source: .*5000" "it names the side and the LBA"
cp zero lun1
exits 74 "--salvage goes on, and owns up" copy "$(disk 0)" "$(disk 1)" --offload=never --salvage=map --state=v
{ head -c $((5000 * 512)) src; head -c 512 zero; tail -c +$((5001 * 512 + 1)) src; } >want
try "all but the bad block is copied" cmp want lun1
is "$(grep -v '^#' map | tail -n +2 | tr -s ' ')" "0x00000000 0x00271000 +
0x00271000 0x00000200 -
0x00271200 0x0058EE00 +" "the map"
exits 74 "gone on with, the block is tried again" copy "$(disk 0)" "$(disk 1)" --offload=never --salvage=map --state=v
[ "$(bytes resumed)" -gt $((7 << 20)) ] && ok "and little else" || not_ok "and little else" "$(cat r)"
ctl fault del all >/dev/null
exits 0 "when it can be read again all is right" copy "$(disk 0)" "$(disk 1)" --offload=never --salvage=map --state=v
try "equal" cmp src lun1

ctl fault add op=writes lun=1 action=never >/dev/null
exits 75 "no byte for a while" copy "$(disk 0)" "$(disk 1)" --offload=never --stall=2 --timeout=60
like "$OUT" "stalled" "it says so"
ctl fault del all >/dev/null

# ---- rates ----------------------------------------------------------------------------------

cp zero dst
echo "host 1K" >rates
"$xmover" copy src dst --rate-file=rates --quiet --report=r &
mover=$!
await grep -q running r
echo "host 0" >rates
kill -USR2 $mover
ended=0
await sh -c "! kill -0 $mover" || ended=late
wait $mover || ended=$?
is "$ended" 0 "a rate that is lifted while it runs"
try "equal" cmp src dst
echo "hots 1" >rates
exits 78 "rates that cannot be understood" copy src dst --rate-file=rates
exits 0 "--rate-offload does not hold back the host" copy src dst --rate-offload=1
done_testing
