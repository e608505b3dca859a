#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# xmover copy: the line of truth, the report, progress, --create, --dst-id, --dry-run, verify, probe.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

cd "$TMP" || exit 1
stamped lun0 64
truncate -s 64M lun1
start_array --target "$IQN" --lun "0=$TMP/lun0" --lun "1=$TMP/lun1" --lun 2=64M --lun 3=65M || exit 1

# ---- by the array -------------------------------------------------------------------
got=0
"$xmover" copy "$(disk 0)" "$(disk 1)" --report=report >out 2>err || got=$?
is "$got" 0 "LUN to LUN" || diag "$(cat err)"
is "$(tail -n 1 out)" "Storage offload used during migration: 64.0 MiB of 64.0 MiB (100 %) by SCSI EXTENDED COPY" \
	"the last line of stdout tells it"
report_holds report "LUN to LUN"
is "$(json report 'join " ", $j->{result}, $j->{exit_code}, $j->{offload_used}, $j->{offload_ratio},
	$j->{bytes}{total}, $j->{bytes}{xcopy}, $j->{bytes}{host}, $j->{unknown}')" \
	"done 0 1 1 67108864 67108864 0 0" "the report says so"
is "$(json report '$j->{verified_bytes} > 0')" 1 "and that some was read back"
like "$(json report '$j->{destination}{designator}')" '^(naa|eui|t10)\.' "and which disk it was"
is "$(ctl stats | json /dev/stdin '$j->{copies}{bytes}')" 67108864 "the array counts the same bytes copied inside"
try "the LUNs are equal" cmp lun0 lun1

# Progress on a pipe: JSON lines alone, never backwards, at the end everything.
is "$(perl -MJSON::PP -e '
	my ($last, $n, $end) = (-1, 0, 0);
	while (<STDIN>) {
		my $j = decode_json($_);
		/^\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","level":"(debug|info|warning|error)","event":"\w+"/ or die "line $.: $_";
		next if $j->{event} ne "progress";
		$n++;
		die "backwards: $_" if $j->{bytes_done} < $last;
		die "too much: $_" if $j->{bytes_done} > $j->{bytes_total};
		$last = $j->{bytes_done};
		$end = $j->{percent};
	}
	print $n > 0 && $last == 67108864 && $end == 100 ? "fine" : "n=$n last=$last end=$end"' <err 2>&1)" fine \
	"progress is JSON lines, never backwards, up to all of it"

exits 0 "verify finds them equal" "$xmover" verify "$(disk 0)" "$(disk 1)"
like "$OUT" "^Equal: 64.0 MiB compared" "and says how much it compared"

# ---- the terminal ------------------------------------------------------------------------
script -qec "'$xmover' copy '$(disk 0)' '$(disk 1)'" /dev/null </dev/null >terminal
is "$(grep -c '"event"' terminal)" 0 "no JSON on a terminal"
like "$(tr '\r' '\n' <terminal)" "100 %" "a bar on a terminal"
"$xmover" copy "$(disk 0)" "$(disk 1)" --progress=json >out 2>err
is "$(grep -c '"phase":"end"' err)" 1 "a pipe hears of the end once"
"$xmover" copy "$(disk 0)" "$(disk 1)" --progress=json --quiet >out 2>err
is "$(cat err)" "" "--quiet: nothing on stderr"
is "$(wc -l <out)" 1 "--quiet: the line of truth alone on stdout"

# ---- what fails says so once, to a person and to a machine ---------------------------------------
ctl fault add op=83 action=sense k=5 asc=20 ascq=00 >/dev/null
for how in --progress=json --progress=none --progress=tty --quiet; do
	exits 69 "$how: required, and refused" "$xmover" copy --offload=require $how "$(disk 0)" "$(disk 1)"
	is "$(grep -c "source: POPULATE TOKEN" <<<"$OUT")" 1 "$how: its error is told once" || diag "$OUT"
done
ctl fault del all >/dev/null

# ---- by the host, with the reason --------------------------------------------------------------
exits 0 "--offload=never" "$xmover" copy --offload=never --report=report --progress=none "$(disk 0)" "$(disk 1)"
like "$OUT" "Storage offload not used during migration: .*" "it says that offload was not used"
is "$(json report 'join " ", $j->{offload_used}, $j->{offload_ratio}, $j->{bytes}{host}')" "0 0 67108864" "the report says so"
report_holds report "--offload=never"
exits 0 "LUN to file with --create" "$xmover" copy --create --report=report "$(disk 0)" copy.img
try "the file is equal" cmp lun0 copy.img
is "$(json report '$j->{fallbacks}[0]{reason} ne ""')" 1 "a reason why not offloaded"
exits 0 "file to LUN" "$xmover" copy --io=threads copy.img "$(disk 2)"
exits 0 "its bytes arrived" "$xmover" verify copy.img "$(disk 2)"
exits 0 "file to a larger LUN" "$xmover" copy copy.img "$(disk 3)"

