#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# One-way, the array answers GOOD to what it did not do: the receiver, who cannot read the source, reads back
# what digests of the sender tell it of, and exits 65.  What was right is not called wrong, and how much was
# looked at is said.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"
# shellcheck source=tests/cli/lib-hosts.sh
. "$(dirname "$0")/lib-hosts.sh"

cd "$TMP" || exit 1
stamped src 64
verified() { json "$1" '$j->{verified_bytes}'; }
piped() { bash -o pipefail -c "'$xmover' send $(from) $1 | '$xmover' receive $(into) --report=report --missing=missing ${2:-}"; }

# ---- an honest array -----------------------------------------------------------------
world ideal || exit 1
exits 0 "by pipe" piped ""
is "$(moved report)" "done 67108864 0" "by tokens"
n=$(verified report)
try "some of it was read back, and no more than a sample ($n)" test "$n" -ge 65536 -a "$n" -le 16777216
like "$OUT" 'read back and compared: [1-9]' "and it is said"
exits 0 "--verify=none" piped "" --verify=none
like "$OUT" 'Sent 64.0 MiB in .*64.0 MiB by token; the receiver says what of it arrived' "the sender says that it sent"
is "$(grep -c 'Moved\|Storage offload used' <<<"$OUT")" 2 "only the receiver that it moved, and by what"
is "$(verified report)" 0 "then nothing is read back"
exits 64 "--verify=full: a pipe cannot" "$xmover" receive dst --verify=full </dev/null

# ---- a lying one: nothing, a part, elsewhere ---------------------------------------------
# WRITE USING TOKEN is 83/11.
for lie in "action=lie" "action=short blocks=64" "action=misplace by=4096"; do
	world ideal || exit 1
	ctl "fault add op=83/11 $lie" >/dev/null
	exits 65 "by pipe, $lie" piped ""
	fired "$lie"
	like "$OUT" "not what the source holds.*although the array had answered" "$lie: it is said"
	is "$(bytes_of missing)" 67108864 "$lie: nothing of it is believed"
	ctl fault del all >/dev/null
	exits 0 "$lie: the list, sent as data" piped "--offload=never --extents=missing"
	try "$lie: equal" cmp src dst
done

# ---- one lie among many, and by file -------------------------------------------------------
world ideal || exit 1
ctl "fault add op=83/11 nth=1 action=lie" >/dev/null
exits 65 "one lie" piped ""
fired "one lie"
world ideal || exit 1
try "token export" bash -c "'$xmover' token export $(from) --out=tokens"
ctl "fault add op=83/11 action=lie" >/dev/null
exits 65 "by file" bash -c "'$xmover' token import tokens $(into) --missing=missing"
fired "by file"
is "$(bytes_of missing)" 67108864 "by file: nothing of it is believed"

# ---- data: a disk that loses writes ----------------------------------------------------------
world none || exit 1
ctl "fault add op=writes lun=0 target=$DST action=lie" >/dev/null
exits 65 "a disk that loses writes" piped ""
fired "a disk that loses writes"
is "$(bytes_of missing)" 67108864 "and the list names all"

# ---- samples that cannot be read -------------------------------------------------------------
# READ(16) is 88: tokens are used, so nothing else reads.
while IFS='|' read -r side want what; do
	world ideal || exit 1
	ctl "fault add op=88 lun=0 target=$side $what" >/dev/null
	exits "$want" "${side##*:}, $what" piped ""
	fired "${side##*:}, $what"
	try "${side##*:}, $what: equal" cmp src dst
	n=$(verified report)
	try "${side##*:}, $what: looked at, or said that it is not ($n)" test $((n >= 65536)) = $((want == 0))
done <<-END
	$SRC|0|times=3 action=status status=busy
	$SRC|0|nth=2 action=drop
	$SRC|74|action=sense k=3 asc=11
	$DST|0|times=3 action=status status=busy
	$DST|0|nth=2 action=drop
	$DST|74|action=sense k=3 asc=11
END

# ---- what did not come is missing, not different ----------------------------------------------
world ideal || exit 1
"$xmover" send src --progress=none >data 2>/dev/null
size=$(stat -c %s data)
exits 75 "a stream that was cut" bash -c "head -c $((size * 2 / 3)) data | '$xmover' receive $(into) --report=report --missing=missing"
n=$(verified report)
try "what came of it was looked at ($n)" test "$n" -ge 65536
done_testing
