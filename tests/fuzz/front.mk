# SPDX-License-Identifier: Apache-2.0
# The array's iSCSI front end: login keys, and whole streams of PDUs.
if FUZZ
FRONT_FUZZ = tests/fuzz/fuzz-iscsi-keys tests/fuzz/fuzz-iscsi-stream
noinst_PROGRAMS += $(FRONT_FUZZ)
FUZZ_TARGETS += $(FRONT_FUZZ)

tests_fuzz_fuzz_iscsi_keys_CPPFLAGS = $(ARRAY_CPPFLAGS)
tests_fuzz_fuzz_iscsi_keys_LDADD = libarrayfront.la
tests_fuzz_fuzz_iscsi_keys_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_iscsi_stream_CPPFLAGS = $(ARRAY_CPPFLAGS)
tests_fuzz_fuzz_iscsi_stream_LDADD = libarrayfront.la
tests_fuzz_fuzz_iscsi_stream_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
EXTRA_DIST += tests/fuzz/corpus/iscsi.dict tests/fuzz/corpus/fuzz-iscsi-keys \
	tests/fuzz/corpus/fuzz-iscsi-stream
