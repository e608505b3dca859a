#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Multipath, mappings and disks that cannot copy, in the guest.
. "$(dirname "$0")/../lib.sh"
XM_LAB_CACHE=$("$XM_SRC/tests/lab/prepare" 2>"$TMP/why") || skip_all "$(cat "$TMP/why")"
export XM_LAB_CACHE XM_BUILD
truncate -s 32M "$TMP/x" "$TMP/y"
"$XM_SRC/tests/lab/guest" --random 32 guest-mapper.sh -device virtio-scsi-pci,id=s \
	-drive "file=$TMP/x,if=none,format=raw,id=x" -device scsi-hd,drive=x,bus=s.0,wwn=0x5000000000000001 \
	-drive "file=$TMP/y,if=none,format=raw,id=y" -device scsi-hd,drive=y,bus=s.0,wwn=0x5000000000000002
