#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Where pods run: io_uring's three calls refused with ENOSYS and with EPERM, a user
# that is nobody and holds no capability.  Same bytes, same counts, and a warning.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

deny=$XM_BUILD/tests/cli/deny-uring
cd "$TMP" || exit 1
stamped src 24
# a hole, zeros, and an odd end
truncate -s 32M src
head -c $((3 << 20)) /dev/zero | dd of=src bs=1M seek=34 conv=notrunc status=none
head -c 777 /dev/urandom >>src
"$xmover" --capabilities >have
uring=$(json have 'join "", grep { $_ } map { $_->{usable} } grep { $_->{name} eq "uring" } @{$j->{capabilities}}')
[ "$uring" = 1 ] || diag "no io_uring here: the denials change nothing"

# The sum of host, zeroed, skipped and clone is what can be compared.
counts() { json "$1" 'my $b = $j->{bytes}; join " ", $j->{result}, $b->{total}, $b->{host} + $b->{zeroed} + $b->{skipped} + $b->{clone}, $j->{unknown}'; }
"$xmover" copy --create --quiet --method=host --report=free.report src free.out >/dev/null || exit 1
free=$(counts free.report)

for err in 38 1; do
	name=$([ $err = 38 ] && echo ENOSYS || echo EPERM)
	exits 0 "$name: the copy is made" "$deny" $err "$xmover" copy --create --method=host --progress=none --report=report src "out-$name"
	like "$OUT" '"level":"warning","event":"io_uring_unavailable"' "$name: with a warning"
	try "$name: the bytes are equal" cmp src "out-$name"
	is "$(counts report)" "$free" "$name: the counts are those of a free run"
	report_holds report "$name"
	exits 0 "$name: verify" "$deny" $err "$xmover" verify src "out-$name"
	got=0
	"$deny" $err "$xmover" copy --create --method=host --io=uring --progress=none src "none-$name" >out 2>&1 || got=$?
	is "$((got != 0))" 1 "$name: --io=uring is refused"
	like "$(cat out)" "I/O engine 'uring' cannot be had" "$name: and says so"
	exits 0 "$name: --capabilities" "$deny" $err "$xmover" --capabilities
	like "$OUT" '"name": *"uring"[^}]*threads are used' "$name: says why not"
done

# ---- nobody ------------------------------------------------------------------------------
if [ "$(id -u)" != 0 ] || ! setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null; then
	skip "as nobody" "needs root to be another user"
	done_testing
fi
nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs "$@"; }
mkdir pod
chown 65534:65534 pod src
chmod 755 . pod
cp "$xmover" "$deny" pod/
exits 0 "nobody: the copy is made" nobody pod/xmover copy --create --method=host --progress=none --report=pod/report src pod/out
try "nobody: the bytes are equal" cmp src pod/out
is "$(counts pod/report)" "$free" "nobody: the counts are those of a free run"
exits 0 "nobody, without io_uring" nobody pod/deny-uring 1 pod/xmover copy --create --progress=none src pod/out2
try "nobody, without io_uring: the bytes are equal" cmp src pod/out2
# Buffers that cannot be registered, because no memory may be locked, are used all the same.
for most in 0 65536; do
	exits 0 "nobody: $most bytes may be locked" nobody prlimit --memlock=$most:$most \
		pod/xmover copy --create --method=host --progress=none -v --report=pod/report src pod/out-$most
	# some of them can, with 64 KiB
	if [ "$uring" = 1 ] && [ $most = 0 ]; then
		like "$OUT" '"event":"(buffers_not_registered|io_uring_unavailable)"' "nobody: $most bytes, the limit is met"
	fi
	try "nobody: $most bytes, the bytes are equal" cmp src pod/out-$most
	is "$(counts pod/report)" "$free" "nobody: $most bytes, the counts are those of a free run"
done
chown 0:0 pod/out
chmod 600 pod/out
exits 77 "nobody: a destination of root's" nobody pod/xmover copy --progress=none src pod/out
# A LUN needs no privilege at all.
start_array --target "$IQN" --lun 0=64M --lun 1=64M || exit 1
head -c $((32 << 20)) src >pod/even
exits 0 "nobody: a file to a LUN" nobody pod/xmover copy --progress=none pod/even "$(disk 0)" --report=pod/report
exits 0 "nobody: LUN to LUN" nobody pod/xmover copy --progress=none "$(disk 0)" "$(disk 1)" --report=pod/report
is "$(json pod/report '$j->{bytes}{xcopy}')" $((64 << 20)) "nobody: by the array"
# A block device that nobody may open, when somebody gave it to him.
truncate -s 37M backing
if loop=$(losetup -f --show backing 2>/dev/null); then
	# shellcheck disable=SC2317 # called by the trap
	release() {
		losetup -d "$loop"
		lib_cleanup
	}
	trap release EXIT
	owner=$(stat -c %u:%g "$loop")
	mode=$(stat -c %a "$loop")
	chown 65534:65534 "$loop"
	exits 0 "nobody: onto a block device" nobody pod/xmover copy --progress=none pod/even "$loop"
	chown "$owner" "$loop"
	chmod "$mode" "$loop"
	try "nobody: its bytes are equal" cmp -n $((32 << 20)) pod/even backing
else
	skip "nobody: onto a block device" "no loop devices here"
	skip "nobody: its bytes are equal" "no loop devices here"
fi
try "every report is as its schema says" schema_check
done_testing
