#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Block devices as destinations: copied when free; refused when mounted, held, or taken.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

loops=()
mounted=
# shellcheck disable=SC2317 # called by the trap
release() {
	local i
	[ -z "$mounted" ] || umount "$mounted"
	for ((i = ${#loops[@]} - 1; i >= 0; i--)); do
		losetup -d "${loops[i]}"
	done
	lib_cleanup
}
trap release EXIT

[ "$(id -u)" = 0 ] || skip_all "loop devices need root"
cd "$TMP" || exit 1
stamped src 16
for name in a b part; do
	truncate -s 32M "$name.img"
done
# attach FILE [WORDS]: its loop device is in $loop.
attach() {
	loop=$(losetup -f --show "${@:2}" "$1" 2>err) || return 1
	loops+=("$loop")
}
attach a.img || skip_all "no loop devices here"
free=$loop

refused() { # EXIT NAME WORDS SRC DST FILE: FILE is what must stay as it is
	local sum got=0
	sum=$(sha256sum <"$6")
	"$xmover" copy --progress=none "$4" "$5" >out 2>err || got=$?
	is "$got" "$1" "$2: exit $1"
	like "$(cat err)" "$3" "$2: says why"
	is "$(sha256sum <"$6")" "$sum" "$2: nothing written"
}

exits 0 "a file onto a free loop device" "$xmover" copy --report=report src "$free"
report_holds report "loop device"
try "its bytes are there" cmp -n $((16 << 20)) src a.img
is "$(cmp -n $((16 << 20)) a.img /dev/zero -i $((16 << 20)):0 2>&1)" "" "and nothing behind them"
exits 0 "from a loop device" "$xmover" copy --create "$free" back.img
try "all of it" cmp a.img back.img
refused 73 "the device's own file as source" "same" a.img "$free" a.img
refused 73 "the device's own file as destination" "same|held|use" "$free" a.img a.img

attach b.img || exit 1
busy=$loop
/sbin/mke2fs -q "$busy" 16M
mkdir mnt
if mount -t ext2 "$busy" mnt 2>err; then
	mounted=$TMP/mnt
	refused 73 "mounted" "mounted|in use|busy" src "$busy" b.img
	umount mnt
	mounted=
else
	skip "mounted: exit 73" "no mount here"
	skip "mounted: says why" "no mount here"
	skip "mounted: nothing written" "no mount here"
fi

# Another process holds it exclusively, as a running mover does.
perl -MFcntl -e 'sysopen(my $f, $ARGV[0], O_RDWR | O_EXCL) or die; $| = 1; print "held\n"; sleep 600' \
	"$busy" >holder &
holder=$!
LIB_PIDS+=("$holder")
try "another process holds it" await grep -q held holder
refused 73 "held exclusively" "busy|use|held" src "$busy" b.img
kill "$holder"
wait "$holder" 2>/dev/null

# Two ranges of one disk overlap, as a disk and a partition on it do.
attach part.img --sizelimit $((16 << 20)) || exit 1
low=$loop
attach part.img -o $((8 << 20)) --sizelimit $((16 << 20)) || exit 1
refused 73 "a range onto one that overlaps it" "overlap" "$low" "$loop" part.img
refused 73 "the file of a disk onto a range of it" "overlap|smaller" part.img "$loop" part.img
attach part.img -o $((16 << 20)) || exit 1
exits 0 "ranges of one disk that do not overlap" "$xmover" copy --progress=none "$low" "$loop"

attach b.img -r || exit 1
refused 73 "a read-only device" "read-only|permit" src "$loop" b.img
try "every report is as its schema says" schema_check
done_testing
