# SPDX-License-Identifier: Apache-2.0
if WITH_CMOCKA
SCSI_UNIT = tests/unit/test-scsi-cdb tests/unit/test-scsi-sense tests/unit/test-scsi-table \
	tests/unit/test-scsi-vpd tests/unit/test-scsi-xcopy tests/unit/test-scsi-lu \
	tests/unit/test-scsi-method tests/unit/test-scsi-method-open \
	tests/unit/test-scsi-explain tests/unit/test-scsi-zero tests/unit/test-lba-status tests/unit/test-lba-zero \
	tests/unit/test-scsi-odx \
	tests/unit/test-scsi-odx-method tests/unit/test-copy-watch
check_PROGRAMS += $(SCSI_UNIT)
UNIT_TESTS += $(SCSI_UNIT)
noinst_HEADERS += tests/unit/scsi-hex.h tests/unit/transport-script.h \
	tests/unit/scsi-method-rig.h

SCSI_TEST_CPPFLAGS = $(SCSI_CPPFLAGS) -iquote $(top_srcdir)/tests/unit $(CMOCKA_CFLAGS)
SCSI_TEST_LDADD = libscsi.la libengine.la $(SGUTILS_LIBS) $(CMOCKA_LIBS)
tests_unit_test_lba_status_CPPFLAGS = $(SCSI_TEST_CPPFLAGS)
tests_unit_test_lba_status_LDADD = $(SCSI_TEST_LDADD)
tests_unit_test_lba_zero_CPPFLAGS = $(SCSI_TEST_CPPFLAGS)
tests_unit_test_lba_zero_LDADD = $(SCSI_TEST_LDADD)
tests_unit_test_lba_zero_SOURCES = tests/unit/test-lba-zero.c tests/unit/transport-script.c
tests_unit_test_scsi_cdb_CPPFLAGS = $(SCSI_TEST_CPPFLAGS)
tests_unit_test_scsi_cdb_LDADD = $(SCSI_TEST_LDADD)
tests_unit_test_scsi_sense_CPPFLAGS = $(SCSI_TEST_CPPFLAGS)
tests_unit_test_scsi_sense_LDADD = $(SCSI_TEST_LDADD)
tests_unit_test_scsi_table_CPPFLAGS = $(SCSI_TEST_CPPFLAGS)
tests_unit_test_scsi_table_LDADD = $(SCSI_TEST_LDADD)
tests_unit_test_scsi_vpd_CPPFLAGS = $(SCSI_TEST_CPPFLAGS)
tests_unit_test_scsi_vpd_LDADD = $(SCSI_TEST_LDADD)
tests_unit_test_scsi_xcopy_CPPFLAGS = $(SCSI_TEST_CPPFLAGS)
tests_unit_test_scsi_xcopy_LDADD = $(SCSI_TEST_LDADD)
tests_unit_test_scsi_odx_CPPFLAGS = $(SCSI_TEST_CPPFLAGS)
tests_unit_test_scsi_odx_LDADD = $(SCSI_TEST_LDADD)
tests_unit_test_scsi_odx_method_CPPFLAGS = $(SCSI_TEST_CPPFLAGS)
tests_unit_test_scsi_odx_method_LDADD = $(SCSI_TEST_LDADD)
tests_unit_test_scsi_odx_method_SOURCES = tests/unit/test-scsi-odx-method.c \
	tests/unit/transport-script.c
tests_unit_test_copy_watch_CPPFLAGS = $(SCSI_TEST_CPPFLAGS)
tests_unit_test_copy_watch_LDADD = $(SCSI_TEST_LDADD)
tests_unit_test_copy_watch_SOURCES = tests/unit/test-copy-watch.c tests/unit/transport-script.c
tests_unit_test_scsi_lu_CPPFLAGS = $(SCSI_TEST_CPPFLAGS)
tests_unit_test_scsi_lu_LDADD = $(SCSI_TEST_LDADD)
tests_unit_test_scsi_lu_SOURCES = tests/unit/test-scsi-lu.c tests/unit/transport-script.c
tests_unit_test_scsi_method_CPPFLAGS = $(SCSI_TEST_CPPFLAGS)
tests_unit_test_scsi_method_LDADD = $(SCSI_TEST_LDADD)
tests_unit_test_scsi_method_SOURCES = tests/unit/test-scsi-method.c tests/unit/transport-script.c
tests_unit_test_scsi_method_open_CPPFLAGS = $(SCSI_TEST_CPPFLAGS)
tests_unit_test_scsi_method_open_LDADD = $(SCSI_TEST_LDADD)
tests_unit_test_scsi_method_open_SOURCES = tests/unit/test-scsi-method-open.c tests/unit/transport-script.c
tests_unit_test_scsi_explain_CPPFLAGS = $(SCSI_TEST_CPPFLAGS)
tests_unit_test_scsi_explain_LDADD = $(SCSI_TEST_LDADD)
tests_unit_test_scsi_explain_SOURCES = tests/unit/test-scsi-explain.c tests/unit/transport-script.c
tests_unit_test_scsi_zero_CPPFLAGS = $(SCSI_TEST_CPPFLAGS)
tests_unit_test_scsi_zero_LDADD = $(SCSI_TEST_LDADD)
tests_unit_test_scsi_zero_SOURCES = tests/unit/test-scsi-zero.c tests/unit/transport-script.c
endif
