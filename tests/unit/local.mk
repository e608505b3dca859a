# SPDX-License-Identifier: Apache-2.0
if WITH_CMOCKA
ARRAY_UNIT = tests/unit/test-array-basic tests/unit/test-array-sbc tests/unit/test-array-spc \
	tests/unit/test-array-queue tests/unit/test-array-store
check_PROGRAMS += $(ARRAY_UNIT)
UNIT_TESTS += $(ARRAY_UNIT)
noinst_HEADERS += tests/unit/array-rig.h

tests_unit_test_array_basic_CPPFLAGS = $(ARRAY_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_array_basic_LDADD = libarray.la $(CMOCKA_LIBS)
tests_unit_test_array_sbc_CPPFLAGS = $(ARRAY_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_array_sbc_LDADD = libarray.la $(CMOCKA_LIBS)
tests_unit_test_array_spc_CPPFLAGS = $(ARRAY_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_array_spc_LDADD = libarray.la $(CMOCKA_LIBS)
tests_unit_test_array_queue_CPPFLAGS = $(ARRAY_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_array_queue_LDADD = libarray.la $(CMOCKA_LIBS)
tests_unit_test_array_store_CPPFLAGS = $(ARRAY_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_array_store_LDADD = libarray.la $(CMOCKA_LIBS)

include tests/unit/engine.mk
include tests/unit/io.mk
include tests/unit/copy.mk
include tests/unit/paths.mk
include tests/unit/nvme.mk
include tests/unit/robust.mk
endif
