#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Bad input: a clear error, the stated exit code, and no byte written, by the
# array's own write log and by the files' hashes.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

cd "$TMP" || exit 1
stamped src 4
stamped odd 1
truncate -s $((1048576 + 512)) odd
head -c 4M /dev/zero >dst
head -c 3M /dev/zero >small
: >empty
mkdir folder
ln dst dst-hard
ln -s dst dst-soft
printf 'user u\nsecret not-the-right-secret\n' >chap-wrong
printf 'user u\nsecret the-right-secret-1\n' >chap-right
chmod 600 chap-wrong chap-right
install -m 644 chap-right chap-open
printf 'nonsense\n' >chap-bad
chmod 600 chap-bad
printf 'user u\nsecret the-right-secret-1\n' >array-chap
chmod 600 array-chap

start_array --target "$IQN" --lun 0=4M --lun 1=4M --lun 2=2M --lun 3=4M,block=4096 --lun 4=4M,ro \
	--lun 6=1M,block=4096 --target "$IQN-two" --lun "0=@$IQN/1" \
	--target "$IQN-chap" --chap "$TMP/array-chap" --lun "0=@$IQN/1" \
	--target "$IQN-other" --allow iqn.2000-01.org.example:somebody --lun "0=@$IQN/1" ||
	exit 1
two="iscsi://$ARRAY_ADDR/$IQN-two/0"
files=(src dst small odd empty)
before=$(sha256sum "${files[@]}")

# refused EXIT NAME WORDS COPY-ARGUMENTS...: WORDS is an ERE the error has to match.
refused() {
	local want=$1 name=$2 words=$3 got=0
	shift 3
	rm -f report
	timeout 600 "$xmover" copy --progress=none --report=report --timeout=5 "$@" >out 2>err </dev/null || got=$?
	is "$got" "$want" "$name: exit $want"
	like "$(cat err)" "$words" "$name: says why"
	report_holds report "$name"
	is "$(json report '$j->{exit_code}' 2>&1)" "$want" "$name: the report has the code"
	is "$(ctl writes)" "[]" "$name: nothing written to the array"
	ctl writes clear >/dev/null
	is "$(sha256sum "${files[@]}")" "$before" "$name: nothing written to files"
}

