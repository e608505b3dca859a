#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A target of somebody else's without third party copy: Debian's tgtd.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

command -v tgtd >/dev/null || skip_all "tgtd is not installed (Debian package tgt)"
cd "$TMP" || exit 1
stamped lun1 32
truncate -s 32M lun2
port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
control=$((10000 + $$ % 20000))
tgtd -f --control-port $control --iscsi "portal=127.0.0.1:$port" >tgtd.log 2>&1 &
tgtd=$!
# It ignores TERM while a target is there.
trap 'kill -KILL $tgtd; wait $tgtd 2>/dev/null; lib_cleanup' EXIT
adm() { tgtadm --control-port $control --lld iscsi "$@"; }
try "tgtd answers" await adm --op show --mode target
adm --op new --mode target --tid 1 --targetname "$IQN"
adm --op new --mode logicalunit --tid 1 --lun 1 --backing-store "$TMP/lun1"
adm --op new --mode logicalunit --tid 1 --lun 2 --backing-store "$TMP/lun2"
adm --op bind --mode target --tid 1 --initiator-address ALL
ARRAY_ADDR=127.0.0.1:$port

exits 0 "copy" "$xmover" copy "$(disk 1)" "$(disk 2)" --report=report --progress=none
like "$OUT" "Storage offload not used during migration: 0 of 32.0 MiB by offload, because .*\(unsupported_opcode\)" \
	"the line of truth"
is "$(json report 'join " ", $j->{fallbacks}[0]{reason}, $j->{bytes}{host}')" "unsupported_opcode $((32 << 20))" \
	"all by host, with the reason"
report_holds report "tgtd"
try "equal" cmp lun1 lun2
exits 69 "--offload=require" "$xmover" copy "$(disk 1)" "$(disk 2)" --offload=require --progress=none
done_testing
