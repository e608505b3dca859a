# SPDX-License-Identifier: Apache-2.0
# The engine's own unit tests: linked to libengine alone.
CORE_UNIT = tests/unit/test-extent-runs tests/unit/test-fence tests/unit/test-job \
	tests/unit/test-lead tests/unit/test-wake tests/unit/test-map tests/unit/test-pick tests/unit/test-plan \
	tests/unit/test-retry tests/unit/test-salvage tests/unit/test-sim tests/unit/test-state \
	tests/unit/test-target-zero tests/unit/test-task tests/unit/test-wire
check_PROGRAMS += $(CORE_UNIT)
UNIT_TESTS += $(CORE_UNIT)
CORE_UNIT_CPPFLAGS = $(ENGINE_CPPFLAGS) -iquote $(srcdir)/tests/unit $(CMOCKA_CFLAGS)
CORE_UNIT_LDADD = libengine.la $(CMOCKA_LIBS)
noinst_HEADERS += tests/unit/seed.h tests/unit/wire-golden.h

tests_unit_test_extent_runs_CPPFLAGS = $(CORE_UNIT_CPPFLAGS)
tests_unit_test_extent_runs_LDADD = $(CORE_UNIT_LDADD)
tests_unit_test_map_CPPFLAGS = $(CORE_UNIT_CPPFLAGS)
tests_unit_test_map_LDADD = $(CORE_UNIT_LDADD)
tests_unit_test_plan_CPPFLAGS = $(CORE_UNIT_CPPFLAGS)
tests_unit_test_plan_LDADD = $(CORE_UNIT_LDADD)
tests_unit_test_sim_SOURCES = tests/unit/test-sim.c tests/unit/sim-rig.c tests/unit/sim-rig.h
tests_unit_test_sim_CPPFLAGS = $(CORE_UNIT_CPPFLAGS)
tests_unit_test_sim_LDADD = $(CORE_UNIT_LDADD)
tests_unit_test_target_zero_SOURCES = tests/unit/test-target-zero.c tests/unit/sim-rig.c \
	tests/unit/sim-rig.h
tests_unit_test_target_zero_CPPFLAGS = $(CORE_UNIT_CPPFLAGS)
tests_unit_test_target_zero_LDADD = $(CORE_UNIT_LDADD)
tests_unit_test_lead_SOURCES = tests/unit/test-lead.c tests/unit/sim-rig.c tests/unit/sim-rig.h
tests_unit_test_lead_CPPFLAGS = $(CORE_UNIT_CPPFLAGS)
tests_unit_test_lead_LDADD = $(CORE_UNIT_LDADD)
tests_unit_test_wake_SOURCES = tests/unit/test-wake.c tests/unit/sim-rig.c tests/unit/sim-rig.h
tests_unit_test_wake_CPPFLAGS = $(CORE_UNIT_CPPFLAGS)
tests_unit_test_wake_LDADD = $(CORE_UNIT_LDADD)
tests_unit_test_job_CPPFLAGS = $(CORE_UNIT_CPPFLAGS)
tests_unit_test_job_LDADD = $(CORE_UNIT_LDADD)
tests_unit_test_fence_CPPFLAGS = $(CORE_UNIT_CPPFLAGS)
tests_unit_test_fence_LDADD = $(CORE_UNIT_LDADD)
tests_unit_test_pick_CPPFLAGS = $(CORE_UNIT_CPPFLAGS)
tests_unit_test_pick_LDADD = $(CORE_UNIT_LDADD)
tests_unit_test_retry_CPPFLAGS = $(CORE_UNIT_CPPFLAGS)
tests_unit_test_retry_LDADD = $(CORE_UNIT_LDADD)
tests_unit_test_task_CPPFLAGS = $(CORE_UNIT_CPPFLAGS)
tests_unit_test_task_LDADD = $(CORE_UNIT_LDADD)
tests_unit_test_state_CPPFLAGS = $(CORE_UNIT_CPPFLAGS) $(XXHASH_CFLAGS)
tests_unit_test_state_LDADD = $(CORE_UNIT_LDADD) $(XXHASH_LIBS)
tests_unit_test_salvage_CPPFLAGS = $(CORE_UNIT_CPPFLAGS)
tests_unit_test_salvage_LDADD = $(CORE_UNIT_LDADD)
tests_unit_test_wire_CPPFLAGS = $(CORE_UNIT_CPPFLAGS)
tests_unit_test_wire_LDADD = $(CORE_UNIT_LDADD)
