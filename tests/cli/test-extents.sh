#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Holes and zeros are not read; lists say how, and what, to copy; bad lists stop the copy unbegun.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cli/lib-cli.sh
. "$(dirname "$0")/lib-cli.sh"
cd "$TMP" || exit 1

bytes() { # WAY...: of the last report
	json r.json "join ' ', map { \$j->{bytes}{\$_} } qw($*)"
}
copy() { "$xmover" copy -q --report r.json "$@"; }

# ---- a sparse file: as many blocks as before, nothing read of the rest -----------------------
truncate -s 1G sparse
perl -e 'open my $f, "+<", "sparse"; srand 7; for (0 .. 499) {
	sysseek $f, $_ * 2147000 + 4096 * int rand 8, 0; syswrite $f, chr(65 + $_ % 26) x (1 + int rand 30000) }'
exits 0 "a sparse file" copy --create sparse copied
try "is equal" cmp sparse copied
report_holds r.json "a sparse file"
src=$(stat -c %b sparse) dst=$(stat -c %b copied)
if [ "$dst" -le $((src + src / 100)) ]; then ok "no more blocks than the source and 1 %"; else
	not_ok "no more blocks than the source and 1 %" "$src $dst"; fi
read -r host skipped < <(bytes host skipped)
if [ "$host" -le $((src * 512 + 65536)) ]; then ok "only data went through the host"; else
	not_ok "only data went through the host" "$host of $((src * 512))"; fi
is $((host + skipped)) 1073741824 "the rest was skipped: a new file is zeros"

# ---- the formats ------------------------------------------------------------------------------
# 1 MiB: data in [256K, 384K), which the lists call data, and in [768K, 1M), which they call zero.
perl -e 'print "\0" x 262144, "D" x 131072, "\0" x 393216, "Z" x 262144' >disk
perl -e 'print "\0" x 262144, "D" x 131072, "\0" x 655360' >as-told
cat >qemu.json <<'END'
[{ "start": 0, "length": 262144, "depth": 0, "present": true, "zero": true, "data": false, "offset": 0},
{ "start": 262144, "length": 131072, "depth": 0, "present": true, "zero": false, "data": true, "offset": 262144},
{ "start": 393216, "length": 655360, "depth": 0, "present": true, "zero": true, "data": false, "offset": 393216}]
END
cat >nbdinfo.json <<'END'
[
{ "offset": 0, "length": 262144, "type": 3, "description": "hole,zero" },
{ "offset": 262144, "length": 131072, "type": 0, "description": "data" },
{ "offset": 393216, "length": 655360, "type": 2, "description": "zero" }
]
END
cat >kubevirt.json <<'END'
{"extents":[{"offset":0,"length":262144,"type":2,"description":"zero"},{"offset":262144,"length":131072,"type":1,"description":"dirty"}],"next_offset":393216}
{"extents":[{"offset":393216,"length":655360,"type":3,"description":"dirty,zero"}],"next_offset":1048576}
END
cat >plain.txt <<'END'
# in no order
384K 640KiB hole,zero   # the rest
256K 128K
0    256s   2
END
printf '128K 131072 zero\n' >>plain.txt
cat >map.bmap <<'END'
<?xml version="1.0" ?>
<bmap version="2.0">
    <ImageSize> 1048576 </ImageSize>
    <BlockSize> 4096 </BlockSize>
    <BlocksCount> 256 </BlocksCount>
    <MappedBlocksCount> 32 </MappedBlocksCount>
    <BlockMap>
        <Range chksum="00"> 64-94 </Range>
        <Range chksum="00"> 95 </Range>
    </BlockMap>
</bmap>
END
for list in qemu.json nbdinfo.json kubevirt.json plain.txt map.bmap; do
	perl -e 'print "o" x 1048576' >out
	exits 0 "--extents $list" copy --verify=none --extents "$list" disk out
	sum=$(bytes host zeroed)
	is "$sum" "131072 917504" "$list: data is copied, zero is zeroed"
	try "$list: what it calls zero is zero" cmp as-told out
done
is "$sum" "131072 917504" "a bmap: what it does not list is a hole"
exits 0 "a list from a pipe" bash -c "cat qemu.json | '$xmover' copy -q --verify=none --extents - disk out"
try "is read as from a file" cmp as-told out
exits 65 "a list that is wrong" copy --extents qemu.json disk out
like "$OUT" "differ at byte" "is found out by the sample"
# a gap in a list is data, and so is a hole that may read as anything
printf '0 256K zero\n384K 384K hole\n' >gaps
perl -e 'print "n" x 1048576' >new
perl -e 'print "\0" x 262144, "n" x 786432' >wanted
perl -e 'print "o" x 1048576' >out
exits 0 "a list with gaps" copy --verify=none --extents gaps new out
try "what is not listed, or not known to be zero, is data" cmp wanted out

