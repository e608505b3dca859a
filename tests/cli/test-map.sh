#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# xmover map says, byte for byte, what qemu-img map says; and what it says can be read again.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"
cd "$TMP" || exit 1

# ---- 200 sparse files -----------------------------------------------------------------
seed=${XM_SEED:-$((RANDOM * 32768 + RANDOM))}
diag "XM_SEED=$seed"
bad='' holes=0
for ((i = 0; i < 200; i++)); do
	"$XM_SRC/tests/cli/sparse-file" f $((seed + i))
	qemu-img map --output=json -f raw f >want 2>&1
	"$xmover" map -q f >got 2>&1
	cmp -s want got || { bad+=" $((seed + i))"; cp want "want.$i"; cp got "got.$i"; }
	[ "$(grep -c '"data": false' want)" -lt 2 ] || holes=$((holes + 1))
done
is "$bad" "" "200 sparse files: as qemu-img map --output=json, to the byte"
[ -z "$bad" ] || diag "$(diff want.* got.* 2>&1 | head -20)"
if [ "$holes" -ge 100 ]; then ok "most of them have several holes"; else not_ok "most of them have several holes" "$holes"; fi

# ---- one known file, both outputs, sums --------------------------------------------------
rm f
truncate -s 1M f
printf x | dd of=f bs=1 seek=262144 conv=notrunc status=none
exits 0 "text" "$xmover" map -q --output=text f
is "$OUT" "0 262144 hole,zero
262144 4096
266240 782336 hole,zero" "text: lines of offset, length and type"
exits 0 "totals" "$xmover" map -q --totals f
is "$OUT" '[{ "size": 4096, "percent": 0.390625, "type": 0, "description": "data"},
{ "size": 1044480, "percent": 99.6094, "type": 3, "description": "hole,zero"}]' "--totals sums by type"
exits 0 "totals as text" "$xmover" map -q --totals --output=text f
is "$OUT" "                4096   0.4%   0 data
             1044480  99.6%   3 hole,zero" "--totals as text"
exits 66 "no such source" "$xmover" map -q none

# What nbdkit makes of the text is what the file system says.
"$xmover" map -q --output=text f >list
# shellcheck disable=SC2016 # nbdkit expands it
nbdkit -U - -r --filter=extentlist file f extentlist=list \
	--run 'nbdinfo --map --json "$uri"' >nbd 2>&1
is "$(perl -MJSON::PP -0777 -ne 'print join " ", map { "$_->{offset}+$_->{length}:$_->{type}" } @{decode_json($_)}' nbd)" \
	"0+262144:3 262144+4096:0 266240+782336:3" "nbdkit reads the text as its extent list"
done_testing
