# SPDX-License-Identifier: Apache-2.0
# The mover's decoders: what devices say of themselves, of copies, of errors.
if FUZZ
SCSI_FUZZ = tests/fuzz/fuzz-scsi-copy tests/fuzz/fuzz-scsi-lba tests/fuzz/fuzz-scsi-lu tests/fuzz/fuzz-scsi-odx \
	tests/fuzz/fuzz-scsi-sense
noinst_PROGRAMS += $(SCSI_FUZZ)
FUZZ_TARGETS += $(SCSI_FUZZ)
SCSI_FUZZ_LDADD = libscsi.la libengine.la $(SGUTILS_LIBS)

tests_fuzz_fuzz_scsi_copy_CPPFLAGS = $(SCSI_CPPFLAGS)
tests_fuzz_fuzz_scsi_copy_LDADD = $(SCSI_FUZZ_LDADD)
tests_fuzz_fuzz_scsi_copy_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_scsi_lba_CPPFLAGS = $(SCSI_CPPFLAGS)
tests_fuzz_fuzz_scsi_lba_LDADD = $(SCSI_FUZZ_LDADD)
tests_fuzz_fuzz_scsi_lba_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_scsi_lu_CPPFLAGS = $(SCSI_CPPFLAGS)
tests_fuzz_fuzz_scsi_lu_LDADD = $(SCSI_FUZZ_LDADD)
tests_fuzz_fuzz_scsi_lu_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_scsi_odx_CPPFLAGS = $(SCSI_CPPFLAGS)
tests_fuzz_fuzz_scsi_odx_LDADD = $(SCSI_FUZZ_LDADD)
tests_fuzz_fuzz_scsi_odx_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_scsi_sense_CPPFLAGS = $(SCSI_CPPFLAGS)
tests_fuzz_fuzz_scsi_sense_LDADD = $(SCSI_FUZZ_LDADD)
tests_fuzz_fuzz_scsi_sense_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
EXTRA_DIST += tests/fuzz/corpus/fuzz-scsi-copy tests/fuzz/corpus/fuzz-scsi-lba tests/fuzz/corpus/fuzz-scsi-lu tests/fuzz/corpus/fuzz-scsi-odx \
	tests/fuzz/corpus/fuzz-scsi-sense
