#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# NBD exports of nbdkit and qemu-nbd as source and destination: bytes, the
# commands the server saw, what is refused.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"
# shellcheck source=tests/cli/lib-nbd.sh
. "$(dirname "$0")/lib-nbd.sh"

cd "$TMP" || exit 1
copy() { "$xmover" copy --progress=none "$@"; }
stamped src 64
# seen LOG WORD: how often nbdkit's log filter saw the command
seen() { grep -cE "connection=[0-9]+ $2( |\$)" "$1"; }

# ---- to, from, between ------------------------------------------------------------------
serve to --filter=log memory 64M logfile="$TMP/to.seen"
serve from -r file src
exits 0 "a file to nbdkit" copy src "$(nbd to)" --report=report
report_holds report "a file to nbdkit"
is "$(json report 'join " ", $j->{destination}{kind}, $j->{bytes}{host}, $j->{unknown}')" "nbd 67108864 0" "the report says so"
try "the bytes arrived" holds to src
is "$(awk '/ Write .*count=/ { sub(/.*count=/, ""); sub(/ .*/, ""); n += strtonum($0) } END { print n }' to.seen)" 67108864 \
	"the server saw each byte once"
is "$(grep -oE "connection=[0-9]+ (Write|Flush) " to.seen | tail -n 1 | cut -d' ' -f2)" Flush "and a flush after the last"
exits 0 "nbdkit to a file" copy --create "$(nbd from)" out
try "the bytes arrived" cmp src out
exits 0 "nbdkit to nbdkit" copy --verify=full "$(nbd from)" "$(nbd to)"
exits 0 "verify" "$xmover" verify src "$(nbd to)"
exits 73 "an export onto itself" copy "$(nbd to)" "$(nbd to)"
like "$OUT" "same disk" "it says why"

# ---- connections ------------------------------------------------------------------------
# clients ARGS...: most connections the server had at once, as the numbers of its log tell
clients() {
	rm -f c.seen
	serve c --filter=log "$@" logfile="$TMP/c.seen" >/dev/null && copy src "$(nbd c)" >/dev/null 2>&1 || return
	grep -oE 'connection=[0-9]+' c.seen | sort -u | wc -l
	ended "$NBD_PID"
}
is "$(clients memory 64M)" 4 "four connections where the server allows"
is "$(clients --filter=multi-conn memory 64M multi-conn-mode=disable)" 1 "one where it does not"

# ---- what the server can do ----------------------------------------------------------------
serve strict --filter=blocksize-policy memory 64M blocksize-minimum=4096 blocksize-maximum=64K \
	blocksize-error-policy=error
exits 0 "blocks of 4 KiB, 64 KiB at most" copy src "$(nbd strict)"
try "the bytes arrived" holds strict src
head -c 1000003 src >odd
serve odd memory 1000003
exits 0 "an odd length" copy odd "$(nbd odd)"
try "the bytes arrived" holds odd odd
exits 64 "an odd length into blocks of 4 KiB" copy odd "$(nbd strict)"

truncate -s 64M thin
dd if=src of=thin bs=1M seek=20 skip=20 count=8 conv=notrunc status=none
head -c 64M src >full
serve zeros --filter=log file full logfile="$TMP/zeros.seen"
exits 0 "zeros, by WRITE_ZEROES" copy thin "$(nbd zeros)"
try "are there" cmp thin full
is "$(awk '/ Write .*count=/ { sub(/.*count=/, ""); sub(/ .*/, ""); n += strtonum($0) } END { print n }' zeros.seen)" \
	$((8 << 20)) "only the data was sent"
is "$(grep -E 'connection=[0-9]+ Zero ' zeros.seen | grep -vc ' trim=1 ')" 0 "the server may make holes of zeros"
is "$(seen zeros.seen Trim)" 0 "no TRIM"
is "$(($(stat -c %b full) * 512 <= (8 << 20) + (1 << 20)))" 1 "thin stays thin"
head -c 64M src >full
serve nozero --filter=log --filter=nozero file full logfile="$TMP/nozero.seen"
exits 0 "zeros, without WRITE_ZEROES" copy thin "$(nbd nozero)"
try "are there" cmp thin full
is "$(seen nozero.seen Zero)" 0 "they were sent"

# ---- refused ---------------------------------------------------------------------------------
serve named --filter=exportname memory 64M exportname=disk exportname-strict=true
exits 73 "no such export as destination" copy src "$(nbd named other)"
exits 66 "no such export as source" copy --create "$(nbd named other)" none
exits 0 "the export there is" copy src "$(nbd named disk)"
serve small memory 63M
exits 73 "an export that is too small" copy src "$(nbd small)"
exits 73 "a read-only export" copy out "$(nbd from)"
exits 75 "nobody there" copy src "$(nbd nobody)"
exits 75 "nobody at the port" copy src nbd://127.0.0.1:1/
exits 64 "no socket" copy src nbd+unix:///
exits 64 "TLS" copy src nbds://localhost/
exits 64 "a password" copy src nbd://user:secret@localhost/
is "$(grep -c secret <<<"$OUT")" 0 "is not repeated"
exits 64 "another transport" copy src nbd+vsock://1/
socat_less=$(perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1"); print $s->sockport; close $s')
exits 75 "a port nobody listens at" copy src "nbd://127.0.0.1:$socat_less/"

# ---- probe -----------------------------------------------------------------------------------------
exits 0 "probe" "$xmover" probe "$(nbd from)" "$(nbd to)"
like "$OUT" "WARN  destination.identity" "says that the identity is weak"

# ---- qemu-nbd ------------------------------------------------------------------------------------------
qemu-img create -q -f qcow2 q.qcow2 64M
rm -f q.sock
qemu-nbd -t -e 8 --discard=unmap -f qcow2 -x disk -k "$TMP/q.sock" q.qcow2 &
qemu=$!
LIB_PIDS+=("$qemu")
await test -S q.sock
exits 0 "a file to qemu-nbd" copy src "$(nbd q disk)"
exits 0 "qemu-nbd to a file" copy --create "$(nbd q disk)" q.out
try "the bytes went there and back" cmp src q.out
exits 0 "a thin file to qemu-nbd" copy thin "$(nbd q disk)"
kill -TERM "$qemu"
wait "$qemu"
try "and qemu-img reads the same" qemu-img compare -q -f qcow2 -F raw q.qcow2 thin
is "$(($(stat -c %b q.qcow2) * 512 <= (10 << 20)))" 1 "thin stays thin in qcow2"
try "every report is as its schema says" schema_check
done_testing
