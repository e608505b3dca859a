# SPDX-License-Identifier: Apache-2.0
if WITH_CMOCKA
CLI_UNIT = tests/cli/test-opt tests/cli/test-report tests/cli/test-text
check_PROGRAMS += $(CLI_UNIT)
CLI_TESTS += $(CLI_UNIT)
endif
CLI_UNIT_CPPFLAGS = $(TOOLS_CPPFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
CLI_UNIT_LIBS = libtools.la $(CMOCKA_LIBS) $(JANSSON_LIBS)
tests_cli_test_opt_CPPFLAGS = $(CLI_UNIT_CPPFLAGS)
tests_cli_test_opt_LDADD = $(CLI_UNIT_LIBS)
tests_cli_test_report_CPPFLAGS = $(CLI_UNIT_CPPFLAGS)
tests_cli_test_report_LDADD = $(CLI_UNIT_LIBS)
tests_cli_test_text_CPPFLAGS = $(CLI_UNIT_CPPFLAGS)
tests_cli_test_text_LDADD = $(CLI_UNIT_LIBS)

CLI_SH_TESTS = \
	tests/cli/test-bad-input.sh \
	tests/cli/test-bench.sh \
	tests/cli/test-block-device.sh \
	tests/cli/test-confined.sh \
	tests/cli/test-copy.sh \
	tests/cli/test-clone.sh \
	tests/cli/test-crash.sh \
	tests/cli/test-extents.sh \
	tests/cli/test-killed.sh \
	tests/cli/test-killed-host.sh \
	tests/cli/test-memory.sh \
	tests/cli/test-killed-state.sh \
	tests/cli/test-lead.sh \
	tests/cli/test-main-job.sh \
	tests/cli/test-man.sh \
	tests/cli/test-map.sh \
	tests/cli/test-nbd.sh \
	tests/cli/test-nbd-hostile.sh \
	tests/cli/test-nbd-loss.sh \
	tests/cli/test-options.sh \
	tests/cli/test-random-jobs.sh \
	tests/cli/test-secrets.sh \
	tests/cli/test-send.sh \
	tests/cli/test-send-expired.sh \
	tests/cli/test-send-hostile.sh \
	tests/cli/test-send-killed.sh \
	tests/cli/test-send-lies.sh \
	tests/cli/test-send-tokens.sh \
	tests/cli/test-signals.sh \
	tests/cli/test-salvage.sh \
	tests/cli/test-state.sh \
	tests/cli/test-tgtd.sh \
	tests/cli/test-zeros.sh
CLI_TESTS += $(CLI_SH_TESTS)
EXTRA_DIST += $(CLI_SH_TESTS) tests/cli/sparse-file tests/cli/lib-cli.sh tests/cli/lib-nbd.sh tests/cli/nbd-hostile \
	tests/cli/random-jobs \
	tests/cli/kill-in-flight
EXTRA_DIST += tests/cli/lib-hosts.sh tests/wire.py

# A launcher that denies io_uring, as container runtimes do.
check_PROGRAMS += tests/cli/deny-uring
