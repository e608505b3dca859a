# SPDX-License-Identifier: Apache-2.0
# In the guest: the mover over NVMe Copy on QEMU's controller.  The images came
# with their partition tables, written by test-nvme.sh, which compares them afterwards.
# shellcheck shell=bash
. "$XM_TOP/tests/lib.sh"
mover=$XM_BUILD/xmover
modprobe() { /sbin/modprobe -d "$XM_LAB_MODULES" "$@"; }
report() { jq -r "$1" /dev/shm/report; }
# copy NAME EXIT OPTION...: and its report.
copy() {
	local name=$1 code=$2
	shift 2
	exits "$code" "$name: exit $code" "$mover" copy "$@" --report /dev/shm/report --progress none
}
# disk SERIAL NSID: by what the kernel says of it, for names move between boots.
disk() {
	local d
	for d in /sys/block/nvme*; do
		[ "$(tr -d ' ' <"$d/device/serial" 2>/dev/null || tr -d ' ' <"$d/device/nvme"*/serial)" = "$1" ] &&
			[ "$(cat "$d/nsid")" = "$2" ] && basename "$d" && return
	done
	return 1
}
# part DISK N: partition N, made known.
part() { echo "/dev/${1}p$2"; }

modprobe nvme
n=0
until a=$(disk lab0 1) && b=$(disk lab0 2) && c=$(disk lab0 3) && slow=$(disk lab1 1) &&
	untold=$(disk lab0 4) && [ -b "$(part "$a" 4)" ] && [ -b "$(part "$slow" 2)" ]; do
	n=$((n + 1))
	[ $n -lt 100 ] || { not_ok "the namespaces are there"; done_testing; }
	sleep 0.2
