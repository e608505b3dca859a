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
lab_modprobe brd

# file NAME [random]: a backing file of $MIB.
file() {
	truncate -s 0 "/dev/shm/img/$1"
	truncate -s "${MIB}M" "/dev/shm/img/$1"
	[ "${2:-}" != random ] || cp /mnt/random "/dev/shm/img/$1"
}
report() { jq -r "$1" /dev/shm/report; }

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
