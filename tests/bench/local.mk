# SPDX-License-Identifier: Apache-2.0
# Measured, never asserted: `make bench-programs`, then run them by hand.
BENCHES = tests/bench/zero-speed tests/bench/hand-over
EXTRA_PROGRAMS += $(BENCHES)
CLEANFILES += $(BENCHES)
EXTRA_DIST += tests/bench/peers tests/bench/peers-table tests/bench/sparse

tests_bench_zero_speed_CPPFLAGS = $(ENGINE_CPPFLAGS)
tests_bench_zero_speed_LDADD = libengine.la
tests_bench_hand_over_LDADD = -lpthread

bench-programs: $(BENCHES)
.PHONY: bench-programs
