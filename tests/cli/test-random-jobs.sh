#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Whole processes, drawn at random: ends, contents, options, faults, kills (random-jobs says
# what must hold). 40 plans; XM_LONG=1: 2000. XM_SEED replays a run, XM_PLAN one plan of it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

plans=40
[ "${XM_LONG:-}" != 1 ] || plans=2000
seed=${XM_SEED:-$RANDOM}
diag "seed $seed (replay with XM_SEED, one plan with XM_PLAN)"
mkdir "$TMP/jobs"
got=0
perl "$XM_SRC/tests/cli/random-jobs" "$XM_BUILD" "$TMP/jobs" $plans "$seed" ${XM_PLAN:+"$XM_PLAN"} >"$TMP/told" 2>&1 || got=$?
sed 's/^#* */# /' "$TMP/told"
is "$got" 0 "each job of seed $seed ended as its bytes say"
if [ -z "${XM_PLAN:-}" ]; then
	for class in "bytes by host" "bytes by xcopy" "bytes by zeroed" "exit 0" "exit -9" "sent TERM" "lun to lun"; do
		like "$(grep "$class" "$TMP/told")" " [1-9]" "$class: was among them"
	done
fi
mv "$TMP/jobs/reports" "$TMP/reports"
try "the reports are as the schema says" schema_check
done_testing
