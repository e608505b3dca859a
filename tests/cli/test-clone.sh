#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files on one file system that shares extents: cloned, by its own way, and only where it can be.
# The mounts are in a mount namespace of this test's own and end with it.
if [ -z "${XM_CLONE_NS:-}" ]; then
	if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
		XM_CLONE_NS=1 exec unshare -m "$0" "$@"
	fi
	echo "1..0 # SKIP no mounts for this user here"
	exit 0
fi
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

cd "$TMP" || exit 1
export XMOVER_PROGRESS=none
MIB=1048576
way() { json report "\$j->{bytes}{$1}"; }

# fs NAME MKFS-OPTION...: 400 MiB of it at ./NAME.
fs() {
	truncate -s 400M "$1.img"
	"mkfs.$1" -q "${@:2}" "$1.img" >mkfs.log 2>&1 && mkdir -p "$1" && mount -o loop "$1.img" "$1"
}
# 24 MiB of data, a hole, 1 MiB of data, and a tail that is no whole block.
make_source() {
	head -c $((24 * MIB)) /dev/urandom >"$1"
	truncate -s 63M "$1"
	head -c $((MIB + 777)) /dev/urandom >>"$1"
	sync "$1"
}
# Extents that both files name: filefrag's flag.
shared() { filefrag -v "$1" | grep -c shared; }

for kind in xfs btrfs; do
	if ! command -v "mkfs.$kind" >/dev/null || ! fs $kind; then
		skip "$kind" "no $kind on a loop device here"
		continue
	fi
	cd $kind || exit 1
	make_source src
	head -c $((64 * MIB + 777)) /dev/zero | tr '\0' '\377' >dst
	sync -f .
	used=$(df --output=used -k . | tail -n 1)
	exits 0 "$kind: onto a file full of old data" "$xmover" copy --report=report src dst || diag "$OUT"
	try "$kind: the bytes are equal" cmp src dst
	is "$(($(way clone) + $(way zeroed)))" $((64 * MIB)) "$kind: all whole blocks by clone, holes too"
	is "$(($(way host) <= 4096))" 1 "$kind: the tail by host" || diag "$(way host)"
	is "$(json report '$j->{offload_used}')" 0 "$kind: which is not called offload"
	like "$OUT" "[0-9.]+ MiB were cloned by the file system" "$kind: and said"
	is "$(($(shared dst) > 0))" 1 "$kind: the extents are shared" || diag "$(filefrag -v dst)"
	sync -f .
	is "$(($(df --output=used -k . | tail -n 1) < used))" 1 "$kind: no space was taken for it"
	report_holds report "$kind"
	# What is written to one later is not seen in the other.
	sha256sum src >before
	dd if=/dev/urandom of=dst bs=64k count=1 conv=notrunc 2>/dev/null
	try "$kind: the source stays what it was" sha256sum -c before
	exits 0 "$kind: --create" "$xmover" copy --create --report=report src new
	try "$kind: makes an equal file" cmp src new
	is "$(($(stat -c %b new) <= $(stat -c %b src) + 16))" 1 "$kind: as thin as the source"
	exits 0 "$kind: --offload=never" "$xmover" copy --offload=never --report=report src dst
	is "$(way clone)" 0 "$kind: does not clone"
	try "$kind: and copies" cmp src dst
	exits 69 "$kind: --offload=require" "$xmover" copy --offload=require src dst
	rm -f new dst
	cd ..
done

# ---- where it cannot be ---------------------------------------------------------------
if mountpoint -q xfs && mountpoint -q btrfs; then
	exits 0 "from one file system to another" "$xmover" copy --create --report=report xfs/src btrfs/other
	is "$(way clone)" 0 "by host"
	try "equal" cmp xfs/src btrfs/other
	umount xfs
	if fs xfs -f -m reflink=0; then
		make_source xfs/src
		exits 0 "a file system that refuses" "$xmover" copy --create --report=report xfs/src xfs/dst
		try "is copied by host" cmp xfs/src xfs/dst
		is "$(way clone)" 0 "and nothing is said to be cloned"
		like "$OUT" "Storage offload not used" "nor offloaded"
	fi
	umount xfs btrfs
else
	skip "where it cannot be" "no xfs and btrfs on loop devices here"
fi
done_testing
