# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Shared helpers of the shell tests: TAP, a scratch folder, the software array.
#
#   . "$(dirname "$0")/../lib.sh"          from tests/GROUP/test-x.sh
#   start_array --target IQN --lun 0=64M   -> $ARRAY_PID $ARRAY_PORT $ARRAY_ADDR $ARRAY_CTL
#   ctl stats                              one control line, its answer on stdout
#   ok NAME / not_ok NAME [WHY] / is GOT WANT NAME / try NAME CMD... / skip NAME REASON
#   done_testing                           last line: the plan, and the exit status
#
# Binaries come from $XM_BUILD (default: build/ at the top of the tree).  What a
# test starts is ended by pid when it exits, and $TMP goes with it.

set -u
XM_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
XM_BUILD=$(cd "${XM_BUILD:-$XM_SRC/build}" && pwd) || exit 1
TMP=$(mktemp -d "${TMPDIR:-/tmp}/xmover-test.XXXXXX") || exit 1

TAP_N=0
TAP_FAILED=0
LIB_PIDS=()

lib_cleanup() {
	local p
	for p in "${LIB_PIDS[@]}"; do
		kill -TERM "$p" 2>/dev/null
		wait "$p" 2>/dev/null
	done
	rm -rf "$TMP"
}
trap lib_cleanup EXIT
trap 'exit 143' TERM INT

# ---- TAP -----------------------------------------------------------------
ok() { TAP_N=$((TAP_N + 1)); echo "ok $TAP_N - $1"; }
not_ok() {
	TAP_N=$((TAP_N + 1)); TAP_FAILED=$((TAP_FAILED + 1))
	echo "not ok $TAP_N - $1"
	[ $# -lt 2 ] || printf '%s\n' "${@:2}" | sed 's/^/# /'
	return 1                                # so that `is ... || diag ...` says more
}
skip() { TAP_N=$((TAP_N + 1)); echo "ok $TAP_N - $1 # SKIP $2"; }
skip_all() { echo "1..0 # SKIP $1"; exit 0; }
diag() { printf '%s\n' "$@" | sed 's/^/# /'; }
is() { # GOT WANT NAME
	if [ "$1" = "$2" ]; then ok "$3"; else not_ok "$3" "got:  $1" "want: $2"; fi
}
like() { # TEXT ERE NAME
	if [[ "$1" =~ $2 ]]; then ok "$3"; else not_ok "$3" "got:  $1" "want: /$2/"; fi
}
try() { # NAME CMD...: passes when the command does; its output is shown when not
	local name=$1 out; shift
	if out=$("$@" 2>&1); then ok "$name"; else not_ok "$name" "exit $?: $*" "$out"; fi
}
exits() { # STATUS NAME CMD...: output is left in $OUT
	local want=$1 name=$2 got=0; shift 2
	OUT=$("$@" 2>&1) || got=$?
	if [ "$got" = "$want" ]; then ok "$name"; else not_ok "$name" "exit $got, want $want: $*" "$OUT"; fi
}
done_testing() {
	echo "1..$TAP_N"
	[ "$TAP_FAILED" = 0 ] || exit 1
	exit 0
}

# ---- the software array ---------------------------------------------------
# Starts one on a free loopback port; standard error is in $ARRAY_LOG.
start_array() {
	local dir line
	dir=$(mktemp -d "$TMP/array.XXXXXX")
	ARRAY_CTL=$dir/ctl ARRAY_LOG=$dir/log
	mkfifo "$dir/out"
	"$XM_BUILD/xmover-array" --listen "${ARRAY_LISTEN:-127.0.0.1:0}" --control "$ARRAY_CTL" "$@" \
		>"$dir/out" 2>"$ARRAY_LOG" &
	ARRAY_PID=$!
	LIB_PIDS+=("$ARRAY_PID")
	if ! read -r -t 120 line <"$dir/out" || [[ "$line" != "listening on "* ]]; then
		diag "xmover-array did not start: $*" "$(cat "$ARRAY_LOG")"
		return 1
	fi
	ARRAY_ADDR=${line#listening on }
	ARRAY_PORT=${ARRAY_ADDR##*:}
}

# Ends one array (default: the last started) and answers its exit status.
stop_array() {
	local pid=${1:-$ARRAY_PID}
	kill -TERM "$pid" 2>/dev/null
	wait "$pid"
}

# One line to the control socket of the last array started, its answer to stdout.
ctl() {
	perl -MIO::Socket::UNIX -e '
		my $s = IO::Socket::UNIX->new(Peer => shift) or die "control socket: $!\n";
		print $s "@ARGV\n"; my $l = <$s>; die "no answer\n" unless defined $l; print $l' \
		"$ARRAY_CTL" "$@"
}

# Until CMD succeeds, at most 120 s ($LIMIT), for a slow machine; for what happens in another process.
await() {
	local end=$((SECONDS + ${LIMIT:-120}))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}
