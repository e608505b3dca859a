#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Signals: TERM stops cleanly (143), USR1 tells, a second TERM ends at once (75), TERM before the job.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

cd "$TMP" || exit 1
stamped lun0 64
start_array --target "$IQN" --lun "0=$TMP/lun0" --lun 1=64M || exit 1

# begin ARGUMENTS...: in the background; its pid is in $pid.
begin() {
	rm -f report err
	"$xmover" copy --progress=json --report=report "$@" >out 2>err </dev/null &
	pid=$!
	LIB_PIDS+=("$pid")
}
moving() { grep -q '"bytes_done":[1-9]' err; }
running() { grep -q '"event":"progress"' err; }
hanging() { [ "$(ctl running)" -gt 0 ]; }
ended() { # EXIT NAME
	local got=0
	wait "$pid" || got=$?
	is "$got" "$1" "$2: exit $1"
	report_holds report "$2"
}

for signal in TERM INT HUP; do
	begin --rate=4M --offload=never "$(disk 0)" "$(disk 1)"
	try "$signal: under way" await moving
	kill -"$signal" "$pid"
	ended 143 "$signal"
	is "$(json report '$j->{result}')" stopped "$signal: the report says stopped"
	is "$(json report '$j->{bytes}{left} > 0 && $j->{bytes}{host} > 0 && $j->{unknown} == 0')" 1 \
		"$signal: some is done, some is left, nothing is unknown"
done

begin --rate=4M "$(disk 0)" "$(disk 1)"
try "USR1: under way" await running
kill -USR1 "$pid"
try "USR1 shows where it is" await grep -q '"event":"status"' err
is "$(json report '$j->{result}')" running "the report of one under way says running"
report_holds report "under way"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
is "$(json report '$j->{result}')" running "the report of one that was killed does, too"

# Somebody who holds the other end of standard error and does not read: the copy goes on.
perl -e 'pipe(my $r, my $w); fcntl($w, 1031, 4096); my $pid = fork;
	if (!$pid) { open STDERR, ">&", $w; exec @ARGV } close $w; sysread $r, my $line, 256;
	kill USR1 => $pid while select(undef, undef, undef, 0.02) == 0 && kill(0, $pid) && waitpid($pid, 1) == 0;
	exit($? & 127 ? 99 : $? >> 8)' "$xmover" copy --progress=json --rate=16M "$(disk 0)" "$(disk 1)" >out </dev/null &
pid=$!
LIB_PIDS+=("$pid")
got=0
wait "$pid" || got=$?
is "$got" 0 "a reader that does not read stops no copy"

# In a pod the mover is process 1, to which the kernel gives no signal that it does not take.
if [ "$(id -u)" = 0 ] && unshare --pid --fork true 2>/dev/null; then
	rm -f report err
	unshare --pid --fork "$xmover" copy --progress=json --report=report --rate=4M --offload=never \
		"$(disk 0)" "$(disk 1)" >out 2>err </dev/null &
	pid=$!
	LIB_PIDS+=("$pid")
	try "process 1: under way" await moving
	kill -TERM "$(ps -o pid= --ppid "$pid")"
	ended 143 "process 1"
else
	for what in "under way" "exit 143" "the report holds"; do
		skip "process 1: $what" "needs root for a namespace"
	done
fi

# A copy command that is never answered: the first TERM cannot end cleanly.
ctl "fault add op=83 nth=3- action=never" >/dev/null
begin "$(disk 0)" "$(disk 1)"
try "second TERM: a command hangs" await hanging
kill -TERM "$pid"
try "second TERM: the first is heard" await grep -q '"event":"stopping"' err
kill -TERM "$pid"
ended 75 "second TERM"
is "$(json report '$j->{result} eq "failed" && $j->{unknown} > 0')" 1 "second TERM: what was under way is unknown"
ctl fault del all >/dev/null

# silent: a portal that takes the connection and says nothing; its process is in $portal.
silent() {
	rm -f silent
	perl -MIO::Socket::INET -e '$| = 1; my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1") or die;
		print $s->sockport, "\n"; my @c; while (my $c = $s->accept) { push @c, $c; print "connected\n" }' >silent &
	portal=$!
	LIB_PIDS+=("$portal")
	await grep -q . silent
}

# Before the job.
silent
begin "iscsi://127.0.0.1:$(head -n 1 silent)/$IQN/0" "$(disk 1)"
try "TERM before the job: it waits for the login" await grep -q connected silent
kill -TERM "$pid"
ended 143 "TERM before the job"

# While it writes that it has failed, to a pipe that nobody reads yet: the code stays that of the
# report.  It fails when the portal is gone, which is when nobody has the pipe open any more.
mkfifo pipe
silent
"$xmover" copy --progress=json --report=pipe "iscsi://127.0.0.1:$(head -n 1 silent)/$IQN/0" "$(disk 1)" >out 2>err </dev/null &
pid=$!
LIB_PIDS+=("$pid")
timeout 60 cat pipe >begun
try "TERM at the end: it waits for the login" await grep -q connected silent
kill -KILL "$portal"
try "TERM at the end: it has failed" await grep -q '"event":"failed"' err
kill -TERM "$pid"
# taken: it is not pending any more
taken() { grep -q '^ShdPnd:.*0000$' "/proc/$pid/status"; }
try "TERM at the end: it is heard" await taken
timeout 60 cat pipe >report
ended 75 "TERM at the end"
is "$(grep -c '"event":"stopped"' err)" 0 "TERM at the end: it does not say that it was stopped"
try "every report is as its schema says" schema_check
done_testing
