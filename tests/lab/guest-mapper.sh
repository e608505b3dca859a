# SPDX-License-Identifier: Apache-2.0
# In the guest: what stands between the mover and a disk, and disks that cannot copy.
# dm-multipath over two paths of an LIO LUN is offloaded, over the path that works;
# dm-linear and dm-crypt, scsi_debug and QEMU's own disks are copied by host, and say why.
# shellcheck shell=bash
. "$XM_TOP/tests/lib.sh"
# shellcheck source=tests/lab/lio.sh
. ./lio.sh
mover=$XM_BUILD/xmover
export DM_DISABLE_UDEV=1
bytes=$(stat -c %s /mnt/random)
sectors=$((bytes / 512))
img=/dev/shm/img
mkdir -p $img
cp /mnt/random $img/a
truncate -r $img/a $img/b $img/c
report() { jq -r "$1" /dev/shm/report; }
copy() { # NAME EXIT OPTION...
	local name=$1 code=$2
	shift 2
	exits "$code" "$name: exit $code" "$mover" copy "$@" --report /dev/shm/report --progress none
}
# by_host NAME REASON SRC DST: the whole of it, and why.
by_host() {
	copy "$1" 0 "$3" "$4"
	is "$(report '.fallbacks[0].reason')" "$2" "$1: reason"
	is "$(report '.bytes.host')" "$bytes" "$1: every byte by host"
	try "$1: equal" cmp "$3" "$4"
	copy "$1, required" 69 "$3" "$4" --offload=require
}
clear_disk() { dd if=/dev/zero of="$1" bs=1M count=$((bytes >> 20)) oflag=direct conv=nocreat status=none; }

lio_start
lab_modprobe dm_mod dm_multipath dm_round_robin dm_crypt cbc aes_generic
lio_fileio a $img/a a000000000000000000000001
lio_fileio b $img/b b000000000000000000000001
lio_fileio c $img/c c000000000000000000000001
lio_loop 0 "$T/core/fileio_0/a"
lio_loop 1 "$T/core/fileio_0/b"
lio_loop 2 "$T/core/fileio_0/c"
LOOP_WWN=naa.60014050000000bb lio_loop 3 "$T/core/fileio_0/b"
# LIO copies between LUNs of one nexus: so that each path can be told to.
LOOP_WWN=naa.60014050000000bb lio_loop 4 "$T/core/fileio_0/a"
for n in 0 1 2 3 4; do lab_until lio_disk "$n" >/dev/null; done
src=$(lio_disk 0) one=$(lio_disk 1) other=$(lio_disk 3) plain=$(lio_disk 2)
numbers() { printf '%d:%d' $((0x$(stat -c %t "$1"))) $((0x$(stat -c %T "$1"))); }

# ---- two paths ------------------------------------------------------------------
wwid=$(<"/sys/block/${one#/dev/}/device/wwid")
multipath() {
	dmsetup create mp --uuid "mpath-3${wwid#naa.}" --table "0 $sectors multipath 0 0 2 1 round-robin 0 1 1 \
		$(numbers "$one") 1 round-robin 0 1 1 $(numbers "$other") 1"
}
try "a multipath map" multipath
mp=/dev/mapper/mp
copy "multipath" 0 "$src" "$mp" --offload=require --verify=full
is "$(report '.bytes.xcopy')" "$bytes" "multipath: every byte by EXTENDED COPY"
try "multipath: equal below" cmp $img/a $img/b
copy "a path of it" 73 "$src" "$one"
clear_disk "$mp"
for dead in "$one" "$other"; do
	echo offline >"/sys/block/${dead#/dev/}/device/state"
	copy "a path is down" 0 "$src" "$mp" --offload=require --verify=full
	is "$(report '.bytes.xcopy')" "$bytes" "a path is down: every byte by EXTENDED COPY"
	echo running >"/sys/block/${dead#/dev/}/device/state"
	dmsetup message mp 0 "reinstate_path $(numbers "$dead")"
done
try "a path is down: equal below" cmp $img/a $img/b

# The path that copies fails for good under way: what it was given may still run, so it is
# waited out (2 minutes); then the job goes on down the other path.
if [ "${XM_LONG:-}" = 1 ]; then
	clear_disk "$mp"
	"$mover" copy "$src" "$mp" --rate 2M --offload=require --verify=full --report /dev/shm/report --progress json >/dev/null 2>/dev/shm/log &
	job=$!
	await grep -q '"phase":"copy".*"bytes_done":[1-9]' /dev/shm/log
	dead=$(sed -n 's/.*commands go down \(sd[a-z]*\);.*/\1/p' /dev/shm/log)
	echo offline >"/sys/block/$dead/device/state"
	wait "$job"
	is "$? $(report '[.unknown, .bytes.xcopy] | join(" ")')" "0 0 $bytes" "a path fails under way: done, by EXTENDED COPY"
	is "$(grep -c '"event":"drain"' /dev/shm/log) $(grep -c '"event":"path_failed"' /dev/shm/log)" "1 1" \
		"a path fails under way: waited out, then the other one"
	diag "$(grep -E '"(warning|error)"' /dev/shm/log)"
	echo running >"/sys/block/$dead/device/state"
	try "a path fails under way: equal below" cmp $img/a $img/b
fi
dmsetup remove mp

# ---- mappings ---------------------------------------------------------------------
dmsetup create lin --uuid LVM-lab --table "0 $sectors linear $plain 0"
by_host "dm-linear" device_mapper "$src" /dev/mapper/lin
like "$(report '.fallbacks[0].detail')" "logical volume" "dm-linear: in words"
copy "the disk below dm-linear" 73 "$src" "$plain"
dmsetup remove lin
key=000102030405060708090a0b0c0d0e0f
dmsetup create crypt --uuid CRYPT-PLAIN-lab --table "0 $sectors crypt aes-cbc-plain64 $key 0 $plain 0"
by_host "dm-crypt" device_mapper "$src" /dev/mapper/crypt
like "$(report '.fallbacks[0].detail')" "encrypted by dm-crypt" "dm-crypt: in words"
try "dm-crypt: the bytes below are others" test "$(cmp -s $img/a $img/c; echo $?)" = 1
dmsetup remove crypt

# ---- disks without a copy manager ----------------------------------------------------
lab_modprobe virtio_scsi
modprobe -d "$XM_LAB_MODULES" scsi_debug dev_size_mb=$((bytes >> 20)) add_host=2 per_host_store=1
of_model() { # MODEL: its disks
	local d
	for d in /sys/block/sd*; do
		[[ $(cat "$d/device/model") == "$1"* ]] && echo "/dev/${d##*/}"
	done
}
two() { [ "$(of_model "$1" | wc -l)" = 2 ]; }
for model in scsi_debug "QEMU HARDDISK"; do
	lab_until two "$model" || { not_ok "$model: two disks" "$(lsblk -S)"; continue; }
	mapfile -t disks < <(of_model "$model")
	dd if=/mnt/random of="${disks[0]}" bs=1M oflag=direct conv=nocreat status=none
	by_host "$model" unsupported_opcode "${disks[@]}"
done
done_testing