# ---- the source ------------------------------------------------------------------
refused 66 "missing source" "none" none dst
refused 66 "empty source" "empty" empty dst
refused 66 "no such LUN as source" "LUN" "$(disk 9)" dst
refused 66 "a folder as source" "folder" folder dst
refused 66 "a name that is too long" "xxxx" "$(printf 'x%.0s' {1..4000})" dst
refused 66 "a name with escapes in it" "none" $'none\033[31m\n"\\\xff' dst
# ---- the destination ---------------------------------------------------------------
refused 73 "missing destination" "none" src none
refused 73 "no such LUN as destination" "LUN" src "$(disk 9)"
refused 73 "a folder as destination" "folder" src folder
refused 73 "missing destination under /dev" "/dev/" src /dev/xmover-no-such-disk --create
is "$(ls /dev/xmover-no-such-disk 2>&1 >/dev/null | wc -l)" 1 "--create makes nothing under /dev"
refused 73 "smaller destination" "smaller" src small
refused 73 "smaller LUN" "smaller" "$(disk 0)" "$(disk 2)"
refused 73 "read-only LUN" "read-only|write.protect" "$(disk 0)" "$(disk 4)"
refused 64 "source length against the destination's block" "block" odd "$(disk 3)"
# ---- source = destination ----------------------------------------------------------
refused 73 "same path" "same" dst dst
refused 73 "same file by two names" "same" dst dst-hard
refused 73 "same file by a link" "same" dst dst-soft
refused 73 "same LUN" "same" "$(disk 1)" "$(disk 1)"
refused 73 "one designator at two targets" "same" "$(disk 1)" "$two"
# ---- the URL, the portal, the login --------------------------------------------------
refused 64 "URL without a LUN" "LUN|lun" "iscsi://$ARRAY_ADDR/$IQN" dst
refused 64 "URL with an impossible LUN" "LUN|lun" "iscsi://$ARRAY_ADDR/$IQN/x" dst
refused 64 "URL of no scheme we know" "ftp" "ftp://host/file" dst
refused 64 "URL without a host" "host" "iscsi:///$IQN/0" dst
refused 66 "no such target" "target" "iscsi://$ARRAY_ADDR/$IQN-none/0" dst
refused 75 "portal down" "127.0.0.1:1[^0-9]" "iscsi://127.0.0.1:1/$IQN/0" dst
refused 77 "an initiator that is not admitted" "login|refused|admit|authoriz" src "iscsi://$ARRAY_ADDR/$IQN-other/0"
refused 77 "login without secrets" "login|CHAP|auth" src "iscsi://$ARRAY_ADDR/$IQN-chap/0"
refused 77 "login with a wrong secret" "login|CHAP|auth" src "iscsi://$ARRAY_ADDR/$IQN-chap/0" --chap-file=chap-wrong
refused 78 "secrets readable by others" "chap-open" src "iscsi://$ARRAY_ADDR/$IQN-chap/0" --chap-file=chap-open
refused 78 "no such file of secrets" "chap-none" src "$(disk 1)" --chap-file=chap-none
refused 78 "a file of secrets that is none" "chap-bad" src "$(disk 1)" --chap-file=chap-bad
# ---- what the user asked for -----------------------------------------------------------
refused 73 "not the destination that was meant" "naa.600fade0f00d" "$(disk 0)" "$(disk 1)" --dst-id=naa.600fade0f00d
refused 69 "offload required between files" "offload" src dst --offload=require
refused 64 "an unknown method" "teleport" src dst --method=teleport
refused 64 "contradicting options" "contradicts" src dst --offload=never --method=xcopy
# ---- devices that cannot be believed --------------------------------------------------------
# hostile NAME RULE: the source answers so.
hostile() {
	ctl "fault add $2" >/dev/null
	refused 74 "$1" "." "$(disk 0)" "$(disk 1)"
	like "$(ctl faults)" '"fired":[1-9]' "$1: the rule fired"
	ctl fault del all >/dev/null
}
hostile "a capacity of 2^64 blocks" "op=9e/10 lun=0 action=patch off=0 hex=ffffffffffffffff"
hostile "blocks of no bytes" "op=9e/10 lun=0 action=patch off=8 hex=00000000"
hostile "blocks of 3 bytes" "op=9e/10 lun=0 action=patch off=8 hex=00000003"
hostile "blocks of 2 GiB" "op=9e/10 lun=0 action=patch off=8 hex=80000000"
hostile "half an answer to READ CAPACITY" "op=9e/10 lun=0 action=truncate len=10"
hostile "half an INQUIRY" "op=12 lun=0 action=truncate len=4"

ctl set persona none >/dev/null || ctl persona none >/dev/null
refused 69 "offload required of an array that cannot" "offload" "$(disk 0)" "$(disk 1)" --offload=require

# ---- the report must not hurt a disk ----------------------------------------------------------
exits 64 "the report over the destination" "$xmover" copy src dst --report=./dst
exits 64 "the report over the source, in a wrong command" "$xmover" copy src dst --report=src --rate=x
exits 64 "the report over the secrets" "$xmover" copy src dst --report=chap-right --chap-file=chap-right
is "$(sha256sum "${files[@]}")" "$before" "none of them written"
exits 78 "a report that cannot be written" "$xmover" copy src dst --report=/nonexistent/report

# ---- permission ----------------------------------------------------------------------------
if [ "$(id -u)" = 0 ]; then
	chmod 711 "$TMP"
	nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
	install -m 600 src hidden
	install -m 666 dst open
	exits 77 "unreadable source" nobody "$xmover" copy "$TMP/hidden" "$TMP/open"
	exits 77 "destination without permission" nobody "$xmover" copy "$TMP/src" "$TMP/hidden"
	is "$(sha256sum <hidden)" "$(sha256sum <src)" "nothing written to it"
else
	skip "unreadable source" "needs root to become somebody else"
	skip "destination without permission" "needs root to become somebody else"
	skip "nothing written to it" "needs root to become somebody else"
fi
try "every report is as its schema says" schema_check
done_testing
