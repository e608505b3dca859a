# SPDX-License-Identifier: Apache-2.0
# What the tests of the xmover command share; sourced after lib.sh.

# shellcheck disable=SC2034 # used by those that source this
xmover=$XM_BUILD/xmover
IQN=iqn.2026-11.org.xmover.test:array
# The tests say themselves what is set.
unset "${!XMOVER_@}" "${!LIBISCSI_CHAP_@}"

disk() { echo "iscsi://$ARRAY_ADDR/$IQN/$1"; }

# stamped FILE MIB: a file whose every block says where it belongs.
stamped() {
	perl -e 'my ($n) = @ARGV; binmode STDOUT; my $pad = "x" x 496;
		print pack("Q>A8a496", $_, "xmstamp", $pad) for 0 .. $n * 2048 - 1' "$2" >"$1"
}

# json FILE PERL-EXPRESSION: with $j the object.
json() { perl -MJSON::PP -0777 -e 'my $j = decode_json(do { open my $f, "<", $ARGV[0] or die; local $/; <$f> }); print eval $ARGV[1]' "$1" "$2"; }

# report_holds FILE NAME: is JSON by the schema, small, message first, its ways sum to its total.
report_check() {
	[ "$(stat -c %s "$1")" -le 4096 ] || { echo "over 4096 bytes"; return 1; }
	[ "$(head -c 11 "$1")" = '{"message":' ] || { echo "message is not first"; return 1; }
	python3 -W ignore -m jsonschema -i "$1" "$XM_SRC/tools/report-schema.json" 2>&1 || return 1
	json "$1" 'my $b = $j->{bytes}; my $s = 0; $s += $b->{$_} for grep { $_ ne "total" } keys %$b;
		$s == $b->{total} ? "" : "the ways sum to $s, not to $b->{total}"'
}
report_holds() {
	local why
	why=$(report_check "$1")
	if [ -z "$why" ]; then ok "$2: the report holds"; else not_ok "$2: the report holds" "$why" "$(cat "$1" 2>&1)"; fi
}
