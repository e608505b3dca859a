#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test-nvme.sh once more on a newer QEMU, where tests/lab/newer-qemu has fetched one: its
# controller copies between namespaces, and checks MCL.
. "$(dirname "$0")/../lib.sh"
XM_LAB_CACHE=$("$XM_SRC/tests/lab/prepare" 2>"$TMP/why") || skip_all "$(cat "$TMP/why")"
export XM_LAB_CACHE XM_BUILD XM_LAB_QEMU=${XM_LAB_QEMU:-$XM_LAB_CACHE/qemu}
[ -d "$XM_LAB_QEMU" ] || skip_all "lab: no newer QEMU; tests/lab/newer-qemu fetches one"
"$XM_SRC/tests/lab/test-nvme.sh"
