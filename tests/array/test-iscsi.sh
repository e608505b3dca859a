#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The array's front end and command line, seen by libiscsi's own tools.
. "$(dirname "$0")/../lib.sh"

command -v iscsi-inq >/dev/null || skip_all "libiscsi's tools are not installed"
ARRAY=$XM_BUILD/xmover-array
T=iqn.2026-01.test:front
umask 077

# ---- discovery and the first commands, IPv4 and IPv6 ------------------------
printf 'user alice\nsecret twelve-bytes\nmutual-user array\nmutual-secret other-secret-\n' >"$TMP/chap"
truncate -s 8M "$TMP/disk"
ME=iqn.2026-01.test:me
start_array --target $T --lun 0="$TMP/disk" --lun 1=16M,block=4096 --lun 2=16M,ro \
	--target $T-chap --lun 0=1M --chap "$TMP/chap" \
	--target $T-mine --lun 0=1M --allow $ME \
	--target $T-shared --lun 5=@$T/0 || exit 1
url=iscsi://127.0.0.1:$ARRAY_PORT
like "$ARRAY_ADDR" '^127\.0\.0\.1:[0-9]+$' "the address is printed"
list=$(iscsi-ls "$url")
like "$list" "Target:$T Portal:127.0.0.1:$ARRAY_PORT,1" "iscsi-ls finds the target at the portal"
is "$(grep -c "Target:$T-mine " <<<"$list")" 0 "but not one that does not admit it"
list=$(iscsi-ls -i $ME "$url")
is "$(grep -c "Target:$T-mine " <<<"$list")" 1 "its own initiator finds that one"
like "$(iscsi-inq $url/$T/0)" 'Peripheral Device Type:DIRECT_ACCESS' "iscsi-inq"
like "$(iscsi-readcapacity16 $url/$T/0)" 'Total size:8388608' "iscsi-readcapacity16 of a file"
like "$(iscsi-readcapacity16 $url/$T/1)" 'LENGTH IN BYTES:4096' "and of 4096-byte blocks"
like "$(iscsi-readcapacity16 $url/$T-shared/5)" 'Total size:8388608' "a LUN of another target"
like "$(iscsi-inq "$url/$T/0?header_digest=crc32c" 2>&1)" 'DIRECT_ACCESS' "with header digests"
for suite in Read10 Write16 iSCSIcmdsn iSCSIdatasn iSCSIResiduals iSCSITMF ExtendedCopy; do
	out=$(timeout 300 iscsi-test-cu -f -d -n -t "ALL.$suite" "$url/$T/0?header_digest=crc32c" 2>&1)
	like "$out" 'asserts +[1-9][0-9]* +[1-9][0-9]* +[1-9][0-9]* +0 ' "$suite under header digests"
done
stop_array
is $? 0 "TERM ends it with 0"
try "and its control socket is gone" [ ! -e "$ARRAY_CTL" ]

