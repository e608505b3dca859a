# SPDX-License-Identifier: Apache-2.0
NVME_UNIT = tests/unit/test-nvme-cmd tests/unit/test-nvme-method tests/unit/test-nvme-status \
	tests/unit/test-nvme-transport
check_PROGRAMS += $(NVME_UNIT)
UNIT_TESTS += $(NVME_UNIT)
noinst_HEADERS += tests/unit/nvme-fake.h

NVME_TEST_CPPFLAGS = $(NVME_CPPFLAGS) -iquote $(top_srcdir)/tests/unit $(CMOCKA_CFLAGS)
NVME_TEST_LDADD = libnvme-copy.la libengine.la $(CMOCKA_LIBS) -lpthread
tests_unit_test_nvme_cmd_CPPFLAGS = $(NVME_TEST_CPPFLAGS)
tests_unit_test_nvme_cmd_LDADD = $(NVME_TEST_LDADD)
tests_unit_test_nvme_method_CPPFLAGS = $(NVME_TEST_CPPFLAGS)
tests_unit_test_nvme_method_LDADD = $(NVME_TEST_LDADD)
tests_unit_test_nvme_method_SOURCES = tests/unit/test-nvme-method.c tests/unit/nvme-fake.c
tests_unit_test_nvme_status_CPPFLAGS = $(NVME_TEST_CPPFLAGS)
tests_unit_test_nvme_status_LDADD = $(NVME_TEST_LDADD)
tests_unit_test_nvme_transport_CPPFLAGS = $(NVME_TEST_CPPFLAGS)
tests_unit_test_nvme_transport_LDADD = $(NVME_TEST_LDADD)
