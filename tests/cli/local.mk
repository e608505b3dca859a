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
