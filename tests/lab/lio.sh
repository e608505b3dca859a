# SPDX-License-Identifier: Apache-2.0
# Sourced in the guest: LIO backstores and how they are reached, by configfs.
# Facts: shared/reference/scsi-offload.md 4 and 5.
# shellcheck shell=bash
T=/sys/kernel/config/target
LOOP_WWN=naa.60014050000000aa

lab_modprobe() {
	modprobe -d "$XM_LAB_MODULES" -a "$@"
}

# Until a command succeeds; a minute or more at most.  What is waited for is the kernel's
# own asynchronous scan, which tells no one when it is done.
lab_until() {
	local _
	for _ in $(seq 600); do
		"$@" 2>/dev/null && return 0
		sleep 0.1
	done
	echo "# timed out: $*"
	return 1
}

lio_start() {
	lab_modprobe target_core_mod target_core_file target_core_iblock tcm_loop sg sd_mod
}

# lio_fileio NAME FILE SERIAL [BLOCK]: the file must exist.
lio_fileio() {
	local d=$T/core/fileio_0/$1 size
	size=$(stat -c %s "$2")
	mkdir -p "$d"
	echo "fd_dev_name=$2,fd_dev_size=$size" >"$d/control"
	echo 1 >"$d/enable"
	echo "$3" >"$d/wwn/vpd_unit_serial"
	[ -z "${4:-}" ] || echo "$4" >"$d/attrib/block_size"
}

# lio_ramdisk NAME MIB SERIAL
lio_ramdisk() {
	local d=$T/core/rd_mcp_0/$1
	mkdir -p "$d"
	echo "rd_pages=$(($2 * 256))" >"$d/control"
	echo 1 >"$d/enable"
	echo "$3" >"$d/wwn/vpd_unit_serial"
}

# lio_iblock NAME DEVICE SERIAL
lio_iblock() {
	local d=$T/core/iblock_0/$1
	mkdir -p "$d"
	echo "udev_path=$2" >"$d/control"
	echo 1 >"$d/enable"
	echo "$3" >"$d/wwn/vpd_unit_serial"
}

# lio_loop LUN BACKSTORE: by tcm_loop, as a SCSI disk of this guest.
lio_loop() {
	local tpg=$T/loopback/$LOOP_WWN/tpgt_1
	if [ ! -d "$tpg" ]; then
		mkdir -p "$tpg"
		echo "$LOOP_WWN" >"$tpg/nexus"
	fi
	mkdir -p "$tpg/lun/lun_$1"
	ln -s "$2" "$tpg/lun/lun_$1/x"
}

# lio_disk LUN, lio_sg LUN: the nodes of a loopback LUN.
lio_disk() {
	local d
	for d in /sys/class/scsi_device/*:0:1:"$1"/device/block/*; do
		[ -e "$d" ] && echo "/dev/${d##*/}" && return 0
	done
	return 1
}
lio_sg() {
	local d
	for d in /sys/class/scsi_device/*:0:1:"$1"/device/scsi_generic/*; do
		[ -e "$d" ] && echo "/dev/${d##*/}" && return 0
	done
	return 1
}

# lio_iscsi IQN BACKSTORE...: LUNs 0, 1, ... behind 0.0.0.0:3260, everyone allowed.
lio_iscsi() {
	local iqn=$1 tpg=$T/iscsi/$1/tpgt_1 n=0 b
	shift
	lab_modprobe iscsi_target_mod
	mkdir -p "$tpg/np/0.0.0.0:3260"
	echo 0 >"$tpg/attrib/authentication"
	echo 1 >"$tpg/attrib/generate_node_acls"
	echo 1 >"$tpg/attrib/cache_dynamic_acls"
	echo 0 >"$tpg/attrib/demo_mode_write_protect"
	for b in "$@"; do
		mkdir -p "$tpg/lun/lun_$n"
		ln -s "$b" "$tpg/lun/lun_$n/x"
		n=$((n + 1))
	done
	echo 1 >"$tpg/enable"
	echo "# LIO exports $iqn"
}
