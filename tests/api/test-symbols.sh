#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The symbol map, the header and the library name the same functions, and nothing else is exported.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

library=$XM_BUILD/.libs/libxmover.so

# Names of functions marked XM_API.
in_header() {
	perl -0777 -ne 's{/\*.*?\*/}{}gs; s{^#.*$}{}gm; print "$1\n" while /\bXM_API\b[^;(]*?(\w+)\s*\(/g' \
		"$XM_SRC/include/xmover.h" | sort
}
# Functions of the header, marked or not.
declared() {
	perl -0777 -ne 's{/\*.*?\*/}{}gs; s{^#.*$}{}gm; s{typedef[^;]*;}{}g;
		print "$1\n" while /\b(xm_\w+)\s*\(/g' "$XM_SRC/include/xmover.h" | sort -u
}
in_map() {
	perl -0777 -ne 's{/\*.*?\*/}{}gs; s{#.*$}{}gm; print "$1\n" while /\b(xm_\w+);/g' \
		"$XM_SRC/engine/libxmover.map" | sort
}
in_library() { nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort; }

header=$(in_header)
if [ "$(wc -l <<<"$header")" -gt 20 ]; then ok "the header has functions"; else not_ok "the header has functions" "$header"; fi
is "$(diff <(echo "$header") <(declared))" "" "each function of the header is marked XM_API"
is "$(diff <(echo "$header") <(in_map))" "" "map = header"
is "$(diff <(echo "$header") <(in_library))" "" "library = header"
is "$(nm -D --defined-only --with-symbol-versions "$library" |
	awk '$2 != "A" && $3 !~ /@@XMOVER_[0-9.]+$/ { print $3 }')" "" "each symbol has a version"
done_testing
