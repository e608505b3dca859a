#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 at random moments, again and again, until a copy with --state gets
# through; then the next copy.  Each time a request must have been in flight, by
# the array's count, or the kill does not count.  At the end of each copy: equal,
# and what the array wrote in all is the disk once and, for each kill, the window and a piece.
# Half of the time the array loses its volatile cache at the kill: what had not been
# flushed must be copied again, whatever the state file has seen.
#
# 100 kills; XM_LONG=1: 500.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

scale=1
[ "${XM_LONG:-}" != 1 ] || scale=5
mib=16 window=2
seed=${XM_SEED:-$RANDOM}
RANDOM=$seed
diag "seed $seed (replay with XM_SEED)"
cd "$TMP" || exit 1
stamped lun0 $mib
head -c ${mib}M /dev/zero >zeros
cp zeros lun1
start_array --target "$IQN" --lun "0=$TMP/lun0" --lun "1=$TMP/lun1,cache=volatile" || exit 1

# ask WORDS PERL-EXPRESSION: what the array says, with $j the object: one process, not two.
ask() {
	perl -MIO::Socket::UNIX -MJSON::PP -e 'my $s = IO::Socket::UNIX->new(Peer => shift) or die;
		print $s shift, "\n"; my $j = decode_json(scalar <$s>); print eval shift' "$ARRAY_CTL" "$@"
}
# Reads and writes that nobody got an answer to, so far.
unanswered() { ask stats 'my $n = 0; $_->{op} =~ /^8[8a]$/ and $n += $_->{unanswered} for @{$j->{commands}}; $n'; }
written() { ask writes 'my $n = 0; $n += $_->{blocks} for @$j; $n * 512'; }
wipe() { # a fresh destination, and a fresh count
	rm -f state history
	cat zeros >lun1
	ctl writes clear >/dev/null
}

# run_and_kill OPTION...: 0 killed with requests in flight, 1 killed without, 2 it ended.
before=0
run_and_kill() {
	local mover got=0 after
	"$xmover" copy "$(disk 0)" "$(disk 1)" --state=state --state-window=${window}M --verify=none \
		--progress=none -v "$@" >out 2>err &
	mover=$!
	sleep "0.$((RANDOM % 4))$((RANDOM % 10))5"
	kill -KILL $mover 2>/dev/null
	wait $mover 2>/dev/null || got=$?
	echo "$got $(grep -v '"refused"\|"login"' err)" >>history
	[ $got = 137 ] || { ended=$got; return 2; }
	[ "$(ctl running)" = 0 ] || return 0
	after=$(unanswered)
	[ "$after" -gt "$before" ] || return 1
	before=$after
}

# kills NAME N OPTION...
kills() {
	local name=$1 n=$2 done=0 since=0 copies=0 wrong=""
	shift 2
	wipe
	while [ $done -lt "$n" ] && [ -z "$wrong" ]; do
		run_and_kill "$@"
		case $? in
		0)	done=$((done + 1)) since=$((since + 1))
			[ $((RANDOM % 2)) = 0 ] || ctl crash >/dev/null ;;
		1)	since=$((since + 1)) ;;
		*)	[ $ended = 0 ] || wrong="exit $ended: $(cat err)"
			finish ;;
		esac
	done
	[ -n "$wrong" ] || {
		"$xmover" copy "$(disk 0)" "$(disk 1)" --state=state --state-window=${window}M --quiet \
			"$@" >out 2>err || wrong="the last: exit $?: $(cat err)"
		finish
	}
	is "$wrong" "" "$name: $done kills with requests in flight, $copies copies"
}

# A copy has got through: is it right, and was little written twice?
finish() {
	local bytes most over
	# killed between its last word in the file and its end: begun anew
	over=$(grep -c state_over history)
	copies=$((copies + 1))
	[ -n "$wrong" ] || cmp lun0 lun1 || wrong="differs"
	bytes=$(written)
	most=$((((mib + mib * over) << 20) + since * (window << 20) * 5 / 4))
	[ "$bytes" -ge $((mib << 20)) ] && [ "$bytes" -le "$most" ] ||
		wrong="$wrong written $bytes bytes after $since kills, at most $most; $(cat history)"
	since=0
	wipe
}

ctl set copy_latency 50 >/dev/null
kills "offload" $((40 * scale))
ctl set latency 15 >/dev/null
kills "host, over iSCSI" $((30 * scale)) --offload=never

# ---- files -------------------------------------------------------------------------

copying() { ! cmp -s -n 4096 dst zeros; }

file_kills() { # ENGINE N
	local engine=$1 n=$2 done=0 got mover copies=0
	rm -f state dst
	while [ $done -lt "$n" ]; do
		[ -e dst ] || cp zeros dst
		"$xmover" copy src dst --io="$engine" --state=state --state-window=${window}M \
			--verify=none --rate=60M --quiet >out 2>err &
		mover=$!
		until copying || ! kill -0 $mover 2>/dev/null; do :; done
		sleep "0.$((RANDOM % 2))$((RANDOM % 10))"
		kill -KILL $mover 2>/dev/null
		got=0
		wait $mover || got=$?
		case $got in
		137)	done=$((done + 1)) ;;
		0)	cmp src dst || return 1
			copies=$((copies + 1))
			rm -f state dst ;;
		*)	echo "exit $got: $(cat err)"; return 1 ;;
		esac
	done
	[ -e dst ] || cp zeros dst
	"$xmover" copy src dst --io="$engine" --state=state --quiet >out 2>err || { cat err; return 1; }
	cmp src dst
}

cp lun0 src
for engine in uring threads; do
	try "files, by $engine: $((15 * scale)) kills" file_kills $engine $((15 * scale))
done
done_testing