# ---- verify finds what differs ------------------------------------------------------------------
printf 'X' | dd of=copy.img bs=1 seek=1048577 conv=notrunc status=none
exits 65 "verify: a byte differs" "$xmover" verify "$(disk 0)" copy.img
like "$OUT" "differs at byte 104[0-9]{4}," "and says where"

# ---- the report in a pod: a file mounted over a name in a folder that is read-only ------------------
if [ "$(id -u)" = 0 ] && unshare --mount true 2>/dev/null; then
	mkdir pod
	: >pod/log
	: >termination
	exits 0 "a report over a mount point" unshare --mount bash -c "
		mount --bind pod pod && mount -o remount,ro,bind pod && mount --bind termination pod/log &&
		'$xmover' copy --progress=none --report=pod/log '$(disk 0)' '$(disk 1)' && ls pod >listing"
	report_holds termination "mount point"
	is "$(cat listing)" log "nothing else is left beside it"
else
	skip "a report over a mount point" "needs root for a namespace"
	skip "mount point: the report holds" "needs root for a namespace"
	skip "nothing else is left beside it" "needs root for a namespace"
fi

# ---- --dst-id, --dry-run ----------------------------------------------------------------------------
id=$("$xmover" probe "$(disk 1)" --json 2>err | json /dev/stdin '$j->{source}{designator}')
like "$id" '^(naa|eui|t10)\.' "probe --json names the disk"
exits 0 "--dst-id with it" "$xmover" copy "$(disk 0)" "$(disk 1)" --dst-id="$id"
ctl stats clear >/dev/null
ctl writes clear >/dev/null
exits 0 "--dry-run" "$xmover" copy -n --report=report "$(disk 0)" "$(disk 1)"
is "$(ctl writes)" "[]" "--dry-run writes nothing"
is "$(ctl stats | json /dev/stdin '$j->{copies}{commands}')" 0 "--dry-run copies nothing"
is "$(json report '$j->{result}')" planned "the report says planned"
report_holds report "--dry-run"

# ---- probe changes nothing -----------------------------------------------------------------------------
exits 0 "probe of two LUNs" "$xmover" probe "$(disk 0)" "$(disk 1)"
like "$OUT" "PASS" "it finds something good"
like "$OUT" "Verdict: (PASS|WARN|INFO)" "and ends with a verdict"
is "$(ctl writes)" "[]" "probe writes nothing"
is "$("$xmover" probe "$(disk 0)" "$(disk 1)" --json 2>err | json /dev/stdin '
	join " ", $j->{version}, scalar(@{$j->{findings}}) > 3, scalar(grep { $_->{verdict} !~ /^(PASS|WARN|FAIL|INFO)$/ || $_->{text} eq "" } @{$j->{findings}})')" \
	"1 1 0" "probe --json: findings, each with verdict and text"
exits 66 "probe of no such LUN" "$xmover" probe "$(disk 9)"
exits 74 "probe into a full disk" bash -c "'$xmover' probe '$(disk 0)' >/dev/full"

# ---- what a careless caller does --------------------------------------------------------------------------
sum=$(sha256sum <lun0)
exits 0 "standard descriptors closed" bash -c "'$xmover' copy --create '$(disk 0)' closed.img <&- >&- 2>&-"
# Where the answer is what is asked for, it must not vanish into a descriptor that was closed.
exits 74 "a map into a closed descriptor" bash -c "'$xmover' map -q '$(disk 0)' >&-"
exits 75 "a stream into a closed descriptor" bash -c "'$xmover' send -q '$(disk 0)' >&-"
is "$(sha256sum <closed.img)" "$sum" "no message went into the disk"
exits 0 "nobody reads the progress" bash -c "'$xmover' copy '$(disk 0)' '$(disk 1)' 2>&1 >/dev/null | :; exit \${PIPESTATUS[0]}"
try "every report is as its schema says" schema_check

# ---- what a trial costs ------------------------------------------------------------------
# It reads all of its 1 MiB twice on each side; a disk that answers late is not asked 1024 times.
dd if=lun0 of=small bs=1M count=2 status=none
stop_array
start_array --target "$IQN" --lun "0=$TMP/small" --lun 1=2M || exit 1
exits 0 "one trial" "$xmover" copy "$(disk 0)" "$(disk 1)" --verify=none --offload=require --report=report --progress=none
is "$(json report '$j->{verified_bytes}')" 1048576 "one trial: of 1 MiB"
like "$(ctl stats | json /dev/stdin 'my $n = 0; $_->{op} eq "88" and $n += $_->{count} for @{$j->{commands}}; $n')" \
	'^([4-9]|1[0-9])$' "one trial: read in few commands"
done_testing
