#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Linux LIO and the array's persona of it, compared in the guest.
. "$(dirname "$0")/../lib.sh"
XM_LAB_CACHE=$("$XM_SRC/tests/lab/prepare" 2>"$TMP/why") || skip_all "$(cat "$TMP/why")"
export XM_LAB_CACHE XM_BUILD
"$XM_SRC/tests/lab/guest" --random 16 guest-persona.sh
