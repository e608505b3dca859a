#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# xmover send and receive, two-way, data that travels: equal, by each kind of link; and what goes wrong.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

cd "$TMP" || exit 1
stamped src 24
truncate -s 40M src
head -c 4M src | dd of=src bs=1M seek=34 conv=notrunc status=none
truncate -s 40M blank

# fresh: dst is of the same size and holds something else
fresh() { head -c 40M /dev/zero | tr '\0' '\377' >dst; }

# ---- the three links ----------------------------------------------------------------
fresh
exits 0 "send --exec receive" "$xmover" send src --exec "'$xmover' receive dst --stdio --progress=none --report=report"
try "equal" cmp src dst
like "$OUT" "Storage offload not used" "the line of truth is told, on standard error"
is "$(json report '"$j->{result} $j->{bytes}{total} $j->{source}{size}"')" "done 41943040 41943040" \
	"the receiver has the report"
report_holds report "receive"
like "$OUT" 'durable at the receiver: 40.0 MiB' "the sender was told what is durable"

fresh
exits 0 "receive --exec send" "$xmover" receive dst --progress=none --exec "'$xmover' send src --stdio"
try "equal" cmp src dst
like "$OUT" '"3[0-3].[0-9] MiB sent as data' "what is zero was not sent"

fresh
"$xmover" receive dst --listen "unix:$TMP/s" --progress=none >out 2>err &
exits 0 "send --connect, receive --listen" "$xmover" send src --connect "unix:$TMP/s"
wait $!
is $? 0 "the receiver's exit"
try "equal" cmp src dst
rm -f dst
"$xmover" send src --listen "unix:$TMP/s" --timeout=5 >out 2>err &
exits 0 "receive --connect --create, send --listen" "$xmover" receive dst --create --connect "unix:$TMP/s"
wait $!
is $? 0 "the sender's exit"
try "equal, made as long as the source" cmp src dst
try "the socket is gone" [ ! -e s ]

# ---- what goes wrong, and who says so ---------------------------------------------------
truncate -s 8M small
exits 73 "a destination that is too small: the sender's exit too" \
	"$xmover" send src --exec "'$xmover' receive small --stdio"
exits 73 "source and destination are one file, seen through the stream" \
	"$xmover" send src --exec "'$xmover' receive src --stdio"
like "$OUT" "same disk" "and it is said"
exits 75 "no source" "$xmover" receive dst --exec "'$xmover' send none --stdio"
exits 75 "the other side says nothing" "$xmover" receive dst --exec "exec true" --timeout=1
exits 78 "the other side is no xmover" "$xmover" receive dst --exec "echo this is no xmover, but something else, and long enough; cat" --timeout=1
exits 75 "the other side is silent" "$xmover" receive dst --exec "exec sleep 60" --timeout=1
like "$OUT" "said nothing for 10 s" "the wait was bounded"
exits 64 "two links" "$xmover" send src --exec true --stdio
exits 64 "no path" "$xmover" send src --connect /tmp/x
done_testing
