#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the lab says on a machine without its packages: all that is missing, and a skip that
# tests/skips knows.
. "$(dirname "$0")/../lib.sh"
mkdir "$TMP/bin" "$TMP/cache"
for tool in bash cat dirname mkdir mktemp rm sed sort tr perl jq dpkg-deb busybox; do
	path=$(command -v "$tool") || continue
	ln -s "$path" "$TMP/bin/"
done
export XM_LAB_CACHE=$TMP/cache PATH=$TMP/bin
exits 77 "prepare without programs" "$XM_SRC/tests/lab/prepare"
like "$OUT" "^lab: not installed:.* qemu-system-x86_64 .*iscsid .*\(apt-get install .*open-iscsi .*qemu-system-x86 .*\)$" \
	"all of them are named, and their packages"
exits 0 "a test without programs" bash "$XM_SRC/tests/lab/test-nvme.sh"
like "$OUT" "^1..0 # SKIP lab: not installed: qemu-system-x86_64 " "is skipped, and says so"
for name in bench-lio newer-qemu shell; do
	exits 77 "$name without programs" bash "$XM_SRC/tests/lab/$name"
	like "$OUT" "not installed: qemu-system-x86_64 " "$name says so"
done
done_testing
