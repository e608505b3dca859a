#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The parser, --help and the man page take the same options; the environment too.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

xmover=$XM_BUILD/xmover
table=$XM_SRC/tools/options.def
man=$XM_BUILD/tools/xmover.1
cd "$TMP" || exit 1

# "name kind verbs" of each row; the verbs as words.
rows=$(tr '\n' ' ' <"$table" | sed 's/OPT(/\n&/g' | sed -nE \
	's/^OPT\([A-Z_]+, *"([a-z-]+)", *[^,]*, *([A-Z]+), *"[^"]*", *([A-Z| ]+),.*/\1 \2 \3/p' |
	sed 's/|//g; s/  */ /g')
is "$(wc -l <<<"$rows")" "$(grep -c '^OPT(' "$table")" "each row of the table is read"

takes() { # NAME VERB: the table says so
	awk -v n="$1" -v v="$2" '$1 == n { for (i = 3; i <= NF; i++) if ($i == v) f = 1 } END { exit !f }' <<<"$rows"
}

for verb in copy map probe send receive token verify bench; do
	names=$(awk -v v="${verb^^}" '{ for (i = 3; i <= NF; i++) if ($i == v) print $1 }' <<<"$rows" | sort)
	help=$("$xmover" "$verb" --help | sed -nE 's/^ {1,6}(-[a-zA-Z], )?--([a-z-]+).*/\2/p' | sort)
	is "$help" "$names" "$verb --help = table"
	bad=
	while read -r name kind _; do
		word=--$name
		[ "$kind" = FLAG ] || word="--$name=1"
		[ "$name" != help ] || continue
		OUT=$("$xmover" "$verb" "$word" --no-such-option 2>&1)
		if takes "$name" "${verb^^}"; then
			# Then the first mistake is either its value or the unknown option after it.
			[[ $OUT != *"does not take"* && $OUT != *"no such option: $word"* ]] || bad+=" $name"
		else
			[[ $OUT == *"$verb does not take --$name"* ]] || bad+=" $name"
		fi
	done <<<"$rows"
	is "$bad" "" "the parser of $verb = table"
done

is "$(sed -nE 's/^\.IP "(\\fB\\-[a-zA-Z]\\fR, )?\\fB\\-\\-([a-z\\-]+)\\fR.*/\2/p' "$man" | sed 's/\\//g' | sort)" \
	"$(awk '{ print $1 }' <<<"$rows" | sort)" "man page = table"

# Every choice of the table is taken, another is refused, from the command line and the environment.
while read -r name kind verb _; do
	[ "$kind" = CHOICE ] && [ "$verb" != BENCH ] || continue
	line=("${verb,,}" "$TMP/none")
	[ "$verb" = MAP ] || line+=("$TMP/b")
	choices=$(grep -oE "\"$name\", [^\"]*\"[^\"]*\"" "$table" | sed 's/.*"\(.*\)"/\1/; s/|/ /g')
	for choice in $choices; do
		exits 66 "--$name=$choice is taken" "$xmover" "${line[@]}" "--$name=$choice"
	done
	exits 64 "--$name=other is refused" "$xmover" "${line[@]}" "--$name=other"
	variable=XMOVER_${name^^}
	exits 64 "$variable=other is refused" env "${variable//-/_}=other" "$xmover" "${line[@]}"
done <<<"$rows"

exits 0 "--version" "$xmover" --version
like "$OUT" '^xmover [0-9]+\.[0-9]+\.[0-9]+$' "--version says which"
exits 0 "--help" "$xmover" --help
exits 0 "--capabilities" "$xmover" --capabilities
is "$(perl -MJSON::PP -0777 -ne 'my $j = decode_json($_);
	print join " ", sort map { $_->{name} } grep { $_->{kind} eq "method" } @{$j->{capabilities}}' <<<"$OUT")" "clone host nvme_copy odx xcopy" \
	"--capabilities names the methods"
if [ "$(id -u)" = 0 ]; then
	OUT=$(setpriv --bounding-set=-sys_rawio --inh-caps=-sys_rawio "$xmover" --capabilities)
	is "$(perl -MJSON::PP -0777 -ne 'my $j = decode_json($_);
		print "not held" if grep { $_->{name} eq "CAP_SYS_RAWIO" && !$_->{usable} && $_->{why} } @{$j->{capabilities}}' \
		<<<"$OUT")" "not held" "--capabilities says what this process may not do"
else
	skip "--capabilities says what this process may not do" "needs root to drop a capability"
fi
exits 64 "no command" "$xmover"
exits 64 "an unknown command" "$xmover" cpoy a b
done_testing
