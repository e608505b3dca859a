#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One job of 64 MiB by each method under valgrind: no error, nothing lost, the bytes right.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/cli/lib-cli.sh"

cd "$TMP" || exit 1
stamped lun0 64
truncate -s 64M lun1
start_array --target "$IQN" --lun "0=$TMP/lun0" --lun "1=$TMP/lun1" || exit 1
checked() {
	valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect \
		"$xmover" "$@"
}

exits 0 "by SCSI EXTENDED COPY" checked copy --offload=require --progress=none --timeout=120 "$(disk 0)" "$(disk 1)"
like "$OUT" "64.0 MiB of 64.0 MiB \(100 %\) by SCSI EXTENDED COPY" "it was that"
try "its bytes" cmp lun0 lun1
exits 0 "by host, from an iSCSI LUN into a file" checked copy --offload=never --progress=none --timeout=120 --create "$(disk 0)" threads.img --io=threads
try "its bytes" cmp lun0 threads.img
exits 0 "by host, from file to file" checked copy --progress=none --create lun0 auto.img
try "its bytes" cmp lun0 auto.img
exits 0 "verify" checked verify --timeout=120 "$(disk 0)" auto.img
exits 0 "probe" checked probe --timeout=120 "$(disk 0)" "$(disk 1)"
exits 66 "an error" checked copy --progress=none "$(disk 9)" auto.img
done_testing
