#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The man page is well formed, its examples run as they are, its exit codes are the header's.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

pod=$XM_BUILD/tools/xmover-full.pod
try "the POD is well formed" podchecker -warnings "$pod"

cd "$TMP" || exit 1
PATH=$XM_BUILD:$PATH
start_array --target iqn.2026-11.org.example:array --lun 0=16M --lun 1=16M || exit 1
echo "host 1G" >rates
mapfile -t examples < <(sed -n '/^=head1 EXAMPLES/,/^=head1 SEE/s/^ xmover/xmover/p' "$pod")
is "${#examples[@]}" 5 "the examples are found"
for example in "${examples[@]}"; do
	command=${example//127.0.0.1:3260/$ARRAY_ADDR}
	exits 0 "runs: ${example:0:60}..." bash -c "${command//\/state\//$TMP/}"
done

codes=$(sed -nE 's/^\tXM_(OK|E_[A-Z]+) = ([0-9]+),? .*/\2/p; s/^\tXM_E_STOPPED = ([0-9]+).*/\1/p' \
	"$XM_SRC/include/xmover.h" | sort -nu)
is "$(sed -n '/^=head1 EXIT STATUS/,/^=head1 EXAMPLES/s/^=item B<\([0-9]*\)>/\1/p' "$pod" | sort -n)" "$codes" \
	"its exit codes are those of xmover.h"
is "$(sed -n 's/^| \([0-9]*\) |.*/\1/p' "$XM_SRC/README.md" | sort -n)" "$codes" "so are those of README.md"

done_testing
