# SPDX-License-Identifier: Apache-2.0
# In the guest: is the persona `lio` of the array what Linux LIO is?  The kernel's
# initiator logs in to both, with digests; each command, probe and job goes to
# both, and what came back is compared, not with what we think LIO does.
# Then the mover by SG_IO on the array's disks.
# shellcheck shell=bash
. "$XM_TOP/tests/lib.sh"
# shellcheck source=tests/lab/lio.sh
. ./lio.sh
# shellcheck source=tests/lab/initiator.sh
. ./initiator.sh
mover=$XM_BUILD/xmover
LIO=iqn.2026-11.lab:lio
PERSONA=iqn.2026-11.lab:persona
IDEAL=iqn.2026-11.lab:ideal
MIB=16
naa() { printf '6001405%s' "${1}000000000000000000000001"; }

# ---- both, with the same names and bytes --------------------------------------
mkdir -p /dev/shm/img
luns=()
lio_start
n=0
cp /mnt/random /dev/shm/random
for x in a b c d; do
	block=512
	[ "$x" != c ] || block=4096
	for side in lio persona ideal; do
		[ "$x" != a ] || cp /dev/shm/random "/dev/shm/img/$side.$x"
		truncate -s "${MIB}M" "/dev/shm/img/$side.$x"
	done
	lio_fileio "$x" "/dev/shm/img/lio.$x" "${x}000000000000000000000001" "$block"
	luns+=(--lun "$n=/dev/shm/img/persona.$x,block=$block,naa=$(naa "$x"),serial=${x}000000000000000000000001")
	n=$((n + 1))
done
lio_iscsi "$LIO" "$T"/core/fileio_0/{a,b,c,d}
ARRAY_LISTEN=127.0.0.1:3261 start_array --persona lio --target "$PERSONA" "${luns[@]}" || exit 1
ARRAY_LISTEN=127.0.0.1:3262 start_array --target "$IDEAL" --lun 0=/dev/shm/img/ideal.a --lun 1=/dev/shm/img/ideal.b || exit 1
initiator_start
for t in "$LIO 3260" "$PERSONA 3261" "$IDEAL 3262"; do
	# shellcheck disable=SC2086 # two words
	try "open-iscsi logs in to ${t%% *}" initiator_login $t
done
initiator_disks "$LIO" one 0 1 2 3
initiator_disks "$PERSONA" one 0 1 2 3
initiator_disks "$IDEAL" one 0 1
is "$(initiator_digests "$PERSONA")" "1 1" "header and data digests with the array"
is "$(initiator_digests "$LIO")" "1 1" "and with LIO"

# ---- one command to both -------------------------------------------------------
nodes() { # IQN: the sg nodes of its LUNs, by comma
	echo "${SG[$1 0 one]},${SG[$1 1 one]},${SG[$1 2 one]},${SG[$1 3 one]}"
}
cases() { # SET NAME
	local name said data psaid pdata n=0
	while IFS=$'\t' read -r name said data psaid pdata; do
		n=$((n + 1))
		if [ "$said $data" = "$psaid $pdata" ]; then
			ok "$2$name: $said"
		else
			not_ok "$2$name" "LIO:     $said | $data" "persona: $psaid | $pdata"
		fi
	done < <(perl scsi-cases.pl "$1" "$(nodes "$LIO")" "$(nodes "$PERSONA")" | sed 's/\t\t/\t-\t/g; s/\t$/\t-/')
	try "$2commands were compared" [ "$n" -ge 3 ]
}
cases all ""

# ---- the mover's view ------------------------------------------------------------
# What differs by nature: node names.  Everything else has to be the same.
nameless() { # IQN: its node names are told by LUN
	local n script=''
	for n in 0 1 2 3; do script+="s#${DISK[$1 $n one]}\\b#LUN$n#g; s#${SG[$1 $n one]}\\b#SG$n#g; "; done
	sed "$script"
}
probes() { # IQN LUN LUN
	"$mover" probe "${DISK[$1 $2 one]}" "${DISK[$1 $3 one]}" --json 2>&1 | nameless "$1" |
		jq -S '.. | objects | select(.check?) | {check, verdict, text: (.message // .text), fix}'
}
for pair in "0 1" "0 2"; do
	# shellcheck disable=SC2086 # two words
	is "$(probes "$PERSONA" $pair)" "$(probes "$LIO" $pair)" "probe of LUNs $pair: every field"
