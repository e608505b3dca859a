#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The main job, on this machine alone: a file system moves from LUN to LUN by
# the array's own copy; then the same against an array that cannot.
# Called by ./bootstrap demo.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

iqn=iqn.2026-11.org.xmover:demo
bold='' plain='' quiet=(--quiet)
if [ -t 1 ]; then
	bold=$'\033[1m' plain=$'\033[0m' quiet=()
fi
step() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
fail() {
	printf 'demo: %s\n' "$*" >&2
	exit 1
}
xmover() { "$XM_BUILD/xmover" "$@"; }
disk() { echo "iscsi://$ARRAY_ADDR/$iqn/$1"; }

step "1. A disk with a real ext4 file system: the sources of xmover, and some larger files"
mkdir "$TMP/tree"
cp -r "$XM_SRC"/{engine,scsi,tools,fixtures,include,tests,README.md,HACKING.md,LICENSE} "$TMP/tree"
for n in 1 2 3; do
	head -c 64M /dev/urandom >"$TMP/tree/random-$n"
done
truncate -s 512M "$TMP/lun0" "$TMP/lun1"
/sbin/mke2fs -q -t ext4 -d "$TMP/tree" "$TMP/lun0" || fail "mke2fs failed"
files=$(find "$TMP/tree" -type f | wc -l)
echo "$files files on a disk of 512 MiB"

step "2. A software array on the loopback exports it as LUN 0, and an empty LUN 1 of the same size"
start_array --target "$iqn" --lun "0=$TMP/lun0" --lun "1=$TMP/lun1" || fail "no array"
echo "listening on $ARRAY_ADDR"

step "3. xmover copy $(disk 0) $(disk 1)"
xmover copy "$(disk 0)" "$(disk 1)" --report="$TMP/report.json" "${quiet[@]}" ||
	fail "the copy failed"
ctl stats | perl -MJSON::PP -0777 -ne '
	my $s = decode_json($_)->{copies};
	printf "The array itself counts %d EXTENDED COPY commands, %.1f MiB copied inside, %d at once.\n",
		$s->{commands}, $s->{bytes} / 1048576, $s->{peak}'

step "4. Is the copy that file system?"
stop_array || fail "the array ended badly"
cmp "$TMP/lun0" "$TMP/lun1" || fail "the LUNs differ"
echo "both LUNs hold the same bytes"
/sbin/e2fsck -fn "$TMP/lun1" >"$TMP/fsck" 2>&1 || fail "fsck: $(cat "$TMP/fsck")"
echo "fsck finds the copy clean: $(tail -n 1 "$TMP/fsck" | sed 's/.*: //')"
mkdir "$TMP/back"
/sbin/debugfs -R "rdump / $TMP/back" "$TMP/lun1" >/dev/null 2>&1
rmdir "$TMP/back/lost+found"
diff -r "$TMP/tree" "$TMP/back" || fail "files differ"
echo "all $files files come back from it unchanged"

step "5. The same disk on an array that does not know EXTENDED COPY"
rm "$TMP/lun1"
truncate -s 512M "$TMP/lun1"
start_array --persona none --target "$iqn" --lun "0=$TMP/lun0" --lun "1=$TMP/lun1" ||
	fail "no array"
xmover copy "$(disk 0)" "$(disk 1)" "${quiet[@]}" || fail "the copy failed"
stop_array || fail "the array ended badly"
cmp "$TMP/lun0" "$TMP/lun1" || fail "the LUNs differ"
echo "both LUNs hold the same bytes again"

step "Demo done; nothing is left behind."
