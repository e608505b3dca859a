#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The mover inside the guest, over NVMe Copy on QEMU's controller.  What the guest
# did is judged here, on the images below the controller.
. "$(dirname "$0")/../lib.sh"
XM_LAB_CACHE=$("$XM_SRC/tests/lab/prepare" 2>"$TMP/why") || skip_all "$(cat "$TMP/why")"
export XM_LAB_CACHE XM_BUILD

le32() { printf '\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)); }
# image NAME MIB PART-MIB[@MIB]...: an MBR with these partitions, one behind the other or where
# it is said; random in the first, the others empty.
image() {
	local name=$1 at=1 part=$3 n table=''
	truncate -s "${2}M" "$TMP/$name"
	for n in "${@:3}"; do
		[[ $n != *@* ]] || at=${n#*@}
		n=${n%@*}
		table+="\\x00\\x00\\x00\\x00\\x83\\x00\\x00\\x00$(le32 $((at * 2048)))$(le32 $((n * 2048)))"
		at=$((at + n))
	done
	# shellcheck disable=SC2059 # the table is escapes
	printf "$table" | dd of="$TMP/$name" bs=1 seek=446 conv=notrunc status=none
	printf '\x55\xaa' | dd of="$TMP/$name" bs=1 seek=510 conv=notrunc status=none
	head -c "${part}M" /dev/urandom | dd of="$TMP/$name" bs=1M seek=1 conv=notrunc status=none
}
mib=256
[ "${XM_LONG:-}" != 1 ] || mib=1024
image a $((3 * mib + 32)) $mib $mib $mib 16
truncate -s "${mib}M" "$TMP/b" "$TMP/c"
image untold 12 4 4
image slow 20 8 8 8@5
image gone 17 8 8
truncate -s 8M "$TMP/slow2"
trace=$TMP/trace
drive() { printf -- '-drive\nfile=%s,if=none,format=raw,id=%s%s\n' "$TMP/$1" "$1" "${2:-}"; }
mapfile -t options < <(
	printf -- '-device\nnvme,id=c0,serial=lab0\n-device\nnvme,id=c1,serial=lab1\n'
	drive a; drive b; drive c; drive untold
	drive slow ,throttling.bps-total=1048576; drive slow2 ,throttling.bps-total=1048576
	printf -- '-device\n%s\n' nvme-ns,drive=a,bus=c0,nsid=1,mssrl=2048,mcl=16384,msrc=31 \
		nvme-ns,drive=b,bus=c0,nsid=2,mssrl=1024,mcl=8192,msrc=15 nvme-ns,drive=c,bus=c0,nsid=3,logical_block_size=4096,physical_block_size=4096 \
		nvme-ns,drive=untold,bus=c0,nsid=4,mssrl=0,mcl=0,msrc=0 nvme-ns,drive=slow,bus=c1,nsid=1,mssrl=4096,mcl=32768,msrc=7 \
		nvme-ns,drive=slow2,bus=c1,nsid=2,mssrl=4096,mcl=32768,msrc=7
	# only a namespace of a subsystem can be detached from its controller
	drive gone ,throttling.bps-total=1048576
	printf -- '-device\n%s\n' nvme-subsys,id=s2 nvme,id=c2,serial=lab2,subsys=s2 \
		nvme-ns,drive=gone,bus=c2,nsid=1,shared=on,mssrl=4096,mcl=32768,msrc=7
	printf -- '-trace\n%s\n' pci_nvme_copy pci_nvme_write
	printf -- '-D\n%s\n' "$trace"
)
"$XM_SRC/tests/lab/guest" guest-nvme.sh "${options[@]}" || exit

# same FILE FROM AT MIB [FILE2]: so much is equal at FROM and at AT, both in MiB.
same() {
	cmp -n $(($4 << 20)) -i $(($2 << 20)):$(($3 << 20)) "$TMP/$1" "$TMP/${5:-$1}" && return
	echo "Bail out! ${5:-$1} at $3 MiB differs from its source"
	exit 1
}
# seen TEXT WHAT: the controller was told so.
seen() {
	grep -qE "$1" "$trace" && return
	echo "Bail out! the controller saw no $2"
	exit 1
}
third=$((2 * mib + 1))
same a 1 $((mib + 1)) $mib
same a 1 $third 8
cmp -n $((4 << 20)) -i 0:$(((third + 8) << 20)) /dev/zero "$TMP/a" || { echo "Bail out! no zeros"; exit 1; }
same a 13 $((third + 12)) $((mib - 12))
[ -z "${XM_LAB_QEMU:-}" ] || same a 1 0 $mib b
same untold 1 5 4
same slow 1 9 8
seen "pci_nvme_copy .*nsid 1 nr [0-9]+ format 0x0" "Copy of format 0h"
seen "pci_nvme_write .*WRITE_ZEROES.* nsid 1 .*lba 0x$(printf %x $(((third + 8) * 2048)))" "Write Zeroes for what was known to be zeros"
