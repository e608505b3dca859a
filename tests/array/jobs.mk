# SPDX-License-Identifier: Apache-2.0
# Whole jobs against the array in-process: the mover's layers and the array in one program.
JOBS_ARRAY = tests/array/test-jobs tests/array/test-faults tests/array/test-random-plans \
	tests/array/test-odx-jobs tests/array/test-odx-faults \
	tests/array/test-xc tests/array/test-od-xc tests/array/test-sense-rows
check_PROGRAMS += $(JOBS_ARRAY)
ARRAY_TESTS += $(JOBS_ARRAY)
JOB_RIG = tests/array/job-rig.c tests/array/job-rig.h \
	tests/unit/transport-array.c tests/unit/transport-array.h
JOBS_CPPFLAGS = $(SCSI_CPPFLAGS) -iquote $(top_srcdir)/tests/unit -iquote $(top_srcdir)/tests/array \
	-iquote $(top_srcdir)/fixtures/array $(CMOCKA_CFLAGS)
JOBS_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
JOBS_LDADD = libscsi.la libengine.la libarray.la $(JANSSON_LIBS) $(CMOCKA_LIBS)

tests_array_test_jobs_SOURCES = tests/array/test-jobs.c $(JOB_RIG)
tests_array_test_jobs_CPPFLAGS = $(JOBS_CPPFLAGS)
tests_array_test_jobs_CFLAGS = $(JOBS_CFLAGS)
tests_array_test_jobs_LDADD = $(JOBS_LDADD)
FAULT_TABLE = tests/array/fault-table.c tests/array/fault-table.h $(JOB_RIG)
tests_array_test_faults_SOURCES = tests/array/test-faults.c $(FAULT_TABLE)
tests_array_test_faults_CPPFLAGS = $(JOBS_CPPFLAGS)
tests_array_test_faults_CFLAGS = $(JOBS_CFLAGS)
tests_array_test_faults_LDADD = $(JOBS_LDADD)
tests_array_test_random_plans_SOURCES = tests/array/test-random-plans.c tests/array/plan-draw.c \
	tests/array/plan-draw.h $(JOB_RIG)
tests_array_test_random_plans_CPPFLAGS = $(JOBS_CPPFLAGS)
tests_array_test_random_plans_CFLAGS = $(JOBS_CFLAGS)
tests_array_test_random_plans_LDADD = $(JOBS_LDADD)
tests_array_test_odx_jobs_SOURCES = tests/array/test-odx-jobs.c $(JOB_RIG)
tests_array_test_odx_jobs_CPPFLAGS = $(JOBS_CPPFLAGS)
tests_array_test_odx_jobs_CFLAGS = $(JOBS_CFLAGS)
tests_array_test_odx_jobs_LDADD = $(JOBS_LDADD)
tests_array_test_odx_faults_SOURCES = tests/array/test-odx-faults.c $(FAULT_TABLE)
tests_array_test_odx_faults_CPPFLAGS = $(JOBS_CPPFLAGS)
tests_array_test_odx_faults_CFLAGS = $(JOBS_CFLAGS)
tests_array_test_odx_faults_LDADD = $(JOBS_LDADD)
tests_array_test_od_xc_SOURCES = tests/array/test-od-xc.c $(FAULT_TABLE)
tests_array_test_od_xc_CPPFLAGS = $(JOBS_CPPFLAGS) -DTESTS_DIR='"$(abs_srcdir)/tests"'
tests_array_test_od_xc_CFLAGS = $(JOBS_CFLAGS)
tests_array_test_od_xc_LDADD = $(JOBS_LDADD)
tests_array_test_sense_rows_SOURCES = tests/array/test-sense-rows.c $(FAULT_TABLE)
tests_array_test_sense_rows_CPPFLAGS = $(JOBS_CPPFLAGS)
tests_array_test_sense_rows_CFLAGS = $(JOBS_CFLAGS)
tests_array_test_sense_rows_LDADD = $(JOBS_LDADD) $(SGUTILS_LIBS)
tests_array_test_xc_SOURCES = tests/array/test-xc.c tests/unit/copy-rig.c tests/unit/copy-rig.h
tests_array_test_xc_CPPFLAGS = $(JOBS_CPPFLAGS)
tests_array_test_xc_CFLAGS = $(JOBS_CFLAGS)
tests_array_test_xc_LDADD = $(JOBS_LDADD) $(SGUTILS_LIBS)
