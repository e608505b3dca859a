#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Zeros on the host path: old data really gone, thin stays thin, by files, loop devices and LUNs.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

cd "$TMP" || exit 1
export XMOVER_PROGRESS=none
MIB=1048576

old() { head -c $((32 * MIB)) /dev/zero | tr '\0' '\377' >"$1"; }
blocks() { sync -f "$1"; stat -c %b "$1"; }
way() { json report "\$j->{bytes}{$1}"; }

# 32 MiB in which: 1 MiB of data at 0; 4 KiB at 5 MiB and, off every grain, 512 bytes at 9 MiB + 512;
# one bit in the last byte; what lies between was never written.
truncate -s 32M src
{
	head -c $MIB /dev/urandom | dd of=src conv=notrunc bs=64k iflag=fullblock
	head -c 4096 /dev/urandom | dd of=src conv=notrunc bs=4096 seek=1280
	head -c 512 /dev/urandom | dd of=src conv=notrunc bs=512 seek=18433
	printf '\001' | dd of=src conv=notrunc bs=1 seek=$((32 * MIB - 1))
} 2>/dev/null
# The same with all of it allocated: only looking at the bytes can tell.
cp --sparse=never src thick
thin=$(blocks src)
# One percent, and a file system's own block or two.
most=$((thin + thin / 100 + 16))

# ---- files ------------------------------------------------------------------------------
for io in uring threads; do
	old dst
	exits 0 "$io: onto a file full of old data" "$xmover" copy --io=$io --method=host --report=report thick dst
	try "$io: the bytes are equal, zeros and all" cmp src dst
	is "$(($(blocks dst) <= most))" 1 "$io: and the file is as thin as the source" || diag "$(blocks dst), source $thin"
	is "$(way zeroed) $(way skipped)" "$(((32 - 1) * MIB - 3 * 4096)) 0" "$io: whole granules of zeros count as zeroed"
	rm dst
	exits 0 "$io: onto a new file" "$xmover" copy --io=$io --method=host --create --report=report thick dst
	try "$io: the bytes are equal there too" cmp src dst
	is "$(($(blocks dst) <= most))" 1 "$io: the new file is thin" || diag "$(blocks dst), source $thin"
	is "$(way zeroed) $(way skipped)" "0 $(((32 - 1) * MIB - 3 * 4096))" "$io: a hole needs no zeros: they are skipped"
	report_holds report "$io"
	rm dst
done

# It does what it says, and only when it is told to.
old dst
exits 0 "--target-is-zero" "$xmover" copy --method=host --target-is-zero --verify=none --report=report thick dst
is "$(head -c $((2 * MIB)) dst | tail -c 1 | od -An -tx1)" " ff" "leaves out zeros, whatever is there"
is "$(way skipped)" "$(((32 - 1) * MIB - 3 * 4096))" "and says so"
exits 65 "which verify finds" "$xmover" verify src dst

# ---- loop devices -----------------------------------------------------------------------
old back
if [ "$(id -u)" != 0 ] || ! loop=$(losetup -f --show back 2>err); then
	skip "onto a loop device" "no loop devices for this user here"
else
	for io in uring threads; do
		old back
		exits 0 "$io: onto a loop device full of old data" \
			"$xmover" copy --io=$io --report=report thick "$loop"
		try "$io: the bytes arrive" cmp src "$loop"
		try "$io: in the file below too" cmp src back
		is "$(($(blocks back) <= most))" 1 "$io: whose space is given back" || diag "$(blocks back), source $thin"
	done
	losetup -d "$loop"
fi

# ---- LUNs -----------------------------------------------------------------------------------
seen() { ctl stats | perl -ne 'my $n = 0; $n += $1 while /"op":"'"$1"'"[^}]*?"count":(\d+)/g; print $n'; }
start_lun() { # FLAGS PERSONA [OPTION...]
	old lun
	start_array --persona "$2" --target "$IQN" --lun "1=$TMP/lun$1" "${@:3}" || exit 1
}
refused='op=93 action=sense k=05 asc=20 ascq=00'

