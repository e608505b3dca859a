# SPDX-License-Identifier: Apache-2.0
# In the guest: the mover over SG_IO on Linux LIO, through tcm_loop.  Expected
# bytes are what was written to the backing files, past both.
# shellcheck shell=bash
. "$XM_TOP/tests/lib.sh"
# shellcheck source=tests/lab/lio.sh
. ./lio.sh
mover=$XM_BUILD/xmover
MIB=$(($(stat -c %s /mnt/random) >> 20))

mkdir -p /dev/shm/img
lio_start
lab_modprobe brd loop

# file NAME [random]: a backing file of $MIB.
file() {
	truncate -s 0 "/dev/shm/img/$1"
	truncate -s "${MIB}M" "/dev/shm/img/$1"
	[ "${2:-}" != random ] || cp /mnt/random "/dev/shm/img/$1"
}
report() { jq -r "$1" /dev/shm/report; }

copy() { # NAME EXIT OPTION...
	local name=$1 code=$2
	shift 2
	exits "$code" "$name: exit $code" "$mover" copy "$@" --report /dev/shm/report --progress none
}

# moved NAME SRC DST SRC-BACKING DST-BACKING: copy, 100 % offloaded, equal below.
moved() {
	local name=$1 bytes
	bytes=$(blockdev --getsize64 "$2")
	exits 0 "$name: exit 0" "$mover" copy "$2" "$3" --offload=require --report /dev/shm/report --progress none
	is "$(report '.bytes.xcopy')" "$bytes" "$name: every byte by EXTENDED COPY"
	is "$(report '.offload_ratio')" 1 "$name: ratio"
	try "$name: the backing stores are equal" cmp -n "$bytes" "$4" "$5"
}

file a random
file b
file c random
file d
lio_fileio a /dev/shm/img/a a000000000000000000000001
lio_fileio b /dev/shm/img/b b000000000000000000000001
lio_fileio c /dev/shm/img/c c000000000000000000000001 4096
lio_fileio d /dev/shm/img/d d000000000000000000000001 4096
lio_ramdisk r "$MIB" e000000000000000000000001
n=0
for store in fileio_0/a fileio_0/b fileio_0/c fileio_0/d rd_mcp_0/r; do
	lio_loop $n "$T/core/$store"
	n=$((n + 1))
done
for n in 0 1 2 3 4; do
	lab_until lio_disk "$n" >/dev/null
	lab_until lio_sg "$n" >/dev/null
done

moved "512-byte blocks, fileio" "$(lio_disk 0)" "$(lio_disk 1)" /dev/shm/img/a /dev/shm/img/b
moved "4096-byte blocks, fileio" "$(lio_disk 2)" "$(lio_disk 3)" /dev/shm/img/c /dev/shm/img/d
moved "fileio to ramdisk" "$(lio_disk 0)" "$(lio_disk 4)" /dev/shm/img/a "$(lio_disk 4)"

file b
exits 0 "sg nodes: exit 0" "$mover" copy "$(lio_sg 0)" "$(lio_sg 1)" --report /dev/shm/report --progress none
is "$(report '.bytes.xcopy')" "$((MIB << 20))" "sg nodes: every byte by EXTENDED COPY"
try "sg nodes: equal" cmp /dev/shm/img/a /dev/shm/img/b

# The page cache of the destination must not go on showing old bytes.
file b
dd if="$(lio_disk 1)" of=/dev/null bs=1M status=none
exits 0 "cached destination: exit 0" "$mover" copy "$(lio_disk 0)" "$(lio_disk 1)" --progress none
try "cached destination: the cache was dropped" cmp "$(lio_disk 0)" "$(lio_disk 1)"

# ---- other backstores, larger copies, partitions ----------------------------------
truncate -s "${MIB}M" /dev/shm/img/i
lab_until losetup /dev/loop7 /dev/shm/img/i
lio_iblock i /dev/loop7 f000000000000000000000001
lio_loop 5 "$T/core/iblock_0/i"
lab_until lio_disk 5 >/dev/null
moved "fileio to iblock" "$(lio_disk 0)" "$(lio_disk 5)" /dev/shm/img/a /dev/loop7
moved "iblock to ramdisk" "$(lio_disk 5)" "$(lio_disk 4)" /dev/shm/img/a "$(lio_disk 4)"

# Two partitions of LUN 6: a copy between them, at their places on the disk.
part=/dev/shm/img/p
truncate -s "$((2 * MIB + 2))M" $part
perl -e 'print "\0" x 446, (map { pack "x4 C x3 V V", 0x83, $_, $ARGV[0] } 2048, 2048 + $ARGV[0]), "\0" x 32, "\x55\xaa"' \
	$((MIB * 2048)) | dd of=$part conv=notrunc status=none
