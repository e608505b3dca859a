# SPDX-License-Identifier: Apache-2.0
# Whole host jobs where something is wrong each time, or compared between engines.
ROBUST_UNIT = tests/unit/test-engines-same tests/unit/test-nth-error
check_PROGRAMS += $(ROBUST_UNIT)
UNIT_TESTS += $(ROBUST_UNIT)

tests_unit_test_nth_error_SOURCES = tests/unit/test-nth-error.c $(DISK_RIG)
tests_unit_test_nth_error_CPPFLAGS = $(IO_UNIT_CPPFLAGS)
tests_unit_test_nth_error_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=xm_fd_op_step_done
tests_unit_test_nth_error_LDADD = $(IO_UNIT_LDADD)
tests_unit_test_engines_same_SOURCES = tests/unit/test-engines-same.c $(DISK_RIG)
tests_unit_test_engines_same_CPPFLAGS = $(IO_UNIT_CPPFLAGS)
tests_unit_test_engines_same_LDADD = $(IO_UNIT_LDADD)