start_lun ,thin ideal
exits 0 "LBPRZ 1: onto a thin LUN full of old data" "$xmover" copy --report=report thick "$(disk 1)"
try "the bytes arrive" cmp src lun
is "$(($(blocks lun) <= most))" 1 "and the LUN is thin" || diag "$(blocks lun), source $thin"
is "$(($(seen 93) > 0))" 1 "by WRITE SAME"

start_lun ,thin lio
exits 0 "LBPRZ 0: where what is unmapped stays as it was" "$xmover" copy --report=report thick "$(disk 1)"
try "the bytes arrive all the same" cmp src lun
is "$(($(seen 93) > 0))" 1 "by WRITE SAME"

start_lun "" ideal
exits 0 "a thick LUN" "$xmover" copy --report=report thick "$(disk 1)"
try "the bytes arrive there" cmp src lun

start_lun ,thin ideal --fault "$refused"
exits 0 "no WRITE SAME" "$xmover" copy --depth=1 --report=report thick "$(disk 1)"
try "zeros are written then" cmp src lun
is "$(($(seen 93) > 0 && $(seen 93) <= 16))" 1 "and it is not asked for again" || diag "$(seen 93) times"

# ---- a LUN that proves itself that it reads as zeros -------------------------------------------
copy_onto() { # NAME LUN [OPTION...]
	exits 0 "$1" "$xmover" copy --report=report "${@:3}" thick "$(disk "$2")"
	try "$1: the bytes are equal" cmp src "lun$2"
}
fresh() { # ARRAY-OPTION...
	rm -f lun1
	truncate -s 32M lun1
	start_array --target "$IQN" --lun "1=$TMP/lun1,thin" "$@" || exit 1
}
whole=$(((32 - 1) * MIB - 3 * 4096))

fresh
copy_onto "a fresh thin LUN" 1
is "$(seen 93) $(way zeroed) $(way skipped)" "0 0 $whole" "no zeros are sent: they are skipped"
report_holds report "a fresh thin LUN"
copy_onto "the same again" 1
is "$(($(seen 93) > 0)) $(way skipped)" "1 0" "what it holds now is no zeros: they are sent"

# One block that is allocated, the last, is enough; and it is in a place that is to be zeros.
fresh
is "$(printf '\001' | dd of=lun1 conv=notrunc bs=1 seek=$((3 * MIB)) status=none; cmp -s src lun1; echo $?)" 1 "one byte of old data"
start_array --target "$IQN" --lun "1=$TMP/lun1,thin" || exit 1
copy_onto "a thin LUN with one block of old data" 1
is "$(($(seen 93) > 0)) $(way skipped)" "1 0" "zeros are sent"

fresh --persona lio
copy_onto "LBPRZ 0, and nothing allocated" 1
is "$(($(seen 93) > 0)) $(way skipped)" "1 0" "nothing is promised there: zeros are sent"

rm -f lun1
truncate -s 32M lun1
start_array --target "$IQN" --lun "1=$TMP/lun1" || exit 1
copy_onto "a thick LUN of zeros" 1
is "$(($(seen 93) > 0)) $(way skipped)" "1 0" "nothing is proven there: zeros are sent"

for fault in 'op=9e/12 action=sense k=5 asc=20 ascq=00' 'op=9e/12 action=patch off=8 hex=00000000ffffffff' \
	'op=9e/12 action=patch off=20 hex=00' 'op=9e/12 action=patch off=20 hex=02' \
	'op=88 times=1 action=sense k=3 asc=11 ascq=00'; do
	fresh --fault "$fault"
	copy_onto "$fault" 1
	is "$(($(seen 93) > 0)) $(way skipped)" "1 0" "$fault: zeros are sent"
done

# 64 TiB between LUNs, and 4 MiB of data: what is no data is nobody's work.
start_array --target "$IQN" --lun 0=64T,thin --lun 1=64T,thin || exit 1
head -c $((4 * MIB)) /dev/urandom >data
exits 0 "4 MiB into 64 TiB" "$xmover" copy --offload=never data "$(disk 0)"
exits 0 "64 TiB from thin to fresh" "$xmover" copy --report=report "$(disk 0)" "$(disk 1)"
is "$(seen 93) $(way zeroed) $(way skipped)" "0 0 $(((64 << 40) - 4 * MIB))" "4 MiB of it are work"
report_holds report "64 TiB"

done_testing
