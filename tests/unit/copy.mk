# SPDX-License-Identifier: Apache-2.0
# Third party copy, personas, fault rules and control of the software array.
COPY_UNIT = tests/unit/test-array-copy tests/unit/test-array-copy-list-id \
	tests/unit/test-array-copy-ends tests/unit/test-array-persona \
	tests/unit/test-array-fault tests/unit/test-array-control \
	tests/unit/test-array-pod tests/unit/test-array-odx \
	tests/unit/test-array-odx-life tests/unit/test-array-odx-run \
	tests/unit/test-array-tenants
check_PROGRAMS += $(COPY_UNIT)
UNIT_TESTS += $(COPY_UNIT)
COPY_RIG = tests/unit/copy-rig.c tests/unit/copy-rig.h
COPY_UNIT_CPPFLAGS = $(ARRAY_CPPFLAGS) -iquote $(srcdir)/tests/unit \
	$(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
COPY_UNIT_LDADD = libarray.la $(CMOCKA_LIBS) $(JANSSON_LIBS)

tests_unit_test_array_copy_SOURCES = tests/unit/test-array-copy.c $(COPY_RIG)
tests_unit_test_array_copy_CPPFLAGS = $(COPY_UNIT_CPPFLAGS)
tests_unit_test_array_copy_LDADD = $(COPY_UNIT_LDADD)
tests_unit_test_array_copy_list_id_SOURCES = tests/unit/test-array-copy-list-id.c $(COPY_RIG)
tests_unit_test_array_copy_list_id_CPPFLAGS = $(COPY_UNIT_CPPFLAGS)
tests_unit_test_array_copy_list_id_LDADD = $(COPY_UNIT_LDADD)
tests_unit_test_array_copy_ends_SOURCES = tests/unit/test-array-copy-ends.c $(COPY_RIG)
tests_unit_test_array_copy_ends_CPPFLAGS = $(COPY_UNIT_CPPFLAGS)
tests_unit_test_array_copy_ends_LDADD = $(COPY_UNIT_LDADD)
tests_unit_test_array_persona_SOURCES = tests/unit/test-array-persona.c $(COPY_RIG)
tests_unit_test_array_persona_CPPFLAGS = $(COPY_UNIT_CPPFLAGS)
tests_unit_test_array_persona_LDADD = $(COPY_UNIT_LDADD)
tests_unit_test_array_fault_SOURCES = tests/unit/test-array-fault.c $(COPY_RIG)
tests_unit_test_array_fault_CPPFLAGS = $(COPY_UNIT_CPPFLAGS)
tests_unit_test_array_fault_LDADD = $(COPY_UNIT_LDADD)
tests_unit_test_array_control_SOURCES = tests/unit/test-array-control.c $(COPY_RIG)
tests_unit_test_array_control_CPPFLAGS = $(COPY_UNIT_CPPFLAGS)
tests_unit_test_array_control_LDADD = $(COPY_UNIT_LDADD)

# ROD tokens.
ROD_RIG = $(COPY_RIG) tests/unit/rod-rig.c tests/unit/rod-rig.h
tests_unit_test_array_odx_SOURCES = tests/unit/test-array-odx.c $(ROD_RIG)
tests_unit_test_array_odx_CPPFLAGS = $(COPY_UNIT_CPPFLAGS)
tests_unit_test_array_odx_LDADD = $(COPY_UNIT_LDADD)
tests_unit_test_array_odx_life_SOURCES = tests/unit/test-array-odx-life.c $(ROD_RIG)
tests_unit_test_array_odx_life_CPPFLAGS = $(COPY_UNIT_CPPFLAGS)
tests_unit_test_array_odx_life_LDADD = $(COPY_UNIT_LDADD)
tests_unit_test_array_odx_run_SOURCES = tests/unit/test-array-odx-run.c $(ROD_RIG)
tests_unit_test_array_odx_run_CPPFLAGS = $(COPY_UNIT_CPPFLAGS)
tests_unit_test_array_odx_run_LDADD = $(COPY_UNIT_LDADD)

tests_unit_test_array_tenants_SOURCES = tests/unit/test-array-tenants.c $(ROD_RIG)
tests_unit_test_array_tenants_CPPFLAGS = $(COPY_UNIT_CPPFLAGS)
tests_unit_test_array_tenants_LDADD = $(COPY_UNIT_LDADD)

# The page that documents the words, held against the tables of the code.
tests_unit_test_array_pod_CPPFLAGS = $(COPY_UNIT_CPPFLAGS) \
	-DRULES_POD='"$(abs_srcdir)/fixtures/array/xmover-array-rules.pod"'
tests_unit_test_array_pod_LDADD = $(COPY_UNIT_LDADD)
