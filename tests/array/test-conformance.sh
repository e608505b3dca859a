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

. "$(dirname "$0")/../lib.sh"

command -v iscsi-test-cu >/dev/null || skip_all "iscsi-test-cu is not installed"

TARGET=iqn.2026-01.test:conformance
start_array --target "$TARGET" --lun 0=100M --lun 1=100M,thin --lun 2=100M,thin,ro \
	--lun 3=100M,thin,block=4096 || exit 1

iscsi-test-cu -l | awk -F. '$1 == "ALL" && NF == 3' >"$TMP/list"
[ -s "$TMP/list" ] || { not_ok "iscsi-test-cu lists its tests"; done_testing; }

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

# suite LABEL LUN SUITE [SECOND-URL]
suite() {
	local label=$1 url=iscsi://$ARRAY_ADDR/$TARGET/$2 name result why status=0
	timeout -k 5 120 iscsi-test-cu -f -d -S -v -t "ALL.$3" "$url" "${@:4}" >"$TMP/out" 2>&1 ||
		status=$?
	parse "$TMP/out" >"$TMP/parsed"
	for name in $(awk -F. -v s="$3" '$2 == s { print $3 }' "$TMP/list"); do
		read -r _ result why < <(awk -v n="$name" '$1 == n' "$TMP/parsed")
		case ${result:-missing} in
		passed) ok "$label $3.$name" ;;
		skipped) skip "$label $3.$name" "$why" ;;
		*) not_ok "$label $3.$name" "$result, exit status $status" \
			"$(sed -n "/^  Test: $name /,/^\(Suite\|  Test\|Run\)/p" "$TMP/out" | head -20)" ;;
		esac
		result='' why=''
	done
}

for s in $(awk -F. '!seen[$2]++ { print $2 }' "$TMP/list"); do
	suite thick 0 "$s"
	suite thin 1 "$s"
	suite 4k 3 "$s"
done
suite read-only 2 ReadOnly
suite two-sessions 1 MultipathIO "iscsi://$ARRAY_ADDR/$TARGET/1"
stop_array
is "$?" 0 "the array ends cleanly after all of it"
is "$(cat "$ARRAY_LOG")" "" "and had nothing to say"
done_testing
