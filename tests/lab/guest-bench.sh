# SPDX-License-Identifier: Apache-2.0
# In the guest, for bench-lio: LIO on the disks it was given or on memory; over
# SG_IO the runs too, over iSCSI they are the host's, and only compared here.
# shellcheck shell=bash
. "$XM_TOP/tests/lib.sh"
# shellcheck source=tests/lab/lio.sh
. ./lio.sh
mover=$XM_BUILD/xmover
# shellcheck source=/dev/null
. /mnt/settings
: "${how?}" "${on?}" "${rounds?}" "${bytes?}" "${delay?}"

lio_start
if [ "$on" = disk ]; then
	a=/dev/vda b=/dev/vdb
	lab_modprobe virtio_blk dm_delay
	lab_until test -b "$b"
	for x in a b; do
		DM_DISABLE_UDEV=1 dmsetup create "$x" --table "0 $((bytes / 512)) delay /dev/vd$x 0 $delay /dev/vd$x 0 $delay"
		lio_iblock "$x" "/dev/mapper/$x" "${x}000000000000000000000001"
	done
	stores=("$T/core/iblock_0/a" "$T/core/iblock_0/b")
else
	mkdir -p /dev/shm/img
	a=/dev/shm/img/a b=/dev/shm/img/b
	cp /mnt/random "$a"
	head -c "$bytes" /dev/zero >"$b"
	lio_fileio a "$a" a000000000000000000000001
	lio_fileio b "$b" b000000000000000000000001
	stores=("$T/core/fileio_0/a" "$T/core/fileio_0/b")
fi
# Before each run: what a run before left there would look copied.
blank() {
	local flags=conv=notrunc
	[ "$on" = ram ] || flags=oflag=direct
	dd if=/dev/zero of="$b" bs=4M count=$((bytes >> 22)) "$flags" status=none
}
# Equal below: past every cache, since a copy by LIO passes that of /dev/vdb too.
compare() {
	[ "$on" = ram ] || blockdev --flushbufs "$a" "$b"
	try "$1: equal below" cmp -n "$bytes" "$a" "$b"
}

if [ "$how" = iscsi ]; then
	lio_iscsi iqn.2026-11.lab:lio "${stores[@]}"
	touch /mnt/ready
	until [ -e /mnt/done ]; do
		if [ -e /mnt/blank ]; then blank; rm /mnt/blank; fi
		sleep 0.1
	done
	compare iscsi
	done_testing
fi

lio_loop 0 "${stores[0]}"
lio_loop 1 "${stores[1]}"
for n in 0 1; do
	lab_until lio_disk "$n" >/dev/null
	lab_until lio_sg "$n" >/dev/null
done
src=$(lio_disk 0) dst=$(lio_disk 1)
run() { # NAME COMMAND...
	local name=$1 begin end
	shift
	blank
	begin=$EPOCHREALTIME
	if ! "$@" >/dev/shm/out 2>&1; then not_ok "$name" "$(cat /dev/shm/out)"; return; fi
	end=$EPOCHREALTIME
	echo "$name $((${end/./} - ${begin/./}))" >>/mnt/times
}
copy() {
	local name=$1
	shift
	run "$name" "$mover" copy "$src" "$dst" --offload=require --verify=none --progress none \
		--report /dev/shm/report "$@"
	is "$(jq -r .bytes.xcopy /dev/shm/report)" "$bytes" "$name: every byte by EXTENDED COPY"
}
# Each is compared once: it takes longer than a run.
last() { [ $((round + 1)) -lt "$rounds" ] || compare "$1"; }
"$mover" copy "$src" "$dst" --dry-run --progress none >/dev/null 2>&1	# read in by 9p
copy first
compare first
: >/mnt/times
for ((round = 0; round < rounds; round++)); do
	copy default
	last default
	copy depth-1 --depth 1
	last depth-1
	run sg_xcopy sg_xcopy if="$(lio_sg 0)" of="$(lio_sg 1)" bs=512 count=$((bytes / 512))
	last sg_xcopy
done
done_testing
