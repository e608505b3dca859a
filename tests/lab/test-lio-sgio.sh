#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The mover inside the guest, over SG_IO on Linux LIO.
. "$(dirname "$0")/../lib.sh"
XM_LAB_CACHE=$("$XM_SRC/tests/lab/prepare" 2>"$TMP/why") || skip_all "$(cat "$TMP/why")"
export XM_LAB_CACHE XM_BUILD
mib=64
[ "${XM_LONG:-}" != 1 ] || mib=512
"$XM_SRC/tests/lab/guest" --random "$mib" guest-sgio.sh
