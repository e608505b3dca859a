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
		[[ ${d##*/} != nvme*c*n* ]] || continue                # a path of one, not to be opened
		[ "$(tr -d ' ' <"$d/device/serial" 2>/dev/null || tr -d ' ' <"$d/device/nvme"*/serial)" = "$1" ] &&
			[ "$(cat "$d/nsid")" = "$2" ] && basename "$d" && return
	done
	return 1
}
# controller DISK: its name.
controller() {
	local c
	for c in "/sys/block/$1/device" "/sys/block/$1/device/"nvme*; do
		[ ! -e "$c/reset_controller" ] || { basename "$(readlink -f "$c")"; return; }
	done
}
# cdfe CONTROLLER: which formats between namespaces are enabled (Host Behavior Support, bytes 5:4).
cdfe() {
	perl -e '
		open my $f, "+<", $ARGV[0] or die "$ARGV[0]: $!";
		my $data = "\0" x 512;
		vec($data, 0, 8) = 0;            # a buffer of its own, for the kernel writes into it
		my $cmd = pack "C C S L L L Q Q L L L L L L L L L L", 0x0a, (0) x 6, unpack("Q", pack "P", $data), 0, 512,
			0x16, (0) x 7;
		ioctl($f, 0xc0484e41, $cmd) == 0 or die "Get Features: $!";
		printf "%04x\n", unpack "x4 S<", $data' "/dev/$1"
}
# detach CONTROLLER: its namespace 1, by Namespace Attachment.
detach() {
	perl -e '
		open my $f, "+<", $ARGV[0] or die "$ARGV[0]: $!";
		my $list = pack "S< S< x4092", 1, $ARGV[1];
		my $cmd = pack "C C S L L L Q Q L L L L L L L L L L", 0x15, 0, 0, 1, (0) x 3, unpack("Q", pack "P", $list), 0,
			length $list, 1, (0) x 7;
		ioctl($f, 0xc0484e41, $cmd) == 0 or die "Namespace Attachment: $!"' "/dev/$1" "$(cat "/sys/class/nvme/$1/cntlid")"
}
# part DISK N: partition N, made known.
part() { echo "/dev/${1}p$2"; }

modprobe nvme
n=0
until a=$(disk lab0 1) && b=$(disk lab0 2) && c=$(disk lab0 3) && slow=$(disk lab1 1) &&
	untold=$(disk lab0 4) && slow2=$(disk lab1 2) && gone=$(disk lab2 1) && [ -b "$(part "$a" 4)" ] && [ -b "$(part "$slow" 2)" ]; do
	n=$((n + 1))
	[ $n -lt 100 ] || { not_ok "the namespaces are there"; done_testing; }
	sleep 0.2
done
ng=ng${a#nvme}
bytes=$(blockdev --getsize64 "$(part "$a" 1)")
controller=$(controller "$a")
# A QEMU with formats 2h and 3h has other statuses too; by what it is, not by what the mover says.
newer=''
[ "$(cut -d. -f1 "/sys/class/nvme/$controller/firmware_rev")" -lt 9 ] || newer=1

copy "io_uring passthrough" 0 "$(part "$a" 1)" "$(part "$a" 2)" --offload=require --verify=full
is "$(report '.bytes.nvme_copy')" "$bytes" "io_uring passthrough: every byte by NVMe Copy"
is "$(report '.offload_ratio')" 1 "io_uring passthrough: ratio"
is "$(report '.fallbacks | length')" 0 "io_uring passthrough: no fallback"

# ---- refused by the controller ------------------------------------------------------------
# One Copy is changed on its way to the kernel so that a real controller refuses it.  What it
# answers is what reference/nvme-copy.md says of this QEMU; the mover survives it.
node=$(stat -c '%t %T' "/dev/$ng")
rm "/dev/$ng"
small=$((16 << 20))
dd if="$(part "$a" 1)" of="$(part "$a" 4)" bs=1M count=16 oflag=direct conv=nocreat status=none
# meddled WHAT STATUS REASON DST OPTION...: REASON of the blocks copied by host, - where none are.
meddled() {
	local what=$1 status=$2 reason=$3 dst=$4
	shift 4
	dd if=/dev/zero of="$dst" bs=1M count=16 oflag=direct conv=nocreat status=none
	rm -f /dev/shm/meddled
	exits 0 "$what: exit 0" env LD_PRELOAD="$XM_BUILD/tests/lab/.libs/nvme-meddle.so" XM_MEDDLE="$what 3" \
		XM_MEDDLE_LOG=/dev/shm/meddled "$mover" copy "$(part "$a" 4)" "$dst" --report /dev/shm/report \
		--verify=none --progress none "$@"
	is "$(cut -d' ' -f1 /dev/shm/meddled)" "$status" "$what: the status of the reference"
	if [ "$reason" = - ]; then
		is "$(report '[.bytes.nvme_copy, (.fallbacks | length)] | join(" ")')" "$small 0" "$what: made good by NVMe Copy"
	else
		is "$(report '.fallbacks[0].reason')" "$reason" "$what: reason"
		is "$(report '.bytes.nvme_copy > 0 and .bytes.host > 0')" true "$what: what was left by host"
		is "$(report '.bytes.nvme_copy + .bytes.host')" $small "$what: every byte"
	fi
	blockdev --flushbufs "$dst"
	try "$what: equal" cmp -n $small "$(part "$a" 4)" "$dst"
}
third=$(part "$a" 3)
if [ -n "$newer" ]; then
	meddled range 4183 - "$third"
	meddled sum 4183 - "$third"
	meddled source 4080 lba_out_of_range "$third"
	meddled destination 4080 lba_out_of_range "$third"
	mv "/dev/ng${b#nvme}" /dev/hidden
	meddled overlap 4187 overlap "/dev/$b" --allow-cross-namespace
	meddled snsid 4002 - "/dev/$b" --allow-cross-namespace
	mv /dev/hidden "/dev/ng${b#nvme}"
	is "$(cdfe "$controller")" 0000 "copying between namespaces is disabled again"
	dd if=/dev/zero of="/dev/$b" bs=1M count=16 oflag=direct conv=nocreat status=none
else
	meddled range 6 - "$third"
	meddled source 6 - "$third"
	meddled destination 6 - "$third"
fi
meddled ranges 4183 - "$third"
meddled format 410a descriptor_format "$third"

exits 0 "ioctl: exit 0" "$mover" copy "$(part "$a" 1)" "$(part "$a" 3)" --offload=require \
	--report /dev/shm/report --progress none -v
like "$OUT" no_uring_passthrough "ioctl: said to be"
is "$(report '.bytes.nvme_copy')" "$bytes" "ioctl: every byte by NVMe Copy"
try "ioctl: the bytes that io_uring made" cmp "$(part "$a" 2)" "$third"
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

# Zeros are written by a command of their own; test-nvme.sh sees it at the controller.
cat >/dev/shm/extents <<J
[{ "start": 0, "length": $((8 << 20)), "depth": 0, "present": true, "zero": false, "data": true, "offset": 0},
{ "start": $((8 << 20)), "length": $((4 << 20)), "depth": 0, "present": true, "zero": true, "data": false},
{ "start": $((12 << 20)), "length": $((bytes - (12 << 20))), "depth": 0, "present": true, "zero": false, "data": true, "offset": $((12 << 20))}]
J
copy "zeros" 0 "$(part "$a" 1)" "$third" --extents /dev/shm/extents --offload=require --verify=none
is "$(report '[.bytes.zeroed, .bytes.nvme_copy, .bytes.host] | join(" ")')" "$((4 << 20)) $((bytes - (4 << 20))) 0" \
	"zeros: the rest by NVMe Copy"

# Across namespaces: never unasked.
copy "cross namespace, unasked" 0 "$(part "$a" 4)" "/dev/$b"
is "$(report '.fallbacks[0].reason')" cross_namespace "cross namespace, unasked: reason"
is "$(report '.bytes.host + .bytes.zeroed + .bytes.skipped')" "$(blockdev --getsize64 "$(part "$a" 4)")" "cross namespace, unasked: by host"
if [ -n "$newer" ]; then
	copy "cross namespace, allowed" 0 "$(part "$a" 1)" "/dev/$b" --allow-cross-namespace --offload=require --verify=full
	is "$(report '[.bytes.nvme_copy, (.fallbacks | length)] | join(" ")')" "$bytes 0" "cross namespace: every byte by NVMe Copy"
	is "$(cdfe "$controller")" 0000 "cross namespace: disabled again at the end"
else
	copy "cross namespace, allowed" 0 "$(part "$a" 1)" "/dev/$b" --dry-run --allow-cross-namespace
	is "$(report '.fallbacks[0].reason')" descriptor_format "cross namespace, allowed: this QEMU has no format for it"
fi
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
	"$mover" copy "$src" "$dst" --verify=full --offload=require --allow-cross-namespace --report /dev/shm/report \
		--progress json >/dev/null 2>/dev/shm/log &
	local job=$!
	await grep -q '"phase":"copy".*"in_flight":[1-9]' /dev/shm/log
	"$@"
	wait "$job"
	CODE=$?
}
src=$(part "$slow" 1)
if [ "${XM_LONG:-}" = 1 ]; then
	controller=/sys/class/nvme/$(controller "$slow")
	reset() { echo 1 >"$controller/reset_controller"; }
	vanish() { echo 1 >"$controller/device/remove"; }
	under_way reset
	is "$CODE $(report .unknown)" "0 0" "controller reset under way: done, after a wait"
	diag "$(grep -E '"(warning|error)"' /dev/shm/log)"
	if [ -n "$newer" ]; then
		# The reset forgets that copying between namespaces was enabled.
		dst=/dev/$slow2 under_way reset
		is "$CODE $(report '[.unknown, .bytes.nvme_copy] | join(" ")')" "0 0 $((8 << 20))" \
			"reset under way between namespaces: enabled anew, done"
		is "$(cdfe "$(controller "$slow")")" 0000 "reset between namespaces: disabled at the end"
	fi
	lost=$(controller "$gone")
	src=$(part "$gone" 1) dst=$(part "$gone" 2) under_way detach "$lost"
	like "$CODE" '^7[45]$' "a namespace vanishes under way: not called done"
	try "a namespace vanishes under way: its controller is there" test -e "/sys/class/nvme/$lost"
	is "$(disk lab2 1)" "" "a namespace vanishes under way: the namespace is not"
	diag "$(grep -E '"(warning|error)"' /dev/shm/log)" "$(report .message) unknown: $(report .unknown)"
	under_way vanish
	like "$CODE" '^7[45]$' "the controller vanishes under way: not called done"
	like "$(report .message)" "run the same command again" "the controller vanishes under way: what to do"
	diag "$(grep -E '"(warning|error)"' /dev/shm/log)" "$(report .message) unknown: $(report .unknown)"
fi
done_testing