# ---- dirty ----------------------------------------------------------------------------------------
perl -e 'print "n" x 262144, "o" x 262144, "\0" x 262144, "o" x 262144' >wanted
cat >dirty.kubevirt <<'END'
{"extents":[{"offset":0,"length":262144,"type":1,"description":"dirty"},
{"offset":262144,"length":131072,"type":0,"description":"clean"},{"offset":393216,"length":131072,"type":2,"description":"zero"},
{"offset":524288,"length":262144,"type":3,"description":"dirty,zero"},{"offset":786432,"length":262144,"type":0,"description":"clean"}],"next_offset":1048576}
END
echo '[{"offset":0,"length":262144,"type":1,"description":"dirty"},{"offset":524288,"length":262144,"type":3,"description":"dirty,zero"}]' >dirty.nbd
printf '512K 256K dirty,zero\n0 256K\n' >dirty.text
echo '[{"start":0,"length":262144,"depth":0,"present":true,"zero":false,"data":true},{"start":262144,"length":262144,"depth":1,"present":true,"zero":false,"data":true},
{"start":524288,"length":262144,"depth":0,"present":true,"zero":true,"data":false},{"start":786432,"length":262144,"depth":1,"present":true,"zero":true,"data":false}]' >dirty.qemu
for list in dirty.kubevirt dirty.nbd dirty.text dirty.qemu; do
	perl -e 'print "o" x 1048576' >out
	exits 0 "--dirty $list" copy --verify=none --dirty "$list" new out
	try "$list: dirty is copied, dirty and zero zeroed, clean untouched" cmp wanted out
	is "$(bytes total host zeroed skipped)" "1048576 262144 262144 524288" "$list: the ways sum to the total"
	like "$(json r.json '$j->{message}')" "; 256.0 KiB were zeros; 512.0 KiB were not dirty$" "$list: the message tells them apart"
done
echo '0 256K' >d1
perl -e 'print "o" x 1048576' >out
exits 0 "a sample of what was dirty" copy --dirty d1 new out
# shellcheck disable=SC2016 # for perl
like "$(json r.json '$j->{verified_bytes}')" '^(65536|131072|196608|262144)$' "is of what was dirty alone"
exits 65 "--verify=full" copy --dirty d1 --verify=full new out
printf '5000 10\n' >d2
perl -e 'print "o" x 1048576' >out
exits 0 "a dirty range inside a block" copy --dirty d2 new out
is "$(od -An -c -j5000 -N10 out | tr -d ' \n')" nnnnnnnnnn "is copied with what is around it"
echo '[]' >none.json
cp out before
exits 0 "nothing is dirty" copy --dirty none.json new out
try "nothing is written" cmp before out
exits 64 "both lists from standard input" copy --dirty - --extents - new out

# ---- bad lists: 78, where, and nothing written ------------------------------------------------------
bad() { # NAME WHERE TEXT [OPTION]
	printf '%b' "$3" >list
	exits 78 "$1" copy "${4:---extents}" list new out
	like "$OUT" "list, $2: .*nothing was written" "$1: says where"
}
bad "overlap in order" "line 2" '0 8K\n4K 8K\n'
bad "overlap out of order" "line 3" '64K 8K\n0 8K\n68K 4K zero\n'
bad "the same twice" "byte [0-9]+" '[{"offset":0,"length":4096,"type":0},{"offset":0,"length":4096,"type":0}]'
bad "out of range" "line 1" '1M 1\n'
bad "beyond 64 bits" "byte 1" '[{"offset":9223372036854775807,"length":9223372036854775807,"type":0}]'
bad "a size beyond 64 bits" "line 1" '0 99999999999E\n'
bad "a negative offset" "byte 1" '[{"offset":-1,"length":4096,"type":0}]'
bad "text that is cut off" "line 2" '0 4K\n8K 409'
bad "JSON that is cut off" "byte 37" '[{"offset":0,"length":4096,"type":0},'
bad "JSON cut off in a range" "byte 14" '[{"offset":0,"'
bad "a page that is missing" "byte [0-9]+" '{"extents":[],"next_offset":4096}'
bad "a bmap that is cut off" "line 2" '<bmap>\n<ImageSize>1048576</ImageSize>'
bad "a bmap that lacks ranges" "line 3" '<bmap><ImageSize>1048576</ImageSize><BlockSize>4096</BlockSize>\n<MappedBlocksCount>5</MappedBlocksCount><BlockMap><Range>0-3</Range></BlockMap>\n</bmap>'
bad "a bmap of a larger image" "line 1" '<bmap><ImageSize>1049089</ImageSize></bmap>'
bad "a DOCTYPE" "line 1" '<!DOCTYPE bmap [<!ENTITY a "a">]><bmap></bmap>'
bad "another XML" "line 1" '<html></html>'
bad "no format" "line 1" 'hello\n'
bad "binary" "line 1" '0\001\002\n'
bad "an object without ranges" "byte [0-9]+" '{"a":1}'
bad "ranges of two programs" "byte [0-9]+" '[{"offset":0,"length":4096,"type":0},{"start":4096,"length":1,"zero":true,"data":true}]'
bad "a type that is none" "line 1" '0 4K 7\n'
bad "type and words that contradict" "byte 1" '[{"offset":0,"length":4096,"type":3,"description":"data"}]'
bad "an empty list" "line 1" ''
bad "an allocation map as dirty" "byte 1" '[{"offset":0,"length":4096,"type":1,"description":"hole"}]' --dirty
bad "zeros, dirty or not, as dirty" "line 2" '0 4K dirty\n8K 4K zero\n' --dirty
bad "garbage behind the list" "byte 3" '[] x'
exits 78 "no such list" copy --dirty none new out
try "none of them wrote a byte" cmp before out

