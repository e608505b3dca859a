# SPDX-License-Identifier: Apache-2.0
# Leaves, endpoints, block I/O and the host method: linked to libengine alone.
IO_UNIT = tests/unit/test-leaves tests/unit/test-clock tests/unit/test-error tests/unit/test-ctx \
	tests/unit/test-pool tests/unit/test-identity tests/unit/test-io \
	tests/unit/test-io-faults tests/unit/test-endpoint tests/unit/test-host \
	tests/unit/test-zero-find tests/unit/test-clone
check_PROGRAMS += $(IO_UNIT)
UNIT_TESTS += $(IO_UNIT)
IO_UNIT_CPPFLAGS = $(ENGINE_CPPFLAGS) -iquote $(srcdir)/tests/unit $(CMOCKA_CFLAGS)
IO_UNIT_LDADD = libengine.la $(CMOCKA_LIBS)
noinst_HEADERS += tests/unit/unit.h
DISK_RIG = tests/unit/disk-rig.c tests/unit/disk-rig.h

tests_unit_test_leaves_CPPFLAGS = $(BASE_CPPFLAGS) -iquote $(srcdir)/tests/unit $(CMOCKA_CFLAGS)
tests_unit_test_leaves_LDADD = $(CMOCKA_LIBS)
tests_unit_test_clock_CPPFLAGS = $(IO_UNIT_CPPFLAGS)
tests_unit_test_clock_LDADD = $(IO_UNIT_LDADD)
tests_unit_test_error_CPPFLAGS = $(IO_UNIT_CPPFLAGS)
tests_unit_test_error_LDADD = $(IO_UNIT_LDADD)
tests_unit_test_ctx_CPPFLAGS = $(IO_UNIT_CPPFLAGS)
tests_unit_test_ctx_LDADD = $(IO_UNIT_LDADD)
tests_unit_test_pool_CPPFLAGS = $(IO_UNIT_CPPFLAGS)
tests_unit_test_pool_LDADD = $(IO_UNIT_LDADD)
tests_unit_test_identity_CPPFLAGS = $(IO_UNIT_CPPFLAGS)
tests_unit_test_identity_LDADD = $(IO_UNIT_LDADD)

tests_unit_test_io_SOURCES = tests/unit/test-io.c $(DISK_RIG)
tests_unit_test_io_CPPFLAGS = $(IO_UNIT_CPPFLAGS)
tests_unit_test_io_LDADD = $(IO_UNIT_LDADD)
tests_unit_test_io_faults_SOURCES = tests/unit/test-io-faults.c $(DISK_RIG)
tests_unit_test_io_faults_CPPFLAGS = $(IO_UNIT_CPPFLAGS)
tests_unit_test_io_faults_LDADD = $(IO_UNIT_LDADD)
tests_unit_test_endpoint_SOURCES = tests/unit/test-endpoint.c $(DISK_RIG)
tests_unit_test_endpoint_CPPFLAGS = $(IO_UNIT_CPPFLAGS)
tests_unit_test_endpoint_LDADD = $(IO_UNIT_LDADD)
tests_unit_test_host_SOURCES = tests/unit/test-host.c $(DISK_RIG)
tests_unit_test_host_CPPFLAGS = $(IO_UNIT_CPPFLAGS)
tests_unit_test_host_LDADD = $(IO_UNIT_LDADD)
tests_unit_test_zero_find_CPPFLAGS = $(IO_UNIT_CPPFLAGS)
tests_unit_test_zero_find_LDADD = $(IO_UNIT_LDADD)
tests_unit_test_clone_SOURCES = tests/unit/test-clone.c $(DISK_RIG)
tests_unit_test_clone_CPPFLAGS = $(IO_UNIT_CPPFLAGS)
tests_unit_test_clone_LDADD = $(IO_UNIT_LDADD)
