#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# xmover bench: every way of a pair that it makes, a given pair, table, JSON and SVG; nothing is left behind.
# How fast anything is, is not asked.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

cd "$TMP" || exit 1
mkdir made
results() { json out 'join " ", map { "$_->{way}:" . ($_->{not_measured} ? "no" : scalar @{$_->{gib_per_s_rounds}}) } @{$j->{results}}'; }

# ---- an array that it starts ------------------------------------------------------------
got=0
"$xmover" bench --quiet --make=array --dir=made --size=8M --rounds=2 --ways=offload,threads --json --svg=a.svg >out 2>err || got=$?
is "$got" 0 "an array" || diag "$(cat err)"
is "$(results)" "offload:2 threads:2" "both ways, both rounds"
is "$(json out '$j->{bytes}')" 8388608 "of all the bytes"
is "$(json out 'scalar grep { $_->{gib_per_s} > 0 && $_->{cpu_s_per_gib} > 0 } @{$j->{results}}')" 2 "with rates and processor time"
is "$(json out 'scalar grep { !defined $_->{syscalls_per_gib} || $_->{syscalls_per_gib} > 0 } @{$j->{results}}')" 2 "and system calls, where they can be counted"
is "$(python3 -c 'import sys, xml.etree.ElementTree as e
t = e.parse("a.svg"); n = "{http://www.w3.org/2000/svg}"
print(t.getroot().tag == n + "svg", len(t.findall(n + "circle")))' 2>&1)" "True 2" "the SVG is XML, with a dot for each"
is "$(ls made)" "" "nothing is left behind"

# ---- a sweep over files -----------------------------------------------------------------------
exits 0 "files" "$xmover" bench --quiet --dir=made --size=4M --rounds=1 --ways=uring,threads --requests=64K,1M --depths=1,4
is "$(grep -cE '^(uring|threads) +(64.0 KiB|1.0 MiB) +(1|4) +[0-9.]+ ' <<<"$OUT")" 8 "every way, size and depth has its row" || diag "$OUT"
is "$(ls made)" "" "nothing is left behind of it either"

# ---- a given pair ------------------------------------------------------------------------------
head -c 3000000 /dev/urandom >src
truncate -s 3000000 dst
"$xmover" bench --quiet --rounds=1 --json src dst >out 2>err
is "$(results)" "offload:no clone:no uring:1 threads:1" "a pair of files: what cannot be is not measured" || diag "$(cat out)"
like "$(json out '$j->{results}[0]{not_measured}')" "not_scsi" "and why"
try "the destination is a copy" cmp src dst

# ---- disks behind a login -------------------------------------------------------------------------
printf 'user alice\nsecret pass-phrase-of-16\n' >chap
chmod 600 chap
stamped disk 8
start_array --target "$IQN" --chap "$TMP/chap" --lun "0=$TMP/disk" --lun 1=8M || exit 1
exits 0 "secrets from a file" "$xmover" bench --quiet --rounds=1 --ways=offload,threads --json --chap-file=chap \
	--timeout=60 "$(disk 0)" "$(disk 1)"
is "$(grep -c not_measured <<<"$OUT")" 0 "every way was measured" || diag "$OUT"
exits 74 "LUNs are not cloned" "$xmover" bench --quiet --rounds=1 --ways=clone --chap-file=chap "$(disk 0)" "$(disk 1)"
like "$OUT" 'not measured: only files can be cloned' "and that is said"
exits 69 "nor by copy" "$xmover" copy --quiet --method=clone --chap-file=chap "$(disk 0)" "$(disk 1)"
like "$OUT" 'lists can be used: only files can be cloned' "and that is said"
exits 74 "and without" "$xmover" bench --quiet --rounds=1 --ways=threads "$(disk 0)" "$(disk 1)"
exits 74 "not onto another disk than was named" "$xmover" bench --quiet --rounds=1 --ways=threads \
	--chap-file=chap --dst-id=naa.6001405000000001 "$(disk 0)" "$(disk 1)"

# ---- stopped --------------------------------------------------------------------------------------
# while its files are made, while a copy runs, while calls are counted
stopped() { # WHEN SIZE CONDITION...
	local got=0 bench
	"$xmover" bench --dir=made --size="$2" --rounds=1 --ways=threads >out 2>err &
	bench=$!
	await "${@:3}"
	kill -TERM $bench
	wait $bench || got=$?
	is "$got" 143 "stopped $1" || diag "$(cat err)"
	is "$(ls made)$(cat out)" "" "stopped $1: nothing is left behind"
}
begun() { compgen -G "made/*/src"; }
# shellcheck disable=SC2034
said() { grep -q "$1" err; }
stopped "while its files are made" 4G begun
export XMOVER_RATE=1M
stopped "while it copies" 8M said "round 0 of"
export XMOVER_RATE=4M
stopped "while calls are counted" 4M said "calls are counted"
unset XMOVER_RATE

# ---- mistakes ----------------------------------------------------------------------------------------
exits 64 "one disk" "$xmover" bench src
exits 64 "a pair and --make" "$xmover" bench --make=files src dst
exits 64 "no way" "$xmover" bench --ways=teleport src dst
exits 64 "no size" "$xmover" bench --requests=many src dst
exits 64 "no rounds" "$xmover" bench --rounds=0 src dst
exits 78 "no such folder" "$xmover" bench --dir="$TMP/none" --size=1M
exits 74 "nothing could be measured" "$xmover" bench --quiet --rounds=1 "$TMP/none" dst
done_testing
