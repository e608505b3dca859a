#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# libiscsi's conformance suites, family ALL, against the array: an independent
# initiator's view of every command.  One process per suite, since a test of
# one suite can poison the next (reference/reliability-and-qualification.md
# 1.1); its [SKIPPED] lines are read, since CUnit counts them as passed.
#
# Thick, thin and 4 KiB block LUN; ReadOnly also on a write-protected one, MultipathIO with
# two sessions.  A test fails here when CUnit says so, and when the suite does
# not report every test that `iscsi-test-cu -l` lists.
#
# Each LUN is one of an array of its own, all at once: suites mostly sleep, and
# one's target reset would disturb the others.

. "$(dirname "$0")/../lib.sh"

command -v iscsi-test-cu >/dev/null || skip_all "iscsi-test-cu is not installed"

TARGET=iqn.2026-01.test:conformance
iscsi-test-cu -l | awk -F. '$1 == "ALL" && NF == 3' >"$TMP/list"
[ -s "$TMP/list" ] || { not_ok "iscsi-test-cu lists its tests"; done_testing; }
SUITES=$(awk -F. '!seen[$2]++ { print $2 }' "$TMP/list")

# parse OUTPUT: "NAME passed", "NAME failed" or "NAME skipped REASON" a line.
parse() {
	awk '
	function flush() {
		if (name == "") return
		if (failed || !passed) print name " failed"
		else if (why != "") print name " skipped " why
		else print name " passed"
		name = ""
	}
	/^  Test: / {
		flush()
		name = $2; why = ""; passed = failed = 0
		sub(/^  Test: [^ ]+ \.\.\./, "")
	}
	/^(Suite: |Run Summary:)/ { flush() }
	name == "" { next }
	why == "" && /\[SKIPPED\]/ { why = $0; sub(/.*\[SKIPPED\] */, "", why) }
	/^passed/ { passed = 1 }
	/^FAILED/ { failed = 1 }
	END { flush() }' "$1"
}

# run URL LABEL SUITE [SECOND-URL]: leaves its output and exit status.
run() {
	local status=0
	timeout -k 5 120 iscsi-test-cu -f -d -S -v -t "ALL.$3" "$1" "${@:4}" >"$TMP/$2.$3" 2>&1 ||
		status=$?
	echo "$status" >"$TMP/$2.$3.status"
}

# report LABEL SUITE: a test line for each test of the suite.
report() {
	local out=$TMP/$1.$2 name result why
	parse "$out" >"$TMP/parsed"
	for name in $(awk -F. -v s="$2" '$2 == s { print $3 }' "$TMP/list"); do
		result='' why=''
		read -r _ result why < <(awk -v n="$name" '$1 == n' "$TMP/parsed")
		case $result in
		passed) ok "$1 $2.$name" ;;
		skipped) skip "$1 $2.$name" "$why" ;;
		*) not_ok "$1 $2.$name" "${result:-missing}, exit status $(cat "$out.status")" \
			"$(sed -n "/^  Test: $name /,/^\(Suite\|  Test\|Run\)/p" "$out" | head -20)" ;;
		esac
	done
}

# all LABEL URL: every suite, one after the other
all() {
	local s
	for s in $SUITES; do run "$2" "$1" "$s"; done
}

declare -A LUNS=([thick]=100M [thin]="100M,thin" [4k]="100M,thin,block=4096")
arrays=() logs=() jobs=()
for label in thick thin 4k; do
	start_array --target "$TARGET" --lun "0=${LUNS[$label]}" --lun 1=100M,thin,ro || exit 1
	arrays+=("$ARRAY_PID") logs+=("$ARRAY_LOG")
	all "$label" "iscsi://$ARRAY_ADDR/$TARGET/0" &
	jobs+=($!)
done
wait "${jobs[@]}"
run "iscsi://$ARRAY_ADDR/$TARGET/1" read-only ReadOnly
run "iscsi://$ARRAY_ADDR/$TARGET/0" two-sessions MultipathIO "iscsi://$ARRAY_ADDR/$TARGET/0"

for label in thick thin 4k; do
	for s in $SUITES; do report "$label" "$s"; done
done
report read-only ReadOnly
report two-sessions MultipathIO
for i in 0 1 2; do
	stop_array "${arrays[i]}"
	is "$?" 0 "the array ends cleanly after all of it"
	is "$(cat "${logs[i]}")" "" "and had nothing to say"
done
done_testing
