# SPDX-License-Identifier: Apache-2.0
# How commands reach a device: what can be tested without one.
PATHS_UNIT = tests/unit/test-sgpt tests/unit/test-block-path
if WITH_ISCSI
PATHS_UNIT += tests/unit/test-iscsi-url
endif
check_PROGRAMS += $(PATHS_UNIT)
UNIT_TESTS += $(PATHS_UNIT)
PATHS_UNIT_CPPFLAGS = $(SCSI_CPPFLAGS) $(CMOCKA_CFLAGS)
PATHS_UNIT_LDADD = libscsi.la libengine.la $(CMOCKA_LIBS) -lpthread

tests_unit_test_sgpt_CPPFLAGS = $(PATHS_UNIT_CPPFLAGS)
tests_unit_test_sgpt_LDADD = $(PATHS_UNIT_LDADD)
tests_unit_test_block_path_CPPFLAGS = $(PATHS_UNIT_CPPFLAGS)
tests_unit_test_block_path_LDADD = $(PATHS_UNIT_LDADD)
tests_unit_test_iscsi_url_CPPFLAGS = $(PATHS_UNIT_CPPFLAGS)
tests_unit_test_iscsi_url_LDADD = $(PATHS_UNIT_LDADD)
