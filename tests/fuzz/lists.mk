# SPDX-License-Identifier: Apache-2.0
# The engine's parsers of lists that users bring: one program, a format each.
if FUZZ
LIST_FUZZ = tests/fuzz/fuzz-range-text tests/fuzz/fuzz-range-json tests/fuzz/fuzz-range-bmap
noinst_PROGRAMS += $(LIST_FUZZ)
FUZZ_TARGETS += $(LIST_FUZZ)
tests_fuzz_fuzz_range_text_SOURCES = tests/fuzz/fuzz-range-list.c
tests_fuzz_fuzz_range_text_CPPFLAGS = $(ENGINE_CPPFLAGS) -DFORMAT='"0"'
tests_fuzz_fuzz_range_text_LDADD = libengine.la
tests_fuzz_fuzz_range_text_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_range_json_SOURCES = tests/fuzz/fuzz-range-list.c
tests_fuzz_fuzz_range_json_CPPFLAGS = $(ENGINE_CPPFLAGS) -DFORMAT='""'
tests_fuzz_fuzz_range_json_LDADD = libengine.la
tests_fuzz_fuzz_range_json_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_range_bmap_SOURCES = tests/fuzz/fuzz-range-list.c
tests_fuzz_fuzz_range_bmap_CPPFLAGS = $(ENGINE_CPPFLAGS) -DFORMAT='"<bmap"'
tests_fuzz_fuzz_range_bmap_LDADD = libengine.la
tests_fuzz_fuzz_range_bmap_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
EXTRA_DIST += tests/fuzz/corpus/fuzz-range-text tests/fuzz/corpus/fuzz-range-json \
	tests/fuzz/corpus/fuzz-range-bmap
