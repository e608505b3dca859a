#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Tokens that expire between two hosts.  Two-way the receiver asks for new ones; one-way nobody can be
# asked: the receiver exits 75, names what is missing, and `send --extents` with that list finishes it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"
# shellcheck source=tests/cli/lib-hosts.sh
. "$(dirname "$0")/lib-hosts.sh"

cd "$TMP" || exit 1
stamped src 64
# how often a command (83/10: POPULATE TOKEN, 83/11: WRITE USING TOKEN) came
count() { ctl stats | json /dev/stdin 'my ($c) = grep { $_->{op} eq "'"$1"'" } @{$j->{commands}}; $c ? $c->{count} : 0'; }
EXPIRED='action=sense k=5 asc=23 ascq=07'
# short-lived: tokens of 8 MiB that nobody used for a second are gone
short_lived() { world ideal && ctl set max_token_bytes 8388608 >/dev/null && ctl set token_timeout 1 >/dev/null; }
# those that are made from now on are not, however slow this machine is
long_lived() { ctl set token_timeout 300 >/dev/null; }
one_lies() { ctl faults | grep -q '"fired":1'; }
gone() { [ "$(count 83/10)" -ge 8 ] && [ "$(ctl stats | json /dev/stdin '$j->{tokens}')" = 0 ]; }
two_way() { bash -c "'$xmover' send $(from) $1 --exec \"'$xmover' receive $(into) --stdio --report=report\""; }
finishes() {
	exits 0 "$1: the list, sent" bash -o pipefail -c \
		"'$xmover' send $(from) --extents=missing | '$xmover' receive $(into) --report=report"
	try "$1: equal" cmp src dst
	is "$(json report '$j->{bytes}{odx}')" "$2" "$1: what was missing went by tokens, and nothing else"
}

# ---- two-way ----------------------------------------------------------------------------
world ideal && ctl set max_token_bytes 8388608 >/dev/null || exit 1
ctl "fault add op=83/11 nth=2-4 $EXPIRED" >/dev/null
exits 0 "two-way, tokens that are refused as expired" two_way ""
fired "two-way"
try "two-way: equal" cmp src dst
is "$(moved report)" "done 67108864 0" "two-way: all by tokens, new ones"
n=$(count 83/10)
try "two-way: they were asked for ($n)" test "$n" -ge 11

short_lived || exit 1
ctl "fault add op=83/11 times=1 action=delay ms=3000" >/dev/null
(await one_lies; long_lived) &
exits 0 "two-way, a token that lay for 3 s" two_way ""
wait $!
fired "two-way, a token that lay"
try "two-way, a token that lay: new ones were asked for" test "$(count 83/10)" -gt 8
try "two-way, a token that lay: equal" cmp src dst
is "$(moved report)" "done 67108864 0" "two-way, a token that lay: all by tokens"

# ---- one-way ------------------------------------------------------------------------------
world ideal && ctl set max_token_bytes 8388608 >/dev/null || exit 1
ctl "fault add op=83/11 lba=40000-40000 $EXPIRED" >/dev/null
exits 75 "by pipe, one token has expired" bash -o pipefail -c \
	"'$xmover' send $(from) | '$xmover' receive $(into) --missing=missing --report=report"
fired "by pipe"
read -r off lost <missing
try "by pipe: the list names it, and nothing else ($off $lost)" test "$(wc -l <missing)" = 1 -a \
	"$off" -le $((40000 * 512)) -a $((off + lost)) -gt $((40000 * 512)) -a "$lost" -le 8388608
is "$(json report '$j->{bytes}{odx}')" $((67108864 - lost)) "by pipe: the others were used"
like "$OUT" "$lost bytes of the source are not at the destination" "by pipe: it is said"
like "$OUT" 'token_expired' "by pipe: and why"
ctl fault del all >/dev/null
finishes "by pipe" "$lost"

short_lived || exit 1
lying() { await gone; cat; }
sent() { # shellcheck disable=SC2046 # words
	"$xmover" send $(from) | lying | "$xmover" receive $(into) --missing=missing
}
set -o pipefail
exits 75 "by a pipe in which they lie until they are gone" sent
set +o pipefail
is "$(bytes_of missing)" 67108864 "all is missing, and the list says so"
long_lived
finishes "by a slow pipe" 67108864

# ---- by file ---------------------------------------------------------------------------------
short_lived || exit 1
exits 0 "token export" bash -c "'$xmover' token export $(from) --out=tokens"
sleep 3                                 # they must expire, by the clock
exits 78 "an expired file is known for it" bash -c "'$xmover' token import tokens $(into)"
like "$OUT" 'have expired' "and it is said"
is "$(copied)" 0 "nothing was copied"
done_testing
