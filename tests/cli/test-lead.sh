#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An array that is slow at EXTENDED COPY and fast at tokens: the mover finds out by itself,
# and changes over; not where its user said otherwise.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

cd "$TMP" || exit 1
free=$(df --output=avail -B1 . | tail -n 1)
[ "$free" -gt $((2 << 30)) ] || skip_all "needs 2 GiB of disk in $TMP"
stamped stamps 64
truncate -s 3G lun0 lun1
for at in 0 1000 2001 3008; do
	dd if=stamps of=lun0 bs=1M seek=$at conv=notrunc status=none
done
start_array --target "$IQN" --lun "0=$TMP/lun0" --lun "1=$TMP/lun1" || exit 1
# Each command moves little, and so late that larger ones are no way out.
ctl set max_segments 1 >/dev/null
ctl set max_segment_bytes $((4 << 20)) >/dev/null
ctl fault add op=83/01 action=delay ms=400 >/dev/null

move() { # [OPTION]...
	"$xmover" copy "$(disk 0)" "$(disk 1)" --report=report --progress=none --depth=8 "$@"
}
by() { json report 'join " ", map { $_ > 1 << 30 ? "most" : $_ > 0 ? "some" : 0 } @{$j->{bytes}}{qw(xcopy odx host)}'; }

exits 0 "an array slow at EXTENDED COPY" move
is "$(by)" "some most 0" "most went by token, none by host"
like "$OUT" "SCSI EXTENDED COPY and SCSI tokens" "the last line names both"
report_holds report "both ways"
try "source and destination are equal" cmp lun0 lun1
schema_check
done_testing
