# SPDX-License-Identifier: Apache-2.0
# Two hosts and one array: each host may log in to its own target only.  Sourced after lib-cli.sh, in $TMP.

# shellcheck disable=SC2034,SC2154 # used by those that source this
SRC=iqn.2026-11.org.xmover.test:src DST=iqn.2026-11.org.xmover.test:dst
from() { echo "iscsi://$ARRAY_ADDR/$SRC/0 --initiator-name=iqn.2026-11.host:a --progress=none"; }
into() { echo "iscsi://$ARRAY_ADDR/$DST/${1:-0} --initiator-name=iqn.2026-11.host:b --progress=none"; }
# world PERSONA [MORE OPTIONS]: an array of two targets, each for one host; dst holds something else than src
world() {
	[ -z "${ARRAY_PID:-}" ] || stop_array
	head -c 64M /dev/zero | tr '\0' '\377' >dst
	start_array --persona "$1" "${@:2}" --target "$SRC" --lun "0=$TMP/src" --allow iqn.2026-11.host:a \
		--target "$DST" --lun "0=$TMP/dst" --lun 1=8M --lun 2=64M,block=4096 --allow iqn.2026-11.host:b
}
copied() { ctl stats | json /dev/stdin '$j->{copies}{token_bytes}'; }
moved() { json "$1" '"$j->{result} $j->{bytes}{odx} $j->{bytes}{host}"'; }
bytes_of() { awk '{ n += $2 } END { print n + 0 }' "$1"; }
# fired NAME: every rule of the array fired
fired() { is "$(ctl faults | json /dev/stdin '@$j && !grep { !$_->{fired} } @$j')" 1 "$1: the rule fired"; }
