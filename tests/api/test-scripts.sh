#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every script passes shellcheck.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

cd "$XM_SRC" || exit 1
mapfile -t scripts < <(find bootstrap .ci engine scsi tools fixtures tests -type f |
	while IFS= read -r f; do
		[[ $f == *.sh ]] || head -c 11 "$f" | grep -qa '^#!/bin/bash' || continue
		echo "$f"
	done | sort)
if [ ${#scripts[@]} -gt 8 ]; then ok "finds the scripts"; else not_ok "finds the scripts" "${scripts[@]}"; fi
for script in "${scripts[@]}"; do
	try "$script" shellcheck -x -P . -s bash -S warning -e SC1090,SC1091,SC2034 "$script"
done
done_testing
