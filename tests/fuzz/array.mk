# SPDX-License-Identifier: Apache-2.0
# The software array's core and parsers: what a session or a test may send it.
if FUZZ
ARRAY_FUZZ = tests/fuzz/fuzz-array tests/fuzz/fuzz-array-copy tests/fuzz/fuzz-array-words \
	tests/fuzz/fuzz-array-rod
noinst_PROGRAMS += $(ARRAY_FUZZ)
FUZZ_TARGETS += $(ARRAY_FUZZ)

tests_fuzz_fuzz_array_CPPFLAGS = $(ARRAY_CPPFLAGS)
tests_fuzz_fuzz_array_LDADD = libarray.la
tests_fuzz_fuzz_array_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_array_copy_CPPFLAGS = $(ARRAY_CPPFLAGS)
tests_fuzz_fuzz_array_copy_LDADD = libarray.la
tests_fuzz_fuzz_array_copy_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_array_words_CPPFLAGS = $(ARRAY_CPPFLAGS)
tests_fuzz_fuzz_array_words_LDADD = libarray.la
tests_fuzz_fuzz_array_words_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_array_rod_CPPFLAGS = $(ARRAY_CPPFLAGS)
tests_fuzz_fuzz_array_rod_LDADD = libarray.la
tests_fuzz_fuzz_array_rod_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
EXTRA_DIST += tests/fuzz/corpus/fuzz-array
