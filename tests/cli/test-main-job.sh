#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The main job at size: 8 GiB from LUN to LUN, 2 GiB of stamps in it, moved by
# the array itself; counted by the report and by the array on its own.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

GIB=$((1 << 30))
TOTAL=$((8 * GIB))
cd "$TMP" || exit 1
free=$(df --output=avail -B1 . | tail -n 1)
[ "$free" -gt $((6 * GIB)) ] || skip_all "needs 6 GiB of disk in $TMP"

# Stamps in four places: first and last bytes, and off every power of two.
stamped stamps 512
truncate -s $TOTAL lun0 lun1
for at in 0 2048 5003 7680; do
	dd if=stamps of=lun0 bs=1M seek=$at conv=notrunc status=none
done
rm stamps
start_array --target "$IQN" --lun "0=$TMP/lun0" --lun "1=$TMP/lun1" || exit 1
ctl set copy_latency 50 >/dev/null

TIMEFORMAT='%U %S %R'
got=0
{ time "$xmover" copy "$(disk 0)" "$(disk 1)" --report=report --progress=none >out 2>err; } 2>cpu || got=$?
is "$got" 0 "8 GiB from LUN to LUN" || diag "$(cat out err)"
is "$(tail -n 1 out)" "Storage offload used during migration: 8.0 GiB of 8.0 GiB (100 %) by SCSI EXTENDED COPY" \
	"the last line celebrates"
report_holds report "8 GiB"
is "$(json report 'join " ", $j->{offload_ratio}, $j->{bytes}{xcopy}, $j->{bytes}{host}')" "1 $TOTAL 0" \
	"100 % offloaded by the report"
ctl stats >stats
is "$(json stats '$j->{copies}{bytes}')" $TOTAL "100 % offloaded by the array's own count"
# Where both sides held zeros the trial had to stamp its sample first.
is "$(json stats '$j->{written_bytes} <= 16 << 20')" 1 "this host wrote nothing but the stamps of trials"
is "$(json stats '$j->{copies}{peak} >= 2')" 1 "at least 2 commands in flight"
try "source and destination are equal" cmp lun0 lun1
read -r user system real <cpu
diag "array's peak: $(json stats '$j->{copies}{peak}') copies at once, $(json stats '$j->{copies}{commands}') commands" \
	"stamps of trials: $(json stats '$j->{written_bytes}') bytes" "mover's CPU: $user s user + $system s system, $real s of real time"
done_testing