done
like "$(probes "$LIO" 0 1)" pair.xcopy "probe said something of EXTENDED COPY"
jobs() { # IQN LUN LUN OPTION...
	local iqn=$1 code=0
	"$mover" copy "${DISK[$1 $2 one]}" "${DISK[$1 $3 one]}" "${@:4}" --report /dev/shm/report --progress none \
		>/dev/null 2>&1 || code=$?
	nameless "$iqn" </dev/shm/report | jq -S --arg code "$code" '{$code, result, offload_used, offload_ratio,
		bytes, fallbacks, retries, unknown, source, destination}'
}
alike() { # NAME WANTED-IN-IT LUN LUN OPTION...
	local lio
	lio=$(jobs "$LIO" "${@:3}")
	is "$(jobs "$PERSONA" "${@:3}")" "$lio" "$1: every field of the report"
	like "$lio" "$2" "$1: as it should be"
}
alike "copy" '"offload_ratio": 1,' 0 1 --verify=full
try "copy: equal below" cmp /dev/shm/img/persona.a /dev/shm/img/persona.b
alike "unequal blocks" '"reason": "block_size"' 0 2
alike "unequal blocks, required" '"code": "69"' 0 2 --offload=require

# Another initiator holds a reservation: Write Exclusive, then Exclusive Access.
for t in "$LIO 3260" "$PERSONA 3261"; do
	# shellcheck disable=SC2086 # two words
	try "the other initiator logs in to ${t%% *}" initiator_login $t other
	initiator_disks "${t%% *}" other 0 1
done
reserve() { # LUN TYPE
	local iqn node
	for iqn in "$LIO" "$PERSONA"; do
		node=${SG[$iqn $1 other]}
		sg_turs "$node" >/dev/null 2>&1
		try "reserved" sg_persist --out --register-ignore --param-sark=1 "$node"
		try "reserved" sg_persist --out --reserve --param-rk=1 --prout-type="$2" "$node"
	done
}
release() {
	local iqn
	for iqn in "$LIO" "$PERSONA"; do
		sg_persist --out --clear --param-rk=1 "${SG[$iqn $1 other]}" >/dev/null 2>&1
		sg_turs "${SG[$iqn $1 one]}" >/dev/null 2>&1
	done
}
reserve 1 1
cases reserved "destination reserved, "
alike "the destination is reserved" '"code": "7[0-9]"' 0 1
release 1
reserve 0 3
cases reserved "source reserved, "
release 0
alike "released" '"offload_ratio": 1,' 0 1

# ---- the array by the kernel's initiator and SG_IO ---------------------------------
src=${DISK[$IDEAL 0 one]} dst=${DISK[$IDEAL 1 one]}
exits 0 "SG_IO on the array: exit 0" "$mover" copy "$src" "$dst" --offload=require --method=xcopy --verify=full \
	--report /dev/shm/report --progress none
is "$(jq -r .bytes.xcopy /dev/shm/report)" $((MIB << 20)) "SG_IO on the array: every byte by EXTENDED COPY"
try "SG_IO on the array: equal" cmp "$src" "$dst"
if "$mover" --capabilities | grep -q '"odx"'; then
	head -c "${MIB}M" /dev/urandom >"$src"
	exits 0 "ODX by SG_IO: exit 0" "$mover" copy "$src" "$dst" --offload=require --method=odx --verify=full \
		--report /dev/shm/report --progress none
	is "$(jq -r .bytes.odx /dev/shm/report)" $((MIB << 20)) "ODX by SG_IO: every byte"
	try "ODX by SG_IO: equal" cmp "$src" "$dst"
fi
done_testing
