#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# CHAP secrets work, and are in no argument, log, report, environment of the process, or core file.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

cd "$TMP" || exit 1
secret=Vq7-initiator-secret target_secret=Zk9-target-secret
printf 'user alice\nsecret %s\ntarget-user array\ntarget-secret %s\n' $secret $target_secret >chap
printf 'user alice\nsecret %s\nmutual-user array\nmutual-secret %s\n' $secret $target_secret >array-chap
chmod 600 chap array-chap
start_array --target "$IQN" --chap "$TMP/array-chap" --lun 0=8M --lun 1=8M || exit 1

leaks() { grep -laE "$secret|$target_secret" "$@" 2>/dev/null; }

exits 0 "a copy with secrets from a file" "$xmover" copy -v --chap-file=chap --report=report "$(disk 0)" "$(disk 1)"
echo "$OUT" >log
is "$(leaks log report)" "" "no secret in its whole log, its report, its output"
exits 0 "secrets from the environment" env LIBISCSI_CHAP_USERNAME=alice LIBISCSI_CHAP_PASSWORD=$secret \
	LIBISCSI_CHAP_TARGET_USERNAME=array LIBISCSI_CHAP_TARGET_PASSWORD=$target_secret \
	"$xmover" copy -v --report=report "$(disk 0)" "$(disk 1)"
echo "$OUT" >log
is "$(leaks log report)" "" "no secret there either"
exits 77 "a wrong secret" env LIBISCSI_CHAP_USERNAME=alice LIBISCSI_CHAP_PASSWORD=${secret}x \
	"$xmover" copy -v --report=report "$(disk 0)" "$(disk 1)"
echo "$OUT" >log
is "$(leaks log report)" "" "no secret in the error"

# One in the URL is refused and not repeated: ps shows the command line to everybody.
exits 64 "a secret in the URL" "$xmover" copy -v --report=report \
	"iscsi://alice%$secret@$ARRAY_ADDR/$IQN/0" "$(disk 1)"
echo "$OUT" >log
is "$(leaks log report)" "" "it is not repeated"
for url in "iscsi://$ARRAY_ADDR/$IQN/0?chap_password=$secret" "ISCSI://a%$secret@h/i/0?target_password=$secret" \
	"https://alice:$secret@host/disk" "nbds://alice:$secret@host/disk" "https:///?token=$secret"; do
	exits 64 "a secret in ${url%%:*}://, in the query or where no URL is understood" "$xmover" copy -v --report=report \
		"$url" "$(disk 1)"
	echo "$OUT" >log
	is "$(leaks log report)" "" "it is not repeated"
done

# While it runs: /proc shows no secret, and the process is not dumpable: it belongs to root there.
as_user=()
if [ "$(id -u)" = 0 ]; then
	as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	chmod 711 "$TMP"
	chown 65534 chap
fi
"${as_user[@]}" "$xmover" copy --chap-file="$TMP/chap" --rate=1M --offload=never --progress=json \
	"$(disk 0)" "$(disk 1)" >out 2>err &
pid=$!
LIB_PIDS+=("$pid")
try "under way" await grep -q '"phase":"copy"' err
is "$(leaks "/proc/$pid/cmdline" "/proc/$pid/environ")" "" "no secret in /proc"
is "$(stat -c %U "/proc/$pid/environ")" root "no core file would be made"
kill -TERM "$pid"
wait "$pid"
done_testing
