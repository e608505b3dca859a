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

# report_holds FILE NAME: small, message first, its ways sum to its total; kept for schema_check.
report_check() {
	[ "$(stat -c %s "$1")" -le 4096 ] || { echo "over 4096 bytes"; return 1; }
	[ "$(head -c 11 "$1")" = '{"message":' ] || { echo "message is not first"; return 1; }
	mkdir -p "$TMP/reports"
	cp "$1" "$(mktemp "$TMP/reports/XXXXXX")"
	json "$1" 'my $b = $j->{bytes}; my $s = 0; $s += $b->{$_} for grep { $_ ne "total" } keys %$b;
		$s == $b->{total} ? "" : "the ways sum to $s, not to $b->{total}"'
}
# All reports seen so far, against the schema at once: starting Python costs more than the rest.
schema_check() {
	python3 -W ignore - "$XM_SRC/tools/report-schema.json" "$TMP"/reports/* <<-'END'
		import json, jsonschema, sys
		schema = json.load(open(sys.argv[1]))
		jsonschema.Draft7Validator.check_schema(schema)
		for name in sys.argv[2:]:
		    jsonschema.validate(json.load(open(name)), schema)
	END
}
report_holds() {
	local why
	why=$(report_check "$1")
	if [ -z "$why" ]; then ok "$2: the report holds"; else not_ok "$2: the report holds" "$why" "$(cat "$1" 2>&1)"; fi
}
