#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Across hosts by tokens: each mover can log in to its own target only, so neither sees the other's
# LUN, and no data byte passes either.  Two-way, by pipe, by file; arrays without tokens; and streams and
# token files that were cut, altered, replayed, or are for another disk.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

# shellcheck source=tests/cli/lib-hosts.sh
. "$(dirname "$0")/lib-hosts.sh"

cd "$TMP" || exit 1
stamped src 64

# ---- two-way ----------------------------------------------------------------------------
world ideal || exit 1
exits 77 "the sender's host may not log in to the destination" \
	"$xmover" probe "iscsi://$ARRAY_ADDR/$DST/0" --initiator-name=iqn.2026-11.host:a
exits 0 "two-way by tokens" bash -c "'$xmover' send $(from) --exec \"'$xmover' receive $(into) --stdio --report=report\""
try "equal" cmp src dst
is "$(moved report)" "done 67108864 0" "100 % by tokens, by the mover's count"
is "$(copied)" 67108864 "and by the array's"
report_holds report "by tokens"

# ---- by pipe -----------------------------------------------------------------------------
world ideal || exit 1
# tee ends by SIGPIPE: it learns from the sender's PING that nobody reads any more.
exits 0 "by pipe" bash -c "'$xmover' send $(from) | tee stream | '$xmover' receive $(into) --report=report
	[ \"\${PIPESTATUS[0]} \${PIPESTATUS[2]}\" = '0 0' ]"
try "equal" cmp src dst
is "$(moved report)" "done 67108864 0" "100 % by tokens, by the mover's count"
is "$(copied)" 67108864 "and by the array's"

# ---- what was recorded ----------------------------------------------------------------------
world ideal || exit 1
ctl writes clear >/dev/null
exits 75 "a stream of another array's tokens" bash -c "'$xmover' receive $(into) --missing=missing <stream"
is "$(awk '{ n += $2 } END { print n }' missing)" 67108864 "all is missing, and the list says so"
is "$(copied)" 0 "nothing was copied"
exits 0 "data for what is missing" bash -o pipefail -c \
	"'$xmover' send $(from) --offload=never --extents=missing | '$xmover' receive $(into)"
try "equal" cmp src dst

# ---- arrays without tokens -------------------------------------------------------------------
world none || exit 1
exits 0 "two-way without tokens: data travels" bash -c \
	"'$xmover' send $(from) --exec \"'$xmover' receive $(into) --stdio --report=report\""
try "equal" cmp src dst
is "$(moved report)" "done 0 67108864" "by host"
world none || exit 1
exits 0 "by pipe without tokens" bash -o pipefail -c "'$xmover' send $(from) | '$xmover' receive $(into)"
try "equal" cmp src dst

# ---- token files -----------------------------------------------------------------------------
world ideal || exit 1
exits 0 "token export" bash -c "'$xmover' token export $(from) --out=tokens --verbose"
is "$(stat -c %a tokens)" 600 "the file is its owner's"
exits 78 "it is not overwritten" bash -c "'$xmover' token export $(from) --out=tokens"
size=$(stat -c %s tokens)
ctl writes clear >/dev/null
bad=
for cut in 0 1 31 32 100 $((size / 2)) $((size - 1)); do
	head -c "$cut" tokens >"cut"; chmod 600 "cut"
	out=$(bash -c "'$xmover' token import cut $(into)" 2>&1); got=$?
	[ $got = 78 ] || [ $got = 75 ] || bad+=" $cut:$got:$out"
done
is "$bad" "" "cut at any place: refused"
bad=
for at in 0 5 12 20 40 60 200 $((size / 3)) $((size / 2)) $((size - 5)); do
	perl -e 'local $/; open my $f, "<", "tokens"; my $d = <$f>; substr($d, $ARGV[0], 1) ^= "\x10"; print $d' "$at" >altered
	chmod 600 altered
	out=$(bash -c "'$xmover' token import altered $(into)" 2>&1); got=$?
	[ $got = 78 ] || bad+=" $at:$got:$out"
done
is "$bad" "" "a bit altered at any place: refused"
cat tokens tokens >twice; chmod 600 twice
exits 78 "sent twice: refused" bash -c "'$xmover' token import twice $(into)"
exits 73 "a disk that is too small" bash -c "'$xmover' token import tokens $(into 1)"
exits 69 "a disk of other blocks" bash -c "'$xmover' token import tokens $(into 2)"
chmod 644 tokens
exits 78 "a file that others may read" bash -c "'$xmover' token import tokens $(into)"
chmod 600 tokens
is "$(ctl writes)" "[]" "nothing was written by any of them"
exits 0 "token import" bash -c "'$xmover' token import tokens $(into) --report=report"
try "equal" cmp src dst
is "$(moved report)" "done 67108864 0" "100 % by tokens"
world ideal || exit 1
exits 69 "tokens of another array" bash -c "'$xmover' token import tokens $(into)"
is "$(ctl writes)" "[]" "nothing was written"

# ---- streams of data, cut and altered -----------------------------------------------------------
head -c 3M src >little
"$xmover" send little --progress=none >data 2>/dev/null
size=$(stat -c %s data)
bad=
for cut in 0 1 31 32 300 $((size / 3)) $((size / 2)) $((size - 40)) $((size - 1)); do
	head -c 3M /dev/zero >out.img
	head -c "$cut" data | timeout 600 "$xmover" receive out.img --progress=none --missing=missing >/dev/null 2>&1; got=$?
	[ $got = 75 ] || bad+=" $cut:$got"
done
is "$bad" "" "a stream cut at any byte: exit 75"
bad=
for at in 0 7 33 400 $((size / 3)) $((size / 2)) $((size - 9)); do
	perl -e 'local $/; open my $f, "<", "data"; my $d = <$f>; substr($d, $ARGV[0], 1) ^= "\x01"; print $d' "$at" |
		timeout 600 "$xmover" receive out.img --progress=none >/dev/null 2>&1; got=$?
	[ $got = 75 ] || [ $got = 78 ] || bad+=" $at:$got"
done
is "$bad" "" "a stream altered at any byte: refused"
exits 75 "a stream that begins again" bash -c "head -c $((size - 1)) data | cat - data | '$xmover' receive out.img"
done_testing
