# SPDX-License-Identifier: Apache-2.0
# The array's iSCSI front end.
check_PROGRAMS += tests/array/pdu
tests_array_pdu_CPPFLAGS = $(BASE_CPPFLAGS) -iquote $(srcdir)/tests/array
tests_array_pdu_CFLAGS = $(AM_CFLAGS) $(GCRYPT_CFLAGS)
tests_array_pdu_LDADD = $(GCRYPT_LIBS)
tests_array_pdu_SOURCES = tests/array/pdu.c tests/array/pdu.h tests/array/pdu-steps.c \
	tests/array/pdu-login.c tests/array/pdu-chap.c tests/array/pdu-data.c \
	tests/array/pdu-session.c tests/array/pdu-hostile.c

ARRAY_TESTS += tests/array/test-pdu.sh tests/array/test-iscsi.sh
EXTRA_DIST += tests/array/test-pdu.sh tests/array/test-iscsi.sh
