# SPDX-License-Identifier: Apache-2.0
if WITH_CMOCKA
ARRAY_UNIT = tests/unit/test-array-basic
check_PROGRAMS += $(ARRAY_UNIT)
UNIT_TESTS += $(ARRAY_UNIT)
noinst_HEADERS += tests/unit/array-rig.h

tests_unit_test_array_basic_CPPFLAGS = $(ARRAY_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_array_basic_LDADD = libarray.la $(CMOCKA_LIBS)
endif
