#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Streams and token files that are sealed as they should be, checksums and all, and still not what was sent:
# of a version to come, of another time, with frames left out, sent twice, in another order, for bytes that are not
# there.  tests/wire.py makes them, from the protocol's description alone.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"
# shellcheck source=tests/cli/lib-hosts.sh
. "$(dirname "$0")/lib-hosts.sh"

cd "$TMP" || exit 1
wire() { python3 "$XM_SRC/tests/wire.py" "$@"; }
stamped little 1
"$xmover" send little --progress=none >data 2>/dev/null
try "both know the checksum: sealed again it is the same" bash -c "python3 '$XM_SRC/tests/wire.py' edit data same && cmp data same"
mapfile -t datas < <(wire list data | awk '$2 == "DATA" { print $1 }')
digest=$(wire list data | awk '$2 == "DIGEST" { print $1; exit }')
# took NAME STATUS OPS...: the stream so changed ends so; dst is what came of it
took() {
	local name=$1 want=$2; shift 2
	wire edit data changed "$@"
	head -c 1M /dev/zero | tr '\0' '\377' >dst
	exits "$want" "$name" timeout 600 "$xmover" receive dst --progress=none --missing=missing <changed
}

# ---- of another version -------------------------------------------------------------
took "a stream of version 3" 78 version=3
like "$OUT" 'speaks version 3 of the protocol, this xmover version 2' "and it is said"
took "a stream of version 1" 78 version=1
took "of version 65535" 78 version=65535
try "nothing was written by these" bash -c 'head -c 1M /dev/zero | tr "\0" "\377" | cmp - dst'
wire edit data future version=3
exits 78 "a sender of version 3, two-way" "$xmover" receive dst --progress=none --exec "cat future; cat >/dev/null"
like "$OUT" 'speaks version 3' "and it is said"
exits 78 "a receiver of version 3, two-way" "$xmover" send little --exec "cat future; cat >/dev/null"
like "$OUT" 'speaks version 3' "and it is said"

# ---- frames left out, twice, in another order ------------------------------------------
took "a frame of data left out, none the wiser" 75 "drop=${datas[1]}"
like "$OUT" 'bytes of the source are not at the destination' "and it is said"
is "$(cat missing)" "524288 524288" "the list names it"
exits 0 "the list, sent" bash -o pipefail -c "'$xmover' send little --extents=missing | '$xmover' receive dst --progress=none"
try "equal" cmp little dst
took "a frame of data twice" 0 "copy=${datas[0]}"
try "equal" cmp little dst
took "in another order" 0 "swap=${datas[0]},${datas[1]}"
try "equal" cmp little dst
took "as recorded, in another order" 75 raw "swap=${datas[0]},${datas[1]}"
took "as recorded, a frame twice" 75 raw "copy=${datas[0]}"
took "without its end" 75 "drop=$(($(wire list data | wc -l) - 1))"
took "the sender failed" 75 end=75
took "the sender failed for good" 74 end=74

# ---- frames of what cannot be --------------------------------------------------------------
bad=
for at in "${datas[0]},8,fffffffffffffe00" "${datas[0]},8,0000000000100000" "${datas[0]},16,00000000" \
	"${datas[0]},16,ffffffff" "$digest,0,0000000000100000" "$digest,8,00000000" "$digest,8,ffffffff" \
	"0,24,0000000000000000" "0,24,ffffffffffffffff" "0,40,0000000000000003" "0,64,00000003" "0,84,ffffffff"; do
	wire edit data changed "poke=$at"
	timeout 600 "$xmover" receive dst --progress=none >out 2>&1 <changed; got=$?
	[ $got = 75 ] || [ $got = 78 ] || bad+=" $at:$got"
done
is "$bad" "" "offsets, lengths and counts that cannot be: refused"
took "a digest of other bytes: the destination is not what was sent" 65 "poke=$digest,16,00000000"
is "$(bytes_of missing)" 1048576 "and nothing is believed"

# ---- token files -------------------------------------------------------------------------------
stamped src 64
world ideal || exit 1
exits 0 "token export" bash -c "'$xmover' token export $(from) --out=tokens"
ctl writes clear >/dev/null
# import NAME STATUS WORDS OPS...
import() {
	local name=$1 want=$2 words=$3; shift 3
	wire edit tokens changed "$@"; chmod 600 changed
	exits "$want" "$name" bash -c "'$xmover' token import changed $(into)"
	like "$OUT" "$words" "$name: it is said"
}
token=$(wire list tokens | awk '$2 == "TOKEN" { print $1; exit }')
digest=$(wire list tokens | awk '$2 == "DIGEST" { print $1 }' | tail -n 1)
import "a file of version 3" 78 'speaks version 3' version=3
import "a file whose tokens have expired" 78 'have expired' made=1000000000
import "tokens in another order, as recorded" 78 'damaged' raw "swap=$token,$((token + 1))"
import "a file without its end" 78 'it is cut' "drop=$(($(wire list tokens | wc -l) - 1))"
import "a token for bytes that are not there" 78 'damaged' "poke=$token,24,0000000004000000"
import "a digest of bytes that are not there" 78 'damaged' "poke=$digest,0,0000000004000000"
import "a frame that is in no token file" 78 'holds what cannot be' "type=$digest,READ"
import "a file whose export failed" 78 'damaged' end=75
is "$(ctl writes)" "[]" "nothing was written by any of them"
wire edit tokens changed "drop=$token"; chmod 600 changed
exits 75 "a token left out" bash -c "'$xmover' token import changed $(into) --missing=missing"
exits 0 "what it lacks, as data" bash -o pipefail -c \
	"'$xmover' send $(from) --offload=never --extents=missing | '$xmover' receive $(into)"
try "equal" cmp src dst
done_testing
