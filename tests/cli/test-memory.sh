#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Peak memory stays under 256 MiB at any size, depth and engine, and a host copy goes past
# the page cache: in a cgroup of 256 MiB, which counts that too, it needs not half of it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"

group='' dir='' mounted=''
# shellcheck disable=SC2317 # called by the trap
release() {
	[ -z "$group" ] || rmdir "$group"
	[ -z "$mounted" ] || umount "$mounted"
	[ -z "$dir" ] || rm -rf "$dir"
	lib_cleanup
}
trap release EXIT

# Files of a file system in memory count as memory themselves.
dir=$(mktemp -d /var/tmp/xmover-memory.XXXXXX) || exit 1
[ "$(stat -f -c %T "$dir")" != tmpfs ] || skip_all "/var/tmp is in memory"
cd "$dir" || exit 1
head -c 192M /dev/urandom >src
truncate -s 192M dst
truncate -s 1T huge
head -c 1M src | dd of=huge bs=1M seek=700000 conv=notrunc status=none
truncate -s 1T huge-dst
sync src dst

# peak CMD...: the most KiB that it had resident.
peak() {
	python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"
}
small() { # NAME CMD...
	local got name=$1
	shift
	got=$(peak "$@") || { not_ok "$name" "exit $?: $*"; return; }
	diag "$name: $got KiB"
	if [ "$got" -lt $((256 * 1024)) ]; then ok "$name"; else not_ok "$name" "$got KiB resident"; fi
}

copy=("$xmover" copy --quiet --offload=never)
for io in uring threads; do
	for depth in 0 65535; do
		truncate -s 0 dst
		truncate -s 192M dst
		small "--io=$io --depth=$depth" "${copy[@]}" --verify=full --io=$io --depth=$depth src dst
		try "its bytes are there" cmp src dst
	done
done
small "1 TiB" "${copy[@]}" --verify=none huge huge-dst
is "$(dd if=huge-dst bs=1M skip=700000 count=1 status=none | cmp -n $((1 << 20)) - src 2>&1)" "" \
	"what there is of it is there"

# 64 TiB, with data in 250 places all over it.
places() { # TIB PERL: for each offset $_
	perl -e 'use strict; my ($n, $do) = ($ARGV[0] << 40, $ARGV[1]);
		for (map { int($n / 250) * $_ >> 16 << 16 } 0 .. 249) { eval $do; die $@ if $@ }' "$@"
}
truncate -s 1G image
mkdir huge-fs
if mkfs.xfs -q image 2>/dev/null && mount -o loop image huge-fs 2>/dev/null; then
	mounted=$dir/huge-fs
	truncate -s 64T huge-fs/src huge-fs/dst
	places 64 'open my $f, "+<", "huge-fs/src" or die $!; sysseek $f, $_, 0; syswrite $f, "at $_" x 100'
	small "64 TiB" "${copy[@]}" --verify=none --method=host huge-fs/src huge-fs/dst
	is "$(places 64 'open my $f, "<", "huge-fs/dst" or die $!; sysseek $f, $_, 0;
		sysread $f, my $got, 400; print substr($got, 0, length("at $_") * 3) eq "at $_" x 3 ? "" : "$_ "')" \
		"" "its bytes are there"
	is "$(($(du -k huge-fs/dst | cut -f1) <= $(du -k huge-fs/src | cut -f1) * 2 + 1024))" 1 "and it is as thin"
else
	skip "64 TiB" "no xfs on a loop device here"
fi

# The group, the file of its limit and that of its peak, in either version of cgroups.
limit='' most=''
for top in /sys/fs/cgroup /sys/fs/cgroup/memory; do
	group=$top/xmover-test.$$
	mkdir "$group" 2>/dev/null || continue
	for pair in memory.max:memory.peak memory.limit_in_bytes:memory.max_usage_in_bytes; do
		[ ! -w "$group/${pair%:*}" ] || [ ! -r "$group/${pair#*:}" ] ||
			limit=$group/${pair%:*} most=$group/${pair#*:}
	done
	[ -z "$limit" ] || break
	rmdir "$group"
done
[ -n "$limit" ] || group=''
if [ -n "$limit" ] && echo 256M >"$limit"; then
	for io in uring threads; do
		truncate -s 0 dst
		truncate -s 192M dst
		# the shell joins, so that nothing of the copy is counted elsewhere
		try "--io=$io in a cgroup of 256 MiB" bash -c \
			'echo $$ >"$1" && exec "${@:2}"' - "$group/cgroup.procs" \
			"${copy[@]}" --verify=sample --io=$io --depth=65535 src dst
		try "its bytes are there" cmp src dst
	done
	got=$(cat "$most")
	diag "most: $got bytes"
	if [ "$got" -lt $((128 << 20)) ]; then ok "no page cache"; else not_ok "no page cache" "$got bytes"; fi
else
	skip "in a cgroup of 256 MiB" "no cgroup can be made"
fi
done_testing
