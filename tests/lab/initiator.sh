# SPDX-License-Identifier: Apache-2.0
# Sourced in the guest: the kernel's own iSCSI initiator, open-iscsi, with header
# and data digests.  Its database lies on a tmpfs over the host's /etc/iscsi.
# shellcheck shell=bash disable=SC2034

initiator_start() {
	lab_modprobe iscsi_tcp sd_mod sg crc32c_generic
	mount -t tmpfs iscsi /etc/iscsi
	mkdir -p /run/lock/iscsi /dev/disk
	echo "InitiatorName=iqn.2026-11.lab:one" >/etc/iscsi/initiatorname.iscsi
	cat >/etc/iscsi/iscsid.conf <<-C
		node.startup = manual
		node.session.scan = auto
		node.session.nr_sessions = 1
		node.session.timeo.replacement_timeout = 5
		node.conn[0].iscsi.HeaderDigest = CRC32C
		node.conn[0].iscsi.DataDigest = CRC32C
	C
	# When it ends it ends its process group too.
	setsid iscsid --foreground --no-pid-file </dev/null >/dev/shm/iscsid.log 2>&1 &
	LIB_PIDS+=($!)
	iscsiadm -m iface -I other -o new >/dev/null
	iscsiadm -m iface -I other -o update -n iface.initiatorname -v iqn.2026-11.lab:other >/dev/null
}

# initiator_login IQN PORT [default|other]: as initiator one, or as the other.
initiator_login() {
	local node=(-m node -T "$1" -p "127.0.0.1:$2" -I "${3:-default}")
	iscsiadm "${node[@]}" -o new >/dev/null && iscsiadm "${node[@]}" --login >/dev/null
}

# The sessions with a target, as initiator one or NAME; no process is made for it, an
# emulated CPU is slow at that.
initiator_sessions() { # IQN [NAME]
	local s target name
	SESSIONS=()
	for s in /sys/class/iscsi_session/session*; do
		read -r target <"$s/targetname" || continue
		read -r name <"$s/initiatorname" || continue
		[ "$target $name" != "$1 iqn.2026-11.lab:${2:-one}" ] || SESSIONS+=("$s")
	done
}

# initiator_node IQN LUN block|scsi_generic [NAME]: leaves the node of a LUN in $NODE.
initiator_node() {
	local s d
	initiator_sessions "$1" "${4:-}"
	for s in "${SESSIONS[@]}"; do
		for d in "$s"/device/target*/*:*:*:"$2"/"$3"/*; do
			NODE=/dev/${d##*/}
			[ ! -e "$d" ] || return 0
		done
	done
	return 1
}

# initiator_disks IQN NAME LUN...: until they are there; their nodes in ${DISK[IQN LUN NAME]}, SG likewise.
declare -A DISK SG
initiator_disks() {
	local iqn=$1 name=$2 lun
	shift 2
	for lun in "$@"; do
		lab_until initiator_node "$iqn" "$lun" block "$name" || return
		DISK[$iqn $lun $name]=$NODE
		lab_until initiator_node "$iqn" "$lun" scsi_generic "$name" || return
		SG[$iqn $lun $name]=$NODE
	done
}

# initiator_digests IQN: "1 1" where header and data digests were agreed on.
initiator_digests() {
	local c
	initiator_sessions "$1"
	for c in "${SESSIONS[0]}"/device/connection*/iscsi_connection/connection*; do
		echo "$(<"$c/header_digest") $(<"$c/data_digest")"
	done
}
