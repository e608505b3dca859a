#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The main job at size: 8 GiB from LUN to LUN, 2 GiB of stamps in it, moved by the array
# itself, in each of its ways; counted by the report and by the array on its own.
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
TIMEFORMAT='%U %S %R'

# array_of PERSONA: one with an empty destination, instead of the last.
array_of() {
	[ -z "${ARRAY_PID:-}" ] || stop_array
	rm lun1
	truncate -s $TOTAL lun1
	start_array --persona "$1" --target "$IQN" --lun "0=$TMP/lun0" --lun "1=$TMP/lun1" || exit 1
	ctl set copy_latency 50 >/dev/null
}

# main_job METHOD SERVICE-ACTION KEY TITLE: the whole disk, by both counts.
main_job() {
	local sa=$2 key=$3 title=$4 name="$4 83/$2" got=0 rule
	ctl stats clear >/dev/null
	rule=$(ctl "fault add op=83/$sa action=delay ms=1")
	{ time "$xmover" copy "$(disk 0)" "$(disk 1)" --method="$1" --report=report \
		--progress=none >out 2>err; } 2>cpu || got=$?
	is "$got" 0 "$name: 8 GiB from LUN to LUN" || diag "$(cat out err)"
	is "$(tail -n 1 out)" \
		"Storage offload used during migration: 8.0 GiB of 8.0 GiB (100 %) by $title" \
		"$name: the last line celebrates"
	report_holds report "$name: 8 GiB"
	is "$(json report 'join " ", $j->{offload_ratio}, $j->{bytes}{'"$key"'}, $j->{bytes}{host}')" \
		"1 $TOTAL 0" "$name: 100 % offloaded by the report"
	ctl stats >stats
	is "$(json stats '$j->{copies}{bytes}')" $TOTAL \
		"$name: 100 % offloaded by the array's own count"
	# Where both sides held zeros a trial had to stamp its sample first: 200 to 350 KiB each.
	is "$(json stats '$j->{written_bytes} <= 4 << 20')" 1 \
		"$name: this host wrote nothing but the stamps of trials"
	is "$(json stats '$j->{copies}{peak} >= 4')" 1 "$name: at least 4 commands in flight"
	ctl faults >faults
	is "$(json faults '0 + grep { $_->{id} == '"${rule#ok }"' && $_->{fired} > 8 } @$j')" 1 \
		"$name: all by that command"
	ctl fault del all >/dev/null
	try "$name: source and destination are equal" cmp lun0 lun1
	read -r user system real <cpu
	diag "array's peak: $(json stats '$j->{copies}{peak}') copies at once," \
		"$(json stats '$j->{copies}{commands}') commands" \
		"stamps of trials: $(json stats '$j->{written_bytes}') bytes" \
		"mover's CPU: $user s user + $system s system, $real s of real time"
}

# This one lists 32-bit list identifiers, so that is what EXTENDED COPY is sent with.
array_of ideal
main_job xcopy 01 xcopy "SCSI EXTENDED COPY"
# This one knows 8-bit ones alone.
array_of scst
main_job xcopy 00 xcopy "SCSI EXTENDED COPY"
array_of ideal
main_job odx 11 odx "SCSI tokens (ODX)"
is "$(json stats '$j->{copies}{token_bytes}')" $TOTAL "every byte by token, by the array's own count"
done_testing
