#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The shape of the code: no function over 100 lines, no line over 100 columns, a licence on each
# file.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

cd "$XM_SRC" || exit 1
folders=(engine scsi nvme nbd tools fixtures include tests)
mapfile -t code < <(find "${folders[@]}" -name '*.[ch]' | sort)
mapfile -t files < <(find "${folders[@]}" \( -name '*.[ch]' -o -name '*.sh' -o -name '*.mk' -o \
	-name '*.def' -o -name '*.awk' \) | sort)
# more_than N NAME: standard input has more lines.
more_than() {
	local n
	n=$(wc -l)
	if [ "$n" -gt "$1" ]; then ok "$2"; else not_ok "$2" "only $n"; fi
}
more_than 50 "finds the code" <<<"$(printf '%s\n' "${code[@]}")"

# "lines name file" of each function, longest first.
functions=$(ctags -f - --languages=C --langmap=C:.c.h --kinds-C=f --fields=+ne "${code[@]}" |
	awk -F'\t' '{ line = end = 0
		for (i = 4; i <= NF; i++) {
			if ($i ~ /^line:/) line = substr($i, 6)
			if ($i ~ /^end:/) end = substr($i, 5)
		}
		print end - line + 1, $1, $2 }' | sort -rn)
more_than 200 "finds the functions" <<<"$functions"
is "$(awk '$1 > 100' <<<"$functions")" "" "no function over 100 lines"
diag "functions: $(wc -l <<<"$functions"), median $(awk '{ n[NR] = $1 } END { print n[int((NR + 1) / 2)] }' \
	<<<"$functions") lines, longest $(head -n 1 <<<"$functions")"

is "$(for f in "${code[@]}"; do
	expand -t 8 "$f" | awk -v f="$f" 'length > 100 { print f ":" NR }'
done)" "" "no line over 100 columns"
is "$(wc -l "${code[@]}" | awk '$2 != "total" && $1 > 800')" "" "no file over 800 lines"
is "$(grep -L 'SPDX-License-Identifier: Apache-2.0' "${files[@]}")" "" "each file names its licence"
is "$(grep -nwE 'TODO|FIXME|XXX' "${code[@]}")" "" "nothing is left for later in comments"
is "$(grep -lE '[[:blank:]]+$' "${code[@]}")" "" "no blanks at ends of lines"
done_testing