if [ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6; then
	ARRAY_LISTEN='[::1]:0' start_array --target $T --lun 0=1M || exit 1
	like "$ARRAY_ADDR" '^\[::1\]:[0-9]+$' "an IPv6 address is printed in brackets"
	like "$(iscsi-ls "iscsi://$ARRAY_ADDR")" "Portal:\[::1\]:$ARRAY_PORT,1" "discovery over IPv6"
	like "$(iscsi-inq "iscsi://$ARRAY_ADDR/$T/0")" DIRECT_ACCESS "iscsi-inq over IPv6"
	stop_array
else
	skip "IPv6" "no IPv6 on the loopback interface"
fi

# ---- who may log in --------------------------------------------------------
start_array --target $T-chap --lun 0=1M --chap "$TMP/chap" \
	--target $T-mine --lun 0=1M --allow $ME || exit 1
url=iscsi://127.0.0.1:$ARRAY_PORT
with_chap() { LIBISCSI_CHAP_USERNAME=$1 LIBISCSI_CHAP_PASSWORD=$2 "${@:3}" 2>&1; }
mutual() {
	LIBISCSI_CHAP_TARGET_USERNAME=array LIBISCSI_CHAP_TARGET_PASSWORD=$1 \
		with_chap alice twelve-bytes iscsi-inq $url/$T-chap/0
}
like "$(with_chap alice twelve-bytes iscsi-inq $url/$T-chap/0)" DIRECT_ACCESS "CHAP with the right secret"
like "$(with_chap alice twelve-bites iscsi-inq $url/$T-chap/0)" 'Authentication failure' "a wrong secret"
like "$(with_chap alicia twelve-bytes iscsi-inq $url/$T-chap/0)" 'Authentication failure' "a wrong name"
like "$(iscsi-inq $url/$T-chap/0 2>&1)" 'Authentication failure' "no CHAP at all"
like "$(mutual other-secret-)" DIRECT_ACCESS "mutual CHAP: libiscsi accepts the array's proof"
like "$(mutual another-one-)" 'Invalid CHAP_R' "and would not accept another"
like "$(iscsi-inq -i $ME $url/$T-mine/0)" DIRECT_ACCESS "--allow lets its initiator in"
like "$(iscsi-inq $url/$T-mine/0 2>&1)" 'Authorization failure' "and no other"
is "$(grep -c 'twelve-bytes\|other-secret-' "$ARRAY_LOG")" 0 "no secret is in the log"
is "$(tr '\0' '\n' <"/proc/$ARRAY_PID/cmdline" | grep -c twelve-bytes)" 0 "nor in the arguments"
stop_array

# ---- the control socket ----------------------------------------------------
start_array --target $T --lun 0=1M || exit 1
is "$(stat -c %a "$ARRAY_CTL")" 600 "the control socket is its owner's"
is "$(ctl sessions)" '[]' "sessions: none"
like "$(ctl no-such-word)" '^error: ' "an unknown word is an error"
like "$(ctl "async logout iqn.no:such")" "^error: no target" "so is a target that is not there"
first=$(ctl faults)
(ctl sessions >"$TMP/a") & (ctl sessions >"$TMP/b") & wait $! ; await test -s "$TMP/a"
is "$(cat "$TMP/a" "$TMP/b")" $'[]\n[]' "two clients at once"
is "$(ctl faults)" "$first" "answers come again the same"
exits 78 "a second array does not take a socket in use" \
	"$ARRAY" --listen 127.0.0.1:0 --target $T --lun 0=1M --control "$ARRAY_CTL"
kill -KILL "$ARRAY_PID"; wait "$ARRAY_PID" 2>/dev/null
old=$ARRAY_CTL
"$ARRAY" --listen 127.0.0.1:0 --target $T --lun 0=1M --control "$old" >"$TMP/out" &
LIB_PIDS+=($!)
try "but one left over by a killed array is replaced" await grep -q 'listening on' "$TMP/out"
ARRAY_CTL=$old
is "$(ctl sessions)" '[]' "and answers"
kill -INT "${LIB_PIDS[-1]}"; wait "${LIB_PIDS[-1]}"
is $? 0 "INT ends it with 0"

# ---- a login sent elsewhere -----------------------------------------------------
start_array --target $T --lun 0=7M || exit 1
there=$ARRAY_ADDR
start_array --target $T --lun 0=1M || exit 1
is "$(ctl login $T moved "$there")" ok "login: moved"
like "$(iscsi-readcapacity16 "iscsi://$ARRAY_ADDR/$T/0")" 'Total size:7340032' \
	"libiscsi follows to the other array"
is "$(ctl login $T ok)" ok "login: ok again"
like "$(iscsi-readcapacity16 "iscsi://$ARRAY_ADDR/$T/0")" 'Total size:1048576' "and stays here"

# ---- the command line --------------------------------------------------------
refuse() { # STATUS PATTERN NAME ARGS...
	exits "$1" "$3: exit $1" timeout 120 "$ARRAY" --listen 127.0.0.1:0 "${@:4}"
	like "$OUT" "$2" "$3: and says so"
}
refuse 64 'no such option: --frobnicate' "an unknown option" --frobnicate
refuse 64 'no --target' "no target"
refuse 64 '--lun: comes after the --target' "a LUN before its target" --lun 0=1M --target $T
refuse 64 '--lun: needs a value' "an option without its value" --target $T --lun
refuse 64 '--persona: given twice' "two personas" --persona lio --persona scst --target $T
refuse 64 'not a number in range: many' "a seed that is no number" --seed many --target $T
refuse 64 '--help: takes no value' "a value where none goes" --help=yes
refuse 78 'such-persona' "an unknown persona" --persona such-persona --target $T
refuse 78 'No such file' "a missing file" --target $T --lun 0=$TMP/no-such-file
refuse 78 '0=1M' "a LUN number twice" --target $T --lun 0=1M --lun 0=1M
refuse 78 '@iqn.no:such/0' "a LUN of no target" --target $T --lun 0=@iqn.no:such/0
refuse 78 'action' "a fault rule without action" --target $T --lun 0=1M --fault op=83
refuse 78 'nowhere' "an address that is none" --listen nowhere --target $T
refuse 78 'No such file' "a missing CHAP file" --target $T --chap "$TMP/no-such-file"
chmod 640 "$TMP/chap"
refuse 78 'readable by group or others' "a CHAP file others can read" --target $T --chap "$TMP/chap"
chmod 600 "$TMP/chap"
bad_chap() { printf "$2" >"$TMP/bad"; refuse 78 "$1" "a CHAP file: $1" --target $T --chap "$TMP/bad"; }
bad_chap ':1: not one of user' 'password x\n'
bad_chap ':1: a secret before its name' 'secret x\n'
bad_chap 'a user without a secret' 'user a\n'
bad_chap 'names no user' '# nothing\n'
bad_chap 'the mutual secret must differ' 'user a\nsecret same-secret\nmutual-user t\nmutual-secret same-secret\n'
printf 'from-a-file-\n' >"$TMP/secret"
printf 'user alice\nsecret-file %s\n' "$TMP/secret" >"$TMP/chap2"
start_array --target $T --lun 0=1M --chap "$TMP/chap2" || exit 1
like "$(with_chap alice from-a-file- iscsi-inq iscsi://$ARRAY_ADDR/$T/0)" DIRECT_ACCESS \
	"a secret from a file of its own"
stop_array
like "$("$ARRAY" --help)" '^usage: xmover-array' "--help"
like "$("$ARRAY" --version)" '^xmover-array [0-9]' "--version"
done_testing
