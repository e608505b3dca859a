#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The raw initiator against the array: what libiscsi cannot or will not send.
. "$(dirname "$0")/../lib.sh"

umask 077
cat >"$TMP/chap" <<'EOF'
# one account, and the array's own
user alice
secret twelve-bytes
mutual-user array
mutual-secret the-arrays-own-secret
EOF
many=()
for i in {1..12}; do
	many+=(--target "iqn.2026-01.org.xmover:one-of-several-targets-$i" --lun "0=1M")
done
# Memory is measured here: what ASan keeps of freed memory must not count.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=4"
start_array --target iqn.2026-01.org.xmover:raw --lun 0=64M \
	--target iqn.2026-01.org.xmover:chap --lun 0=1M --chap "$TMP/chap" \
	--target iqn.2026-01.org.xmover:others --lun 0=1M --allow iqn.2026-01.org.xmover:nobody \
	"${many[@]}" || exit 1
export ARRAY_PID
status=0
"$XM_BUILD/tests/array/pdu" "$ARRAY_PORT" "$ARRAY_CTL" "$@" || status=$?
if [ $# = 0 ]; then
	stop_array || { diag "the array ended badly" "$(cat "$ARRAY_LOG")"; status=1; }
	start_array --target iqn.2026-01.org.xmover:raw --lun 0=1M --nop-interval 1 \
		--nop-timeout 5 || exit 1
	"$XM_BUILD/tests/array/pdu" "$ARRAY_PORT" "$ARRAY_CTL" idle || status=$?
fi
stop_array || { diag "the array ended badly" "$(cat "$ARRAY_LOG")"; status=1; }
exit $status