# ---- thin LUNs --------------------------------------------------------------------------------------------
start_array --target "$IQN" --lun 0=64M,thin --lun 1=64M,thin --lun 2=64M,thin --lun 3=64M
stamped data 4
truncate -s 64M image
dd if=data of=image bs=1M seek=8 conv=notrunc status=none
exits 0 "a sparse file onto a thin LUN" copy image "$(disk 0)"
exits 0 "map of the LUN" "$xmover" map -q --output=text "$(disk 0)"
is "$OUT" "0 8388608 hole,zero
8388608 4194304
12582912 54525952 hole,zero" "GET LBA STATUS tells what is allocated"
exits 0 "thin to thin" copy "$(disk 0)" "$(disk 1)"
is "$(bytes xcopy odx | awk '{ print $1 + $2 }')" 4194304 "offload moves data alone"
report_holds r.json "thin to thin"
exits 0 "is equal" "$xmover" verify -q "$(disk 0)" "$(disk 1)"
exits 0 "map of the copy" "$xmover" map -q --output=text "$(disk 1)"
like "$OUT" "8388608 4194304" "the copy is as thin"
exits 0 "thin to thin by host" copy --offload=never "$(disk 0)" "$(disk 2)"
is "$(bytes host)" 4194304 "the host reads data alone"
exits 0 "map of a thick LUN" "$xmover" map -q --output=text "$(disk 3)"
is "$OUT" "0 67108864" "a thick LUN is data"

# A thin LUN that does not know the command, or answers nonsense: one line, and all is data.
ctl fault add op=9e/12 action=sense k=5 asc=20 ascq=0 >/dev/null
exits 0 "GET LBA STATUS is refused" "$xmover" map --output=text "$(disk 0)"
is "$(grep -c '^0 67108864$' <<<"$OUT")" 1 "then all is data"
is "$(grep -c no_extents <<<"$OUT")" 1 "and the log says so once"
ctl fault del all >/dev/null
ctl fault add op=9e/12 action=patch off=8 hex=00000000ffffffff >/dev/null
exits 0 "its answer begins elsewhere" "$xmover" map -q --output=text "$(disk 0)"
is "$OUT" "0 67108864" "is not believed"
ctl fault del all >/dev/null
ctl fault add op=9e/12 action=patch off=16 hex=ffffffff01000000 >/dev/null
exits 0 "its first range goes beyond the disk" "$xmover" map -q --output=text "$(disk 0)"
is "$OUT" "0 67108864 hole,zero" "is clipped at the capacity"
ctl fault del all >/dev/null

# What is called clean and was not equal is nobody's lie: not the array's, which copied what was dirty.
stamped full 64
exits 0 "a full disk" copy full "$(disk 0)"
echo "8M 32M dirty" >middle
exits 65 "a clean range that differs" copy --dirty middle --verify=full "$(disk 0)" "$(disk 3)"
like "$OUT" "byte 0, which --dirty calls clean" "is said to be that"
is "$(grep -c 'integrity' <<<"$OUT")" 0 "and the array is not blamed"
is "$(bytes xcopy odx | awk '{ print $1 + $2 }')" $((32 << 20)) "what it copied stays counted"
report_holds r.json "a clean range that differs"
done_testing
