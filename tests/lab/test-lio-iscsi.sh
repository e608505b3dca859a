#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The mover on this machine, Linux LIO in the guest: EXTENDED COPY between two
# LUNs over iSCSI, through a forwarded loopback port.
. "$(dirname "$0")/../lib.sh"
lab=$XM_SRC/tests/lab
XM_LAB_CACHE=$("$lab/prepare" 2>"$TMP/why") || skip_all "$(cat "$TMP/why")"
export XM_LAB_CACHE XM_BUILD
IQN=iqn.2026-11.lab:lio
scratch=$TMP/scratch
mkdir "$scratch"
mib=256
[ "${XM_LONG:-}" != 1 ] || mib=1024
port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
"$lab/guest" --forward "$port" --scratch "$scratch" --random "$mib" guest-iscsi.sh >"$TMP/guest.tap" 2>&1 &
guest=$!
LIB_PIDS+=("$guest")

url=iscsi://127.0.0.1:$port/$IQN
report() { jq -r "$1" "$TMP/report"; }
guest_ready() { [ -e "$scratch/ready" ] || ! kill -0 "$guest" 2>/dev/null; }

LIMIT=600 await guest_ready
if [ ! -e "$scratch/ready" ]; then
	not_ok "the guest is ready" "$(cat "$TMP/guest.tap")"
	done_testing
fi
ok "the guest is ready"

exits 0 "probe" "$XM_BUILD/xmover" probe "$url/0" "$url/1"
exits 0 "copy" "$XM_BUILD/xmover" copy "$url/0" "$url/1" --offload=require --report "$TMP/report" --progress none
like "$OUT" "Storage offload used during migration: .*100 %.* by SCSI EXTENDED COPY" "the last line celebrates"
is "$(report '.bytes.xcopy')" "$((mib << 20))" "every byte by EXTENDED COPY"
is "$(report '.offload_ratio')" 1 "ratio"

touch "$scratch/done"
if wait "$guest"; then ok "the guest agrees"; else not_ok "the guest agrees" "$(cat "$TMP/guest.tap")"; fi
diag "$(cat "$TMP/guest.tap")"
done_testing
