#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --salvage where the array copies: it meets bad blocks of the source and says so.  The rest of
# the disk is offloaded still, the host finds out which blocks they are, zeros take their place,
# they are mapped, and the exit code is 74.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

cd "$TMP" || exit 1
mib=64
stamped lun0 $mib
truncate -s ${mib}M lun1 lun3
head -c 1M lun0 >lun2
truncate -s 1M lun3
start_array --target "$IQN" --lun "0=$TMP/lun0" --lun "1=$TMP/lun1" --lun "2=$TMP/lun2" \
	--lun "3=$TMP/lun3" || exit 1
copy() { "$xmover" copy "$@" --quiet --report=r; }
bytes() { json r '$j->{bytes}{'"$1"'}'; }

# bad LUN RANGE KEY: no read and no copy gets these blocks.
bad() {
	local op
	ctl fault add op=reads "lun=$1" "lba=$2" action=sense k=3 asc=11 ascq=00 >/dev/null
	for op in 83/00 83/01 83/10; do
		ctl fault add op=$op "lba=$2" action=sense k="$3" asc=11 ascq=00 >/dev/null
	done
}
# The first block, the last, and some between.
ranges=(0-0 5000-5000 40000-40003 131071-131071)
all_bad() {
	ctl fault del all >/dev/null
	for range in "${ranges[@]}"; do bad 0 $range "$1"; done
}
cp lun0 want
for range in "${ranges[@]}"; do
	dd if=/dev/zero of=want bs=512 seek=${range%-*} count=$((${range#*-} - ${range%-*} + 1)) \
		conv=notrunc status=none
done
map='0x00000000 0x00000200 -
0x00000200 0x00270E00 +
0x00271000 0x00000200 -
0x00271200 0x01116E00 +
0x01388000 0x00000800 -
0x01388800 0x02C77600 +
0x03FFFE00 0x00000200 -'

for method in xcopy odx; do
	for key in 3:"medium error" a:"copy aborted"; do
		name="$method, ${key#*:}"
		all_bad "${key%:*}"
		head -c ${mib}M /dev/zero >lun1
		exits 74 "$name: goes on, and owns up" copy "$(disk 0)" "$(disk 1)" --method=$method,host \
			--salvage=map --state=state
		like "$OUT" "3584 bytes in 4 places of source .*LBA 0\)" "$name: it says how much and where"
		try "$name: all but the bad blocks is copied" cmp want lun1
		is "$(grep -v '^#' map | tail -n +2 | tr -s ' ')" "$map" "$name: the map"
		[ "$(bytes $method)" -ge $((24 << 20)) ] && ok "$name: most of it by the array" ||
			not_ok "$name: most of it by the array" "$(cat r)"
		is "$(json r 'join " ", map { $_->{reason} } grep { $_->{reason} ne "not_wanted" } @{$j->{fallbacks}}')" \
			medium_error "$name: the report says why not all"
		report_holds r "$name"
		ctl fault del all >/dev/null
		exits 0 "$name: when they can be read again, they alone are copied" \
			copy "$(disk 0)" "$(disk 1)" --method=$method,host --salvage=map --state=state
		try "$name: equal" cmp lun0 lun1
		[ "$(bytes resumed)" -ge $((56 << 20)) ] && ok "$name: and little else" ||
			not_ok "$name: and little else" "$(cat r)"
		rm -f state
	done
done

# All is read and copied, and what was asked for cannot be written: that is no success.
ctl fault del all >/dev/null
head -c ${mib}M /dev/zero >lun1
exits 74 "a map that cannot be written" copy "$(disk 0)" "$(disk 1)" --salvage=/dev/full
is "$(grep -c "map of bad blocks /dev/full" <<<"$OUT")" 1 "it says so, once"
like "$(json r '$j->{message}')" "^cannot write the map of bad blocks /dev/full: " "so does the report"
is "$(json r '"$j->{result} $j->{exit_code} $j->{bytes}{left}"')" "failed 74 0" "all is copied"
try "all is copied, byte by byte" cmp lun0 lun1
report_holds r "a map that cannot be written"

# Nobody but the host may be asked: then a bad block ends it, and says so.
all_bad 3
exits 69 "offload required" copy "$(disk 0)" "$(disk 1)" --offload=require --salvage=map
like "$OUT" "[Mm]edium [Ee]rror" "it says why"

# Where the only chunk there is is bad, its trial is not asked for over and over.
ctl fault del all >/dev/null
bad 2 1000-1000 3
for method in xcopy odx; do
	exits 74 "$method: a bad block in the first trial" copy "$(disk 2)" "$(disk 3)" \
		--method=$method,host --salvage=map
	is "$(json r '$j->{retries}')" 0 "$method: no retries" || diag "$(cat r)"
	{ head -c 512000 lun2; head -c 512 /dev/zero; tail -c +512513 lun2; } >small
	try "$method: all else is copied" cmp small lun3
done

# What the array copied and the host cannot read is not said to be verified.  LBA 0: no trial
# begins there.
ctl fault del all >/dev/null
ctl fault add op=reads lun=0 lba=0 action=sense k=3 asc=11 ascq=00 >/dev/null
exits 74 "unreadable when it is compared" copy "$(disk 0)" "$(disk 1)" --method=xcopy --offload=require \
	--salvage=map --verify=full
like "$OUT" "source: READ.* LBA 0" "it says where"
try "every report is as its schema says" schema_check
done_testing
