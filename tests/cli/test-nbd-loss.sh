#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An NBD server that fails, goes away, comes back, or goes silent in the middle of a
# copy: each ends in one stated way, and never with wrong bytes and exit 0.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"
# shellcheck source=tests/cli/lib-nbd.sh
. "$(dirname "$0")/lib-nbd.sh"

cd "$TMP" || exit 1
stamped src 32
copy() { timeout 600 "$xmover" copy --progress=none --timeout=5 "$@"; }
says() { grep -q "\"event\":\"$1\"" err; }
# in_flight LOG WORD: nbdkit's log filter shows a command begun and not answered
in_flight() {
	awk -v w="$2" '{ match($0, /connection=[0-9]+/); c = substr($0, RSTART, RLENGTH); match($0, /id=[0-9]+/); k = c substr($0, RSTART, RLENGTH) }
		$0 ~ (" " w " ") { open[k] = 1 } $0 ~ ("\\.\\.\\." w " ") { delete open[k] }
		END { for (k in open) n++; exit !n }' "$1"
}

# ---- a server that answers with errors --------------------------------------------------------
# fails SIDE OP ERRNO CODE WORDS: at every request of the kind from the moment the file exists
fails() {
	rm -f trigger
	: >trigger
	if [ "$1" = source ]; then
		serve "$1-$3" -r --filter=error file src "error-$2=$3" "error-$2-rate=100%" error-file="$TMP/trigger"
		exits "$4" "$2 answers $3" copy --create "$(nbd "$1-$3")" "out-$3"
	else
		serve "$1-$3" --filter=error memory 32M "error-$2=$3" "error-$2-rate=100%" error-file="$TMP/trigger"
		exits "$4" "$2 answers $3" copy src "$(nbd "$1-$3")"
	fi
	like "$OUT" "$5" "it says so"
	ended "$NBD_PID"
}
fails source pread EIO 74 'source: read of 512 bytes at [0-9]+: the server answered with an I/O error'
fails destination pwrite EIO 74 'destination: write of .* the server answered with an I/O error'
fails destination pwrite ENOSPC 75 'no space is left'
fails destination pwrite EPERM 77 'does not permit'
fails source pread ENOMEM 75 'short of memory'

# Now and then: retried where that is meant to help, else ended; the bytes are right when it says so.
serve flaky --filter=error memory 32M error-pwrite=ENOMEM error-pwrite-rate=0.2
exits 0 "a write in five has no memory" copy src "$(nbd flaky)"
try "the bytes arrived" holds flaky src

# ---- a server that goes away for good -------------------------------------------------------------
serve gone --filter=log --filter=delay memory 32M wdelay=300ms logfile="$TMP/gone.seen"
copy src "$(nbd gone)" --report=report >out.txt 2>err &
mover=$!
await in_flight gone.seen Write
ended "$NBD_PID"
wait $mover
is $? 75 "the destination's server dies in the middle: 75"
is "$(json report '$j->{unknown} > 0')" 1 "what was under way is unknown, and counted"
try "the log says that it waits" says drain

serve gone2 -r --filter=log --filter=delay file src rdelay=300ms logfile="$TMP/gone2.seen"
copy --create "$(nbd gone2)" gone2.out --report=report >out.txt 2>err &
mover=$!
await in_flight gone2.seen Read
ended "$NBD_PID"
wait $mover
is $? 75 "the source's server dies in the middle: 75"
is "$(json report '$j->{unknown}')" 0 "nothing is unknown: reads change nothing"

# ---- and one that comes back --------------------------------------------------------------------------
truncate -s 32M disk
serve back --filter=log --filter=delay file disk wdelay=200ms logfile="$TMP/back.seen"
copy src "$(nbd back)" --report=report >out.txt 2>err &
mover=$!
await in_flight back.seen Write
ended "$NBD_PID"
serve back file disk
wait $mover
is $? 0 "the destination's server is started again: it ends well" || diag "$(cat err)"
try "the bytes arrived" cmp src disk
try "the outcome of writes was unknown" says unknown
try "it waited before it wrote again" says drain
try "and was connected again" says reconnected
report_holds report "started again"

rm -f back2.out
serve back2 -r --filter=log --filter=delay file src rdelay=200ms logfile="$TMP/back2.seen"
copy --create "$(nbd back2)" back2.out >out.txt 2>err &
mover=$!
await in_flight back2.seen Read
ended "$NBD_PID"
serve back2 -r file src
wait $mover
is $? 0 "the source's server is started again: it ends well" || diag "$(cat err)"
try "the bytes arrived" cmp src back2.out
is "$(grep -c '"event":"drain"' err)" 0 "no drain for reads"

# Another disk under the same name.
truncate -s 32M disk
serve other --filter=log --filter=delay file disk wdelay=200ms logfile="$TMP/other.seen"
copy src "$(nbd other)" >out.txt 2>err &
mover=$!
await in_flight other.seen Write
ended "$NBD_PID"
serve other memory 48M
wait $mover
is $? 74 "an export of another size comes back: 74"
like "$(cat err)" "other_disk" "it says why"

# ---- a mover that is killed ----------------------------------------------------------------------
truncate -s 32M killed
# nbdkit 1.32 aborts when a client is gone while several of a connection's threads answer: one each.
serve killed --threads=1 --filter=log --filter=delay file killed wdelay=100ms logfile="$TMP/killed.seen"
"$xmover" copy --progress=none src "$(nbd killed)" --state=state >out.txt 2>err &
mover=$!
await in_flight killed.seen Write
ended $mover
copy src "$(nbd killed)" --state=state >out.txt 2>err
is $? 0 "a mover is killed, and gone on with from its state" || diag "$(cat err)"
try "it waited for the writes of the dead" says drain
try "the bytes arrived" cmp src killed

# ---- one that does not answer -----------------------------------------------------------------------------
serve silent --filter=log memory 32M logfile="$TMP/silent.seen"
copy src "$(nbd silent)" --rate=8M >out.txt 2>err &
mover=$!
await grep -q ' Write ' silent.seen
kill -STOP "$NBD_PID"
wait $mover
is $? 75 "a server that is stopped: 75"
like "$(cat err)" "does not answer" "it says so"
kill -CONT "$NBD_PID"

try "every report is as its schema says" schema_check
done_testing