dd if=/dev/shm/img/a of=$part bs=1M seek=1 conv=notrunc status=none
lio_fileio p $part 9000000000000000000000001
lio_loop 6 "$T/core/fileio_0/p"
lab_until lio_disk 6 >/dev/null
disk=$(lio_disk 6)
lab_until test -b "${disk}2"
copy "partitions" 0 "${disk}1" "$(lio_disk 1)" --offload=require
is "$(report .bytes.xcopy)" "$((MIB << 20))" "partition to disk: every byte by EXTENDED COPY"
try "partition to disk: equal below" cmp /dev/shm/img/a /dev/shm/img/b
copy "disk to partition" 0 "$(lio_disk 0)" "${disk}2" --offload=require
try "disk to partition: equal below, at its place" cmp -n $((MIB << 20)) -i 0:$(((MIB + 1) << 20)) /dev/shm/img/a $part
try "disk to partition: the other one is as it was" cmp -n $((MIB << 20)) -i 0:1048576 /dev/shm/img/a $part
copy "within a disk" 0 "${disk}1" "${disk}2"
is "$(report '.fallbacks[0].reason')" equal_designators "within a disk: by host, both ends have one name"

# ---- what a LUN may do to a copy -----------------------------------------------------
# A new LUN is a UNIT ATTENTION on all others (3F/0E), due when the copy begins.
file b
lio_ramdisk new 1 8000000000000000000000001
lio_loop 8 "$T/core/rd_mcp_0/new"
copy "unit attention" 0 "$(lio_disk 0)" "$(lio_disk 1)" --offload=require
try "unit attention: equal" cmp /dev/shm/img/a /dev/shm/img/b

# A third LUN has the name of the source: LIO says GOOD, and reads from that one.
file b
truncate -s "${MIB}M" /dev/shm/img/twin
lio_fileio twin /dev/shm/img/twin a000000000000000000000001
lio_loop 7 "$T/core/fileio_0/twin"
lab_until lio_disk 7 >/dev/null
copy "a twin of the source, required" 65 "$(lio_disk 0)" "$(lio_disk 1)" --offload=require
like "$OUT" "cannot be believed" "a twin of the source, required: in words"
copy "a twin of the source" 0 "$(lio_disk 0)" "$(lio_disk 1)"
is "$(report '.fallbacks[0].reason') $(report .bytes.host)" "integrity $((MIB << 20))" "a twin of the source: by host"
try "a twin of the source: equal" cmp /dev/shm/img/a /dev/shm/img/b
exits 73 "two LUNs of one name: refused" "$mover" copy "$(lio_disk 0)" "$(lio_disk 7)" --progress none
rm "$T/loopback/$LOOP_WWN/tpgt_1/lun/lun_7/x"

# ---- what the sg node means ------------------------------------------------------------
verdict() { "$mover" probe "$1" --json 2>/dev/null | jq -r '.. | objects | select(.check? == "source.fence") | .verdict'; }
is "$(verdict "$(lio_sg 0)")" PASS "probe of an sg node, its disk at hand"
mv "$(lio_disk 0)" /dev/hidden
is "$(verdict "$(lio_sg 0)")" WARN "probe of an sg node alone: a kill there cannot be fenced"
file b
copy "sg node alone" 0 "$(lio_sg 0)" "$(lio_sg 1)"
is "$(report .bytes.xcopy)" "$((MIB << 20))" "sg node alone: every byte by EXTENDED COPY"
try "sg node alone: equal" cmp /dev/shm/img/a /dev/shm/img/b
file b
sg=$(lio_sg 0)
mv "$(lio_disk 1)" /dev/hidden1
exits 0 "no capability, sg nodes read-write" setpriv --bounding-set -sys_rawio --inh-caps -sys_rawio \
	"$mover" copy "$sg" "$(lio_sg 1)" --offload=require --report /dev/shm/report --progress none
is "$(report .bytes.xcopy)" "$((MIB << 20))" "no capability, sg nodes: every byte by EXTENDED COPY"
mv /dev/hidden "$(lio_disk 0)"
mv /dev/hidden1 "$(lio_disk 1)"

# Unequal blocks cannot be offloaded by LIO.
exits 0 "512 to 4096: exit 0" "$mover" copy "$(lio_disk 0)" "$(lio_disk 2)" --report /dev/shm/report --progress none
is "$(report '.fallbacks[0].reason')" block_size "512 to 4096: reason"
try "512 to 4096: equal" cmp /dev/shm/img/a /dev/shm/img/c
file c random

# Third party copy switched off.
echo 0 >"$T/core/fileio_0/a/attrib/emulate_3pc"
exits 0 "emulate_3pc=0: exit 0" "$mover" copy "$(lio_disk 0)" "$(lio_disk 1)" --report /dev/shm/report --progress none
is "$(report '.offload_used')" false "emulate_3pc=0: not offloaded"
exits 69 "emulate_3pc=0: required" "$mover" copy "$(lio_disk 0)" "$(lio_disk 1)" --offload=require --progress none
echo 1 >"$T/core/fileio_0/a/attrib/emulate_3pc"

# Without CAP_SYS_RAWIO.
file b
exits 0 "no capability, sd: exit 0" setpriv --bounding-set -sys_rawio --inh-caps -sys_rawio \
	"$mover" copy "$(lio_disk 0)" "$(lio_disk 1)" --report /dev/shm/report --progress none
is "$(report '.fallbacks[0].reason')" no_cap_sys_rawio "no capability, sd: reason"
try "no capability, sd: equal" cmp /dev/shm/img/a /dev/shm/img/b
done_testing
