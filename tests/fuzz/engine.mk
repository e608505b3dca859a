# SPDX-License-Identifier: Apache-2.0
# What the engine reads from files and streams: the state of a copy, frames of another mover, a whole file of them.
if FUZZ
ENGINE_FUZZ = tests/fuzz/fuzz-state tests/fuzz/fuzz-token-file tests/fuzz/fuzz-wire
noinst_PROGRAMS += $(ENGINE_FUZZ)
FUZZ_TARGETS += $(ENGINE_FUZZ)

tests_fuzz_fuzz_state_CPPFLAGS = $(ENGINE_CPPFLAGS) $(XXHASH_CFLAGS)
tests_fuzz_fuzz_state_LDADD = libengine.la $(XXHASH_LIBS)
tests_fuzz_fuzz_state_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_token_file_CPPFLAGS = $(ENGINE_CPPFLAGS)
tests_fuzz_fuzz_token_file_LDADD = libengine.la $(XXHASH_LIBS)
tests_fuzz_fuzz_token_file_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_wire_CPPFLAGS = $(ENGINE_CPPFLAGS)
tests_fuzz_fuzz_wire_LDADD = libengine.la $(XXHASH_LIBS)
tests_fuzz_fuzz_wire_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
EXTRA_DIST += tests/fuzz/corpus/fuzz-state tests/fuzz/corpus/fuzz-token-file tests/fuzz/corpus/fuzz-wire
