#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Layers go one way: each folder includes only what is below it (HACKING.md).
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# crossings FOLDER SYSTEM-HEADERS-IT-MUST-NOT-SEE ALLOWED-FOLDER...
crossings() {
	local folder=$1 forbidden=$2 file name dir found
	shift 2
	while IFS=: read -r file name; do
		if [[ $name == \<* ]]; then
			[[ ! $name =~ $forbidden ]] || echo "$file: $name"
			continue
		fi
		name=${name//\"/}
		found=
		case $name in
		xm/*) [ ! -f "$XM_SRC/include/$name" ] || found=1 ;;
		xmover.h) [[ " $* " != *" xmover.h "* ]] || found=1 ;;
		*)
			for dir in "$@"; do
				[ ! -f "$XM_SRC/$dir/$name" ] || found=1
			done
			;;
		esac
		[ -n "$found" ] || echo "$file: \"$name\""
	done < <(cd "$XM_SRC" &&
		grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<][^">]+[">]' "$folder"/*.[ch] |
		sed -E 's/:[^"<]*/:/')
}

transports='^<(iscsi|scsi|nvme|libnvme|libnbd)'
is "$(crossings include/xm "$transports" none)" "" "include/xm: leaves include only leaves"
is "$(crossings engine "$transports" engine xmover.h)" "" "engine: itself and leaves; knows no SCSI"
is "$(crossings scsi '^<(libnvme|libnbd)' scsi engine xmover.h)" "" "scsi: itself and engine"
is "$(crossings nvme '^<(iscsi|scsi|libnvme|libnbd)' nvme engine xmover.h)" "" "nvme: itself and engine; knows no SCSI"
is "$(crossings nbd '^<(iscsi|scsi|nvme|libnvme|liburing)' nbd engine xmover.h)" "" "nbd: itself and engine"
is "$(crossings tools '^<(iscsi|scsi|nvme|libnvme|libnbd|liburing|xxhash)' tools xmover.h)" "" \
	"tools: itself and xmover.h"
is "$(crossings fixtures/array '^<(iscsi|scsi|nvme|libnvme)' fixtures/array)" "" \
	"fixtures/array: itself and leaves; shares nothing with scsi"

# The check itself must see a crossing.
mkdir -p "$TMP/src/tools" "$TMP/src/scsi"
touch "$TMP/src/scsi/cdb.h" "$TMP/src/tools/a.h"
printf '#include "cdb.h"\n# include <iscsi/iscsi.h>\n' >"$TMP/src/tools/a.c"
is "$(XM_SRC=$TMP/src crossings tools "$transports" tools xmover.h | wc -l)" 2 "a crossing would be seen"
done_testing
