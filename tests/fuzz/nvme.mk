# SPDX-License-Identifier: Apache-2.0
# The mover's decoders of Identify data.
if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz-nvme-identify
FUZZ_TARGETS += tests/fuzz/fuzz-nvme-identify
tests_fuzz_fuzz_nvme_identify_CPPFLAGS = $(NVME_CPPFLAGS)
tests_fuzz_fuzz_nvme_identify_LDADD = libnvme-copy.la libengine.la
tests_fuzz_fuzz_nvme_identify_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
