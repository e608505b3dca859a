# SPDX-License-Identifier: Apache-2.0
#
# options.def -> the option section of the man page, as POD.
#
# Each OPT(...) ends at a line that ends with ");" or ")"; its strings in order
# are name, argument, default and the pieces of the help.

function take(entry,    s, n, strings, i, letter, help, title) {
	n = 0
	letter = match(entry, /'.'/) ? substr(entry, RSTART + 1, 1) : ""
	sub(/'.'/, "", entry)
	while (match(entry, /"([^"\\]|\\.)*"/)) {
		s = substr(entry, RSTART + 1, RLENGTH - 2)
		gsub(/\\"/, "\"", s)
		strings[++n] = s
		entry = substr(entry, RSTART + RLENGTH)
	}
	if (n < 4) {
		print "options.awk: cannot read the entry of " strings[1] > "/dev/stderr"
		failed = 1
		exit 1
	}
	help = ""
	for (i = 4; i <= n; i++)
		help = help strings[i]
	title = "B<--" strings[1] ">"
	if (strings[2] != "")
		title = "B<--" strings[1] ">=I<" strings[2] ">"
	if (letter != "")
		title = "B<-" letter ">, " title
	print "=item " title "\n"
	print help (strings[3] != "" ? " Default: " strings[3] "." : "") "\n"
	if (entry_verbs != "")
		print "Taken by: " entry_verbs ".\n"
}

# The verbs stand between the argument and the default, outside of quotes.
function verbs_of(entry,    bare, v) {
	bare = entry
	gsub(/"([^"\\]|\\.)*"/, "", bare)
	v = ""
	if (bare ~ /COPY/) v = v (v == "" ? "" : ", ") "copy"
	if (bare ~ /SEND/) v = v (v == "" ? "" : ", ") "send"
	if (bare ~ /RECEIVE/) v = v (v == "" ? "" : ", ") "receive"
	if (bare ~ /MAP/) v = v (v == "" ? "" : ", ") "map"
	if (bare ~ /TOKEN/) v = v (v == "" ? "" : ", ") "token"
	if (bare ~ /PROBE/) v = v (v == "" ? "" : ", ") "probe"
	if (bare ~ /VERIFY/) v = v (v == "" ? "" : ", ") "verify"
	if (bare ~ /BENCH/) v = v (v == "" ? "" : ", ") "bench"
	return v
}

BEGIN { print "=over 4\n" }
/^OPT\(/ { inside = 1; entry = "" }
inside { entry = entry $0 }
inside && /\)$/ {
	# The id may be the name of a verb: leave it out.
	sub(/^OPT\([A-Z_]*,/, "", entry)
	entry_verbs = verbs_of(entry)
	take(entry)
	inside = 0
}
END { if (!failed) print "=back\n" }