done
ng=ng${a#nvme}
bytes=$(blockdev --getsize64 "$(part "$a" 1)")

copy "io_uring passthrough" 0 "$(part "$a" 1)" "$(part "$a" 2)" --offload=require --verify=full
is "$(report '.bytes.nvme_copy')" "$bytes" "io_uring passthrough: every byte by NVMe Copy"
is "$(report '.offload_ratio')" 1 "io_uring passthrough: ratio"
is "$(report '.fallbacks | length')" 0 "io_uring passthrough: no fallback"

node=$(stat -c '%t %T' "/dev/$ng")
rm "/dev/$ng"
exits 0 "ioctl: exit 0" "$mover" copy "$(part "$a" 1)" "$(part "$a" 3)" --offload=require \
	--report /dev/shm/report --progress none -v
like "$OUT" no_uring_passthrough "ioctl: said to be"
is "$(report '.bytes.nvme_copy')" "$bytes" "ioctl: every byte by NVMe Copy"
mknod "/dev/$ng" c $((0x${node% *})) $((0x${node#* }))

# The generic node of another namespace under this one's name.
other=$(stat -c '%t %T' "/dev/ng${b#nvme}")
rm "/dev/$ng"
mknod "/dev/$ng" c $((0x${other% *})) $((0x${other#* }))
copy "wrong node number" 0 "$(part "$a" 1)" "$(part "$a" 3)" --verify=none
try "wrong node number: the other namespace is as it was" cmp -n $((16 << 20)) "/dev/$b" /dev/zero
rm "/dev/$ng"
mknod "/dev/$ng" c $((0x${node% *})) $((0x${node#* }))

# A namespace that tells no limits, and refuses every copy for them: tried, and copied by host.
copy "no limits told, all refused" 0 "$(part "$untold" 1)" "$(part "$untold" 2)"
is "$(report .bytes.host)" "$((4 << 20))" "no limits told, all refused: by host"
like "$(report '.fallbacks[0].reason')" '^(internal_error|size_limit)$' "no limits told, all refused: reason"

# What the disk is not to be written for.
exits 73 "overlapping partitions are refused" "$mover" copy "$(part "$slow" 1)" "$(part "$slow" 3)" --progress none
like "$OUT" overlap "overlapping partitions: in words"
blockdev --setro "$(part "$a" 3)"
exits 73 "a read-only namespace is refused" "$mover" copy "$(part "$a" 1)" "$(part "$a" 3)" --progress none
blockdev --setrw "$(part "$a" 3)"

# Across namespaces: never unasked, and this QEMU has no format for it.
copy "cross namespace, unasked" 0 "$(part "$a" 4)" "/dev/$b"
is "$(report '.fallbacks[0].reason')" cross_namespace "cross namespace, unasked: reason"
is "$(report '.bytes.host + .bytes.zeroed + .bytes.skipped')" "$(blockdev --getsize64 "$(part "$a" 4)")" "cross namespace, unasked: by host"
exits 0 "cross namespace, allowed: exit 0" "$mover" copy "$(part "$a" 1)" "/dev/$b" --dry-run \
	--allow-cross-namespace --report /dev/shm/report --progress none
is "$(report '.fallbacks[0].reason')" descriptor_format "cross namespace, allowed: reason"
copy "other block size" 0 "$(part "$slow" 1)" "/dev/$c" --dry-run
is "$(report '.fallbacks[0].reason')" block_size "other block size: reason"
copy "other subsystem" 0 "$(part "$slow" 1)" "/dev/$b" --dry-run
is "$(report '.fallbacks[0].reason')" not_same_subsystem "other subsystem: reason"

# Without CAP_SYS_ADMIN this kernel passes no NVMe command.
exits 0 "no capability: exit 0" setpriv --bounding-set -sys_admin --inh-caps -sys_admin \
	"$mover" copy "$(part "$slow" 1)" "/dev/$b" --dry-run --report /dev/shm/report --progress none
is "$(report '.fallbacks[0].reason')" no_permission "no capability: reason"

exits 0 "probe" "$mover" probe "/dev/$ng" --json
probe=$("$mover" probe "$(part "$a" 1)" "$(part "$a" 2)" --json 2>/dev/null)
is "$(jq -r '.. | objects | select(.check? == "pair.nvme_copy") | .verdict' <<<"$probe")" PASS "probe: a pair can be tried"
exits 73 "the generic node of the same disk is refused" "$mover" copy "/dev/$a" "/dev/$ng" --progress none

# A killed copy leaves commands behind that go on.  Its claim lasts as long, so a
# successor cannot begin under them, and ends with the right bytes.
dst=$(part "$slow" 2)
claim=$(perl -MFcntl -MErrno - "$dst" "$mover" copy "$(part "$slow" 1)" "$dst" --verify=none \
	--progress json <<'P'
my ($dst, @mover) = @ARGV;
my $pid = fork;
if (!$pid) {
	open STDERR, ">", "/dev/shm/killed";
	open STDOUT, ">", "/dev/null";
	exec @mover;
}
for (1 .. 3000) {
	local $/;
	open my $log, "<", "/dev/shm/killed";
	last if $log && <$log> =~ /"phase":"copy".*"in_flight":[1-9]/;
	select undef, undef, undef, 0.02;
}
kill 9, $pid;
waitpid $pid, 0;
print $? & 127, " ", sysopen(my $f, $dst, O_RDWR | O_EXCL) ? "free" : $!{EBUSY} ? "busy" : "$!";
P
)
is "$claim" "9 busy" "killed while it copied: gone, its claim is not"
copy "after a kill" 0 "$(part "$slow" 1)" "$dst" --verify=full

# A reset under way: what was out is not known, waited out, done again.  Then the
# controller goes for good: that is said, and nothing is called done.
under_way() { # COMMAND...: run when the copy has commands in flight; leaves its exit in $CODE
	"$mover" copy "$(part "$slow" 1)" "$dst" --verify=full --offload=require --report /dev/shm/report \
		--progress json >/dev/null 2>/dev/shm/log &
	local job=$!
	await grep -q '"phase":"copy".*"in_flight":[1-9]' /dev/shm/log
	"$@"
	wait "$job"
	CODE=$?
}
if [ "${XM_LONG:-}" = 1 ]; then
	controller=/sys/block/$slow/device
	[ -e "$controller/reset_controller" ] || controller=$(echo "$controller"/nvme[0-9]*)
	reset() { echo 1 >"$controller/reset_controller"; }
	vanish() { echo 1 >"$controller/device/remove"; }
	under_way reset
	is "$CODE $(report .unknown)" "0 0" "controller reset under way: done, after a wait"
	diag "$(grep -E '"(warning|error)"' /dev/shm/log)"
	under_way vanish
	like "$CODE" '^7[45]$' "the controller vanishes under way: not called done"
	diag "$(grep -E '"(warning|error)"' /dev/shm/log)" "$(report .message) unknown: $(report .unknown)"
fi
done_testing
