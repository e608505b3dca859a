#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every test, or the groups named; called by ./bootstrap check, after it built.
# Ends with one line: N passed, N failed, N skipped.

set -u
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1

# In the order they run: what fails fast and tells most comes first.
groups=(unit api cli array lab clang asan valgrind fuzz distcheck)
group_help() {
	cat <<-END
	  unit       modules, one program each
	  api        header, symbol map, layers, shape of the code, scripts
	  cli        the xmover command: options, reports, bad input, signals
	  array      whole jobs against the software array, and the array itself
	  lab        the mover against Linux LIO in an emulated guest
	  clang      builds with clang, warnings are errors
	  asan       unit, array and cli once more under ASan and UBSan
	  valgrind   unit tests and one job of each method under valgrind
	  fuzz       each decoder for some seconds under libFuzzer (8 minutes in all)
	  distcheck  make distcheck: the tarball builds, tests, installs, uninstalls
	END
}

if [ "${1:-}" = --groups ]; then
	group_help
	exit 0
fi
wanted=("$@")
[ $# -gt 0 ] || wanted=("${groups[@]}")
for group in "${wanted[@]}"; do
	if [[ " ${groups[*]} " != *" $group "* ]]; then
		echo "check: no such group: $group; there are:" >&2
		group_help >&2
		exit 64
	fi
done

scratch=$(mktemp -d "${TMPDIR:-/tmp}/xm.XXXXXX") || exit 1
export TMPDIR=$scratch/tmp
mkdir "$TMPDIR"
# Some tests become somebody else, who has to get to the files.
chmod 711 "$scratch" "$TMPDIR"
tally=$scratch/tally
: >"$tally"
trap 'rm -rf "$scratch"' EXIT
trap 'exit 143' TERM INT
status_before=$(git status --porcelain 2>/dev/null)
cores=$(nproc)

say() { printf 'check: %s\n' "$*"; }

# step NAME COMMAND...: a test that is one command; its output is shown when it fails.
step() {
	local name=$1 log=$top/build/check-${1//[^a-z0-9]/-}.log began=$SECONDS
	shift
	if "$@" >"$log" 2>&1; then
		say "ok: $name ($((SECONDS - began)) s)"
		echo "1 0 0" >>"$tally"
	else
		say "FAIL: $name ($((SECONDS - began)) s), the end of $log:"
		tail -n 60 "$log" | sed 's/^/    /'
		echo "0 1 0" >>"$tally"
		return 1
	fi
}

# made FOLDER CONFIGURE-WORD...: a build of its own; $goals: also of the tests, as a rule.
goals=(all check-programs)
made() {
	local folder=$1
	shift
	mkdir -p "$folder"
	if [ ! -f "$folder/Makefile" ]; then
		(cd "$folder" && ../configure "$@") || return 1
	fi
	make -C "$folder" -j"$cores" "${goals[@]}"
}

run_tests() { # LABEL BUILD WORDS...
	tests/run -T "$tally" -j "$cores" ${1:+-l "$1"} -b "$2" "${@:3}"
}

group_unit() { run_tests '' build unit; }
group_api() { run_tests '' build api; }
group_cli() { run_tests '' build cli; }
group_array() { run_tests '' build array; }
# One guest at a time: each has two emulated CPUs.
group_lab() { run_tests '' build -j 1 lab; }

group_clang() {
	step "clang builds it without a warning" \
		made build-clang --enable-werror CC=clang CXX=clang++ CFLAGS='-g -O2'
}

# once BUILD GROUP...: their tests, without those that are only more of the same: the
# job of 8 GiB, a hundred kills a way, each Nth error, random jobs; and without what measures memory,
# of which ASan needs its own.
once() {
	make -s --no-print-directory -C "$1" print-tests | awk -v groups=" ${*:2} " '
		index(groups, " " $1 " ") && $2 !~ /main-job|cli.test-lead|killed|nth-error|engines-same|random-jobs|cli.test-memory/ { print $2 }'
}

group_asan() {
	local tests
	step "ASan and UBSan build" made build-asan --enable-werror --enable-sanitizers CFLAGS='-g -O1' ||
		return
	mapfile -t tests < <(once build-asan unit array cli)
	run_tests asan build-asan -t 1800 "${tests[@]}"
}

group_valgrind() {
	local tests
	mapfile -t tests < <(once build unit)
	run_tests valgrind build -t 1800 -w "valgrind -q --error-exitcode=99 --leak-check=full \
--errors-for-leak-kinds=definite --trace-children=no" "${tests[@]}"
	run_tests '' build -t 1800 valgrind
}

# Two at a time; all of them together within 8 minutes.
group_fuzz() {
	local targets seconds target goals=(all)
	step "fuzz targets build" made build-fuzz --enable-fuzz --enable-sanitizers CC=clang CFLAGS='-g -O1' ||
		return
	mapfile -t targets < <(make -s --no-print-directory -C build-fuzz print-tests | awk '$1 == "fuzz" { print $2 }')
	[ ${#targets[@]} -gt 0 ] || return 0
	seconds=$((400 * cores / ${#targets[@]}))
	[ "$seconds" -le 30 ] || seconds=30
	[ "${XM_LONG:-}" != 1 ] || seconds=3600
	for target in "${targets[@]}"; do
		while [ "$(jobs -rp | wc -l)" -ge "$cores" ]; do
			wait -n
		done
		fuzz_one "$target" "$seconds" &
	done
	wait
}

fuzz_one() { # TARGET SECONDS; an input that breaks it is kept in build-fuzz/
	local name=${1##*/} corpus words=() d
	corpus=$(mktemp -d "$TMPDIR/$name.XXXXXX")
	for d in tests/fuzz/corpus/*.dict; do
		[[ $name != fuzz-$(basename "$d" .dict)* ]] || words=(-dict="$d")
	done
	[ ! -d "tests/fuzz/corpus/$name" ] || words+=("tests/fuzz/corpus/$name")
	step "fuzz $name" timeout $(($2 + 120)) "build-fuzz/$1" -max_total_time="$2" -timeout=20 \
		-rss_limit_mb=2048 -artifact_prefix="build-fuzz/$name-" "$corpus" "${words[@]}"
	rm -rf "$corpus"
}

group_distcheck() {
	step "make distcheck" env XM_GROUPS=unit make -C build distcheck \
		DISTCHECK_CONFIGURE_FLAGS=--enable-werror
}

# What the tests started or made, and did not end or remove.
leftovers() {
	local pid exe bad=0
	for pid in /proc/[0-9]*; do
		exe=$(readlink "$pid/exe" 2>/dev/null) || continue
		case $exe in
		"$top"/build*/*) echo "still running: ${pid#/proc/} $exe"; bad=1 ;;
		esac
	done
	if [ -n "$(ls -A "$TMPDIR")" ]; then
		echo "left in $TMPDIR: $(ls -A "$TMPDIR")"
		bad=1
	fi
	if [ "$(git status --porcelain 2>/dev/null)" != "$status_before" ]; then
		echo "git status changed:"
		git status --porcelain
		bad=1
	fi
	return "$bad"
}

began=$SECONDS
step "the tests build" made build || exit 1
for group in "${wanted[@]}"; do
	say "==== $group"
	"group_$group"
done
step "nothing is left behind" leftovers
say "took $(((SECONDS - began) / 60)) min $(((SECONDS - began) % 60)) s"
awk '{ p += $1; f += $2; s += $3 }
	END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 || p == 0 }' "$tally"
