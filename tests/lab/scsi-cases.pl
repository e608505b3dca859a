#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Sends the same SCSI commands to LUNs of two targets by SG_IO, and prints for each
# command a line of five fields by tab: name, status and sense, data of the first
# target, then of the second.  Judges nothing.  Encodes by itself, from the standard:
# it shares nothing with the mover.
#
#	scsi-cases.pl SET NODE0,NODE1,... NODE0,NODE1,...      LUNs 0 to 3 of either target
use strict;
use warnings;

my ($set, @targets) = @ARGV;
my @nodes = map { [split /,/] } @targets;
my @sg = map { [map { open my $f, '+<', $_ or die "$_: $!\n"; $f } @$_] } @nodes;

sub address { unpack 'Q', pack 'P', $_[0] }

# command HANDLE, CDB, DATA-OUT or undef, LENGTH-IN -> "status sense", "data".  Zeros at
# the end of data do not count: LIO fills up to what was asked for.
sub command {
	my ($f, $cdb, $out, $in) = @_;
	my $data = defined $out ? $out : "\0" x ($in || 0);
	my $sense = "\0" x 252;
	# The kernel writes into both: a buffer of their own, not one shared with a constant.
	length && (vec($_, 0, 8) = vec $_, 0, 8) for $sense, $data;
	my $direction = defined $out && length $out ? -2 : $in ? -3 : -1;
	my $hdr = pack 'i i C C S I Q Q Q I I i x4 Q C4 S2 i I I x4', ord 'S', $direction, length $cdb, 252, 0,
		length $data, length $data ? address($data) : 0, address($cdb), address($sense), 60000, 0, 0, 0,
		(0) x 9;
	ioctl $f, 0x2285, $hdr or return ("errno " . ($! + 0), '');
	my ($status, undef, undef, $wrote, $host, undef, $resid) = unpack 'x64 C4 S2 i', $hdr;
	my $said = sprintf '%02x %s', $status, unpack 'H*', substr $sense, 0, $wrote;
	$said .= " host $host" if $host;
	$data = $direction == -3 && $status == 0 ? substr $data, 0, length($data) - $resid : '';
	$data =~ s/\0+$//;
	return ($said, unpack 'H*', $data);
}

sub both {
	my ($name, $lun, $cdb, $out, $in) = @_;
	my @got = map { command($_->[$lun], pack('H*', $cdb), defined $out ? pack('H*', $out) : undef, $in) } @sg;
	print join("\t", $name, @got), "\n";
}

sub naa { '6001405' . $_[0] . '0' x 23 . '1' }
sub cscd { my ($x, $block) = @_; 'e400000001030010' . naa($x) . '00000000' . sprintf '%08x', $block || 512 }
sub segment { sprintf '02000018%04x%04x0000%04x%016x%016x', @_ }
sub list {
	my ($cscds, $segments, $head, $inline) = @_;
	sprintf '%s%04x00000000%08x%08x%s%s', $head || '0110', length($cscds) / 2, length($segments) / 2,
		$inline || 0, $cscds, $segments;
}
sub xcopy {
	my ($name, $lun, $list) = @_;
	both($name, $lun, sprintf('83000000000000000000%08x0000', length($list) / 2), $list);
}
my ($A, $B, $C) = (cscd('a'), cscd('b'), cscd('c', 4096));
my $S = segment(0, 1, 8, 0, 0);
my $full = list("$A$B", $S);
(my $list40 = $full) =~ s/^(....)0040/${1}0028/;

for my $target (@sg) {      # UNIT ATTENTIONs
	for my $f (@$target) { command($f, "\0" x 6) for 1 .. 3 }
}
if ($set eq 'reserved') {
	xcopy('to the destination', 1, $full);
	xcopy('to the source', 0, $full);
	both('READ of the destination', 1, '28000000000000000100', undef, 512);
	exit;
}
both("operating parameters, $_ bytes", 1, sprintf('84030000000000000000%08x0000', $_), undef, $_) for 512, 54, 52;
both('operating parameters, LID 1', 1, '84030100000000000000000002000000', undef, 512);
both("84/$_", 1, "84${_}0000000000000000000002000000", undef, 512) for qw(00 01 04 05 06 07 08);
both("83/$_", 1, "83${_}0000000000000000000000000000") for qw(01 02 10 11 1c 1f);
both("VPD page $_", 1, "1201${_}00ff00", undef, 255) for qw(00 80 86 8f b0 b2 b3);
both('INQUIRY', 1, '12000000ff00', undef, 255);
both('REPORT SUPPORTED OPERATION CODES', 1, 'a30c00000000000002000000', undef, 512);
both('GET LBA STATUS', 1, '9e120000000000000000000002000000', undef, 512);
both('READ CAPACITY(16)', 1, '9e100000000000000000000000200000', undef, 32);
both('READ CAPACITY(16) of 4096-byte blocks', 2, '9e100000000000000000000000200000', undef, 32);
both('MODE SENSE(6), caching', 1, '1a080800c000', undef, 192);
both('READ beyond the end', 1, '8800000000ffffffffff000000010000', undef, 512);
both('no list', 1, '83000000000000000000000000000000');
xcopy('a copy', 1, $full);
xcopy('sent to the source', 0, $full);
xcopy('sent to a third LUN', 3, $full);
xcopy('no blocks', 1, list("$A$B", segment(0, 1, 0, 0, 0)));
xcopy("list identifier usage $_->[0]", 1, list("$A$B", $S, $_->[1])) for [0, '0100'], [1, '0108'], [3, '0018'];
xcopy('usage 3 with an identifier', 1, list("$A$B", $S, '0118'));
xcopy('inline data', 1, list("$A$B", $S, '0110', 4) . '00000000');
xcopy('no segment', 1, list("$A$B", ''));
xcopy('no CSCD', 1, list('', $S));
xcopy('one CSCD', 1, list($A, $S));
xcopy('three CSCDs', 1, list("$A$B$B", $S));
xcopy('CSCD list of 40 bytes', 1, $list40);
xcopy('CSCD and segment type unknown', 1, list($A . $B =~ s/^e4/e5/r, $S =~ s/^02/0a/r));
xcopy('two segments', 1, list("$A$B", "$S$S"));
xcopy('CSCD type E5h', 1, list($A . $B =~ s/^e4/e5/r, $S));
xcopy('designator of another type', 1, list($A . $B =~ s/^e40000000103/e40000000102/r, $S));
xcopy('designator of an unknown LUN', 1, list($A . cscd('f'), $S));
xcopy('CSCD block length 4096', 1, list($A . cscd('b', 4096), $S));
xcopy('segment type 0Ah', 1, list("$A$B", $S =~ s/^02/0a/r));
xcopy('segment of a wrong length', 1, list("$A$B", $S =~ s/^02000018/02000014/r));
xcopy('CSCD index out of the list', 1, list("$A$B", segment(0, 2, 8, 0, 0)));
xcopy('CSCD FFFFh', 1, list("$A$B", segment(0, 65535, 8, 0, 0)));
xcopy('beyond the source', 1, list("$A$B", segment(0, 1, 8, 32764, 0)));
xcopy('beyond the destination', 1, list("$A$B", segment(0, 1, 8, 0, 32764)));
xcopy('source = destination', 1, list("$B$B", segment(0, 1, 8, 0, 64)));
xcopy('unequal blocks', 1, list("$C$B", $S));
both('header cut off', 1, '83000000000000000000000000080000', '0110004000000000');
both('segment cut off', 1, '83000000000000000000000000600000', substr $full, 0, 192);
both('longer than the lists', 1, '83000000000000000000000000700000', $full . '00000000');
