# SPDX-License-Identifier: Apache-2.0
if WITH_CMOCKA
ARRAY_UNIT = tests/unit/test-array-basic
check_PROGRAMS += $(ARRAY_UNIT)
UNIT_TESTS += $(ARRAY_UNIT)
noinst_HEADERS += tests/unit/array-rig.h

tests_unit_test_array_basic_CPPFLAGS = $(ARRAY_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_array_basic_LDADD = libarray.la $(CMOCKA_LIBS)

COPY_UNIT = tests/unit/test-array-copy
check_PROGRAMS += $(COPY_UNIT)
UNIT_TESTS += $(COPY_UNIT)

tests_unit_test_array_copy_SOURCES = tests/unit/test-array-copy.c tests/unit/copy-rig.c tests/unit/copy-rig.h
tests_unit_test_array_copy_CPPFLAGS = $(ARRAY_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_array_copy_LDADD = libarray.la $(CMOCKA_LIBS)
include tests/unit/engine.mk
endif
